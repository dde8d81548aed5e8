//! Schedules over invented events: ten hours of logons, one each half hour.
#![allow(clippy::unwrap_used)]

use chrono_tz::Tz;
use spl_exec::time::parse_time_modifier;
use spl_exec::{SearchClock, Settings};
use spl_knowledge::Knowledge;
use spl_sources::{LoadOptions, load};

use super::*;
use crate::deployment::Notable;
use crate::risk_definition::{RiskDefinition, ScoredObject};
use crate::risk_event::Actions;
use crate::schedule::CronSchedule;
use crate::scheduled_search::{Place, SummaryIndex, TimesOfRuns};
use crate::throttle::Throttle;
use crate::trigger::{Counted, Relation, Trigger};

/// 12 March 2025, 08:00 UTC.
const MORNING: f64 = 1_741_766_400.0;
const HOUR: f64 = 3_600.0;

fn search(name: &str, text: &str) -> ScheduledSearch {
    let times = TimesOfRuns {
        schedule: CronSchedule::parse("0 * * * *").unwrap(),
        earliest: Some(parse_time_modifier("-70m@m").unwrap()),
        latest: Some(parse_time_modifier("-10m@m").unwrap()),
        window_place: Place::default(),
        schedule_window: 0.0,
    };
    ScheduledSearch {
        search_name: format!("OURS - {name} - Rule"),
        actions: Actions { makes_risk: true, notable: None },
        definition: RiskDefinition {
            name: name.to_owned(),
            message: "$user$ on $dest$".to_owned(),
            objects: vec![ScoredObject { field: "dest".to_owned(), kind: "system".to_owned(), score: 40 }],
            ..RiskDefinition::default()
        },
        ..times.search(name, Kind::Detection, text)
    }
}

/// A logon each half hour from 08:05 to 12:35; ann on `a` and bob on `b` take turns.
fn events() -> String {
    let event = |number: u32| {
        let (user, dest) = if number.is_multiple_of(2) { ("ann", "a") } else { ("bob", "b") };
        let time = MORNING + 300.0 + f64::from(number) * 1_800.0;
        format!("{{\"_time\": {time}, \"action\": \"logon\", \"user\": \"{user}\", \"dest\": \"{dest}\", \"n\": {number}}}\n")
    };
    (0..10).map(event).collect()
}

fn engine(text: &str, knowledge: Knowledge) -> Engine {
    let settings = Settings { threads: 1, ..Settings::at(SearchClock::at(MORNING + 48.0 * HOUR, Tz::UTC)) };
    let engine = Engine::new(knowledge, settings).unwrap();
    let standard_input = Some(Arc::new(text.as_bytes().to_vec()));
    let options = LoadOptions { paths: vec!["-".to_owned()], standard_input, threads: 1, ..LoadOptions::default() };
    engine.with_data(load(&options).unwrap().table).unwrap()
}

fn backtest(searches: Vec<ScheduledSearch>) -> Backtest {
    Backtest {
        engine: engine(&events(), Knowledge::built_in()),
        searches,
        range: BacktestRange::default(),
        late: false,
        at_once: 2,
        attack: Arc::default(),
        progress: None,
    }
}

fn ran(backtest: Backtest) -> BacktestReport {
    tokio::runtime::Runtime::new().unwrap().block_on(backtest.run())
}

/// Each entry as `hour search object risk`.
fn told(report: &BacktestReport) -> Vec<String> {
    let entry = |entry: &TimelineEntry| {
        let object = entry.object.clone().unwrap_or_default();
        let risk = entry.risk.map(|risk| format!(" {risk}")).unwrap_or_default();
        let name = &report.searches[entry.search].name;
        format!("{:.2} {name} {} {object}{risk}", 8.0 + (entry.time - MORNING) / HOUR, entry.what.name())
    };
    report.timeline.iter().map(entry).collect()
}

