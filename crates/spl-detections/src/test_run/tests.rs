//! Each way that a test can end, over small files.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::Mutex;

use chrono_tz::Tz;
use spl_exec::{SearchClock, Settings};
use spl_knowledge::Knowledge;

use super::*;
use crate::yaml::parse;

/// A clock that goes on by a second each time that it is asked.
#[derive(Default)]
struct Counting(Mutex<Duration>);

impl Clock for Counting {
    fn now(&self) -> Duration {
        let mut now = self.0.lock().unwrap();
        *now += Duration::from_secs(1);
        *now
    }
}

const EVENTS: &str = "{\"_time\": 1700000000, \"user\": \"u1\", \"host_name\": \"WS-1\", \"process\": \"a.exe\"}\n\
                      {\"_time\": 1700000001, \"user\": \"u2\", \"host_name\": \"WS-2\", \"process\": \"b.exe\"}\n";

/// The result of the one unit test of a detection with this search and these data.
fn tested(search: &str, data: &str) -> TestResult {
    tested_in_order(&[search], data).remove(0)
}

/// The same for detections with these searches, one after another on one runner.
fn tested_in_order(searches: &[&str], data: &str) -> Vec<TestResult> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("events.json"), EVENTS).unwrap();
    fs::write(folder.path().join("empty.json"), "").unwrap();
    fs::write(folder.path().join("pointer.json"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n").unwrap();
    fs::create_dir(folder.path().join("macros")).unwrap();
    fs::write(folder.path().join("macros/ours.yml"), "name: ours\ndefinition: sourcetype=ours\n").unwrap();
    let detections = searches.iter().map(|search| {
      let yaml = format!(
        "name: D\nstatus: production\ntype: TTP\nsearch: '{search}'\nrba:\n  message: m\n  risk_objects:\n  - {{field: dest, type: system, score: \
         5}}\n  threat_objects:\n  - {{field: process, type: process}}\ntests:\n- name: T\n  attack_data:\n{data}"
    );
    Detection::read(&parse(&yaml).unwrap()).0
    });
    let detections: Vec<Detection> = detections.collect();
    let repository = Repository::load(folder.path());
    let mut knowledge = Knowledge::built_in();
    assert_eq!(repository.add_to(&mut knowledge), Vec::new());
    let settings = Settings { threads: 1, ..Settings::at(SearchClock::at(1_700_000_100.0, Tz::UTC)) };
    let engine = Engine::new(knowledge, settings).unwrap();
    let load = LoadOptions { now: 1_700_000_100.0, threads: 1, ..LoadOptions::default() };
    let runner = TestRunner {
        engine,
        repository: Arc::new(repository),
        load,
        clock: Arc::new(Counting::default()),
        attack: Arc::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let one = |detection: &Detection| {
        let mut results = runtime.block_on(runner.run(detection, None, TestOptions::default()));
        assert_eq!(results.len(), 2);
        assert_eq!((results[1].kind, results[1].status), (TestKind::Integration, TestStatus::Skip));
        let unit = results.remove(0);
        assert_eq!((unit.kind, unit.name.as_str(), unit.elapsed), (TestKind::Unit, "T", Duration::from_secs(1)));
        unit
    };
    detections.iter().map(one).collect()
}

const DATA: &str = "  - {data: events.json, source: s, sourcetype: ours}\n";

#[test]
fn rows_are_judged() {
    let passed = tested(
        "`ours` index=contentctl_testing_index host=CONTENTCTL_HOST | rename host_name AS dest | table dest process",
        DATA,
    );
    assert_eq!((passed.status, passed.rows), (TestStatus::Pass, Some(2)), "{}", passed.message);
    let nothing = tested("`ours` user=u3 | table dest process", DATA);
    assert_eq!((nothing.status, nothing.message.as_str()), (TestStatus::Fail, "the search found no rows in 2 events"));
    let lost = tested("`ours` | table host_name process", DATA);
    assert_eq!((lost.status, lost.message.as_str()), (TestStatus::Fail, "row 1 has no `dest`, which is a risk object"));
}

#[test]
fn data_are_taken_in_as_the_test_says() {
    let data = "  - {data: events.json, source: src, sourcetype: st, custom_index: idx, host: hst}\n";
    let passed = tested("index=idx host=hst source=src sourcetype=st | eval dest=host | table dest process", data);
    assert_eq!(passed.status, TestStatus::Pass, "{}", passed.message);
}

#[test]
fn data_of_one_test_differ() {
    let data = "  - {data: events.json, source: s, sourcetype: one, custom_index: a}\n  - {data: events.json, source: s, sourcetype: two, \
                custom_index: b, host: h}\n";
    let search = "(index=a sourcetype=one host=CONTENTCTL_HOST) OR (index=b sourcetype=two host=h) | eval dest=host_name | table dest process";
    let passed = tested(search, data);
    assert_eq!((passed.status, passed.rows), (TestStatus::Pass, Some(4)), "{}", passed.message);
}

#[test]
fn why_a_test_failed() {
    let why = |search: &str| {
        let result = tested(search, DATA);
        assert_eq!(result.status, TestStatus::Fail, "{search}: {}", result.message);
        let told = result.warnings.iter().find(|warning| warning.code.starts_with("test/")).unwrap();
        let expansion = result.expansion.as_ref().unwrap();
        let place = told.span().unwrap();
        (told.message.clone(), told.help.clone().unwrap_or_default(), expansion.text[place.start..place.end].to_owned())
    };
    let (message, help, place) = why("`ours` user=u1 process=c.exe | table dest process");
    assert_eq!(message, "`process=c.exe` removes the row that was left");
    assert_eq!((help.as_str(), place.as_str()), ("`process` there is `a.exe` (1)", "process=c.exe"));
    let (message, help, _) = why("`ours` proces=a.exe | table dest");
    assert_eq!(message, "`proces=a.exe` removes the 2 rows that were left");
    assert!(help.contains("no row that was left has the field `proces`"), "{help}");
    assert_eq!(why("sourcetype=other").1, "`sourcetype` there is `ours` (2)");
    let (message, help, place) = why("`ours` | eval dest=host_name | stats count BY process | sort process");
    assert_eq!(message, "`stats` leaves out the field `dest`, which 2 rows before it have");
    assert!(help.contains("by-clause") && place.starts_with("stats count"), "{help} {place}");
    assert_eq!(why("`ours` | where process=\"x\" AND user=\"u1\"").1, "`process` there is `a.exe` (1), `b.exe` (1)");
}

#[test]
fn no_test_sees_what_another_wrote() {
    let writes = "`ours` | rename host_name AS dest | table dest process | outputlookup seen.csv";
    let results = tested_in_order(&[writes, "| inputlookup strict=true seen.csv"], DATA);
    assert_eq!((results[0].status, results[0].rows), (TestStatus::Pass, Some(2)), "{}", results[0].message);
    assert_eq!((results[1].status, results[1].rows), (TestStatus::Error, None), "{}", results[1].message);
}

#[test]
fn what_can_not_be_run_is_an_error() {
    for (search, data, expected) in [
        ("index=x | statz", DATA, "statz"),
        ("`no_such_macro` | table dest", DATA, "no_such_macro"),
        ("index=x | lookup no_such_lookup a", DATA, "no_such_lookup"),
        ("index=x", "  - {data: empty.json, source: s, sourcetype: t}\n", "empty.json is empty"),
        ("index=x", "  - {data: pointer.json, source: s, sourcetype: t}\n", "pointer of git-LFS"),
        ("index=x", "  - {data: missing.json, source: s, sourcetype: t}\n", "the data missing.json are not there"),
        ("index=x", "  - {source: s, sourcetype: t}\n", "`tests[0].attack_data[0].data` is missing"),
        // No test passes because a part of it could not be read.
        (
            "`ours` | rename host_name AS dest",
            "  - {data: events.json, source: s, sourcetype: ours}\n  - {source: s, sourcetype: ours}\n",
            "`tests[0].attack_data[1].data` is missing",
        ),
    ] {
        let result = tested(search, data);
        assert_eq!(result.status, TestStatus::Error, "{search} {data}");
        assert!(result.message.contains(expected), "{expected}: {}", result.message);
        assert_eq!(result.rows, None);
    }
}
