//! Data larger than the memory limit, stores, and the search for the condition that removes the last row.

use std::fmt::Write as _;

use serde_json::json;

use crate::Folder;

/// Events of three days, newest in the middle file, so that parts have to be put in order.
fn many(folder: &Folder) {
    for (file, day) in [(1, 1), (2, 2), (3, 0)] {
        let mut text = String::new();
        for number in 0..25_000 {
            let time = 1_700_000_000 + day * 86_400 + number * 7;
            let user = format!("user{}", number % 17);
            writeln!(
                text,
                r#"{{"_time": {time}, "user": "{user}", "bytes": {number}, "tags": ["x{}", "y"], "note": "file {file} event {number}"}}"#,
                number % 3
            )
            .unwrap();
        }
        folder.write(&format!("many/{file}.ndjson"), &text);
    }
}

const SEARCHES: [&str; 6] = [
    "user=user3 bytes>24700 | table _time user bytes note tags{} source",
    "index=main | stats count sum(bytes) as bytes values(tags{}) as tags first(note) as note by user",
    "note=\"*event 77\" | table _time note",
    "| tstats count where index=main by _time span=1d",
    "index=main | sort 5 -bytes, note | table bytes note",
    "user=user1 [search bytes=1 | head 1 | fields user] | stats dc(source) as files",
];

#[test]
fn parts_give_what_all_events_give() {
    let folder = Folder::new();
    many(&folder);
    for search in SEARCHES {
        let whole = folder.run(&["query", "--data", "many", "--format", "ndjson", search]);
        assert!(!whole.rows().is_empty(), "{search}");
        let parts = folder.run(&["query", "--data", "many", "--memory-limit", "32MiB", "--format", "ndjson", search]);
        assert_eq!(parts.rows(), whole.rows(), "{search}");
    }
}

#[test]
fn a_store_gives_what_its_files_give() {
    let folder = Folder::new();
    many(&folder);
    let made = folder.run(&["ingest", "many", "-o", "store"]);
    assert!(made.err.contains("75,000 events of"), "{}", made.err);
    for search in SEARCHES {
        let files = folder.run(&["query", "--data", "many", "--format", "ndjson", search]);
        let store = folder.run(&["query", "--data", "store", "--format", "ndjson", search]);
        assert_eq!(store.rows(), files.rows(), "{search}");
    }
    folder.run(&["ingest", "many", "-o", "store"]).fails(1, "is not empty");
}

#[test]
fn the_condition_that_removes_the_last_row() {
    let folder = Folder::new();
    let explained =
        folder.run(&["explain", "--why-empty", "--data", "events.ndjson", "user=* bytes>5 host=db* | stats count by user"]);
    let lines: Vec<&str> = explained.ok().lines().collect();
    assert_eq!(lines[..4], ["rows  left behind", "   3  user=*", "   3  bytes>5", "   0  host=db*"]);
    assert!(explained.out.contains("removes the 3 rows"), "{}", explained.out);
    let found = folder.run(&[
        "explain",
        "--why-empty",
        "--data",
        "events.ndjson",
        "user=ann | where bytes>10 AND host=\"web1\" | table bytes",
    ]);
    assert!(found.ok().contains("The search has results"), "{}", found.out);
    assert!(found.out.contains("   1  host=\"web1\""), "{}", found.out);
    let search = "| tstats dc(user) from datamodel=Mine.Found where Found.user=ann Found.host=web* by Found.user Found.note";
    let model = r#"{"modelName":"Mine","objects":[{"objectName":"Found","parentName":"BaseEvent","constraints":[{"search":"index=main"}],
        "fields":[{"fieldName":"user","type":"string"},{"fieldName":"host","type":"string"},{"fieldName":"note","type":"string"}],"calculations":[]}]}"#;
    folder.write("app/default/data/models/Mine.json", model);
    let counted = folder.run(&["explain", "--why-empty", "--app", "app", "--data", "events.ndjson", search]);
    let lines: Vec<&str> = counted.ok().lines().collect();
    let expected = [
        "   3  from datamodel=Mine.Found",
        "   2  Found.user=ann",
        "   2  Found.host=web*",
        "   2  Found.user",
        "   1  Found.note",
    ];
    assert_eq!(lines[1..6], expected, "{}", counted.out);
    let text = folder.run(&["query", "--data", "events.ndjson", "--format", "ndjson", "user=ann bytes=10 | table bytes"]);
    assert_eq!(text.rows(), [json!({"bytes": 10})]);
}

#[test]
fn summaries_answer_for_events() {
    let folder = Folder::new();
    folder.write("many/1.ndjson", crate::EVENTS);
    let model = r#"{"modelName":"Mine","objects":[
        {"objectName":"Found","parentName":"BaseEvent","constraints":[{"search":"user=*"}],
         "fields":[{"fieldName":"user","type":"string"},{"fieldName":"bytes","type":"number"},{"fieldName":"tags{}","type":"string"}],"calculations":[]},
        {"objectName":"Large","parentName":"Found","constraints":[{"search":"bytes>11"}],"fields":[],"calculations":[]}]}"#;
    folder.write("app/default/data/models/Mine.json", model);
    folder.run(&["ingest", "many", "-o", "store"]).ok();
    let made = folder.run(&["accelerate", "--datamodel", "Mine", "--app", "app", "-o", "store"]);
    assert!(made.err.contains("Mine: 5 rows of 2 datasets"), "{}", made.err);
    let ask = |summaries: &str, rest: &str| {
        let search = format!("| tstats summariesonly={summaries} {rest}");
        folder.run(&["query", "-q", "--app", "app", "--data", "store", "--format", "ndjson", &search]).rows()
    };
    let searches = [
        "count sum(Found.bytes) as bytes from datamodel=Mine.Found by Found.user host",
        "count from datamodel=Mine.Large where Found.user=ann earliest=1700000000 latest=1700000121 by Found.bytes _time span=1m",
        "values(Found.tags{}) as tags from datamodel=Mine.Found",
    ];
    for search in searches {
        assert!(!ask("false", search).is_empty(), "{search}");
        assert_eq!(ask("true", search), ask("false", search), "{search}");
    }
    // What comes later is not summarised.
    std::fs::copy(folder.path().join("many/1.ndjson"), folder.path().join("store/later.ndjson")).unwrap();
    let count = "count from datamodel=Mine.Found";
    assert_eq!((ask("true", count), ask("false", count)), (vec![json!({"count": 3})], vec![json!({"count": 6})]));
    folder.run(&["accelerate", "--datamodel", "Min", "--app", "app", "-o", "store"]).fails(1, "did you mean Mine?");
}
