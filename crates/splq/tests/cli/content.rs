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
    assert!(told[0].0 == "broken" && told[0].1 == "error" && told[0].2.contains("broken.yml"), "{told:?}");
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
    assert!(!folder.run(&["test", "--help"]).ok().contains("--earliest"));
    folder.run(&["test"]).fails(2, "no PATH was given");
    std::fs::remove_file(folder.path().join("contentctl.yml")).unwrap();
    folder.run(&["test", "detections/good.yml"]).fails(1, "in no content repository");
}

fn rows_of(out: &str) -> Vec<(String, String, String)> {
    let rows = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(&row, "kind"), text(&row, "status"), text(&row, "message"))).collect()
}

#[test]
fn why_a_test_failed_is_shown_in_its_file() {
    let folder = repository();
    let printed = folder.run(&["test", "detections/none.yml"]);
    assert!(printed.err.contains("`user=nobody` removes the 3 rows that were left"), "{}", printed.err);
    assert!(printed.err.contains("`user` there is `ann` (2), `bob` (1)"), "{}", printed.err);
    assert!(printed.err.contains("detections/none.yml:4:"), "{}", printed.err);
    let printed = folder.run(&["test", "detections/lost.yml"]);
    assert!(printed.err.contains("no command ever has a value in `dest`"), "{}", printed.err);
}

#[test]
fn integration_tests_make_risk_events() {
    let folder = repository();
    let printed =
        folder.run(&["test", "detections/good.yml", "--integration", "--risk", "out/risk.ndjson", "--now", "1700000000"]);
    let told = rows_of(printed.ok());
    assert_eq!(told[1], ("integration".to_owned(), "pass".to_owned(), "1 risk event, 1 finding".to_owned()));
    let risk: Vec<Value> = folder.read("out/risk.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&risk[0]["index"], &risk[0]["risk_object"], &risk[0]["risk_score"]),
        (&"risk".into(), &"CONTENTCTL_HOST".into(), &9.into())
    );
    assert_eq!((&risk[1]["index"], &risk[1]["source"]), (&"notable".into(), &"OURS - Good - Rule".into()));
    // What was written can be searched, the data model included.
    let search = "| tstats sum(All_Risk.calculated_risk_score) AS score from datamodel=Risk.All_Risk by All_Risk.risk_object";
    let found = folder.run(&["query", "--data", "out/risk.ndjson", search, "--format", "csv"]);
    assert_eq!(found.ok(), "All_Risk.risk_object,score\nCONTENTCTL_HOST,9\n");
    // contentctl.yml can switch them on.
    folder.write("contentctl.yml", "enable_integration_testing: true\n");
    assert_eq!(rows_of(folder.run(&["test", "detections/good.yml"]).ok()).len(), 2);
    folder.run(&["test", "detections/good.yml", "--risk", "x"]).fails(2, "--integration");
}

#[test]
fn runs_write_risk_events() {
    let folder = repository();
    let data = ["--data", "events.ndjson", "--sourcetype", "ours", "--index", "proxy"];
    let arguments = [
        "run",
        "detections/good.yml",
        "--content",
        ".",
        "--risk",
        "risk.ndjson",
        "--earliest",
        "2023-11-14",
        "--now",
        "1700000500",
    ];
    folder.run(&[&arguments[..], &data[..]].concat()).ok();
    let risk: Value = serde_json::from_str(folder.read("risk.ndjson").lines().next().unwrap()).unwrap();
    assert_eq!((&risk["_time"], &risk["info_min_time"]), (&1_700_000_500.into(), &"1699920000.000".into()));
    assert_eq!(risk["contributing_events_search"], "| savedsearch \"OURS - Good - Rule\" | search dest=\"web2\"");
    // A message that names a field of no row is told of.
    folder.write(
        "detections/odd.yml",
        &detection("Odd", "`ours` | rename host AS dest | table dest", "", TESTS).replace("$dest$", "$gone$"),
    );
    let odd = ["run", "detections/odd.yml", "--content", ".", "--risk", "risk.ndjson"];
    let printed = folder.run(&[&odd[..], &data[..]].concat());
    assert!(printed.err.contains("`$gone$` stays unfilled in 3 of 3 risk messages"), "{}", printed.err);
}

