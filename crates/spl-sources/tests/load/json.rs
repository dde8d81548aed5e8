//! JSON lines: types, names, order, bad lines, times.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, Int32Type};
use spl_sources::{FieldSelection, Format, LoadError, LoadOptions, WarningKind, load};

use crate::support::*;

#[test]
fn types_follow_the_texts() {
    let loaded = load_text(concat!(
        r#"{"_time":3,"i":1,"f":1.5,"s":"007","m":1,"e":1e3,"b":true,"q":"12","z":1.0,"big":18446744073709551615,"n":null}"#,
        "\n",
        r#"{"_time":2,"i":-2,"f":2,"s":"8","m":"x","e":5,"b":false,"q":"-3","z":2.50,"big":1}"#,
        "\n",
    ));
    let table = &loaded.table;
    assert_eq!(texts(table, "i"), ["1", "-2"]);
    assert_eq!(data_type(table, "i"), DataType::Int64);
    assert_eq!(data_type(table, "f"), DataType::Float64);
    assert_eq!(data_type(table, "q"), DataType::Int64);
    for (name, expected) in [
        ("s", ["007", "8"]),
        ("m", ["1", "x"]),
        ("e", ["1e3", "5"]),
        ("b", ["true", "false"]),
        ("z", ["1.0", "2.50"]),
        ("big", ["18446744073709551615", "1"]),
    ] {
        assert_eq!(texts(table, name), expected);
        assert_eq!(data_type(table, name), text_type(), "{name}");
    }
    assert!(table.schema.index_of("n").is_err());
    assert_eq!(texts(table, "_time"), ["3", "2"]);
    assert_eq!(texts(table, "__ordinal"), ["0", "1"]);
    assert_eq!(texts(table, "index"), ["main", "main"]);
    assert_eq!(texts(table, "host"), ["localhost", "localhost"]);
    assert_eq!(texts(table, "sourcetype"), ["_json", "_json"]);
    assert_eq!(texts(table, "source"), ["-", "-"]);
    assert!(texts(table, "_raw")[1].starts_with(r#"{"_time":2,"i":-2"#));
    let names: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        ["_time", "_raw", "host", "source", "sourcetype", "index", "i", "f", "s", "m", "e", "b", "q", "z", "big", "__ordinal"]
    );
}

#[test]
fn nulls_are_texts_of_events_and_absent_from_rows() {
    let text = concat!(
        r#"{"n":null,"l":[1,null],"in":{"n":null},"host":null,"timestamp":null,"t":"2024-05-01T10:00:00Z"}"#,
        "\n",
        r#"{"_raw":"x","n":null}"#,
        "\n",
        r#"{"_time":1,"n":null,"in":{"n":null}}"#,
        "\n",
    );
    let loaded = load_text(text);
    assert_eq!(texts(&loaded.table, "n"), ["null", "(none)", "(none)"]);
    assert_eq!(texts(&loaded.table, "l{}"), ["1|null", "(none)", "(none)"]);
    assert_eq!(texts(&loaded.table, "in.n"), ["null", "(none)", "(none)"]);
    assert_eq!(texts(&loaded.table, "host")[0], "localhost");
    assert!(loaded.report.files[0].warnings.is_empty());
}

#[test]
fn nulls_of_an_event_in_an_envelope() {
    let loaded = load_text(concat!(
        r#"{"time":1714557600,"event":{"user":null,"n":1}}"#,
        "\n",
        r#"{"time":1714557601,"event":{"user":null,"Channel":"Security","n":null}}"#,
        "\n",
    ));
    assert_eq!(texts(&loaded.table, "user"), ["(none)", "null"]);
    assert_eq!(texts(&loaded.table, "n"), ["(none)", "1"]);
}

#[test]
fn nulls_of_a_record_leave_numbers_numbers_and_other_values_there() {
    let loaded = load_text(concat!(r#"{"n":null,"k":"x","k":null,"_time":2}"#, "\n", r#"{"n":5,"_time":1}"#, "\n",));
    assert_eq!(texts(&loaded.table, "n"), ["(none)", "5"]);
    assert_eq!(texts(&loaded.table, "k"), ["x", "(none)"]);
    assert_eq!(loaded.table.schema.field_with_name("n").unwrap().data_type(), &DataType::Int64);
}

#[test]
fn nested_names_are_splunks() {
    let loaded = load_text(concat!(
        r#"{"_time":1,"a":{"b":{"c":"x"},"l":[1,2]},"l":["p","q"],"o":[{"k":1},{"k":2,"m":"y"}],"ll":[[1],[2,3]],"tag":["t1","t2"],"eventtype":"e","empty":[],"eo":{}}"#,
        "\n",
        r#"{"_time":1,"l":["r"],"tag":"t3","k":"1","k":"2","K":"3","esc\u0061pe":"C:\\x \"y\" \u00e9","":"nameless"}"#,
    ));
    let table = &loaded.table;
    for (name, expected) in [
        ("a.b.c", ["x", "(none)"]),
        ("a.l{}", ["1|2", "(none)"]),
        ("l{}", ["p|q", "r"]),
        ("o{}.k", ["1|2", "(none)"]),
        ("o{}.m", ["y", "(none)"]),
        ("ll{}{}", ["1|2|3", "(none)"]),
        ("tag", ["t1|t2", "t3"]),
        ("eventtype", ["e", "(none)"]),
        ("k", ["(none)", "1|2"]),
        ("K", ["(none)", "3"]),
        ("escape", ["(none)", "C:\\x \"y\" é"]),
        ("empty{}", ["(none)", "(none)"]),
    ] {
        assert_eq!(texts(table, name), expected, "{name}");
    }
    assert!(matches!(data_type(table, "tag"), DataType::List(_)));
}

#[test]
fn selection_reaches_into_nested_values() {
    let text = r#"{"_time":5,"a":{"b":1,"c":2},"l":[{"x":1,"y":2},{"x":3}],"s":[1,2],"tag":["u"],"other":"o","host":"h","Channel":"System","EventID":7045}"#;
    let loaded = load_bytes(text.as_bytes(), |options| {
        options.fields = FieldSelection::only(["a.b", "l{}.x", "s{}", "tag", "EventCode", "missing"])
    });
    let table = &loaded.table;
    let names: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["_time", "host", "source", "sourcetype", "index", "a.b", "l{}.x", "s{}", "tag", "EventCode", "__ordinal"]);
    assert_eq!(texts(table, "l{}.x"), ["1|3"]);
    assert_eq!(texts(table, "host"), ["h"]);
    assert_eq!(texts(table, "source"), ["XmlWinEventLog:System"]);
    assert_eq!(texts(table, "EventCode"), ["7045"]);
}

#[test]
fn events_come_latest_first_and_keep_their_order() {
    let lines: Vec<String> =
        (0..100_000).map(|row| format!(r#"{{"_time":{},"row":{row},"name":"user{}"}}"#, row / 3, row % 7)).collect();
    let loaded = load_text(&lines.join("\n"));
    let table = &loaded.table;
    assert_eq!(table.rows(), 100_000);
    let rows = texts(table, "row");
    assert_eq!(&rows[..5], ["99999", "99996", "99997", "99998", "99993"]);
    let times: Vec<f64> =
        table.batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().values().to_vec()).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let dictionaries: Vec<_> = table
        .batches
        .iter()
        .map(|batch| batch.column_by_name("name").unwrap().as_dictionary::<Int32Type>().values().clone())
        .collect();
    assert!(dictionaries.iter().all(|values| Arc::ptr_eq(values, &dictionaries[0])));
    assert_eq!(dictionaries[0].len(), 7);
    for (row, name) in rows.iter().zip(texts(table, "name")) {
        assert_eq!(format!("user{}", row.parse::<u64>().unwrap() % 7), name);
    }
}

#[test]
fn unique_texts_are_plain_and_sparse_columns_share_their_nulls() {
    let mut lines: Vec<String> =
        (0..70_000).map(|row| format!(r#"{{"_time":1,"id":"a value that is unique {row}","low":"x"}}"#)).collect();
    lines.push(r#"{"_time":1,"rare":"once","number":5}"#.into());
    let table = load_text(&lines.join("\n")).table;
    assert_eq!(data_type(&table, "id"), DataType::Utf8View);
    assert_eq!(texts(&table, "id")[69_999], "a value that is unique 69999");
    assert_eq!(texts(&table, "rare")[70_000], "once");
    assert_eq!(column(&table, "rare").iter().flatten().count(), 1);
    assert_eq!(texts(&table, "number")[70_000], "5");
    let keys =
        |batch: usize| table.batches[batch].column_by_name("rare").unwrap().as_dictionary::<Int32Type>().keys().values().as_ptr();
    assert_eq!(keys(0), keys(1));
}

#[test]
fn bad_lines_are_kept_and_counted() {
    let text = b"{\"_time\":5,\"a\":1}\r\n\r\n{\"_time\":4,\"a\":2,\"b\":\"trunc\nnot json\n\"text\"\n{\"_time\":3,\"a\":\"\xFF\xFE\"}\n{\"a\":01}\n{\"_time\":\"never\",\"a\":9}";
    let loaded = load_bytes(text, |options| options.format = Some(Format::Ndjson));
    assert_eq!(loaded.table.rows(), 7);
    assert_eq!(texts(&loaded.table, "a"), ["1", "(none)", "(none)", "(none)", "\u{fffd}\u{fffd}", "(none)", "9"]);
    assert_eq!(texts(&loaded.table, "_time"), ["5", "5", "5", "5", "3", "3", "3"]);
    let warnings: BTreeMap<WarningKind, (u64, u64)> =
        loaded.report.warnings().map(|(_, warning)| (warning.kind, (warning.count, warning.line))).collect();
    assert_eq!(warnings[&WarningKind::BadJson], (3, 3));
    assert_eq!(warnings[&WarningKind::BadText], (1, 6));
    assert_eq!(warnings[&WarningKind::BadTime], (1, 8));
    let strict = LoadOptions {
        paths: vec!["-".into()],
        standard_input: Some(Arc::new(text.to_vec())),
        strict: true,
        ..LoadOptions::default()
    };
    assert!(matches!(load(&strict), Err(LoadError::Strict { .. })));
}

#[test]
fn extremes_do_not_break_it() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let wide = format!("{{{}}}", (0..5_000).map(|field| format!("\"f{field}\":{field}")).collect::<Vec<_>>().join(","));
    let long = format!("{{\"long\":\"{}\"}}", "x".repeat(20_000_000));
    let loaded = load_text(&format!("{deep}\n{wide}\n{long}\n"));
    assert_eq!(loaded.table.rows(), 3);
    assert_eq!(texts(&loaded.table, "f4999")[1], "4999");
    assert_eq!(texts(&loaded.table, "long")[2].len(), 20_000_000);
    assert_eq!(loaded.report.files[0].warnings.len(), 1);
    let garbage: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    load_bytes(&garbage, |_| {});
    for (_, format) in Format::ALL {
        load_bytes(&garbage, |options| options.format = Some(format));
        load_bytes(b"", |options| options.format = Some(format));
    }
}

#[test]
fn long_lines_cross_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.ndjson");
    let mut text = String::new();
    let mut expected = 0;
    for (index, length) in [10, 30_000_000, 5, 8_388_600, 20, 9_000_000, 1].into_iter().enumerate() {
        text.push_str(&format!("{{\"_time\":1,\"n\":{index},\"pad\":\"{}\"}}\n", "p".repeat(length)));
        expected += 1;
    }
    std::fs::write(&path, &text).unwrap();
    let mut options = options(&[&path]);
    options.fields = FieldSelection::only(["n"]);
    let loaded = load(&options).unwrap();
    assert_eq!(loaded.table.rows(), expected);
    assert_eq!(texts(&loaded.table, "n"), ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(texts(&loaded.table, "source")[0], path.display().to_string());
}

#[test]
fn times_are_recognised() {
    for (event, expected) in [
        (r#"{"_time":"1709547085.5"}"#, 1_709_547_085.5),
        (r#"{"_time":"2024-03-04T10:11:25.5Z"}"#, 1_709_547_085.5),
        (r#"{"@timestamp":"2024-03-04T10:11:25.000Z"}"#, 1_709_547_085.0),
        (r#"{"eventTime":"2024-03-04T10:11:25Z","x":1}"#, 1_709_547_085.0),
        (r#"{"ts":1709547085.25}"#, 1_709_547_085.25),
        (r#"{"timestamp":1709547085250}"#, 1_709_547_085.25),
        (
            r#"{"EventTime":"2024-03-04 06:11:25","UtcTime":"2024-03-04 10:11:25.500","@timestamp":"2024-03-04T10:11:28Z"}"#,
            1_709_547_085.5,
        ),
        (r#"{"id":{"time":"2024-03-04T10:11:25Z"}}"#, 1_709_547_085.0),
        (r#"{"message":"x","when":"2024-03-04T10:11:25Z"}"#, 1_709_547_085.0),
        (r#"{"nothing":"here"}"#, 1_720_000_000.0),
    ] {
        let loaded = load_bytes(event.as_bytes(), |options| options.fields = FieldSelection::only(["x"]));
        assert_eq!(texts(&loaded.table, "_time"), [expected.to_string()], "{event}");
    }
}
