//! Files as programs really write them: times apart, kinds of W3C logs, rendered Windows events, encodings, damage.

use std::sync::Arc;

use spl_sources::{InputStream, LoadOptions, WarningKind, load, load_in_parts};

use crate::support::*;

#[test]
fn events_of_lines_with_times_apart() {
    let text = "date=2024-03-04 time=10:11:25 devname=\"F\"\ndate=2024-03-04 time=10:11:26 devname=\"F\"\n";
    assert_eq!(texts(&load_text(text).table, "_time"), ["1709547086", "1709547085"]);
    let text = "[GIN] 2024/03/04 - 10:11:25 | 200 |\n[GIN] 2024/03/04 - 10:11:26 | 200 |\n2024-03-04 10:11:27 x\n[GIN] 2024/03/04 - 10:11:28 | 200 |\n";
    assert_eq!(load_text(text).table.rows(), 4);
    let csv = "Date,Time,user\n2024-03-04,10:11:25,ann\n04.03.2024,10:11:26,bob\n";
    assert_eq!(texts(&load_text(csv).table, "_time"), ["1709547086", "1709547085"]);
    let csv = "user,event_epoch\nann,1709547085\nbob,1709547086\n";
    assert_eq!(texts(&load_text(csv).table, "_time"), ["1709547086", "1709547085"]);
    let json = "{\"date\":\"2024-03-04\",\"x\":1,\"time\":\"10:11:25\"}\n";
    assert_eq!(texts(&load_text(json).table, "_time"), ["1709547085"]);
    let json = "{\"UpdatedAt\":\"2024-03-04T10:11:25.000Z\",\"Id\":\"x\"}\n";
    assert_eq!(texts(&load_text(json).table, "_time"), ["1709547085"]);
    // Days come first where a line says so.
    let text = "04/03/2024 10:11:25 a\n13/03/2024 10:11:25 b\n";
    assert_eq!(texts(&load_text(text).table, "_time"), ["1710324685", "1709547085"]);
}

#[test]
fn what_times_leave_open_is_counted() {
    let loaded = load_text("2024-03-04 10:11:25 a\n2024-03-04T10:11:26Z b\n1709547087 c\n");
    assert_eq!((loaded.report.without_time(), loaded.report.without_zone()), (0, 1));
    let loaded = load_text("{\"a\":1}\n{\"a\":2}\n{\"a\":3,\"ts\":1709547085}\n");
    assert_eq!((loaded.report.without_time(), loaded.report.without_zone()), (2, 0));
    assert_eq!(loaded.report.files[0].without_time, 2);
}

#[test]
fn w3c_logs_have_the_sourcetype_of_their_program() {
    for (text, expected) in [
        (
            "#Version: 1.0\n#Fields: date time x-edge-location c-ip sc-status cs(User-Agent)\n2024-03-04\t10:11:25\tFRA\t10.0.0.5\t200\tMozilla/4.0%20(x)\n",
            "1709547085 | 10.0.0.5 | 200 | aws:cloudfront:accesslogs",
        ),
        (
            "#Software: SGOS 6.7\n#Date: 2024-03-04 10:11:25\n#Fields: date time c-ip cs-auth-group sc-status\n2024-03-04 10:11:25 10.0.0.5 \"CORP\\Web Users\" 200\n",
            "1709547085 | 10.0.0.5 | 200 | bluecoat:proxysg:access:file",
        ),
        (
            "#Software: Microsoft Exchange Server\n#Version: 15.0\n#Log-type: Message Tracking Log\n#Date: 2024-03-04T10:00:00.000Z\n#Fields: date-time,c-ip,message-subject,sc-status\n2024-03-04T10:11:25.000Z,10.0.0.5,\"one, \"\"two\"\"\",200\n",
            "1709547085 | 10.0.0.5 | 200 | MSExchange:2013:MessageTracking",
        ),
        (
            "#Software: Microsoft Internet Information Services 6.0\n#Date: 2024-03-04 10:00:00\n#Fields: time c-ip cs-method sc-status\n10:11:25 10.0.0.5 GET 200\n",
            "1709547085 | 10.0.0.5 | 200 | iis",
        ),
    ] {
        let table = load_text(text).table;
        let row: Vec<String> = ["_time", "c_ip", "sc_status", "sourcetype"].map(|name| texts(&table, name)[0].clone()).into();
        assert_eq!(row.join(" | "), expected, "{text}");
    }
    let firewall = "#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n#Fields: date time action protocol src-ip\r\n\r\n2024-03-04 11:11:25 DROP UDP 10.0.0.9\r\n";
    let loaded = load_bytes(firewall.as_bytes(), |options| options.time_zone = "Europe/Berlin".parse().unwrap());
    assert_eq!(texts(&loaded.table, "_time"), ["1709547085"]);
    assert_eq!(texts(&loaded.table, "sourcetype"), ["windows:firewall"]);
}

