//! Detections of both layouts, and files with mistakes.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::detection_test::{TestKind, TestStatus};
use crate::risk::RiskObjectType;
use crate::source::Source;
use crate::test_plan::{TestOptions, plan};
use crate::yaml::parse;

const V4: &str = include_str!("fixtures/v4.yml");
const V5: &str = include_str!("fixtures/v5.yml");

fn read(text: &str) -> (Detection, Vec<String>) {
    let (detection, problems) = Detection::read(&parse(text).unwrap());
    (detection, problems.into_iter().map(|problem| problem.message).collect())
}

#[test]
fn layout_4() {
    let (detection, problems) = read(V4);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(detection.layout, Layout::V4);
    assert_eq!((detection.status(), detection.kind()), (Some(Status::Production), Some(DetectionType::Ttp)));
    assert_eq!(detection.name.as_ref().unwrap().value, "Service Binary In Temporary Folder");
    assert_eq!(detection.data_source_names().collect::<Vec<_>>(), ["Sysmon EventID 1", "Sysmon EventID 11"]);
    let search = detection.search.as_ref().unwrap();
    assert!(search.value.contains("| `service_binary_in_temporary_folder_filter`"));
    assert!(search.span.text(V4).starts_with("'| tstats"));
    // 70 * 75 / 100 = 52.5: halves go to the even neighbour.
    assert_eq!(detection.risk_score(), Some(52));
    let risk = detection.risk();
    let objects: Vec<_> =
        risk.risk_objects.iter().map(|object| (object.field.as_str(), object.kind.unwrap(), object.score)).collect();
    let expected = [
        ("dest", RiskObjectType::System, Some(52)),
        ("user", RiskObjectType::User, Some(52)),
        ("account", RiskObjectType::Other, Some(52)),
    ];
    assert_eq!(objects, expected);
    let threats: Vec<_> = risk.threat_objects.iter().map(|object| (object.field.as_str(), object.kind.as_str())).collect();
    assert_eq!(threats, [("parent_process_name", "process"), ("process_hash", "file_name"), ("registry_path", "registry key")]);
    assert_eq!(detection.tags.throttling.as_ref().unwrap().fields[1].value, "user");
    let test = &detection.tests[0];
    assert_eq!(test.attack_data.len(), 2);
    assert_eq!((test.attack_data[0].index(), test.attack_data[0].host_name()), ("contentctl_testing_index", "CONTENTCTL_HOST"));
    assert_eq!((test.attack_data[1].index(), test.attack_data[1].host_name()), ("edr", "WS-7"));
    let unknown: Vec<&str> = detection.unknown_keys.iter().map(|key| key.path.as_str()).collect();
    assert_eq!(unknown, ["datamodel", "tests[0].attack_data[0].update_timestamp"]);
}

#[test]
fn layout_5() {
    let (detection, problems) = read(V5);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((detection.layout, detection.kind()), (Layout::V5, Some(DetectionType::Anomaly)));
    assert_eq!(detection.risk_score(), Some(40));
    assert_eq!(detection.risk().risk_objects[1].kind, Some(RiskObjectType::System));
    assert_eq!(detection.risk().threat_objects[0].kind, "process_name");
    let fields = detection.risk_fields();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(field, place)| (field.as_str(), *place)).collect();
    let expected = [
        ("user", "a risk object"),
        ("dest", "a risk object"),
        ("process_name", "a threat object"),
        ("user", "the risk message"),
        ("dest", "the risk message"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(detection.drilldowns.len(), 2);
    assert_eq!(detection.drilldowns[0].earliest.as_ref().unwrap().value, "$info_min_time$");
    let deployment = detection.deployment.as_ref().unwrap();
    assert!(deployment.makes_risk && deployment.notable.is_none());
    assert_eq!(deployment.scheduling.cron_schedule.as_ref().unwrap().value, "15 */4 * * *");
    assert!(detection.unknown_keys.is_empty());
}

#[test]
fn mistakes_are_told_with_their_places_and_the_rest_is_read() {
    let text = "name: A\nid: 5\nversion: one\ntype: ttp\nstatus: production\nsearch: index=x\ntags:\n  analytic_story: Story\n  observable:\n  \
                - name: dest\n    role: [Attacker, Victim]\n  - type: User\n    role: [Boss]\nrba:\n  risk_objects:\n  - field: dest\n    \
                type: host\n    score: 0\ntests:\n- attack_data:\n  - data: x.log\n    source: s\n    sourcetyp: st\n- name: empty\n";
    let (detection, problems) = Detection::read(&parse(text).unwrap());
    let told: Vec<(String, &str)> =
        problems.iter().map(|problem| (problem.message.clone(), problem.span().map_or("", |span| span.text(text)))).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(message, place)| (message.as_str(), *place)).collect();
    for expected in [
        ("`id` is a number; expected a text", "5"),
        ("`version` is a text; expected a whole number", "one"),
        ("`type: ttp` is unknown; expected one of TTP, Anomaly, Hunting, Correlation", "ttp"),
        ("`tags.analytic_story` is a text; expected a list", "Story"),
        ("an observable has one `role`", "Victim]"),
        ("`tags.observable[0].type` is missing", "name: dest"),
        ("`tags.observable[1].name` is missing", "type: User"),
        ("`role: Boss` is unknown; expected one of Attacker, Victim", "Boss]"),
        ("`rba.message` is missing", "risk_objects:"),
        ("`type: host` is unknown; expected one of system, user, other", "host"),
        ("`score: 0` is out of range; expected 1 to 100", "0"),
        ("`tests[0].name` is missing", "attack_data:"),
        ("`tests[0].attack_data[0].sourcetype` is missing", "data: x.log"),
        ("`tests[1].attack_data` is missing", "name: empty"),
    ] {
        assert!(told.contains(&expected), "{expected:?}\n{told:#?}");
    }
    assert_eq!(detection.tags.observables.len(), 1);
    assert_eq!((detection.tests.len(), detection.tests[0].attack_data[0].data.as_str()), (2, "x.log"));
    let near: Vec<Option<&str>> = detection.unknown_keys.iter().map(|key| key.near.as_deref()).collect();
    assert_eq!(near, [Some("sourcetype")]);
}

