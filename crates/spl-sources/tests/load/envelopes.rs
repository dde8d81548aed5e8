//! Events inside something else: exports of searches, posts to the HTTP Event Collector, lists, lines before JSON.

use crate::support::*;

/// What was loaded of these fields, sorted.
fn rows(text: &str, fields: &[&str]) -> Vec<String> {
    let loaded = load_text(text);
    let columns: Vec<Vec<String>> = fields.iter().map(|field| texts(&loaded.table, field)).collect();
    let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect::<Vec<_>>().join(" | ");
    let mut rows: Vec<String> = (0..loaded.table.rows()).map(row).collect();
    rows.sort();
    rows
}

#[test]
fn exports_of_searches_hold_rows() {
    let lines = "{\"preview\":false,\"offset\":0,\"result\":{\"_raw\":\"a user=ann\",\"_time\":\"2024-03-04T10:11:25.000+00:00\",\"host\":\"h\",\"source\":\"/s\",\"sourcetype\":\"t\"}}\n{\"preview\":false,\"lastrow\":true,\"result\":{\"_raw\":\"b user=bob\",\"_time\":\"2024-03-04T10:11:26.000+00:00\",\"sourcetype\":\"t\"}}\n{\"preview\":false,\"lastrow\":true}\n";
    assert_eq!(
        rows(lines, &["_time", "_raw", "user", "sourcetype"]),
        ["1709547085 | a user=ann | ann | t", "1709547086 | b user=bob | bob | t"]
    );
    let results = r#"{"preview":false,"init_offset":0,"messages":[],"fields":[{"name":"user"}],"results":[{"_time":"2024-03-04T10:11:25.000+00:00","user":"a"},{"user":["b","c"]}],"highlighted":{}}"#;
    assert_eq!(rows(results, &["user"]), ["a", "b|c"]);
    let xml = "<?xml version='1.0' encoding='UTF-8'?>\n<results preview='0'>\n<result offset='0'><field k='_time'><value><text>2024-03-04T10:11:25.000+00:00</text></value></field><field k='_raw'><v xml:space='preserve'>x k=v</v></field></result>\n</results>\n";
    assert_eq!(rows(xml, &["_time", "_raw", "k"]), ["1709547085 | x k=v | v"]);
}

#[test]
fn collector_posts_hold_events() {
    let text = concat!(
        r#"{"time":1709547085.25,"host":"pc1","source":"s","sourcetype":"t","index":"i","event":{"a":{"b":1},"time":"x"},"fields":{"dc":"eu"}}"#,
        "\n",
        r#"{"time":"1709547086","sourcetype":"t","event":"login user=ann ok"}"#,
        r#"{"time":1709547087,"sourcetype":"t","event":"{\"k\":[1,2]}"}"#,
        "\n",
    );
    assert_eq!(
        rows(text, &["_time", "host", "sourcetype", "index", "a.b", "dc", "user", "k{}"]),
        [
            "1709547085.25 | pc1 | t | i | 1 | eu | (none) | (none)",
            "1709547086 | localhost | t | main | (none) | (none) | ann | (none)",
            "1709547087 | localhost | t | main | (none) | (none) | (none) | 1|2",
        ]
    );
    assert_eq!(rows(text, &["_raw"])[2], r#"{"k":[1,2]}"#);
    let event = r#"{"time":1709547085.25,"host":"pc1","source":"XmlWinEventLog:Security","sourcetype":"XmlWinEventLog","event":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>4688</EventID><Channel>Security</Channel><Computer>pc1</Computer></System><EventData><Data Name='NewProcessName'>C:\\a.exe</Data></EventData></Event>"}"#;
    assert_eq!(rows(event, &["EventCode", "Channel", "NewProcessName", "host"]), [r"4688 | Security | C:\a.exe | pc1"]);
}

#[test]
fn lists_hold_events() {
    for (text, field, expected) in [
        (r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"n":1},{"n":2}]}"#, "n", 2),
        (r#"{"Findings":[{"n":1},{"n":2},{"n":3}],"NextToken":"x"}"#, "n", 3),
        (
            r#"{"took":2,"timed_out":false,"_shards":{"total":1},"hits":{"total":{"value":2},"max_score":1.0,"hits":[{"_index":"i","_id":"1","_score":1,"_source":{"n":1}},{"_index":"i","_id":"2","_source":{"n":2}}]}}"#,
            "n",
            2,
        ),
        (
            "{\"_index\":\"i\",\"_id\":\"1\",\"_source\":{\"n\":1}}\n{\"_index\":\"i\",\"_id\":\"2\",\"_source\":{\"n\":2}}\n",
            "n",
            2,
        ),
        ("\u{1e}{\"n\":1}\n\u{1e}{\"n\":2}\n", "n", 2),
        ("\u{1e}{\n\"n\":1}\n\u{1e}{\n\"n\":2}\n", "n", 2),
    ] {
        let loaded = load_text(text);
        assert_eq!(texts(&loaded.table, field).len(), expected, "{text}");
        assert!(!texts(&loaded.table, field).contains(&"(none)".to_owned()), "{text}");
        assert!(loaded.report.warnings().next().is_none(), "{text}");
    }
}

#[test]
fn lines_before_json_and_csv() {
    let text = "2024-03-04 10:11:24 starting up\n{\"time\":\"2024-03-04T10:11:25Z\",\"user\":\"ann\"}\n{\"time\":\"2024-03-04T10:11:26Z\",\"user\":\"bob\"}\n";
    assert_eq!(rows(text, &["_time", "user"]), ["1709547084 | (none)", "1709547085 | ann", "1709547086 | bob"]);
    assert_eq!(rows("# made by a tool\n{\n  \"n\": 1\n}\n{\n  \"n\": 2\n}\n", &["n"]), ["(none)", "1", "2"]);
    // An object among other lines has its fields too.
    let text = "2024-03-04 10:11:24 a\n2024-03-04 10:11:25 b\n{\"time\":\"2024-03-04T10:11:26Z\",\"user\":\"ann\"}\n{\"time\": broken 2024-03-04T10:11:27Z\n";
    assert_eq!(rows(text, &["_time", "user"])[2..], ["1709547086 | ann", "1709547087 | (none)"]);
    let csv = "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\n\"Message\",\"Id\",\"TimeCreated\"\n\"x\",\"4624\",\"3/4/2024 10:11:25 AM\"\n";
    assert_eq!(rows(csv, &["_time", "Id"]), ["1709547085 | 4624"]);
    assert_eq!(rows("sep=;\na;b\n1,5;2\n", &["a", "b"]), ["1,5 | 2"]);
}

#[test]
fn journal_entries_are_their_messages() {
    let text = "{\"__REALTIME_TIMESTAMP\":\"1709547085250000\",\"_HOSTNAME\":\"web1\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Accepted key for ann\"}\n";
    assert_eq!(
        rows(text, &["_time", "host", "_raw", "sourcetype", "SYSLOG_IDENTIFIER"]),
        ["1709547085.25 | web1 | Accepted key for ann | journald | sshd"]
    );
}
