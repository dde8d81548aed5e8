//! Loads small files of every format and, when they are there, the collections of real logs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use spl_sources::{EventTable, FieldSelection, Format, LoadError, LoadOptions, Loaded, WarningKind, load};

fn options(paths: &[&Path]) -> LoadOptions {
    LoadOptions {
        paths: paths.iter().map(|path| path.display().to_string()).collect(),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    }
}

fn load_bytes(bytes: &[u8], change: impl FnOnce(&mut LoadOptions)) -> Loaded {
    let mut options = LoadOptions {
        paths: vec!["-".into()],
        standard_input: Some(Arc::new(bytes.to_vec())),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    };
    change(&mut options);
    load(&options).unwrap()
}

fn load_text(text: &str) -> Loaded {
    load_bytes(text.as_bytes(), |_| {})
}

/// Every value of a column as text; several values joined by `|`.
fn column(table: &EventTable, name: &str) -> Vec<Option<String>> {
    let Ok(index) = table.schema.index_of(name) else {
        return vec![None; table.rows()];
    };
    table
        .batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| value(batch.column(index).as_ref(), row)))
        .collect()
}

fn value(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            return value(dictionary.values().as_ref(), dictionary.keys().value(row) as usize);
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).map(|item| value(items.as_ref(), item).unwrap()).collect::<Vec<_>>().join("|")
        }
        other => panic!("{other}"),
    })
}

fn texts(table: &EventTable, name: &str) -> Vec<String> {
    column(table, name).into_iter().map(|value| value.unwrap_or_else(|| "(none)".into())).collect()
}

fn data_type(table: &EventTable, name: &str) -> DataType {
    table.schema.field_with_name(name).unwrap().data_type().clone()
}

fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))
}

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
fn nested_names_are_splunks() {
    let loaded = load_text(concat!(
        r#"{"_time":1,"a":{"b":{"c":"x"},"l":[1,2]},"l":["p","q",null],"o":[{"k":1},{"k":2,"m":"y"}],"ll":[[1],[2,3]],"tag":["t1","t2"],"eventtype":"e","empty":[],"eo":{}}"#,
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
    let loaded = load_text("user\tn\nalice\t1\n");
    assert_eq!(loaded.report.files[0].format, Format::Tsv);
    assert_eq!(texts(&loaded.table, "n"), ["1"]);
}

#[test]
fn text_lines_are_events() {
    let loaded = load_text("Mar  4 10:11:25 h sshd[1]: one\n\n  continued\nMar  4 10:11:26 h sshd[1]: two\n");
    assert_eq!(texts(&loaded.table, "_raw"), ["Mar  4 10:11:26 h sshd[1]: two", "Mar  4 10:11:25 h sshd[1]: one", "  continued"]);
    assert_eq!(texts(&loaded.table, "_time"), ["1709547086", "1709547085", "1709547085"]);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("one é\r\ntwo".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let loaded = load_bytes(&utf16, |_| {});
    assert_eq!(texts(&loaded.table, "_raw"), ["one é", "two"]);
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

const PROCESS: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'/><EventID Qualifiers='7'>1</EventID><Version>5</Version><Level>4</Level><TimeCreated SystemTime='2020-10-08T11:03:46.617920300Z'/><EventRecordID>4522</EventRecordID><Correlation/><Execution ProcessID='2912' ThreadID='3424'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>dc.example</Computer><Security UserID='S-1-5-18'/></System><EventData><Data Name='RuleName'>-</Data><Data Name='Empty'></Data><Data Name='CommandLine'>cmd /c \"a &amp; b\" &lt;x&gt;</Data><Data Name='Product Name'>P</Data><Data>one</Data><Data>two</Data><Binary>00FF</Binary></EventData></Event>";

fn check_process(table: &EventTable, row: usize) {
    for (name, expected) in [
        ("_time", "1602155026.61792"),
        ("host", "dc.example"),
        ("source", "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"),
        ("sourcetype", "XmlWinEventLog"),
        ("EventCode", "1"),
        ("EventID", "1"),
        ("Qualifiers", "7"),
        ("Name", "Microsoft-Windows-Sysmon"),
        ("Provider_Name", "Microsoft-Windows-Sysmon"),
        ("Guid", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"),
        ("SystemTime", "2020-10-08T11:03:46.617920300Z"),
        ("EventRecordID", "4522"),
        ("RecordNumber", "4522"),
        ("ProcessID", "2912"),
        ("ThreadID", "3424"),
        ("UserID", "S-1-5-18"),
        ("Channel", "Microsoft-Windows-Sysmon/Operational"),
        ("Computer", "dc.example"),
        ("RuleName", "-"),
        ("Empty", "(none)"),
        ("CommandLine", "cmd /c \"a & b\" <x>"),
        ("Product_Name", "P"),
        ("Data", "one|two"),
        ("Binary", "00FF"),
    ] {
        assert_eq!(texts(table, name)[row], expected, "{name}");
    }
}

#[test]
fn xml_events_have_splunks_names() {
    let wrapped = format!("<?xml version=\"1.0\"?>\n<Events>\n{}\n</Events>\n", PROCESS.replace('\'', "\""));
    for text in [PROCESS.to_owned(), wrapped] {
        let loaded = load_text(&text);
        assert_eq!(loaded.table.rows(), 1);
        assert!(loaded.report.warnings().next().is_none());
        check_process(&loaded.table, 0);
    }
    let json = format!("{{\"_raw\":{},\"host\":\"dc.example\"}}", serde_json::to_string(PROCESS).unwrap());
    check_process(&load_text(&json).table, 0);
    let cut = format!("{PROCESS}{PROCESS}\n{}", &PROCESS[..PROCESS.len() - 60]);
    let loaded = load_text(&cut);
    assert_eq!(loaded.table.rows(), 3);
    assert_eq!(texts(&loaded.table, "CommandLine")[2], "cmd /c \"a & b\" <x>");
    assert_eq!(texts(&loaded.table, "Data")[2], "(none)");
    assert_eq!(loaded.report.files[0].warnings[0].kind, WarningKind::BadXml);
    let cleared = PROCESS.split("<EventData>").next().unwrap().to_owned()
        + "<UserData><LogFileCleared xmlns='x'><SubjectUserName>u</SubjectUserName><Channel>Other</Channel><Computer>dc.example</Computer></LogFileCleared></UserData></Event>";
    let table = load_text(&cleared).table;
    assert_eq!(texts(&table, "SubjectUserName"), ["u"]);
    assert_eq!(texts(&table, "Computer"), ["dc.example"]);
    assert_eq!(texts(&table, "Channel"), ["Microsoft-Windows-Sysmon/Operational|Other"]);
    assert!(texts(&table, "UserData_Xml")[0].starts_with("<LogFileCleared"));
}

#[test]
fn classic_windows_events_are_read() {
    let text = format!(
        "{PROCESS}\n03/04/2024 10:11:25 AM\r\nLogName=Security\r\nEventCode=4624\r\nComputerName=dc\r\nMessage=An account was logged on.\r\n\r\nSubject:\r\n\tAccount Name:\t\tSYSTEM\r\n\r\nNew Logon:\r\n\tAccount Name:\t\tbob\r\n03/04/2024 10:11:24 AM\nLogName=System\nEventCode=7036\n"
    );
    let table = load_text(&text).table;
    assert_eq!(texts(&table, "EventCode"), ["4624", "7036", "1"]);
    assert_eq!(texts(&table, "source")[..2], ["WinEventLog:Security", "WinEventLog:System"]);
    assert_eq!(texts(&table, "sourcetype")[..2], ["WinEventLog", "WinEventLog"]);
    assert_eq!(texts(&table, "host"), ["dc", "localhost", "dc.example"]);
    assert_eq!(texts(&table, "Account_Name")[0], "SYSTEM|bob");
    assert_eq!(texts(&table, "_time")[0], "1709547085");
}

#[test]
fn windows_events_in_json_have_the_same_names() {
    let flat = r#"{"EventID":4688,"Channel":"Security","Hostname":"ws","TimeCreated":"2020-10-08T11:03:46.5Z","NewProcessName":"C:\\x.exe"}"#;
    let nested = r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":1},"#text":4688},"TimeCreated":{"#attributes":{"SystemTime":"2020-10-08T11:03:46.5Z"}},"Channel":"Security","Computer":"ws"},"EventData":{"NewProcessName":"C:\\x.exe"}}}"##;
    for text in [flat, nested] {
        let table = load_text(text).table;
        for (name, expected) in [
            ("_time", "1602155026.5"),
            ("EventCode", "4688"),
            ("EventID", "4688"),
            ("Computer", "ws"),
            ("host", "ws"),
            ("source", "XmlWinEventLog:Security"),
            ("sourcetype", "XmlWinEventLog"),
            ("NewProcessName", "C:\\x.exe"),
        ] {
            assert_eq!(texts(&table, name), [expected], "{name} in {text}");
        }
    }
    let table =
        load_bytes(nested.as_bytes(), |options| options.fields = FieldSelection::only(["EventCode", "NewProcessName"])).table;
    assert_eq!(texts(&table, "EventCode"), ["4688"]);
    assert_eq!(texts(&table, "NewProcessName"), ["C:\\x.exe"]);
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
        ["a.ndjson.gz", "b.ndjson.zst", "c.tar.gz:d/one.ndjson", "c.tar.gz:d/two.csv", "d.zip:dir/six.ndjson", "e.gz", "e.gz"]
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

/// The collections of real logs beside a checkout; None when they are not there.
fn packs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/packs");
    if !folder.is_dir() {
        eprintln!("{} is not there: skipped", folder.display());
        return None;
    }
    Some(folder)
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_record_of_real_event_logs_is_an_event() {
    let Some(packs) = packs() else { return };
    let files = files_below(&packs.join("evtx"), ".evtx");
    let loaded = load(&options(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())).unwrap();
    assert_eq!(loaded.report.files.len(), files.len());
    for (file, report) in files.iter().zip(&loaded.report.files) {
        let records = evtx::EvtxParser::from_path(file).unwrap().records().filter(Result::is_ok).count() as u64;
        assert_eq!(report.events, records, "{}", report.path);
    }
    let table = &loaded.table;
    assert_eq!(table.rows() as u64, loaded.report.events());
    assert_eq!(column(table, "EventCode").iter().flatten().count(), table.rows());
    let records = texts(table, "EventRecordID");
    let services: Vec<&String> = texts(table, "EventCode")
        .iter()
        .zip(texts(table, "source").iter().zip(&records))
        .filter(|(code, (source, _))| *code == "7045" && *source == "XmlWinEventLog:System")
        .map(|(_, (_, record))| record)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|record| records.iter().find(|known| *known == record).unwrap())
        .collect();
    for record in ["4480", "4482", "6045"] {
        assert!(services.iter().any(|service| *service == record), "{record}");
    }
}

#[test]
fn every_line_of_real_archives_is_an_event() {
    let Some(packs) = packs() else { return };
    let mut files = files_below(&packs.join("otrf"), ".zip");
    files.extend(files_below(&packs.join("otrf"), ".gz"));
    let loaded = load(&options(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())).unwrap();
    for file in &loaded.report.files {
        // One of the archives ends before its checksum.
        assert!(file.warnings.iter().all(|warning| warning.kind == WarningKind::BadFile), "{}: {:?}", file.path, file.warnings);
    }
    let mut lines = 0;
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        if file.extension().is_some_and(|ending| ending == "zip") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            for index in 0..archive.len() {
                let mut member = archive.by_index(index).unwrap();
                if !member.name().unwrap().starts_with("__MACOSX") {
                    lines += count_lines(&mut member);
                }
            }
        } else {
            let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
            for mut member in archive.entries().unwrap().map_while(Result::ok) {
                lines += count_lines(&mut member);
            }
        }
    }
    assert_eq!(loaded.report.events(), lines);
    assert_eq!(loaded.table.rows() as u64, lines);
    let times = column(&loaded.table, "_time");
    let year_2000 = times.iter().flatten().filter(|time| time.parse::<f64>().unwrap() < 946_684_800.0).count();
    assert_eq!(year_2000, 0);
}

fn count_lines(reader: &mut impl std::io::Read) -> u64 {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64
}

#[test]
fn json_scanning_agrees_with_serde() {
    let Some(packs) = packs() else { return };
    let path = packs.join("../sigma/events.ndjson");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    let table = load(&options(&[&path])).unwrap().table;
    let raw = texts(&table, "_raw");
    assert_eq!(raw.len(), text.lines().count());
    let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (row, line) in raw.iter().enumerate() {
        let serde_json::Value::Object(event) = serde_json::from_str(line).unwrap() else { panic!() };
        for (key, expected) in event {
            let (name, expected) = match expected {
                serde_json::Value::String(text) => (key, text),
                serde_json::Value::Number(number) => (key, number.to_string()),
                serde_json::Value::Array(items) => (
                    format!("{key}{{}}"),
                    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("|"),
                ),
                other => panic!("{other}"),
            };
            let values = columns.entry(name.clone()).or_insert_with(|| column(&table, &name));
            assert_eq!(values[row].as_deref(), Some(expected.as_str()), "{name}");
        }
    }
}

#[test]
fn fields_of_xml_text_agree_with_flattened_events() {
    let Some(packs) = packs() else { return };
    let (flat, xml) = (packs.join("../sigma/events.ndjson"), packs.join("../sigma/raw_xml.ndjson"));
    if !flat.is_file() || !xml.is_file() {
        return;
    }
    let flat = load(&options(&[&flat])).unwrap().table;
    let xml = load(&options(&[&xml])).unwrap().table;
    assert_eq!(flat.rows(), xml.rows());
    let renamed = [("Execution_ProcessID", "ProcessID"), ("Execution_ThreadID", "ThreadID"), ("Security_UserID", "UserID")];
    let mut different: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for field in flat.schema.fields() {
        let name = field.name().trim_end_matches("{}");
        if ["_raw", "source", "sourcetype", "host", "__ordinal"].contains(&name) {
            continue;
        }
        let same = renamed.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to);
        for (row, (expected, found)) in column(&flat, field.name()).into_iter().zip(column(&xml, same)).enumerate() {
            let Some(expected) = expected else { continue };
            let found = found.unwrap_or_default();
            // A name that both the system part and the data use has both values.
            if found != expected && !found.split('|').any(|one| one == expected) && !expected.split('|').any(|one| one == found) {
                let entry = different.entry(name.to_owned()).or_insert((0, format!("row {row}: `{expected}` and `{found}`")));
                entry.0 += 1;
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}
