//! Text: lines, events of several lines, and the kinds of lines that are recognised.

use crate::support::*;

#[test]
fn text_lines_are_events() {
    let loaded = load_text("Mar  4 10:11:25 h sshd[1]: one\n\n  continued\nMar  4 10:11:26 h sshd[1]: two\n");
    assert_eq!(texts(&loaded.table, "_raw"), ["Mar  4 10:11:26 h sshd[1]: two", "Mar  4 10:11:25 h sshd[1]: one", "  continued"]);
    assert_eq!(texts(&loaded.table, "_time"), ["1709547086", "1709547085", "1709547085"]);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("one é\r\ntwo".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let loaded = load_bytes(&utf16, |_| {});
    assert_eq!(texts(&loaded.table, "_raw"), ["one é", "two"]);
}

/// What was loaded of these fields, one row per event in the order of the text.
fn rows(text: &str, fields: &[&str]) -> Vec<String> {
    let loaded = load_text(text);
    let columns: Vec<Vec<String>> = fields.iter().map(|field| texts(&loaded.table, field)).collect();
    let ordinal = |row: usize| columns.iter().map(|column| column[row].clone()).collect::<Vec<_>>().join(" | ");
    (0..loaded.table.rows()).map(ordinal).collect()
}

#[test]
fn stack_traces_belong_to_the_line_before() {
    let text = "2024-03-04 10:11:27,100 ERROR failed\njava.lang.Error: x\n\tat a.b(C.java:1)\n\n\tat d.e(F.java:2)\n2024-03-04 10:11:26 INFO next\nstarted=2024-03-04\n";
    let loaded = load_text(text);
    assert_eq!(
        texts(&loaded.table, "_raw"),
        [
            "2024-03-04 10:11:27,100 ERROR failed\njava.lang.Error: x\n\tat a.b(C.java:1)\n\n\tat d.e(F.java:2)",
            "2024-03-04 10:11:26 INFO next\nstarted=2024-03-04"
        ]
    );
    assert_eq!(texts(&loaded.table, "started"), ["(none)", "2024-03-04"]);
    // Lines without any time stay events of their own.
    assert_eq!(load_text("one\ntwo\n  three\n").table.rows(), 3);
    // An event ends after 256 lines.
    let long = format!("2024-03-04 10:11:25 x\n{}", "  at y\n".repeat(15)).repeat(3) + &"  at z\n".repeat(600);
    let loaded = load_text(&long);
    let lines: Vec<usize> = texts(&loaded.table, "_raw").iter().map(|raw| raw.lines().count()).collect();
    assert_eq!(lines.iter().sum::<usize>(), 648);
    assert_eq!(lines[2..], [256, 256, 104]);
}

#[test]
fn merged_events_cross_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let event = |second: usize| {
        format!(
            "2024-03-04 10:{:02}:{:02} event {second}\n{}",
            second / 60 % 60,
            second % 60,
            "  at somewhere in the program\n".repeat(9)
        )
    };
    let text: String = (0..70_000).map(event).collect();
    assert!(text.len() > 16 << 20);
    std::fs::write(&path, &text).unwrap();
    let loaded = spl_sources::load(&options(&[&path])).unwrap();
    assert_eq!(loaded.table.rows(), 70_000);
    assert!(texts(&loaded.table, "_raw").iter().all(|raw| raw.lines().count() == 10));
    assert_eq!(texts(&loaded.table, "sourcetype")[0], "app");
}

#[test]
fn syslog_has_host_process_and_pid() {
    let text = concat!(
        "<34>1 2024-03-04T10:11:28.5Z mail.example su 42 ID47 [ex@1 user=\"a \\\"b\\\"\" ok=\"1\"] \u{feff}failed for=root\n",
        "<13>Mar  4 10:11:27 web-1 sshd[12]: Accepted user=bob\n",
        "Mar  4 10:11:26 web-1 kernel: up\n",
        "not syslog at all\n",
    );
    assert_eq!(
        rows(text, &["_time", "host", "process", "pid", "user", "sourcetype"]),
        [
            "1709547088.5 | mail.example | su | 42 | a \"b\" | syslog",
            "1709547087 | web-1 | sshd | 12 | bob | syslog",
            "1709547086 | web-1 | kernel | (none) | (none) | syslog",
            "1709547086 | localhost | (none) | (none) | (none) | syslog",
        ]
    );
    // What such words are in other sourcetypes is for their add-ons to say.
    let loaded =
        load_bytes(b"Mar  4 10:11:27 fw %ASA-6-302013: Built\n", |options| options.sourcetype = Some("cisco:asa".into()));
    assert_eq!(
        (texts(&loaded.table, "process"), texts(&loaded.table, "host")),
        (vec!["(none)".to_owned()], vec!["fw".to_owned()])
    );
    let xml = "Mar  4 10:11:27 web sysmon: <Event><System><EventID>1</EventID><Channel>Linux-Sysmon/Operational</Channel><Computer>web</Computer></System><EventData><Data Name=\"Image\">/bin/ls</Data></EventData></Event>\n";
    assert_eq!(
        rows(xml, &["EventCode", "Image", "sourcetype", "source", "process"]),
        ["1 | /bin/ls | sysmon:linux | Syslog:Linux-Sysmon/Operational | (none)"]
    );
}

