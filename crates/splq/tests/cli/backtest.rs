//! `splq backtest`, and the saved searches of apps as searches and tests.

use serde_json::Value;

use super::Folder;

/// A logon each half hour from 08:05 to 12:35 on 12 March 2025: ann on `a`, bob on `b`.
fn events() -> String {
    let event = |number: u32| {
        let (user, dest) = if number.is_multiple_of(2) { ("ann", "a") } else { ("bob", "b") };
        let time = 1_741_766_700 + number * 1_800;
        format!("{{\"_time\": {time}, \"action\": \"logon\", \"user\": \"{user}\", \"dest\": \"{dest}\"}}\n")
    };
    (0..10).map(event).collect()
}

fn detection(name: &str, search: &str, more: &str) -> String {
    format!(
        "name: {name}\nstatus: production\ntype: TTP\nsearch: '{search}'\nrba:\n  message: $user$ on $dest$\n  risk_objects:\n  - {{field: dest, \
         type: system, score: 40}}\n  threat_objects: []\n{more}"
    )
}

const SCHEDULE: &str = "deployment:\n  name: D\n  type: Embedded\n  scheduling: {cron_schedule: CRON, earliest_time: -70m@m, latest_time: \
                        -10m@m, schedule_window: auto}\n  alert_action: {rba: {enabled: true}}\n";

fn scheduled(cron: &str) -> String {
    SCHEDULE.replace("CRON", cron)
}

fn repository() -> Folder {
    let folder = Folder::new();
    folder.write("logs.ndjson", &events());
    folder.write("contentctl.yml", "app: {label: OURS}\n");
    let write = |name: &str, text: String| drop(folder.write(&format!("detections/{name}.yml"), &text));
    let ann = "action=logon user=ann | stats count min(_time) AS firstTime by user dest | `ann_filter`";
    write("ann", detection("Ann", ann, &scheduled("0 * * * *")));
    folder
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_default()
}

#[test]
fn a_timeline_and_what_it_adds_up_to() {
    let folder = repository();
    let data = ["backtest", "detections", "--data", "logs.ndjson"];
    let printed = folder.run(&[&data[..], &["--risk", "out/risk.ndjson", "--html", "out/page.html"]].concat());
    let rows = printed.rows();
    assert_eq!(rows.len(), 5, "{}", printed.out);
    let first = &rows[0];
    assert_eq!((text(first, "search"), text(first, "what"), text(first, "object")), ("Ann", "risk", "a"));
    assert_eq!((text(first, "first_seen"), text(first, "message")), ("2025-03-12T08:05:00Z", "ann on a"));
    assert_eq!(
        (first["_time"].as_i64(), first["delay_s"].as_i64(), rows[4]["risk"].as_i64()),
        (Some(1_741_770_000), Some(3_300), Some(200))
    );
    assert!(
        printed.err.contains("1 search: 0 skipped, 0 failed; 5 runs, 5 of them searched, 5 alerts, 5 risk events, 0 findings"),
        "{}",
        printed.err
    );
    let page = folder.read("out/page.html");
    assert!(page.contains("<svg") && page.contains("ann on a") && !page.contains("src=") && !page.contains("http"), "{page}");
    let risk = folder.run(&[
        "query",
        "--data",
        "out/risk.ndjson",
        "| tstats sum(All_Risk.calculated_risk_score) AS score from datamodel=Risk.All_Risk by All_Risk.risk_object source",
    ]);
    assert_eq!(risk.rows()[0]["score"], 200);
    assert_eq!(text(&risk.rows()[0], "source"), "OURS - Ann - Rule");
    let objects = folder.run(&[&data[..], &["--view", "objects", "--to", "2025-03-12T10:00:00Z"]].concat()).rows();
    assert_eq!((text(&objects[0], "object"), objects[0]["risk"].as_i64()), ("a", Some(80)));
    folder.run(&["backtest", "detections"]).fails(2, "backtest needs --data");
    folder.run(&[&data[..], &["--earliest", "-1h"]].concat()).fails(2, "each search has a window of its own");
    folder.run(&[&data[..], &["--from", "later"]].concat()).fails(2, "--from: `later` is not a time");
    folder.run(&[&data[..], &["--from", "2025-03-13", "--to", "2025-03-12"]].concat()).fails(2, "the end lies before the start");
}

#[test]
fn texts_of_a_page_are_no_tags() {
    let folder = repository();
    let search = "action=logon user=ann | eval user=\"<script>x</script>\" | table user dest | `evil_filter`";
    folder.write("detections/evil.yml", &detection("<b>Evil</b>", search, &scheduled("0 * * * *")));
    folder.run(&["backtest", "detections", "--data", "logs.ndjson", "--html", "page.html"]).ok();
    let page = folder.read("page.html");
    assert!(page.contains("&lt;script&gt;x") && !page.contains("<script") && !page.contains("<b>"), "{page}");
}

