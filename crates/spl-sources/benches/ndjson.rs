//! How fast lines of JSON become a table: `cargo bench -p spl-sources`.
#![allow(missing_docs)]

use std::fmt::Write;
use std::sync::Arc;

use divan::counter::BytesCount;
use spl_sources::{FieldSelection, LoadOptions, load};

fn main() {
    divan::main();
}

/// Process events as Windows logs have them.
fn events(rows: usize) -> Arc<Vec<u8>> {
    let mut text = String::new();
    for row in 0..rows {
        let _ = writeln!(
            text,
            r#"{{"_time":{}.{:03},"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"ws-{}.example.org","Image":"C:\\Windows\\System32\\program{}.exe","CommandLine":"C:\\Windows\\System32\\program{}.exe -k netsvcs -p -s service{}","ProcessId":{},"ProcessGuid":"{{A1B2C3D4-{:04X}-{:04X}-0000-001064E03300}}","User":"EXAMPLE\\user{}","IntegrityLevel":"High","ParentImage":"C:\\Windows\\explorer.exe"}}"#,
            1_700_000_000 - row / 10,
            row % 1000,
            row % 50,
            row % 300,
            row % 300,
            row % 2000,
            row % 65_536,
            row % 65_536,
            row / 65_536,
            row % 400,
        );
    }
    Arc::new(text.into_bytes())
}

fn bench(bencher: divan::Bencher<'_, '_>, fields: &FieldSelection) {
    let text = events(100_000);
    let options = LoadOptions {
        paths: vec!["-".into()],
        standard_input: Some(text.clone()),
        fields: fields.clone(),
        ..LoadOptions::default()
    };
    bencher.counter(BytesCount::new(text.len())).bench(|| load(&options).map(|loaded| loaded.table.rows()));
}

#[divan::bench]
fn all_fields(bencher: divan::Bencher<'_, '_>) {
    bench(bencher, &FieldSelection::All);
}

#[divan::bench]
fn two_fields(bencher: divan::Bencher<'_, '_>) {
    bench(bencher, &FieldSelection::only(["Image", "User"]));
}
