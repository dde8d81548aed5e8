//! Windows events as XML, in the older text form and as JSON.

use spl_sources::{EventTable, FieldSelection, WarningKind};

use crate::support::*;

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
    // Of the value that is cut there is what stands before the cut.
    assert_eq!(texts(&loaded.table, "Data")[2], "one");
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

/// A chunk of a Windows event log with one record: a template-less event of two empty elements.
fn chunk(record: u64, filetime: u64, binary: &[u8]) -> Vec<u8> {
    let mut chunk = vec![0; 64 << 10];
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    let size = (24 + binary.len() + 4).next_multiple_of(8);
    for (at, number) in [(8, record), (16, record), (24, record), (32, record)] {
        chunk[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    for (at, number) in [(40, 128_u32), (44, 512), (48, 512 + size as u32)] {
        chunk[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    chunk[512..516].copy_from_slice(b"**\0\0");
    chunk[516..520].copy_from_slice(&(size as u32).to_le_bytes());
    chunk[520..528].copy_from_slice(&record.to_le_bytes());
    chunk[528..536].copy_from_slice(&filetime.to_le_bytes());
    chunk[536..536 + binary.len()].copy_from_slice(binary);
    chunk[512 + size - 4..512 + size].copy_from_slice(&(size as u32).to_le_bytes());
    chunk
}

#[test]
fn damaged_records_are_events_with_their_number_and_time() {
    // 2024-03-04T10:11:25.5Z as Windows counts it.
    let filetime = (1_709_547_085_500_000_u64 + 11_644_473_600_000_000) * 10;
    let broken = chunk(7, filetime, &[0xEE; 40]);
    let mut no_mark = chunk(8, filetime + 10_000_000, &[0xEE; 40]);
    no_mark[..8].fill(0xAA);
    let cut = &chunk(9, filetime + 20_000_000, &[0xEE; 40])[..700];
    let mut bytes = vec![0; 4096];
    bytes[..8].copy_from_slice(b"ElfFile\0");
    for piece in [&broken[..], &no_mark[..], cut] {
        bytes.extend_from_slice(piece);
    }
    let loaded = load_bytes(&bytes, |_| {});
    assert_eq!(texts(&loaded.table, "EventRecordID"), ["9", "8", "7"]);
    assert_eq!(texts(&loaded.table, "_time"), ["1709547087.5", "1709547086.5", "1709547085.5"]);
    assert_eq!(texts(&loaded.table, "sourcetype"), ["XmlWinEventLog"; 3]);
    let warning = &loaded.report.files[0].warnings[0];
    assert!(warning.kind == WarningKind::BadEvtx && warning.count >= 3, "{warning:?}");
}

#[test]
fn a_wrong_end_tag_costs_one_field() {
    let text = "<Event><System><EventID>1</EventID><Le>0</Level><Task>3</Task><Channel>Security</Channel></System><EventData><Data Name='a'>x</Data><Data Name='b'>y</EventData></Event>";
    let loaded = load_text(text);
    for (name, expected) in [("EventCode", "1"), ("Task", "3"), ("Channel", "Security"), ("a", "x"), ("b", "y")] {
        assert_eq!(texts(&loaded.table, name), [expected], "{name}");
    }
    assert_eq!(loaded.report.files[0].warnings[0].kind, WarningKind::BadXml);
}
