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

/// How many of five events are read for a search, and the texts of a column of its answer.
fn read_for(search: &str, column: &str) -> (u64, Vec<String>) {
    const EVENTS: [&str; 5] = [
        r#"{"_time": 1, "sourcetype": "edr", "process_name": "RemCom.exe", "user": "u1", "tag": ["process", "report"]}"#,
        r#"{"_time": 2, "sourcetype": "edr", "process_name": "cmd.exe", "user": "u2", "tag": ["process", "report"]}"#,
        r#"{"_time": 3, "sourcetype": "edr", "process_name": "r\u0065mcom.exe", "user": "u3", "tag": ["process", "report"]}"#,
        r#"{"_time": 4, "sourcetype": "linux:audit", "type": "PROCTITLE", "proctitle": "72656D636F6D2E657865", "user": "u4"}"#,
        r#"{"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\x\\remcom.exe", "TimeCreated": "2024-01-01T00:00:00Z"}"#,
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, EVENTS.join("\n")).unwrap();
    let clock = SearchClock::at(1_700_000_000.0, Tz::UTC);
    let engine = Engine::new(Knowledge::built_in(), Settings::at(clock.clone())).unwrap();
    let compiled = engine.compile_at(search, clock).unwrap();
    let options = LoadOptions {
        paths: vec![file.display().to_string()],
        fields: engine.required_fields(&compiled),
        required_texts: engine.required_texts([&compiled]),
        threads: 1,
        ..LoadOptions::default()
    };
    let loaded = spl_sources::load(&options).unwrap();
    assert_eq!(loaded.report.events(), 5);
    let mut texts = answer(&engine.with_data(loaded.table).unwrap(), &format!("{search} | fields {column}"), 1_700_000_000.0);
    texts.sort();
    (loaded.report.read(), texts)
}

#[test]
fn events_that_no_search_can_find_are_not_read() {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    // Two have the text, one has an escape; with `process` the commands of Linux are in hexadecimal digits.
    assert_eq!(read_for("index=main process_name=remcom.exe | stats count by user", "user"), (3, owned(&["u1", "u3"])));
    assert_eq!(read_for("index=main process=remcom.exe | stats count by user", "user"), (4, owned(&["u4"])));
    assert_eq!(read_for("index=main user=u2 OR user=uvw | stats count by user", "user"), (5, owned(&["u2"])));
    let dataset =
        "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=*remcom.* by Processes.process_name";
    assert_eq!(read_for(dataset, "Processes.process_name"), (4, owned(&["RemCom.exe", "remcom.exe"])));
    for filter in [
        r#"search process_name=remcom.exe"#,
        r#"where match(process_name, "(?i)^rem\w+com\.exe") OR like(lower(process_name), "remcom%")"#,
        r#"regex process_name="(?i)^remcom\.""#,
    ] {
        assert_eq!(
            read_for(&format!("index=main | {filter} | stats count by user"), "user"),
            (3, owned(&["u1", "u3"])),
            "{filter}"
        );
    }
    assert_eq!(read_for("index=main | head 5 | search process_name=remcom.exe | stats count by user", "user").0, 5);
    // What is not looked for, what is said of an event by its tags, and what is excluded need all events.
    for search in
        ["index=main | stats count by user", "tag=process user=* | stats count by user", "NOT user=uuu2 | stats count by user"]
    {
        assert_eq!(read_for(search, "user").0, 5, "{search}");
    }
    assert_eq!(read_for("index=main remcom | append [search user=u2] | stats count by user", "user").0, 5);
    // Words stand in the text itself, and the command of Linux does not.
    assert_eq!(read_for("index=main cmd.exe | append [search remcom.exe] | stats count by user", "user").0, 4);
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

#[test]
fn many_conditions_and_many_fields_have_the_answer_of_few() {
    let engine = engine();
    let words: Vec<String> = (0..6_000).map(|number| format!("w{number}")).collect();
    for search in [
        format!("index=main NOT {} NOT \"11:00\" | stats count", words.join(" NOT ")),
        format!("index=main NOT ({} OR \"11:00\") | stats count", words.join(" OR ")),
    ] {
        assert_eq!(answer(&engine, &search, 1_700_000_000.0), ["200"]);
    }
    let fields: Vec<String> = (0..1_100).map(|number| format!("f{number}={number}")).collect();
    let search = format!(
        "| makeresults | eval {} | fillnull | foreach f* [eval total=coalesce(total, 0)+'<<FIELD>>'] | stats sum(total)",
        fields.join(", ")
    );
    assert_eq!(answer(&engine, &search, 1_700_000_000.0), ["604450"]);
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

#[test]
fn a_search_goes_on_from_no_more_rows_than_its_limits_say() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = |name: &str, most: u64, text: &str| {
        let limits = IndexMap::from([(name.to_owned(), most)]);
        let settings = Settings { limits, ..Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC)) };
        let engine = Engine::new(Knowledge::built_in(), settings).unwrap();
        let search = engine.compile(text).unwrap();
        let failure = runtime.block_on(engine.run(&search)).err()?;
        let error = failure.diagnostics.into_iter().next().unwrap();
        Some((error.code, error.span().map(|span| text[span.start..span.end].to_owned())))
    };
    let doubled = "| makeresults count=6 | appendpipe [eval x=1] | appendpipe [eval x=2]";
    assert_eq!(refused("search_maxrows", 24, doubled), None);
    assert_eq!(refused("search_maxrows", 23, doubled), Some(("run/too-many-rows", None)));
    let place = Some("appendpipe [eval x=2]".to_owned());
    assert_eq!(refused("search_maxrows", 11, doubled), Some(("run/too-many-rows", place.clone())));
    assert_eq!(refused("appendpipe_maxrows", 12, doubled), None);
    assert_eq!(refused("appendpipe_maxrows", 11, doubled), Some(("run/too-many-rows", place.clone())));
    let listed = "| makeresults count=4 | streamstats count as n | streamstats values(n) as all | eval x=mvcount(all)";
    assert_eq!(refused("streamstats_maxvalues", 10, listed), None);
    assert_eq!(refused("streamstats_maxvalues", 9, listed).map(|(code, _)| code), Some("run/too-many-values"));
    let of_groups = "| makeresults count=4 | streamstats count as n | eventstats values(n) as all | eval x=mvcount(all)";
    assert_eq!(refused("eventstats_maxvalues", 16, of_groups), None);
    assert_eq!(refused("eventstats_maxvalues", 15, of_groups).map(|(code, _)| code), Some("run/too-many-values"));
    let mapped = "| makeresults count=3 | map maxsearches=3 search=\"| makeresults\"";
    assert_eq!(refused("map_maxsearches", 3, mapped), None);
    assert_eq!(refused("map_maxsearches", 2, mapped).map(|(code, _)| code), Some("run/too-many-searches"));
    assert_eq!(refused("search_maxrows", 0, doubled), None);
    assert_eq!(refused("search_maxbytes", 64 << 20, doubled), None);
    assert_eq!(
        refused("search_maxbytes", 100, "| makeresults count=6 | transpose | appendpipe [eval x=2]").map(|(code, _)| code),
        Some("run/memory")
    );
    let table = "| makeresults count=4 | streamstats count as n | xyseries n n n";
    assert_eq!(refused("table_maxvalues", 16, table), None);
    assert_eq!(refused("table_maxvalues", 15, table), Some(("run/too-large-table", Some("xyseries n n n".to_owned()))));
}

