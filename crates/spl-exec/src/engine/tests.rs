//! What searches of one engine share must never change their answers.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use chrono_tz::Tz;
use datafusion::arrow::datatypes::DataType;
use spl_functions::column::Column;
use spl_knowledge::Knowledge;
use spl_sources::LoadOptions;

use super::*;

/// An engine over 300 events whose field `word` is a dictionary of three texts.
fn engine() -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for number in 0..300 {
        let word = ["10:00", "11:00", "12:00"][number % 3];
        writeln!(text, r#"{{"_time": {}, "word": "{word}"}}"#, 1_700_000_000 + number).unwrap();
    }
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, text).unwrap();
    let options = LoadOptions { paths: vec![file.display().to_string()], threads: 1, ..LoadOptions::default() };
    let loaded = spl_sources::load(&options).unwrap();
    let engine = Engine::new(Knowledge::built_in(), Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC))).unwrap();
    let engine = engine.with_data(loaded.table).unwrap();
    let word = engine.data().unwrap().schema.field_with_name("word").unwrap().clone();
    assert!(matches!(word.data_type(), DataType::Dictionary(..)), "the field must be a dictionary, not {word}");
    engine
}

/// The texts of a column of a search that runs at a time.
fn answer(engine: &Engine, text: &str, now: f64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let search = engine.compile_at(text, SearchClock::at(now, Tz::UTC)).unwrap();
    let results = runtime.block_on(engine.run(&search)).unwrap();
    let mut texts = Vec::new();
    for batch in &results.batches {
        let column = Column::new(batch.column(0)).unwrap();
        texts.extend((0..batch.num_rows()).filter_map(|row| column.value(row).text().map(|text| text.into_owned())));
    }
    texts
}

#[test]
fn a_time_without_a_date_is_of_the_day_of_its_search() {
    let engine = engine();
    let search = r#"index=main | eval day=strftime(strptime(word, "%H:%M"), "%F") | stats count by day | fields day"#;
    assert_eq!(answer(&engine, search, 1_700_000_000.0), ["2023-11-14"]);
    assert_eq!(answer(&engine, search, 1_710_000_000.0), ["2024-03-09"]);
    let converted = "index=main | convert timeformat=\"%H:%M\" mktime(word) AS t | eval day=strftime(t, \"%F\") | stats count by day | fields day";
    assert_eq!(answer(&engine, converted, 1_700_000_000.0), ["2023-11-14"]);
    assert_eq!(answer(&engine, converted, 1_710_000_000.0), ["2024-03-09"]);
    let inside =
        r#"index=main | eval day=mvmap(word, strftime(strptime(word, "%H:%M"), "%F")) | stats count by day | fields day"#;
    assert_eq!(answer(&engine, inside, 1_700_000_000.0), ["2023-11-14"]);
    assert_eq!(answer(&engine, inside, 1_710_000_000.0), ["2024-03-09"]);
}

#[test]
fn a_lookup_sees_the_table_as_it_was_written_last() {
    let engine = engine();
    let write = |value: &str| {
        let text = format!(r#"| makeresults | eval word="10:00", kind="{value}" | fields word kind | outputlookup kinds.csv"#);
        answer(&engine, &text, 1_700_000_000.0);
    };
    let eval = r#"index=main | eval kind=lookup("kinds.csv", json_object("word", word), json_array("kind")) | stats count by kind | fields kind"#;
    let command = "index=main | lookup kinds.csv word OUTPUT kind | stats count by kind | fields kind";
    write("first");
    assert_eq!(answer(&engine, eval, 1_700_000_000.0), [r#"{"kind":"first"}"#]);
    assert_eq!(answer(&engine, command, 1_700_000_000.0), ["first"]);
    write("second");
    assert_eq!(answer(&engine, eval, 1_700_000_000.0), [r#"{"kind":"second"}"#]);
    assert_eq!(answer(&engine, command, 1_700_000_000.0), ["second"]);
}

#[test]
fn limits_beyond_all_rows_take_nothing_away() {
    let engine = engine();
    let most = IndexMap::from([("head_count".to_owned(), u64::MAX), ("sort_count".to_owned(), u64::MAX)]);
    let settings = Settings { limits: most, ..engine.settings().clone() };
    let engine = Engine::new(Knowledge::built_in(), settings).unwrap().with_data(engine.data().unwrap().clone()).unwrap();
    assert_eq!(answer(&engine, "index=main | head | stats count", 1_700_000_000.0), ["300"]);
    assert_eq!(answer(&engine, "index=main | sort word | stats count", 1_700_000_000.0), ["300"]);
}

/// An engine over 30,000 events with long texts, most of them distinct.
fn wide_engine(memory_limit: Option<usize>) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for number in 0..30_000_u64 {
        let process = format!("C:\\\\Program Files\\\\Vendor\\\\program.exe --id {} --type=renderer", number * 7_919 % 20_011);
        let (time, user, bytes) = (1_700_000_000 + number, number * 31 % 997, number * 17 % 5_003);
        writeln!(text, r#"{{"_time": {time}, "process": "{process}", "user": "user {user}", "bytes": {bytes}}}"#).unwrap();
    }
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, text).unwrap();
    let options = LoadOptions { paths: vec![file.display().to_string()], threads: 2, ..LoadOptions::default() };
    let loaded = spl_sources::load(&options).unwrap();
    let settings = Settings { memory_limit, threads: 2, ..Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC)) };
    Engine::new(Knowledge::built_in(), settings).unwrap().with_data(loaded.table).unwrap()
}

#[test]
fn what_does_not_fit_goes_to_disk() {
    let (free, limited) = (wide_engine(None), wide_engine(Some(6 << 20)));
    for search in [
        "index=main | sort 0 process | fields process",
        "index=main | sort 0 user, - process | fields process",
        "index=main | sort 0 process | head 20000 | fields process",
        "index=main | top 50 process | fields process",
        "index=main | stats earliest(process) AS p latest(bytes) BY user | sort user | fields p",
        "index=main | eventstats count BY user | eventstats max(bytes) AS m | eval r=user.count.m | fields r",
        "index=main | eventstats values(user) AS u BY bytes | head 2000 | fields u",
        "index=main | dedup user | fields process",
        "index=main | dedup process | fields process",
    ] {
        let expected = answer(&free, search, 1_700_000_000.0);
        assert!(expected.len() > 40, "{search}");
        assert_eq!(answer(&limited, search, 1_700_000_000.0), expected, "{search}");
    }
}