#[test]
fn rendered_events_inside_exports() {
    let raw = "03/04/2024 10:11:25 AM\nLogName=Security\nEventCode=4688\nComputerName=DC1\nMessage=A new process has been created.\n\nSubject:\n\tAccount Name:\t\tDC1$\n\nTarget:\n\tAccount Name:\t\tann\n\nProcess Information:\n\tProcess Command Line:\twhoami /all\n";
    let csv = format!("_raw,_time,host\n\"{raw}\",1709547085,DC1\n");
    let json = format!(
        "{{\"preview\":false,\"result\":{{\"_raw\":{},\"_time\":\"1709547085\"}}}}\n",
        serde_json::to_string(raw).unwrap()
    );
    for text in [csv, json] {
        let table = load_text(&text).table;
        for (name, expected) in [
            ("Message", raw.split_once("Message=").unwrap().1),
            ("Account_Name", "DC1$|ann"),
            ("Process_Command_Line", "whoami /all"),
            ("EventCode", "4688"),
            ("source", "WinEventLog:Security"),
            ("sourcetype", "WinEventLog"),
            ("host", "DC1"),
        ] {
            assert_eq!(texts(&table, name)[0].trim(), expected.trim(), "{name} of {text}");
        }
    }
}

#[test]
fn records_of_get_winevent_and_winlogbeat() {
    let text = "[{\"Message\":\"A process.\\r\\n\\r\\nCreator:\\r\\n\\tAccount Name:\\t\\tann\\r\\n\",\"Id\":4688,\"LogName\":\"Security\",\"ProviderName\":\"P\",\"MachineName\":\"dc1\",\"TimeCreated\":\"\\/Date(1709547085250)\\/\",\"RecordId\":77}]";
    let table = load_text(text).table;
    for (name, expected) in [
        ("_time", "1709547085.25"),
        ("EventCode", "4688"),
        ("Channel", "Security"),
        ("Computer", "dc1"),
        ("host", "dc1"),
        ("Account_Name", "ann"),
        ("sourcetype", "WinEventLog"),
    ] {
        assert_eq!(texts(&table, name), [expected], "{name}");
    }
    let beat = "{\"@timestamp\":\"2024-03-04T10:11:25.250Z\",\"winlog\":{\"channel\":\"Security\",\"event_id\":4688,\"computer_name\":\"dc1\",\"record_id\":7,\"event_data\":{\"NewProcessName\":\"C:\\\\a.exe\"}},\"message\":\"x\"}\n";
    let table = load_text(beat).table;
    for (name, expected) in [
        ("_time", "1709547085.25"),
        ("EventCode", "4688"),
        ("Channel", "Security"),
        ("Computer", "dc1"),
        ("RecordNumber", "7"),
        ("NewProcessName", "C:\\a.exe"),
        ("sourcetype", "XmlWinEventLog"),
    ] {
        assert_eq!(texts(&table, name), [expected], "{name}");
    }
}

#[test]
fn events_of_wincollect() {
    let text = "<13>Mar  4 10:11:25 dc1 AgentDevice=WindowsLog\tAgentLogFile=Security\tComputer=dc1.example\tEventIDCode=4624\tMessage=An account was logged on.  Logon Type:  3\n";
    let table = load_text(text).table;
    for (name, expected) in [
        ("EventCode", "4624"),
        ("Channel", "Security"),
        ("Computer", "dc1.example"),
        ("Message", "An account was logged on.  Logon Type:  3"),
    ] {
        assert_eq!(texts(&table, name), [expected], "{name}");
    }
}

#[test]
fn xml_of_others_is_no_windows_event() {
    let text = "<?xml version=\"1.0\"?>\n<AuditLog>\n  <Event id=\"1\" time=\"2024-03-04T10:11:25Z\"><User>ann</User></Event>\n  <Event id=\"2\" time=\"2024-03-04T10:11:26Z\"><User>bob</User></Event>\n</AuditLog>\n";
    assert!(!texts(&load_text(text).table, "sourcetype").contains(&"XmlWinEventLog".to_owned()));
}

