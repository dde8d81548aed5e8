//! Separated files, Parquet, archives, paths and what options set.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::DataType;
use spl_sources::{Format, LoadError, WarningKind, load};

use crate::support::*;

#[test]
fn separated_values_are_events() {
    let loaded = load_text("_time,user,\"full name\",n\r\n5,alice,\"A, \"\"B\"\"\nC\",007\r\n6,bob,,8\r\n7,carol\r\n");
    let table = &loaded.table;
    assert_eq!(texts(table, "user"), ["carol", "bob", "alice"]);
    assert_eq!(texts(table, "full name"), ["(none)", "(none)", "A, \"B\"\nC"]);
    assert_eq!(texts(table, "n"), ["(none)", "8", "007"]);
    assert_eq!(texts(table, "_raw"), ["7,carol", "6,bob,,8", "5,alice,\"A, \"\"B\"\"\nC\",007"]);
    assert_eq!(texts(table, "sourcetype")[0], "csv");
    assert_eq!(loaded.report.files[0].warnings[0].kind, WarningKind::BadCsv);
    let loaded = load_text("user,date,time\nbob,2024-03-04,10:11:25\n");
    assert_eq!(texts(&loaded.table, "_time"), ["1709547085"]);
    let loaded =
        load_bytes(b"Date (UTC);User\n2024-03-04T10:11:25;bob\n", |options| options.time_zone = "Asia/Tokyo".parse().unwrap());
    assert_eq!(texts(&loaded.table, "_time"), ["1709547085"]);
    let loaded = load_text("user\tn\nalice\t1\n");
    assert_eq!(loaded.report.files[0].format, Format::Tsv);
    assert_eq!(texts(&loaded.table, "n"), ["1"]);
}

#[test]
fn options_win() {
    let loaded =
        load_bytes(b"{\"host\":\"h\",\"source\":\"s\",\"sourcetype\":\"t\",\"index\":\"i\",\"_raw\":\"r\"}\n{}", |options| {
            options.host = Some("H".into());
            options.index = Some("I".into());
        });
    let table = &loaded.table;
    assert_eq!(texts(table, "host"), ["H", "H"]);
    assert_eq!(texts(table, "index"), ["I", "I"]);
    assert_eq!(texts(table, "source"), ["s", "-"]);
    assert_eq!(texts(table, "sourcetype"), ["t", "_json"]);
    assert_eq!(texts(table, "_raw"), ["r", "{}"]);
}

#[test]
fn paths_name_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("a.ndjson"), "{\"n\":1}\n").unwrap();
    std::fs::write(folder.path().join("sub/b.ndjson"), "{\"n\":2}\n").unwrap();
    std::fs::write(folder.path().join("c.log"), "x\n").unwrap();
    let count = |path: PathBuf| load(&options(&[&path])).map(|loaded| loaded.table.rows());
    assert_eq!(count(folder.path().to_owned()).unwrap(), 3);
    assert_eq!(count(folder.path().join("*.ndjson")).unwrap(), 1);
    assert_eq!(count(folder.path().join("**/*.ndjson")).unwrap(), 2);
    assert!(matches!(count(folder.path().join("none")), Err(LoadError::NotFound { .. })));
    assert!(matches!(count(folder.path().join("*.none")), Err(LoadError::NotFound { .. })));
}