#[test]
fn files_that_are_no_detection() {
    for text in ["", "- a\n- b\n", "just a text\n"] {
        let (detection, problems) = read(text);
        assert!(detection.search.is_none() && problems.len() == 1, "{text:?} {problems:?}");
    }
}

/// Kind and status of each planned test; none = it runs.
fn planned(text: &str, options: TestOptions) -> Vec<(TestKind, Option<TestStatus>)> {
    let (detection, _) = read(text);
    plan(&detection, &detection.tests, options)
        .into_iter()
        .map(|test| (test.kind, test.decided.map(|(status, _)| status)))
        .collect()
}

#[test]
fn which_tests_run() {
    use TestKind::{Integration, Manual, Unit};
    let none = TestOptions::default();
    assert_eq!(planned(V5, none), [(Unit, None), (Integration, Some(TestStatus::Skip))]);
    let all = TestOptions { integration: true, has_baseline: false };
    assert_eq!(planned(V5, all), [(Unit, None), (Integration, None)]);
    let baseline = TestOptions { integration: true, has_baseline: true };
    assert_eq!(planned(V5, baseline), [(Unit, Some(TestStatus::Error)), (Integration, None)]);
    let skipped = [(Unit, Some(TestStatus::Skip)), (Integration, Some(TestStatus::Skip))];
    assert_eq!(planned(&V5.replace("status: production", "status: experimental"), baseline), skipped);
    assert_eq!(planned(&V5.replace("type: Anomaly", "type: Correlation"), all), skipped);
    let manual = V5.replace("  asset_type: Endpoint\n", "  asset_type: Endpoint\n  manual_test: needs a person\n");
    assert_eq!(planned(&manual, all), [(Manual, Some(TestStatus::Skip))]);
    assert_eq!(planned("name: a\nstatus: production\n", all), []);
}

/// Files that were cut off, lost a line, or have a line of another indentation: read or refused, never a panic.
#[test]
fn damaged_files_are_read_or_refused() {
    let lines: Vec<&str> = V4.lines().collect();
    let cut = (0..V4.len()).step_by(11).map(|end| V4[..end].to_owned());
    let without = (0..lines.len()).map(|line| [&lines[..line], &lines[line + 1..]].concat().join("\n"));
    let moved = (0..lines.len()).map(|line| {
        let indented = format!("   {}", lines[line]);
        [&lines[..line], &[indented.as_str()], &lines[line + 1..]].concat().join("\n")
    });
    let mut refused = 0;
    for text in cut.chain(without).chain(moved) {
        let Ok(root) = parse(&text) else {
            refused += 1;
            continue;
        };
        let (detection, problems) = Detection::read(&root);
        assert!(problems.iter().flat_map(Diagnostic::span).all(|span| text.get(span.start..span.end).is_some()));
        if let Some(search) = &detection.search {
            let source = Source::embedded("x.yml", &text, search.span.start, &search.value);
            let end = source.place(Span::new(0, search.value.len())).end;
            assert!(end <= source.text.len());
        }
    }
    assert!(refused > 50, "{refused}");
}