#[test]
fn captures_are_refused_with_a_reason() {
    let loaded = load_bytes(b"\xD4\xC3\xB2\xA1\x02\x00\x04\x00\x00\x00\x00\x00", |_| {});
    assert_eq!(loaded.table.rows(), 0);
    let warning = &loaded.report.files[0].warnings[0];
    assert_eq!(warning.kind, WarningKind::BadFile);
    assert!(warning.first_example.contains("capture of packets"), "{}", warning.first_example);
}

#[test]
fn streams_are_read_as_far_as_needed() {
    /// Lines without end.
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let line = b"2024-03-04 10:11:25 line\n";
            for byte in buffer.iter_mut() {
                *byte = line[self.0 % line.len()];
                self.0 += 1;
            }
            Ok(buffer.len())
        }
    }
    let options = LoadOptions {
        paths: vec!["-".into()],
        standard_input_stream: Some(InputStream::new(Endless(0))),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    };
    let mut tables = load_in_parts(Arc::new(options), 1 << 20).unwrap();
    for _ in 0..2 {
        let table = tables.next().unwrap().unwrap();
        assert!(table.rows() > 100_000 && texts(&table, "_raw")[0] == "2024-03-04 10:11:25 line");
    }
    // The same lines give the same events in parts and at once, whatever the events' lines.
    let text: String =
        (0..60_000).map(|n| format!("2024-03-04 10:{:02}:{:02} event {n}\n  at x\n", n / 60 % 60, n % 60)).collect();
    let stream = |text: &str| LoadOptions {
        paths: vec!["-".into()],
        standard_input_stream: Some(InputStream::new(std::io::Cursor::new(text.to_owned().into_bytes()))),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    };
    let rows: usize = load_in_parts(Arc::new(stream(&text)), 1 << 18).unwrap().map(|table| table.unwrap().rows()).sum();
    assert_eq!((rows, load(&stream(&text)).unwrap().table.rows()), (60_000, 60_000));
    // What is no lines is read as a whole.
    let json = "[{\"a\":1},{\"a\":2}]";
    let rows: usize = load_in_parts(Arc::new(stream(json)), 10).unwrap().map(|table| table.unwrap().rows()).sum();
    assert_eq!(rows, 2);
    let once = stream(&text);
    assert!(load(&once).is_ok() && load(&once).is_err());
}

#[test]
#[cfg(unix)]
fn devices_and_fifos() {
    use std::io::Write;
    let error = load(&options(&[std::path::Path::new("/dev/zero")])).unwrap_err().to_string();
    assert!(error.contains("device"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("f");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let error = load(&options(&[&fifo])).unwrap_err().to_string();
    assert!(error.contains("nothing writes"), "{error}");
    let fifo = folder.path().join("g");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let path = fifo.clone();
    let writer = std::thread::spawn(move || {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().write_all(b"{\"a\":1}\n{\"a\":2}\n").unwrap();
    });
    assert_eq!(load(&options(&[&fifo])).unwrap().table.rows(), 2);
    writer.join().unwrap();
}

#[test]
fn damaged_parquet_ends() {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    let rows: Vec<i64> = (0..3000).collect();
    let names: Vec<String> = rows.iter().map(|row| format!("user{}", row % 50)).collect();
    let batch = RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from(rows)) as ArrayRef),
        ("user", Arc::new(StringArray::from(names)) as ArrayRef),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    // Panics of the decoder are caught, and not to be printed here.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut state = 7_u64;
    for round in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..=(round % 4) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 4 + (state >> 33) as usize % (damaged.len() - 8);
            match round % 3 {
                0 => damaged[at] ^= 1 << (state % 8),
                1 => damaged[at] = 0,
                _ => damaged.insert(at, (state >> 11) as u8),
            }
        }
        let loaded = load_bytes(&damaged, |options| options.threads = 1);
        assert!(loaded.table.rows() <= 3000, "{round}");
    }
    std::panic::set_hook(hook);
}

#[test]
fn absent_cells_cost_nothing() {
    let text: String = (0..20_000).map(|n| format!("{{\"time\":{},\"own{n}\":{n}}}\n", 1_709_547_085 + n)).collect();
    let table = load_text(&text).table;
    assert_eq!((table.rows(), table.schema.fields().len() > 20_000), (20_000, true));
    assert_eq!(texts(&table, "own7")[20_000 - 8], "7");
    let memory: usize = table
        .batches
        .iter()
        .flat_map(|batch| batch.columns().iter().filter(|column| column.null_count() < column.len()))
        .map(|column| column.get_array_memory_size())
        .sum();
    assert!(memory < 400 << 20, "{memory}");
}