#[test]
fn what_is_wrong_is_told_once_and_stops_nothing_else() {
    let folder = repository();
    let write = |name: &str, text: String| drop(folder.write(&format!("detections/{name}.yml"), &text));
    let plain = "action=logon user=ann | table user dest";
    write("never", detection("Never", plain, &scheduled("0 0 30 2 *")));
    write("names", detection("Names", plain, &scheduled("0 0 * * MON")));
    write("wrong", detection("Wrong", "action=logon | statz count", &scheduled("0 * * * *")));
    write("again", detection("Ann", plain, &scheduled("0 * * * *")));
    write("unfilled", detection("Unfilled", "action=logon | table dest", &scheduled("0 * * * *")));
    write("long", detection("Long", plain, &scheduled("0 * * * *").replace("-70m@m", "-30d")));
    write("rare", detection("Rare", plain, &scheduled("0 0 1 1 *")));
    write("old", detection("Old", plain, "").replace("production", "deprecated"));
    write(
        "held",
        detection("Held", plain, &format!("{}tags: {{throttling: {{fields: [dest], period: soon}}}}\n", scheduled("0 * * * *"))),
    );
    folder.write("detections/broken.yml", "name: [\nsearch: x\n");
    let printed = folder.run(&["backtest", "detections", "--data", "logs.ndjson", "--view", "searches"]);
    assert_eq!(printed.code, 1, "{}", printed.err);
    let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, &str, &str)> =
        rows.iter().map(|row| (text(row, "search"), text(row, "status"), text(row, "message"))).collect();
    let of =
        |name: &str| told.iter().filter(|(known, ..)| *known == name).map(|(_, status, why)| (*status, *why)).collect::<Vec<_>>();
    assert_eq!(of("Never"), [("error", "the cron line `0 0 30 2 *` never comes: no month has such a day")]);
    assert_eq!(of("Names")[0].0, "error");
    assert_eq!(of("Wrong"), [("error", "unknown command `statz`")]);
    assert_eq!(
        of("Ann").iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        ["error", "ran"].into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(of("Unfilled"), [("error", "`$user$` of the risk message stays unfilled: no row has `user`")]);
    assert_eq!(of("Long"), [("ran", "")]);
    assert_eq!(of("Rare"), [("skip", "no run falls into the time that is replayed")]);
    assert_eq!(of("Old"), [("skip", "the status is `deprecated`")]);
    assert_eq!(of("Held")[0].0, "error");
    assert!(
        told.iter().any(|(name, status, why)| *name == "broken" && *status == "error" && why.contains("broken.yml")),
        "{told:?}"
    );
    for (what, place) in [
        ("never comes", "never.yml:13:"),
        ("names a month or day", "names.yml:13:"),
        ("unknown command `statz`", "wrong.yml:4:"),
        ("is taken", "ann.yml:1:"),
        ("`$user$` stays unfilled in 10 of 10", "unfilled.yml:6:"),
        ("29 d 23 h 50 min is longer than the data", "long.yml:13:"),
        ("`soon` is no period", "held.yml:15:"),
    ] {
        assert_eq!(printed.err.matches(what).count(), 1, "{what}\n{}", printed.err);
        assert!(printed.err.contains(place), "{place}\n{}", printed.err);
    }
}

const SAVED: &str = "[Ours - many logons]\nsearch = action=logon \\\n| stats count by dest user\nenableSched = 1\ncron_schedule = 30 * * * *\n\
                     dispatch.earliest_time = -60m@m\ndispatch.latest_time = @m\ncounttype = number of events\nrelation = greater than\nquantity = 1\n\
                     alert.suppress = 1\nalert.suppress.fields = dest\nalert.suppress.period = 2h\naction.risk = 1\n\
                     action.risk.param._risk = [{\"risk_object_field\": \"dest\", \"risk_object_type\": \"network\", \"risk_score\": \"7\"}]\n\
                     action.risk.param._risk_message = $user$ on $dest$\naction.notable = 1\naction.notable.param.rule_title = Logons on $dest$\n\
                     [Ours - off]\nsearch = action=logon\ncron_schedule = 0 * * * *\ndisabled = 1\n\
                     [Ours - wrong]\nsearch = action=logon\nenableSched = 1\ncron_schedule = 0 * * * *\ncounttype = number of evnts\n";

fn app() -> Folder {
    let folder = Folder::new();
    folder.write("logs.ndjson", &events());
    folder.write("ours/default/app.conf", "[launcher]\nversion = 1.0\n");
    folder.write("ours/default/savedsearches.conf", SAVED);
    folder
}