const SEEN: &str = "name: Seen Hosts\ntype: Baseline\nsearch: '`ours` | stats min(_time) AS first by host | outputlookup seen'\n\
                    deployment: {scheduling: {cron_schedule: 0 * * * *, earliest_time: -24h@h, latest_time: -1h@h, schedule_window: auto}}\n\
                    tags: {detections: []}\n";

#[test]
fn baselines_run_before_the_detections_that_need_them() {
    let folder = repository();
    folder.write("baselines/seen_hosts.yml", SEEN);
    folder.write("lookups/seen.yml", "name: seen\nlookup_type: kvstore\nfields: [_key, host, first]\n");
    let search = "`ours` | stats count by host | lookup seen host OUTPUT first | where isnull(first) | rename host AS dest";
    folder.write("detections/new.yml", &detection("New", search, "", TESTS));
    // An event of the hour before, when the baseline has seen nothing else.
    folder.write("logs.ndjson", "{\"_time\": 1700000100, \"host\": \"web2\"}\n{\"_time\": 1699990000, \"host\": \"web1\"}\n");
    let run = |more: &[&str]| {
        let options = ["run", "detections/new.yml", "--data", "logs.ndjson", "--sourcetype", "ours", "--index", "proxy"];
        let printed = folder.run(&[&options[..], more].concat());
        let rows = printed.rows();
        let told = rows.iter().map(|row| format!("{} {}", row["query"].as_str().unwrap(), row["rows"]));
        (told.collect::<Vec<_>>(), printed.err)
    };
    let (rows, messages) = run(&["--now", "1700000500"]);
    assert_eq!(rows, ["seen_hosts 1", "new 1"]);
    assert!(
        messages.contains("the baseline `Seen Hosts` runs first, as of 2023-11-14T22:00:00Z: it writes `seen`"),
        "{messages}"
    );
    assert_eq!(run(&["--now", "1700000500", "--no-baselines"]).0, ["new 2"]);
    let (rows, messages) = run(&["--now", "1800000000"]);
    assert_eq!(rows, ["new 2"]);
    assert!(messages.contains("`Seen Hosts`, which writes `seen`, is not run: there are no events in the window"), "{messages}");
    // A baseline that is named itself runs as it was asked to, and is no detection.
    assert_eq!(run(&["--now", "1700000500", "baselines"]).0, ["seen_hosts 2", "new 0"]);
    let told = rows_of(&folder.run(&["test", "detections/new.yml", "baselines"]).out);
    assert_eq!(told.len(), 1);
    let searches = ["backtest", "detections/new.yml", "baselines", "--view", "searches", "--format", "csv"];
    let data = ["--data", "logs.ndjson", "--sourcetype", "ours", "--index", "proxy"];
    let replayed = folder.run(&[&searches[..], &data[..]].concat());
    let kinds: Vec<String> =
        replayed.ok().lines().skip(1).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(kinds, ["Seen Hosts baseline", "New detection"]);
}

