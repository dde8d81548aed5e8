//! Loads files and prints what was found, with times: `cargo run --release --example loaded -- PATH... [field,field]`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use spl_sources::{FieldSelection, LoadOptions, load};

fn main() {
    let (fields, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("fields="));
    let fields = fields.first().map_or(FieldSelection::All, |names| FieldSelection::only(names["fields=".len()..].split(',')));
    let started = Instant::now();
    let loaded = match load(&LoadOptions { paths, fields, ..LoadOptions::default() }) {
        Ok(loaded) => loaded,
        Err(error) => return println!("{error}"),
    };
    let seconds = started.elapsed().as_secs_f64();
    for file in &loaded.report.files {
        println!("{} {} {} events={} bytes={}", file.path, file.format, file.compressed, file.events, file.bytes);
        for warning in &file.warnings {
            println!("  {warning}");
        }
    }
    for field in loaded.table.schema.fields().iter().take(60) {
        let values: usize = loaded
            .table
            .batches
            .iter()
            .filter_map(|batch| batch.column_by_name(field.name()))
            .map(|column| column.len() - column.logical_null_count())
            .sum();
        println!("{:40} {:8} {}", field.name(), values, field.data_type());
    }
    let bytes = loaded.report.bytes() as f64;
    println!(
        "{} events, {} columns, {:.1} MB in {seconds:.3} s: {:.0} MB/s",
        loaded.table.rows(),
        loaded.table.schema.fields().len(),
        bytes / 1e6,
        bytes / 1e6 / seconds
    );
}
