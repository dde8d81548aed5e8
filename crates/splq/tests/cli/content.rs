//! `splq test` on a small content repository.

use serde_json::Value;

use super::Folder;

/// A detection of layout 5 over `events.ndjson`.
fn detection(name: &str, search: &str, more: &str, tests: &str) -> String {
    format!(
        "name: {name}\nstatus: production\ntype: TTP\nsearch: '{search}'\nrba:\n  message: $dest$\n  risk_objects:\n  - {{field: dest, type: \
         system, score: 9}}\n  threat_objects: []\n{more}{tests}"
    )
}

const TESTS: &str = "tests:\n- name: True Positive Test\n  attack_data:\n  - {data: events.ndjson, source: web, sourcetype: ours, custom_index: proxy}\n";

fn repository() -> Folder {
    let folder = Folder::new();
    folder.write("contentctl.yml", "app: {label: OURS}\n");
    folder.write("macros/ours.yml", "name: ours\ndefinition: index=proxy sourcetype=ours\n");
    let write = |name: &str, text: String| drop(folder.write(&format!("detections/{name}.yml"), &text));
    write("good", detection("Good", "`ours` user=bob | rename host AS dest | table dest | `good_filter`", "", TESTS));
    write("lost", detection("Lost", "`ours` | table user", "", TESTS));
    write("none", detection("None", "`ours` user=nobody | rename host AS dest", "", TESTS));
    write("wrong", detection("Wrong", "`ours` | statz count", "", TESTS));
    write("old", detection("Old", "`ours`", "", TESTS).replace("production", "deprecated"));
    write("byhand", detection("By Hand", "`ours`", "tags: {manual_test: click it}\n", TESTS));
    write("untested", detection("Untested", "`ours`", "", ""));
    write("broken", "name: [\nsearch: x\n".to_owned());
    folder
}

#[test]
fn tests_of_detections_are_judged() {
    let folder = repository();
    let printed = folder.run(&["test", "detections", "--junit", "reports/junit.xml"]);
    assert_eq!(printed.code, 1, "{}", printed.err);
    let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let told: Vec<(String, String, String)> =
        rows.iter().map(|row| (text(row, "detection"), text(row, "status"), text(row, "message"))).collect();
    let told: Vec<(&str, &str, &str)> =
        told.iter().map(|(name, status, why)| (name.as_str(), status.as_str(), why.as_str())).collect();
    assert!(told[0].0 == "broken" && told[0].1 == "fail" && told[0].2.contains("broken.yml"), "{told:?}");
    let expected = [
        ("By Hand", "skip", "a manual test: click it"),
        ("Good", "pass", "row 1 has every risk object and threat object"),
        ("Lost", "fail", "row 1 has no `dest`, which is a risk object"),
        ("None", "fail", "the search found no rows in 3 events"),
        ("Old", "skip", "the status of the detection is `deprecated`, not `production`"),
        ("Untested", "skip", "the detection has no tests"),
        ("Wrong", "error", "unknown command `statz`"),
    ];
    assert_eq!(told[1..], expected);
    assert_eq!((&rows[2]["rows"], &rows[2]["kind"]), (&Value::from(1), &Value::from("unit")));
    assert!(printed.err.contains("detections/wrong.yml:4:"), "{}", printed.err);
    assert!(printed.err.contains("8 detections: 1 passed, 4 failed, 3 skipped"), "{}", printed.err);
    let report = folder.read("reports/junit.xml");
    assert!(report.contains("failures=\"2\" errors=\"2\"") && report.contains("classname=\"Lost\""), "{report}");
}

#[test]
fn what_is_tested_is_named() {
    let folder = repository();
    folder.run(&["test", "detections", "--select", "good", "-q"]).ok();
    folder.run(&["test", "detections/good.yml"]).ok();
    folder.run_in("detections", &["test", "good.yml"]).ok();
    folder.run(&["test", "detections/good.yml", "--earliest", "-1h"]).fails(2, "tests search all time");
    folder.run(&["test"]).fails(2, "no PATH was given");
    std::fs::remove_file(folder.path().join("contentctl.yml")).unwrap();
    folder.run(&["test", "detections/good.yml"]).fails(1, "in no content repository");
}