#[test]
fn each_run_sees_its_window() {
    let report = ran(backtest(vec![search("Ann", "action=logon user=ann | stats count min(_time) AS firstTime by user dest")]));
    assert_eq!(
        told(&report),
        ["9.00 Ann risk a 40", "10.00 Ann risk a 80", "11.00 Ann risk a 120", "12.00 Ann risk a 160", "13.00 Ann risk a 200"]
    );
    // 08:05 is found at 09:00.
    assert_eq!(report.timeline[0].delay(), Some(3_300.0));
    assert_eq!((report.from, report.to), (MORNING + 299.0, MORNING + 5.0 * HOUR));
    let first = &report.searches[0];
    assert_eq!((first.runs, first.searched, first.alerts, first.risk_events), (5, 5, 5, 5));
    assert_eq!(report.timeline[0].message, "ann on a");
    let object = &report.objects[0];
    assert_eq!((object.object.as_str(), object.risk, object.events, object.course.len()), ("a", 200, 5, 5));
}

#[test]
fn what_is_not_there_costs_no_run() {
    let report = ran(Backtest {
        range: asked_range(Some(MORNING), Some(MORNING + 24.0 * HOUR)).unwrap(),
        ..backtest(vec![search("Ann", "user=ann n<2 | stats count by dest"), search("Nobody", "user=nobody | table dest")])
    });
    assert_eq!((report.searches[0].runs, report.searches[0].searched), (24, 1));
    assert_eq!((report.searches[1].runs, report.searches[1].searched), (24, 0));
}

#[test]
fn risk_is_there_for_those_that_run_later() {
    let above = ScheduledSearch {
        schedule: CronSchedule::parse("5 * * * *").unwrap(),
        earliest: Some(parse_time_modifier("-24h@h").unwrap()),
        latest: Some(parse_time_modifier("now").unwrap()),
        actions: Actions { makes_risk: false, notable: Some(Notable::default()) },
        definition: RiskDefinition { name: "Above".to_owned(), ..RiskDefinition::default() },
        ..search(
            "Above",
            "| tstats sum(All_Risk.calculated_risk_score) AS risk_score from datamodel=Risk.All_Risk by All_Risk.risk_object \
             All_Risk.risk_object_type | rename All_Risk.* AS * | where risk_score>100",
        )
    };
    let at_once = ScheduledSearch {
        latest: Some(parse_time_modifier("+1m").unwrap()),
        actions: Actions::default(),
        ..search("At Once", "index=risk | stats count by risk_object")
    };
    let report = ran(backtest(vec![
        above,
        search("Ann", "action=logon user=ann | stats count by user dest"),
        at_once,
        search("Bob", "action=logon user=bob | stats count by user dest"),
    ]));
    let told = told(&report);
    let found: Vec<&str> = told.iter().map(String::as_str).filter(|told| told.contains("Above")).collect();
    assert_eq!(
        found,
        [
            "11.08 Above finding a 120",
            "11.08 Above finding b 120",
            "12.08 Above finding a 160",
            "12.08 Above finding b 160",
            "13.08 Above finding a 200",
            "13.08 Above finding b 200"
        ],
        "{told:#?}"
    );
    // What is made at a time is not there for searches of the same time.
    assert!(!told.iter().any(|told| told.starts_with("9.00 At Once")), "{told:#?}");
    assert!(told.iter().any(|told| told.starts_with("10.00 At Once alert")), "{told:#?}");
    assert_eq!(report.objects[0].findings, 3);
}

#[test]
fn alerts_are_held_back() {
    let throttle = Throttle { fields: vec!["dest".to_owned()], period: 2.0 * HOUR, group: None };
    let quiet = ScheduledSearch { throttle: Some(throttle), ..search("Quiet", "action=logon | stats count by dest user") };
    let report = ran(backtest(vec![quiet]));
    let times: Vec<f64> = report.timeline.iter().map(|entry| (entry.time - MORNING) / HOUR).collect();
    assert_eq!(times, [1.0, 1.0, 3.0, 3.0, 5.0, 5.0]);
    assert_eq!((report.searches[0].alerts, report.searches[0].suppressed), (3, 4));
}