#[test]
fn what_is_wrong_with_a_test_has_its_place() {
    let folder = repository();
    for (data, line, message) in [
        ("gone.ndjson", "detections/good.yml:13:12", "the data gone.ndjson are not there"),
        ("empty.ndjson", "detections/good.yml:13:12", "empty.ndjson is empty"),
        ("noise.bin", "detections/good.yml:13:12", "no event could be read of noise.bin: "),
    ] {
        folder.write("empty.ndjson", "");
        let noise: Vec<u8> = (0..4_000_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        std::fs::write(folder.path().join("noise.bin"), noise).unwrap();
        folder.write("detections/good.yml", &detection("Good", "`ours` user=bob", "", &TESTS.replace("events.ndjson", data)));
        let printed = folder.run(&["test", "detections/good.yml"]);
        assert!(printed.err.contains(line) && printed.err.contains(message), "{data}: {}", printed.err);
        let told = rows_of(&printed.out);
        assert!(told[0].1 == "error" && told[0].2.starts_with(message), "{told:?}");
    }
    folder.write("detections/good.yml", &detection("Good", "`ours` user=bob", "", TESTS).replace("production", "prod"));
    let told = rows_of(&folder.run(&["test", "detections/good.yml"]).out);
    assert!(told[0].1 == "error" && told[0].2.starts_with("`status: prod` is unknown"), "{told:?}");
    // Of two detections of one name the first is tested.
    folder.write("detections/good.yml", &detection("Good", "`ours` user=bob | rename host AS dest", "", TESTS));
    folder.write("detections/second.yml", &detection("Good", "`ours` user=bob | rename host AS dest", "", TESTS));
    let printed = folder.run(&["test", "detections/good.yml", "detections/second.yml"]);
    assert!(printed.err.contains("detections/second.yml:1:7"), "{}", printed.err);
    let told = rows_of(&printed.out);
    assert_eq!(told[1].1, "error");
    assert_eq!(told[1].2, "the name `Good` is taken: detections/good.yml has it too");
    let printed = folder.run(&["test", "detections/broken.yml"]);
    assert!(printed.err.contains("detections/broken.yml:1:7"), "{}", printed.err);
}

#[test]
fn tests_beside_a_detection() {
    let folder = repository();
    let beside = |text: &str| drop(folder.write("detections/good.tests.yaml", text));
    beside(
        "tests:\n- name: True Positive Test\n  expect: 1 row\n  rows: [{dest: CONTENTCTL_HOST}]\n- name: Benign\n  expect: no rows\n  attack_data:\n  - {data: \
         benign.ndjson, source: web, sourcetype: ours, custom_index: proxy}\n",
    );
    folder.write("benign.ndjson", "{\"_time\": 1700000000, \"user\": \"ann\", \"host\": \"web1\"}\n");
    let told = rows_of(folder.run(&["test", "detections/good.yml"]).ok());
    assert_eq!(told[1], ("own".to_owned(), "pass".to_owned(), "the search found no rows in 1 event, as expected".to_owned()));
    folder.write("benign.ndjson", "{\"_time\": 1700000000, \"user\": \"bob\", \"host\": \"web1\"}\n");
    let printed = folder.run(&["test", "detections/good.yml"]);
    assert_eq!((printed.code, rows_of(&printed.out)[1].2.as_str()), (1, "1 row, expected 0"));
    beside("tests:\n- name: True Positive Test\n  rows: [{dest: web3}]\n");
    let printed = folder.run(&["test", "detections/good.yml"]);
    assert_eq!(rows_of(&printed.out)[0].2, "no row has dest=`web3`; in the nearest row `dest` is `CONTENTCTL_HOST`");
    // A mistake in the file is no test that passes.
    beside("tests:\n- name: True Positive Test\n  expects: 1\n");
    let printed = folder.run(&["test", "detections/good.yml"]);
    assert_eq!(printed.code, 1);
    assert!(rows_of(&printed.out)[0].2.contains("unknown key `tests[0].expects`"), "{}", printed.out);
    assert!(printed.err.contains("good.tests.yaml:3:"), "{}", printed.err);
}

#[test]
fn reports_are_written_as_a_whole() {
    let folder = repository();
    let reports = ["--sarif", "r/s.sarif", "--markdown", "r/m.md", "--html", "r/h.html", "--summary", "r/summary.yml"];
    let printed = folder.run(&[&["test", "detections", "-q"][..], &reports[..]].concat());
    assert_eq!(printed.code, 1);
    let sarif: Value = serde_json::from_str(&folder.read("r/s.sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let none = results
        .iter()
        .find(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "detections/none.yml")
        .unwrap();
    assert_eq!(
        (&none["ruleId"], &none["locations"][0]["physicalLocation"]["region"]["startLine"]),
        (&"test/fail".into(), &4.into())
    );
    let markdown = folder.read("r/m.md");
    assert!(
        markdown.starts_with("### ❌ 8 detections: 1 passed, 4 failed, 3 skipped") && markdown.contains("detections/none.yml:4"),
        "{markdown}"
    );
    let html = folder.read("r/h.html");
    assert!(html.contains("<b class=\"fail\">fail</b> None") && !html.contains("http"), "{html}");
    let summary = folder.read("r/summary.yml");
    for line in [
        "  success: false",
        "  total_detections: 8",
        "  total_pass: 1",
        "  total_fail: 4",
        "  total_skipped: 3",
        "  success_rate: \"20.0%\"",
        "  total_deprecated: 1",
    ] {
        assert!(summary.lines().any(|known| known == line), "{line}\n{summary}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("r")).unwrap().count(), 4);
}

#[test]
fn fail_fast_and_changes() {
    let folder = repository();
    let printed = folder.run(&["test", "detections", "--fail-fast"]);
    assert_eq!((printed.code, printed.out.lines().count()), (1, 1), "{}", printed.out);
    folder.run(&["test", "detections/good.yml", "--changed-since", "HEAD"]).fails(1, "--changed-since");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
        let run = std::process::Command::new("git").args(identity).args(arguments).current_dir(folder.path()).output();
        run.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        return;
    }
    assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "one"]));
    folder.write("detections/untested.yml", &detection("Untested", "`ours` | head 1", "", ""));
    let printed = folder.run(&["test", "detections", "--changed-since", "HEAD"]);
    assert_eq!((printed.code, printed.out.lines().count()), (0, 1), "{}{}", printed.out, printed.err);
    folder.write("macros/ours.yml", "name: ours\ndefinition: index=proxy sourcetype=ours user=*\n");
    let printed = folder.run(&["test", "detections", "--changed-since", "HEAD"]);
    assert!(printed.err.contains("7 of 8 detections are concerned by changes since HEAD"), "{}", printed.err);
    folder.run(&["test", "detections", "--changed-since=--output=x"]).fails(2, "no name of a commit");
}

#[test]
fn conditions_that_no_test_notices() {
    let folder = repository();
    folder.write(
        "detections/good.yml",
        &detection("Good", "`ours` user=bob (host=* OR user=*) | rename host AS dest | table dest", "", TESTS),
    );
    let printed = folder.run(&["test", "detections/good.yml", "--coverage"]);
    let rows: Vec<Value> = printed.ok().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row["condition"].as_str().unwrap_or_default(), row["status"].as_str().unwrap_or_default()))
        .collect();
    assert!(told.contains(&("user=bob", "unnoticed")), "{told:?}");
    assert!(printed.err.contains("tests notice 0 of"), "{}", printed.err);
    assert_eq!(rows[0]["line"], 4);
    folder.write("detections/good.tests.yaml", "tests:\n- name: True Positive Test\n  expect: 1 row\n");
    let printed = folder.run(&["test", "detections/good.yml", "--coverage"]);
    let noticed = printed.ok().lines().find(|line| line.contains("user=bob")).unwrap();
    assert!(noticed.contains("noticed by `True Positive Test`"), "{noticed}");
    // A test without its data is no reason to leave out the others.
    folder.write("detections/good.tests.yaml", &TESTS.replace("name: True Positive Test", "name: Own\n  expect: 1 row"));
    let gone = TESTS.replace("events.ndjson", "gone.ndjson");
    folder.write("detections/good.yml", &detection("Good", "`ours` user=bob | rename host AS dest | table dest", "", &gone));
    let printed = folder.run(&["test", "detections/good.yml", "--coverage"]);
    assert!(printed.out.contains("noticed by `Own`"), "{}", printed.out);
    // Without a test that passes there is nothing to tell.
    let printed = folder.run(&["test", "detections/none.yml", "--coverage"]);
    assert!(printed.out.contains("does not pass"), "{}", printed.out);
}

#[test]
fn check_says_what_contentctl_would_refuse() {
    let folder = repository();
    let printed = folder.run(&["check", "detections/good.yml", "--content", "."]);
    assert_eq!(printed.code, 1);
    let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |code: &str| rows.iter().filter(|row| row["code"] == code).count();
    assert!(of("content/missing") > 3 && of("content/reference") == 1, "{}", printed.out);
    assert!(rows[1..].iter().all(|row| row["file"] == "detections/good.yml" && row["status"] == "error"), "{}", printed.out);
    assert!(printed.err.contains("content rules: "), "{}", printed.err);
    // A folder that is no repository has no such rules.
    std::fs::remove_file(folder.path().join("contentctl.yml")).unwrap();
    folder.run(&["check", "detections/good.yml", "--content", "."]).ok();
    assert!(folder.run(&["check", "--explain", "content/unique"]).ok().starts_with("# Rules of content repositories"));
}
