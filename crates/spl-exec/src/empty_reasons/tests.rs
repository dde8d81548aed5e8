//! Each kind of reason from a search that has it.
#![allow(clippy::unwrap_used, clippy::panic)]

use chrono_tz::Tz;
use spl_knowledge::Knowledge;
use spl_sources::LoadOptions;

use super::*;
use crate::{SearchClock, Settings};

const EVENTS: &str = r#"{"_time": 1700000000, "user": "ann", "status": 200, "path": "/opt/shop/bin/run", "host": "web1"}
{"_time": 1700000060, "user": "bob", "status": 404, "path": "/opt/shop/bin/stop", "host": "web2"}
{"_time": 1700000120, "user": "ann", "status": 200, "path": "/opt/shop/bin/run", "host": "web1", "note": "disk-full"}
"#;

fn engine(events: &str) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, events).unwrap();
    let options = LoadOptions { paths: vec![file.display().to_string()], threads: 1, ..LoadOptions::default() };
    let loaded = spl_sources::load(&options).unwrap();
    let settings = Settings { threads: 1, ..Settings::at(SearchClock::at(1_700_000_200.0, Tz::UTC)) };
    Engine::new(Knowledge::built_in(), settings).unwrap().with_data(loaded.table).unwrap()
}

fn reasons_of(engine: &Engine, text: &str) -> Vec<EmptyReason> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let search = engine.compile(text).unwrap();
    let mut reasons = Vec::new();
    runtime.block_on(engine.empty_reasons(&search, &mut reasons)).unwrap();
    reasons
}

fn only(text: &str) -> EmptyReason {
    let mut reasons = reasons_of(&engine(EVENTS), text);
    assert_eq!(reasons.len(), 1, "{text}: {reasons:?}");
    reasons.remove(0)
}

fn no_field(field: &str, rows: Rows, nearest: Option<&str>) -> EmptyReason {
    EmptyReason::NoField { field: field.to_owned(), rows, nearest: nearest.map(str::to_owned) }
}

#[test]
fn fields_that_no_event_has() {
    assert_eq!(only("User=ann"), no_field("User", Rows::Events, Some("user")));
    assert_eq!(only("statuss>100 | stats count by host"), no_field("statuss", Rows::Events, Some("status")));
    assert_eq!(only("index=main (zebra=1 OR status=404) zebra=2"), no_field("zebra", Rows::Events, None));
    assert_eq!(only("* | where usr=\"ann\""), no_field("usr", Rows::Before, Some("user")));
    assert_eq!(only("* | stats count by hots"), no_field("hots", Rows::Before, Some("host")));
    assert_eq!(only("* | fields user | where status=200"), no_field("status", Rows::Before, None));
}

#[test]
fn values_that_no_event_has() {
    let EmptyReason::NoValue { field, condition, present, meant, at_other_times, .. } = only("user=ann index=wineventlog") else {
        panic!("no value is missing")
    };
    assert_eq!((field.as_str(), condition.as_str(), at_other_times), ("index", "index=wineventlog", 0));
    assert_eq!((present.values, present.distinct, meant), (vec![("main".to_owned(), 3)], 1, None));
    let meant = |text: &str| match only(text) {
        EmptyReason::NoValue { meant, .. } => meant,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(meant("user=anne"), Some(Meant::Value("ann".to_owned(), 2)));
    assert_eq!(meant("path=run"), Some(Meant::PartOf("run".to_owned(), 2)));
    assert_eq!(meant("user IN (bobo, carl)"), Some(Meant::Value("bob".to_owned(), 1)));
    assert_eq!(meant("* | where user=\"ANN\""), Some(Meant::Value("ann".to_owned(), 2)));
    assert_eq!(meant("* | stats count by user | search user=anne"), Some(Meant::Value("ann".to_owned(), 1)));
    assert_eq!(meant("status=500"), None);
    let EmptyReason::NoValue { present, .. } = only("status>500") else { panic!("no value is missing") };
    assert_eq!(present.range, Some(("200".to_owned(), "404".to_owned())));
}

#[test]
fn texts_that_no_event_contains() {
    let text = |condition: &str, within_words| EmptyReason::NoText { condition: condition.to_owned(), within_words };
    assert_eq!(only("zebra"), text("zebra", 0));
    assert_eq!(only("sho user=ann"), text("sho", 3));
}

#[test]
fn times_without_events() {
    let times = EmptyReason::OutsideTimes {
        earliest: Some(1_700_000_190.0),
        latest: Some(1_700_000_200.0),
        first: 1_700_000_000.0,
        last: 1_700_000_120.0,
    };
    assert_eq!(only("user=ann earliest=-10s"), times);
    let EmptyReason::NoValue { at_other_times, .. } = only("user=bob earliest=-100s") else { panic!("no value is missing") };
    assert_eq!(at_other_times, 1);
    assert_eq!(reasons_of(&engine(""), "user=ann"), [EmptyReason::NoEvents]);
}

#[test]
fn the_step_that_removes_the_last_row() {
    let word = EmptyReason::WordIsField { field: "user".to_owned(), word: "admin".to_owned() };
    assert_eq!(only("* | eval x=1 | where status>1 AND user=admin"), word);
    let removed = |text: &str| match only(text) {
        EmptyReason::Removed { text, before, values, .. } => (text, before, values),
        other => panic!("{text}: {other:?}"),
    };
    // Each condition finds events, and none meets both.
    let (text, before, values) = removed("user=bob status=200 | stats count by user");
    assert_eq!((text.as_str(), before), ("status=200", 1));
    assert_eq!(values[0].1.values, [("404".to_owned(), 1)]);
    let (text, before, _) = removed("* | stats count by user | where count>5");
    assert_eq!((text.as_str(), before), ("count>5", 2));
    let (text, before, _) = removed("NOT status=* | head 5");
    assert_eq!((text.as_str(), before), ("NOT status=*", 3));
    let (text, before, _) = removed("* | head 2 | regex user=\"^z\" | stats count by host");
    assert_eq!((text.as_str(), before), ("regex user=\"^z\"", 2));
}

#[test]
fn nothing_to_begin_with() {
    let EmptyReason::NothingToBeginWith { text, sourcetypes } =
        only("| tstats count from datamodel=Endpoint.Processes by Processes.dest")
    else {
        panic!("there are events")
    };
    assert_eq!(text, "from datamodel=Endpoint.Processes");
    assert_eq!(sourcetypes.len(), 1);
    assert!(reasons_of(&engine(EVENTS), "user=ann").is_empty());
}