#[test]
fn archives_are_opened() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    std::fs::write(folder.path().join("a.ndjson.gz"), gz(b"{\"n\":1}\n{\"n\":2}\n")).unwrap();
    std::fs::write(folder.path().join("b.ndjson.zst"), zstd::encode_all(&b"{\"n\":3}\n"[..], 1).unwrap()).unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in [("d/one.ndjson", "{\"n\":4}\n"), ("d/two.csv", "n,m\n5,6\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    std::fs::write(folder.path().join("c.tar.gz"), gz(&archive.into_inner().unwrap())).unwrap();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(folder.path().join("d.zip")).unwrap());
    let stored = zip::write::SimpleFileOptions::default();
    for (name, text) in [("dir\\six.ndjson", "{\"n\":6}\n"), ("__MACOSX/._six.ndjson", "garbage")] {
        archive.start_file(name, stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let mut cut = gz("{\"n\":7}\n".repeat(1000).as_bytes());
    cut.truncate(cut.len() - 12);
    std::fs::write(folder.path().join("e.gz"), cut).unwrap();
    let loaded = load(&options(&[folder.path()])).unwrap();
    let names: Vec<String> = loaded
        .report
        .files
        .iter()
        .map(|file| {
            file.path
                .rsplit_once('/')
                .map_or(file.path.clone(), |_| file.path[folder.path().display().to_string().len() + 1..].to_owned())
        })
        .collect();
    assert_eq!(
        names,
        ["a.ndjson.gz", "b.ndjson.zst", "c.tar.gz:d/one.ndjson", "c.tar.gz:d/two.csv", "d.zip:dir/six.ndjson", "e.gz"]
    );
    assert_eq!(loaded.report.files[2].compressed, "gz.tar");
    let values = texts(&loaded.table, "n");
    for number in 1..=7 {
        assert!(values.contains(&number.to_string()));
    }
    assert!(loaded.report.warnings().any(|(_, warning)| warning.kind == WarningKind::BadFile));
}

#[test]
fn parquet_rows_are_events() {
    use arrow::array::{
        ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
        TimestampMillisecondArray,
    };
    use arrow::datatypes::Field;
    let mut list = ListBuilder::new(StringBuilder::new());
    list.append_value([Some("x"), Some("y")]);
    list.append_null();
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
    let object = StructArray::from(vec![(Arc::new(Field::new("k", DataType::Int64, true)), inner)]);
    let batch = RecordBatch::try_from_iter(vec![
        ("_time", Arc::new(TimestampMillisecondArray::from(vec![1_709_547_085_500, 1_709_547_084_000])) as ArrayRef),
        ("user", Arc::new(StringArray::from(vec!["alice", "bob"]))),
        ("f", Arc::new(Float64Array::from(vec![1.5, 2.0]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("l", Arc::new(list.finish())),
        ("o", Arc::new(object)),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let loaded = load_bytes(&bytes, |_| {});
    let table = &loaded.table;
    assert_eq!(texts(table, "_time"), ["1709547085.5", "1709547084"]);
    assert_eq!(texts(table, "user"), ["alice", "bob"]);
    assert_eq!(data_type(table, "f"), DataType::Float64);
    assert_eq!(texts(table, "b"), ["true", "(none)"]);
    assert_eq!(texts(table, "l{}"), ["x|y", "(none)"]);
    assert_eq!(texts(table, "o.k"), ["7", "(none)"]);
    let raw: serde_json::Value = serde_json::from_str(&texts(table, "_raw")[0]).unwrap();
    assert_eq!(raw["l"], serde_json::json!(["x", "y"]));
}

#[test]
fn json_documents_are_events() {
    for text in [
        r#"[{"_time":3,"a":1},{"_time":2,"a":2}, {"_time":1,"a":3}]"#,
        "[\n  {\n    \"_time\": 3, \"a\": 1\n  },\n  {\"_time\":2,\"a\":2},\n{\"_time\":1,\"a\":3}\n]\n",
        "{\"_time\":3,\n\"a\":1}\n{\"_time\":2,\"a\":2}{\"_time\":1,\"a\":3}",
        r#"{"Records":[{"_time":3,"a":1},{"_time":2,"a":2},{"_time":1,"a":3}]}"#,
    ] {
        let loaded = load_text(text);
        assert_eq!(texts(&loaded.table, "a"), ["1", "2", "3"], "{text}");
        assert_eq!(loaded.report.files[0].format, Format::Json);
        assert!(loaded.report.warnings().next().is_none());
    }
    let loaded = load_text("[{\"_time\":3,\"a\":1},\n{\"a\":\"trunc");
    assert_eq!(texts(&loaded.table, "_raw"), ["{\"_time\":3,\"a\":1}", "{\"a\":\"trunc"]);
    assert_eq!(loaded.report.files[0].warnings[0].kind, WarningKind::BadJson);
}

#[test]
fn binaries_are_left_out_and_utf16_is_read() {
    let program: Vec<u8> = (0..=255).cycle().take(8000).collect();
    let loaded = load_bytes(&program, |_| {});
    assert_eq!(loaded.table.rows(), 0);
    assert_eq!(loaded.report.files[0].warnings[0].kind, WarningKind::Binary);
    assert!(load_bytes(&program, |options| options.format = Some(Format::Text)).table.rows() > 0);
    let utf16: Vec<u8> =
        "2024-03-04 10:11:25 one\r\n2024-03-04 10:11:24 two\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(texts(&load_bytes(&utf16, |_| {}).table, "_raw"), ["2024-03-04 10:11:25 one", "2024-03-04 10:11:24 two"]);
}
