//! Detections judged by what events have.

use spl_exec::{Engine, SearchClock, Settings};
use spl_knowledge::Knowledge;
use spl_sources::{LoadOptions, load};

use super::*;
use crate::event_facts::fact_searches;
use crate::event_needs::event_needs;

async fn judged(events: &str, search: &str) -> LogsFor {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ndjson");
    std::fs::write(&file, events).unwrap();
    let options = LoadOptions { paths: vec![file.display().to_string()], threads: 1, ..LoadOptions::default() };
    let engine = Engine::new(Knowledge::built_in(), Settings::at(SearchClock::at(0.0, chrono_tz::Tz::UTC))).unwrap();
    let engine = engine.with_data(load(&options).unwrap().table).unwrap();
    let needs = event_needs(&engine.compile(search).unwrap().pipeline);
    assert_eq!(fact_searches(&needs).len(), needs.len());
    let facts = EventFacts::of(&engine, &needs, 2).await;
    LogsFor::judge(&needs, &facts)
}

const EVENTS: &str = "{\"_time\":1,\"sourcetype\":\"a\",\"x\":1,\"y\":2}\n{\"_time\":2,\"sourcetype\":\"a\",\"x\":2}\n{\"_time\":3,\"sourcetype\":\"b\",\"z\":2}\n";

#[tokio::test]
async fn what_can_run() {
    let yes = judged(EVENTS, "sourcetype=a x=9 | stats count by y").await;
    assert_eq!((yes.runs, yes.events, yes.reason.as_str()), (Some(Runs::Yes), 2, ""));
    assert_eq!(yes.sourcetypes, ["a"]);
    let fills: Vec<(&str, bool, u64)> =
        yes.fields.iter().map(|field| (field.field.as_str(), field.required, field.filled)).collect();
    assert_eq!(fills, [("x", true, 2), ("y", true, 1)]);

    let no = judged(EVENTS, "sourcetype=c x=9").await;
    assert_eq!((no.runs, no.reason.as_str()), (Some(Runs::No), "no event of `sourcetype=c`"));
    let no = judged(EVENTS, "sourcetype=a z=2 | table w").await;
    assert_eq!((no.runs, no.reason.as_str()), (Some(Runs::No), "no event of `sourcetype=a` fills `z`"));
    assert_eq!(no.never_filled(), ["w", "z"]);

    let partly = judged(EVENTS, "sourcetype=a | eval d=lower(z) | stats values(z) by x").await;
    assert_eq!((partly.runs, partly.never_filled()), (Some(Runs::Partly), vec!["z"]));
    let partly = judged(EVENTS, "sourcetype=a | append [search sourcetype=c]").await;
    assert_eq!((partly.runs, partly.reason.as_str()), (Some(Runs::Partly), "no event of `sourcetype=c`"));
    let nothing = judged(EVENTS, "| makeresults | eval x=1").await;
    assert_eq!((nothing.runs, nothing.events), (Some(Runs::Yes), 0));
}

fn detection(techniques: &[&str], runs: Option<Runs>, tests: Option<TestStatus>) -> CoveredDetection {
    CoveredDetection {
        techniques: techniques.iter().map(|id| (*id).to_owned()).collect(),
        logs: LogsFor { runs, ..LogsFor::default() },
        tests,
        ..CoveredDetection::default()
    }
}

#[test]
fn the_best_detection_of_a_technique_counts() {
    let coverage = LogCoverage::new(vec![
        detection(&["T1570", "T1570"], Some(Runs::No), Some(TestStatus::Pass)),
        detection(&["T1570", "T1021"], Some(Runs::Partly), Some(TestStatus::Fail)),
        detection(&["T9999"], Some(Runs::Error), None),
    ]);
    let told: Vec<(&str, usize, usize, usize, &str)> = coverage
        .techniques
        .iter()
        .map(|one| (one.id.as_str(), one.detections.len(), one.can_run, one.passing, one.level.name()))
        .collect();
    assert_eq!(told, [("T1021", 1, 1, 0, "runs"), ("T1570", 2, 1, 1, "runs"), ("T9999", 1, 0, 0, "written")]);
    assert_eq!(coverage.unknown_techniques(&Attack::of(&Knowledge::built_in())), ["T9999"]);
    assert!(coverage.has_logs && coverage.technique("T1021").is_some() && coverage.technique("T1").is_none());
    let without = LogCoverage::new(vec![detection(&["T1570"], None, Some(TestStatus::Pass))]);
    assert_eq!((without.techniques[0].level, without.has_logs), (CoverageLevel::Tested, false));
}