#[test]
fn saved_searches_are_replayed() {
    let folder = app();
    let printed = folder.run(&["backtest", "--app", "ours", "--data", "logs.ndjson", "--format", "csv", "--risk", "risk.ndjson"]);
    assert_eq!(printed.code, 1);
    assert!(
        printed.err.contains("savedsearches.conf:27: [Ours - wrong] counttype: `number of evnts` is unknown"),
        "{}",
        printed.err
    );
    let lines: Vec<&str> = printed.out.lines().map(|line| line.split(',').nth(3).unwrap()).collect();
    // 09:30 both rows, then nothing for two hours.
    assert_eq!(lines, ["object", "a", "b", "a", "b", "a", "b", "a", "b"]);
    let risk = folder.read("risk.ndjson");
    assert!(risk.contains("\"risk_object_type\":\"network\"") && risk.contains("\"risk_score\":7"), "{risk}");
    assert!(risk.contains("\"rule_title\":\"Logons on a\"") && risk.contains("\"search_name\":\"Ours - many logons\""), "{risk}");
    let printed = folder.run(&[
        "backtest",
        "ours",
        "--data",
        "logs.ndjson",
        "--view",
        "searches",
        "--select",
        "*off",
        "--include-disabled",
    ]);
    assert_eq!(printed.rows()[0]["status"], "ran");
    let printed = folder.run(&["backtest", "ours", "--data", "logs.ndjson", "--view", "searches", "--select", "*off"]);
    assert_eq!(text(&printed.rows()[0], "message"), "it is disabled (`disabled = 1`)");
}

#[test]
fn saved_searches_run_and_are_tested() {
    let folder = app();
    let run = [
        "run",
        "--app",
        "ours",
        "--data",
        "logs.ndjson",
        "--now",
        "2025-03-12T09:30:00Z",
        "--risk",
        "risk.ndjson",
        "--out",
        "rows",
    ];
    let printed = folder.run(&run);
    let rows = printed.rows();
    assert_eq!((text(&rows[0], "query"), rows[0]["rows"].as_i64()), ("Ours - many logons", Some(2)));
    assert!(printed.err.contains("1 saved search is disabled"), "{}", printed.err);
    assert_eq!(folder.read("rows/Ours - many logons.ndjson").lines().count(), 2);
    assert!(folder.read("risk.ndjson").contains("ann on a"));
    let test = "tests:\n- name: Two hosts\n  expect: 2 rows\n  attack_data: [{data: ../logs.ndjson, source: s, sourcetype: t}]\n";
    folder.write("ours/tests/Ours - many logons.tests.yaml", test);
    let rows = folder.run(&["test", "ours"]).rows();
    assert_eq!(
        (text(&rows[0], "detection"), text(&rows[0], "status"), rows[0]["rows"].as_i64()),
        ("Ours - many logons", "pass", Some(2))
    );
    folder.run(&["run", "--app", "ours", "nowhere.spl"]).fails(1, "no such file or folder");
}

#[test]
fn baselines_run_before_detections() {
    let folder = repository();
    folder.write(
        "lookups/seen.yml",
        "name: seen\nid: 1\nversion: 1\ndate: '2025-01-01'\nauthor: x\ndescription: x\nlookup_type: csv\n",
    );
    folder.write("lookups/seen.csv", "dest,count\nz,1\n");
    folder.write("macros/x.yml", "name: x\ndefinition: search *\n");
    let baseline = format!(
        "name: Seen\nstatus: production\ntype: Baseline\nsearch: 'action=logon | stats count by dest | outputlookup seen'\ntags: {{detections: \
         []}}\n{}",
        scheduled("0 * * * *").replace("-70m@m", "-24h@h").replace("-10m@m", "-2h@h")
    );
    folder.write("baselines/seen.yml", &baseline);
    let new =
        "action=logon | stats count by dest user | lookup seen dest OUTPUT count AS before | where isnull(before) | `new_filter`";
    folder.write("detections/new.yml", &detection("New", new, &scheduled("0 * * * *")));
    let printed = folder.run(&["backtest", "detections/new.yml", "--data", "logs.ndjson"]);
    let hours: Vec<i64> = printed.rows().iter().map(|row| (row["_time"].as_i64().unwrap() - 1_741_766_400) / 3_600).collect();
    // At 11:00 the baseline has seen both hosts.
    assert_eq!(hours, [1, 1, 2, 2], "{}{}", printed.out, printed.err);
    let printed = folder.run(&["backtest", "detections/new.yml", "--data", "logs.ndjson", "--view", "searches"]);
    assert_eq!(printed.rows().iter().map(|row| text(row, "kind").to_owned()).collect::<Vec<_>>(), ["baseline", "detection"]);
}