/// Says that every time has passed, or that none ever does.
#[derive(Debug)]
struct Told(bool);

impl Timer for Told {
    fn after(&self, _: u64) -> futures::future::BoxFuture<'static, ()> {
        if self.0 { Box::pin(std::future::ready(())) } else { Box::pin(std::future::pending()) }
    }
}

#[test]
fn the_time_of_a_search_is_counted_by_the_timer_of_the_settings() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let code = |timer: Option<Arc<dyn Timer>>| {
        let limits = IndexMap::from([("search_maxtime".to_owned(), 1)]);
        let settings = Settings { limits, timer, ..Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC)) };
        let engine = Engine::new(Knowledge::built_in(), settings).unwrap();
        let search = engine.compile("| makeresults count=300000 | streamstats count as n | stats sum(n)").unwrap();
        runtime.block_on(engine.run(&search)).err().map(|failure| failure.diagnostics[0].code)
    };
    assert_eq!(code(Some(Arc::new(Told(false)))), None);
    assert_eq!(code(Some(Arc::new(Told(true)))), Some("run/time"));
    assert_eq!(code(None), Some("run/time"), "a limit that nobody counts is not passed over");
}

#[test]
fn statistics_of_very_many_fields_are_those_of_few() {
    // The same fields, once with so many others that the statistics are computed by an operator.
    let many: String = (0..1_200).fold(String::new(), |mut text, number| {
        write!(text, ", z{number}=n").unwrap();
        text
    });
    let engine = Engine::new(Knowledge::built_in(), Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC))).unwrap();
    let rows = "| makeresults count=7 | streamstats count as n | eval g=if(n==7, null(), n%3), t=\"x\".n";
    for (statistics, shown) in [
        ("stats sum(*) as * by g", "eval r=g.\"|\".n"),
        ("stats values(*) as *", "eval r=mvjoin(t, \",\")"),
        ("stats dc(*) as d_*, max(*) as m_* by g", "eval r=g.\"|\".d_t.\"|\".m_n"),
        ("where n > 100 | stats count(*) as *", "eval r=n"),
        ("where n > 100 | stats sum(*) as *", "eval r=n"),
        ("chart max(*) over g", "eval r='max(n)'"),
        ("eventstats max(*) as m_* by g", "eval r=m_n"),
        ("streamstats sum(*) as s_*", "eval r=s_n"),
        ("append [| makeresults | eval n=9, t=\"y\"]", "eval r=n.t"),
        ("addtotals", "eval r=t"),
        ("filldown", "eval r=g"),
    ] {
        let few = answer(&engine, &format!("{rows} | {statistics} | {shown} | fields r"), 1_700_000_000.0);
        let wide = answer(&engine, &format!("{rows} | eval a=1{many} | {statistics} | {shown} | fields r"), 1_700_000_000.0);
        assert_eq!(wide, few, "{statistics}");
        assert!(!few.is_empty() || statistics.contains("where"), "{statistics}");
    }
}