#[test]
fn alerts_on_nothing() {
    let none = ScheduledSearch {
        trigger: Trigger::Count { of: Counted::Rows, relation: Relation::Equal, quantity: 0.0, percent: false },
        actions: Actions::default(),
        ..search("None", "action=logon user=ann n<3 | table user")
    };
    let counted = ScheduledSearch {
        trigger: Trigger::Condition("search count<2".to_owned()),
        actions: Actions::default(),
        ..search("Counted", "action=logon user=ann n<3 | stats count")
    };
    let report = ran(backtest(vec![none, counted]));
    let told = told(&report);
    assert!(!told.contains(&"9.00 None alert ".to_owned()) && told.contains(&"11.00 None alert ".to_owned()), "{told:#?}");
    assert!(told.contains(&"11.00 Counted alert ".to_owned()), "{told:#?}");
}

#[test]
fn summaries_and_lookups_go_on() {
    let summary = ScheduledSearch {
        summary: Some(SummaryIndex { index: "hourly".to_owned(), fields: vec![("report".to_owned(), "logons".to_owned())] }),
        trigger: Trigger::Always,
        actions: Actions::default(),
        ..search("Summary", "action=logon | stats count AS logons by dest")
    };
    let baseline = ScheduledSearch {
        kind: Kind::Baseline,
        trigger: Trigger::Always,
        actions: Actions::default(),
        latest: Some(parse_time_modifier("-2h@h").unwrap()),
        earliest: Some(parse_time_modifier("-24h@h").unwrap()),
        ..search("Seen", "action=logon | stats count by dest | outputlookup seen_before")
    };
    let total = ScheduledSearch {
        earliest: None,
        latest: None,
        actions: Actions::default(),
        ..search("Total", "index=hourly report=logons | stats sum(logons) AS logons by dest | where logons>4")
    };
    let fresh = search(
        "New",
        "action=logon | stats count by dest user | lookup seen_before dest OUTPUT count AS before | where isnull(before)",
    );
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen_before.csv");
    std::fs::write(&seen, "dest,count\nz,1\n").unwrap();
    let mut knowledge = Knowledge::built_in();
    knowledge.add_lookup_file("seen_before", &seen).unwrap();
    let backtest = backtest(vec![fresh, summary, total, baseline]);
    let report = ran(Backtest { engine: engine(&events(), knowledge), ..backtest });
    let told = told(&report);
    assert!(told.contains(&"9.00 New risk a 40".to_owned()) && told.contains(&"10.00 New risk b 80".to_owned()), "{told:#?}");
    // At 11:00 the baseline has seen both, and runs before.
    assert!(!told.iter().any(|told| told.starts_with("11.00 New")), "{told:#?}");
    assert!(told.iter().any(|told| told.contains("Total alert")), "{told:#?}");
    assert!(report.searches[1].summary_events >= 8);
    let summary = report.created.iter().find(|event| event.index == "hourly").unwrap();
    assert_eq!(summary.values("info_min_time"), ["1741765800.000"]);
}

#[test]
fn one_that_fails_stops_no_other() {
    let report = ran(backtest(vec![
        search("Wrong", "action=logon | statz count"),
        search("No Lookup", "action=logon | lookup nowhere dest"),
        search("Unfilled", "action=logon | table dest"),
        search("Ann", "user=ann | table user dest"),
    ]));
    let verdicts: Vec<_> = report.searches.iter().map(SearchReport::verdict).collect();
    assert_eq!(verdicts[0], (VerdictStatus::Error, "unknown command `statz`".to_owned()));
    assert_eq!(verdicts[1].0, VerdictStatus::Error);
    let unfilled = "`$user$` of the risk message stays unfilled: no row has `user`".to_owned();
    assert_eq!(verdicts[2], (VerdictStatus::Error, unfilled));
    assert_eq!(verdicts[3], (VerdictStatus::Ran, String::new()));
}