#[test]
fn access_logs_have_splunks_fields() {
    let text = concat!(
        "10.0.0.1 - bob [04/Mar/2024:10:11:25 +0000] \"GET /shop/cart.do?action=view&id=EST-6 HTTP/1.1\" 200 2953 \"https://www.example.com/a/b\" \"Mozilla/5.0 (X11)\"\n",
        "10.0.0.2 - - [04/Mar/2024:10:11:24 +0000] \"\\x16\\x03\" 400 - \"-\" \"-\"\n",
    );
    assert_eq!(
        rows(text, &["clientip", "user", "method", "uri", "uri_path", "uri_query", "root", "file", "version", "status", "bytes"]),
        [
            "10.0.0.1 | bob | GET | /shop/cart.do?action=view&id=EST-6 | /shop/cart.do | action=view&id=EST-6 | shop | cart.do | HTTP/1.1 | 200 | 2953",
            "10.0.0.2 | - | \\x16\\x03 | (none) | (none) | (none) | (none) | (none) | (none) | 400 | -",
        ]
    );
    assert_eq!(
        rows(text, &["_time", "referer_domain", "useragent", "action", "sourcetype"]),
        [
            "1709547085 | https://www.example.com | Mozilla/5.0 (X11) | view | access_combined",
            "1709547084 | (none) | - | (none) | access_combined",
        ]
    );
}

#[test]
fn audit_records_are_pairs() {
    let text = "type=SYSCALL msg=audit(1709547085.266:6994): arch=c000003e comm=\"ls x\" key=(null)\u{1d}ARCH=x86_64 UID=\"root\"\nnode=web type=USER_AUTH msg=audit(1709547084.000:6993): pid=1 msg='op=PAM:auth acct=\"bob\" exe=\"/usr/sbin/sshd\" res=failed'\n";
    assert_eq!(
        rows(text, &["_time", "type", "comm", "key", "ARCH", "UID", "op", "acct", "res", "host", "sourcetype"]),
        [
            "1709547085.266 | SYSCALL | ls x | (null) | x86_64 | root | (none) | (none) | (none) | localhost | linux:audit",
            "1709547084 | USER_AUTH | (none) | (none) | (none) | (none) | PAM:auth | bob | failed | web | linux:audit",
        ]
    );
}

#[test]
fn common_event_formats_are_read() {
    let text = concat!(
        "Mar  4 10:11:25 fw CEF:0|Vendor\\|X|Product|1.0|100|A name|8|src=10.0.0.1 spt=1232 msg=two words \\= three cs1Label=Rule Name cs1=my rule act=blocked\n",
        "CEF:0|V|P|1|7|n|Low|rt=1709547084000 dst=::1\n",
    );
    assert_eq!(
        rows(
            text,
            &[
                "host",
                "cef_vendor",
                "cef_signature",
                "cef_name",
                "cef_severity",
                "src",
                "msg",
                "cs1",
                "Rule_Name",
                "act",
                "sourcetype"
            ]
        ),
        [
            "fw | Vendor|X | 100 | A name | 8 | 10.0.0.1 | two words = three | my rule | my rule | blocked | cef",
            "localhost | V | 7 | n | Low | (none) | (none) | (none) | (none) | (none) | cef",
        ]
    );
    let text = "LEEF:2.0|Vendor|Product|1.0|login|^|usrName=joe^msg=a b\nLEEF:1.0|V|P|1|x|src=1.2.3.4\tdst=5.6.7.8\n";
    assert_eq!(
        rows(text, &["leef_event_id", "usrName", "msg", "src", "dst", "sourcetype"]),
        ["login | joe | a b | (none) | (none) | leef", "x | (none) | (none) | 1.2.3.4 | 5.6.7.8 | leef"]
    );
}

#[test]
fn zeek_and_w3c_logs_name_their_fields() {
    let zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tid.orig_h\tquery\tanswers\n#types\ttime\taddr\tstring\tvector[string]\n1709547085.250000\t10.0.0.1\ta\\x09b\t1.2.3.4,5.6.7.8\n1709547084.000000\t10.0.0.2\t-\t(empty)\n#close\t2024-03-04\n";
    assert_eq!(
        rows(zeek, &["_time", "id.orig_h", "query", "answers", "sourcetype"]),
        ["1709547085.25 | 10.0.0.1 | a\tb | 1.2.3.4|5.6.7.8 | zeek:dns", "1709547084 | 10.0.0.2 | (none) | (none) | zeek:dns"]
    );
    let json = "{\"_path\":\"conn\",\"ts\":1709547085.25,\"id.orig_h\":\"10.0.0.1\"}\n";
    assert_eq!(rows(json, &["_time", "id.orig_h", "sourcetype"]), ["1709547085.25 | 10.0.0.1 | bro:conn:json"]);
    let iis = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method cs(User-Agent) sc-status\n2024-03-04 10:11:25 GET curl/7+x 200\n2024-03-04 10:11:24 GET - 404\n";
    assert_eq!(
        rows(iis, &["_time", "cs_method", "cs_User_Agent_", "sc_status", "sourcetype"]),
        ["1709547085 | GET | curl/7+x | 200 | iis", "1709547084 | GET | (none) | 404 | iis"]
    );
}

#[test]
fn times_of_day_take_their_date_from_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("falco-2024-03-04.log");
    std::fs::write(&path, "10:11:25.250000000: Notice A shell user=root\n10:11:24.000000000: Notice x\n").unwrap();
    let table = spl_sources::load(&options(&[&path])).unwrap().table;
    assert_eq!(texts(&table, "_time"), ["1709547085.25", "1709547084"]);
}