#[test]
fn runs_begin_late_and_end_where_asked() {
    let late = ScheduledSearch { schedule_window: 600.0, ..search("Late", "user=ann | table user dest") };
    let asked = asked_range(None, Some(MORNING + HOUR)).unwrap();
    let report = ran(Backtest { late: true, range: asked, ..backtest(vec![late]) });
    assert_eq!(report.timeline.iter().map(|entry| entry.time).collect::<Vec<_>>(), [MORNING + HOUR + 600.0]);
    assert!(asked_range(Some(2.0), Some(1.0)).is_err());
    let long =
        ScheduledSearch { earliest: Some(parse_time_modifier("-7d").unwrap()), ..search("Long", "user=ann | table user dest") };
    let report = ran(backtest(vec![long]));
    assert_eq!(report.searches[0].longer_window, Some(7.0 * 86_400.0 - 600.0));
}

#[test]
fn a_search_may_read_events_and_what_others_made() {
    let both = ScheduledSearch {
        actions: Actions::default(),
        earliest: Some(parse_time_modifier("-24h").unwrap()),
        latest: Some(parse_time_modifier("now").unwrap()),
        ..search(
            "Both",
            "index=risk OR (index=main action=logon) | stats count(eval(index=\"risk\")) AS risk count AS all by dest | where risk>1 AND all>risk",
        )
    };
    let report = ran(backtest(vec![search("Ann", "action=logon user=ann | stats count by user dest"), both]));
    let told = told(&report);
    assert!(told.contains(&"11.00 Both alert ".to_owned()) && !told.contains(&"10.00 Both alert ".to_owned()), "{told:#?}");
}

#[test]
fn several_values_stay_one_field() {
    let of_all = ScheduledSearch {
        definition: RiskDefinition {
            message: "$user$".to_owned(),
            objects: vec![ScoredObject { field: "action".to_owned(), kind: "other".to_owned(), score: 1 }],
            ..RiskDefinition::default()
        },
        ..search("All", "action=logon | stats values(user) AS user by action")
    };
    let later = ScheduledSearch {
        actions: Actions::default(),
        ..search("Later", "index=risk user=ann user=bob risk_message=\"ann, bob\" | stats count by user")
    };
    let report = ran(backtest(vec![of_all, later]));
    let told = told(&report);
    assert!(told.contains(&"10.00 Later alert ".to_owned()), "{told:#?}");
    assert_eq!(report.timeline.iter().find(|entry| entry.what == What::Alert).unwrap().message, "2 rows");
}

#[test]
fn what_collect_adds_is_there_for_others() {
    let own = |name: &str, text: &str| ScheduledSearch { actions: Actions::default(), ..search(name, text) };
    let reader =
        ScheduledSearch { schedule: CronSchedule::parse("5 * * * *").unwrap(), ..own("Reader", "index=Kept | table user") };
    let report = ran(backtest(vec![reader, own("Keeper", "user=ann | table _time user | collect index=kept")]));
    let told = told(&report);
    assert!(told.contains(&"10.08 Reader alert ".to_owned()), "{told:#?}");
}

#[test]
fn a_run_with_a_condition_writes_once() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen.csv");
    std::fs::write(&seen, "dest\nz\n").unwrap();
    let mut knowledge = Knowledge::built_in();
    knowledge.add_lookup_file("seen", &seen).unwrap();
    let fresh = ScheduledSearch {
        trigger: Trigger::Condition("where count>0".to_owned()),
        actions: Actions::default(),
        ..search(
            "Fresh",
            "action=logon | stats count by dest | search NOT [| inputlookup seen | fields dest] | outputlookup append=t seen",
        )
    };
    let known = ScheduledSearch {
        schedule: CronSchedule::parse("5 * * * *").unwrap(),
        definition: RiskDefinition {
            objects: vec![ScoredObject { field: "n".to_owned(), kind: "other".to_owned(), score: 1 }],
            ..RiskDefinition::default()
        },
        ..search("Known", "| inputlookup seen | stats count AS n")
    };
    let report = ran(Backtest { engine: engine(&events(), knowledge), ..backtest(vec![fresh, known]) });
    let told = told(&report);
    // Both hosts are new at 9:00 and in the table once.
    assert_eq!(told.iter().filter(|told| told.contains("Fresh alert")).count(), 1, "{told:#?}");
    assert!(told.contains(&"9.08 Known risk 3 1".to_owned()) && told.contains(&"12.08 Known risk 3 4".to_owned()), "{told:#?}");
}
