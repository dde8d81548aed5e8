//! Folders of searches: `run`, `check`, `watch`, `fmt`, splq.toml.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Folder, Printed};

fn lines(printed: &Printed) -> Vec<Value> {
    printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Searches with headers and a detection, over the events of the folder.
fn library() -> Folder {
    let folder = Folder::new();
    folder.write(
        "queries/ann.spl",
        "```\nname: What ann did\ntags: people, T1078.001\nexpect: 2 rows\n```\nuser=ann | table user bytes\n",
    );
    folder.write("queries/late.spl", "``` earliest: 2023-11-14T22:14:00Z ```\n* | table _time user\n");
    folder.write("queries/none.spl", "```expect: no rows```\nuser=nobody\n");
    folder.write(
        "queries/host.yml",
        "name: Hosts\ntype: TTP\nsearch: '* | stats count by host | `host_filter`'\ntags:\n  analytic_story: [Servers]\n  mitre_attack_id: [T1021]\n",
    );
    folder
}

fn statuses(printed: &Printed) -> Vec<(String, String, i64)> {
    let row = |row: &Value| {
        (
            row["query"].as_str().unwrap().to_owned(),
            row["status"].as_str().unwrap().to_owned(),
            row["rows"].as_i64().unwrap_or(-1),
        )
    };
    lines(printed).iter().map(row).collect()
}

#[test]
fn headers_say_times_and_expectations() {
    let folder = library();
    let printed = folder.run(&["run", "queries", "--data", "events.ndjson"]);
    printed.ok();
    let ok = |name: &str, rows: i64| (name.to_owned(), "ok".to_owned(), rows);
    assert_eq!(statuses(&printed), [ok("ann", 2), ok("host", 2), ok("late", 2), ok("none", 0)]);
    // The command line wins over the header.
    let printed = folder.run(&["run", "queries/late.spl", "--data", "events.ndjson", "--earliest", "0"]);
    assert_eq!(statuses(&printed), [ok("late", 3)]);
    folder.write("queries/wrong.spl", "```expect: > 5```\nuser=ann");
    folder.write("queries/typo.spl", "```expct: 5```\nuser=ann");
    let printed = folder.run(&["run", "queries", "--data", "events.ndjson"]);
    assert_eq!(printed.code, 1);
    let rows = lines(&printed);
    assert_eq!(rows[4]["status"], "error");
    assert!(rows[4]["error"].as_str().unwrap().contains("`expect:`"), "{}", rows[4]);
    assert_eq!((&rows[5]["rows"], &rows[5]["error"]), (&json!(2), &json!("2 rows, expected 6 or more")));
}

#[test]
fn searches_are_selected() {
    let folder = library();
    let names = |options: &[&str]| {
        let mut arguments = vec!["run", "queries", "--data", "events.ndjson"];
        arguments.extend(options);
        let printed = folder.run(&arguments);
        printed.ok();
        statuses(&printed).into_iter().map(|(name, ..)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--select", "T1078"]), ["ann"]);
    assert_eq!(names(&["--select", "technique:T1021", "--select", "name:late"]), ["host", "late"]);
    assert_eq!(names(&["--select", "tag:serv*"]), ["host"]);
    assert_eq!(names(&["--exclude", "*an*", "--exclude", "Hosts"]), ["late", "none"]);
    folder.run(&["run", "queries", "--data", "events.ndjson", "--select", "T9999"]).fails(2, "T9999");
    assert_eq!(statuses(&folder.run(&["run", "queries/*.spl", "--data", "events.ndjson", "--exclude", "none"])).len(), 2);
}

#[test]
fn files_reports_and_exit_codes() {
    let folder = library();
    let run = |options: &[&str]| {
        let mut arguments = vec!["run", "queries", "--data", "events.ndjson"];
        arguments.extend(options);
        folder.run(&arguments)
    };
    run(&["--out", "results", "--out-format", "csv", "--junit", "reports/junit.xml"]).ok();
    assert_eq!(folder.read("results/ann.csv"), "user,bytes\nann,12\nann,10\n");
    assert!(!folder.path().join("results/ann.ndjson").exists());
    let report = folder.read("reports/junit.xml");
    assert!(
        report.contains("tests=\"4\" skipped=\"0\" failures=\"0\" errors=\"0\"") && report.contains("name=\"host\""),
        "{report}"
    );
    let printed = run(&["--fail-on", "hit", "--junit", "junit.xml"]);
    assert_eq!(printed.code, 1, "{}", printed.err);
    // `ann` finds what it is expected to find; the others are hits.
    let report = folder.read("junit.xml");
    assert!(report.contains("failures=\"2\" errors=\"0\"") && report.contains("<failure message=\"2 rows found\""), "{report}");
    folder.write("queries/broken.spl", "| statz");
    assert_eq!(run(&[]).code, 1);
    run(&["--fail-on", "none"]).ok();
    let printed = run(&["--slowest", "2", "--fail-on", "none"]);
    assert!(printed.err.contains("slowest:\n") && printed.err.contains("5 searches, 1 failed, 3 with rows"), "{}", printed.err);
    assert_eq!(run(&["-q", "--fail-on", "none", "--exclude", "broken"]).err, "");
}

#[test]
fn splq_toml_holds_defaults() {
    let folder = library();
    folder.write(
        "splq.toml",
        "searches = [\"queries\"]\ndata = \"events.ndjson\"\nformat = \"csv\"\n[macro]\nwho = \"user=ann\"\n[lints]\nallow = [\"not-equal\"]\n",
    );
    folder.write("sub/dir/a.txt", "");
    let from_below = |arguments: &[&str]| folder.run_in("sub/dir", arguments);
    assert_eq!(folder.run(&["query", "`who` | stats count"]).ok(), "count\n2\n");
    assert_eq!(from_below(&["query", "`who` | stats count"]).ok(), "count\n2\n");
    assert_eq!(from_below(&["query", "--format", "ndjson", "`who` | stats count"]).ok(), "{\"count\":2}\n");
    assert_eq!(statuses(&from_below(&["run"])).len(), 4);
    from_below(&["query", "--no-config", "`who`"]).fails(1, "who");
    // Nothing is loaded for a search that makes its own rows.
    folder.write("splq.toml", "data = \"missing\"\n");
    folder.run(&["query", "| makeresults | stats count"]).ok();
    folder.run(&["query", "x"]).fails(1, "missing");
    folder.write("splq.toml", "tz = \"UTC\"\nthread = 2\n");
    let printed = folder.run(&["query", "x"]);
    printed.fails(2, "did you mean `threads`?");
    assert!(printed.err.contains("[splq.toml:2:1]"), "{}", printed.err);
    folder.run(&["query", "--no-config", "| makeresults"]).ok();
    folder.run_with_input(&["run", "-", "--data", "-", "--no-config"], Some("x")).fails(2, "stdin");
}

#[test]
fn another_file_than_splq_toml() {
    let folder = library();
    folder.write("splq.toml", "nonsense = 1\n");
    folder.write("conf/other.toml", "data = \"../events.ndjson\"\n");
    let run = |file: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_splq"))
            .args(["query", "user=ann | stats count"])
            .env("SPLQ_CONFIG", file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run("conf/other.toml"), (Some(0), "{\"count\":2}\n".to_owned()));
    assert_eq!(run("").0, Some(0));
    assert_eq!(run("missing.toml").0, Some(2));
}

#[test]
fn doubtful_searches_are_warned_of() {
    let folder = Folder::new();
    folder.write("queries/good.spl", "user=ann | stats count by user");
    folder.write("queries/odd.spl", "user!=ann\n| where host=web1 | stats count by host");
    // A quiet lint is told of when it is named.
    assert_eq!(lines(&folder.run(&["check", "queries"])).len(), 3);
    let printed = folder.run(&["check", "queries", "--format", "ndjson", "--warn", "quiet"]);
    printed.ok();
    let rows = lines(&printed);
    let short: Vec<_> = rows.iter().map(|row| (row["query"].as_str(), row["status"].as_str(), row["code"].as_str())).collect();
    assert_eq!(
        short,
        [
            (Some("good"), Some("ok"), None),
            (Some("odd"), Some("ok"), None),
            (Some("odd"), Some("warning"), Some("lint/not-equal")),
            (Some("odd"), Some("warning"), Some("lint/bare-word")),
        ]
    );
    assert_eq!((&rows[3]["line"], &rows[3]["column"]), (&json!(2), &json!(14)));
    assert!(printed.err.contains("2 searches: 2 ok, 0 with errors, 2 warnings"), "{}", printed.err);
    assert_eq!(
        lines(&folder.run(&["check", "queries", "--warn", "quiet", "--allow", "not-equal", "--allow", "bare-word"])).len(),
        2
    );
    let printed = folder.run(&["check", "queries", "--deny", "lint/bare-word"]);
    assert_eq!(printed.code, 1);
    assert_eq!(lines(&printed)[1]["code"], "lint/bare-word");
    folder.run(&["check", "queries", "--deny", "warnings"]).fails(1, "lint/bare-word");
    folder.run(&["check", "queries", "--deny", "not-equal"]).fails(1, "lint/not-equal");
    folder.run(&["check", "queries", "--allow", "lint/notequal"]).fails(2, "lint/not-equal");
    assert!(folder.run(&["check", "--explain", "bare-word"]).ok().starts_with("# lint/bare-word\n"));
    folder.run(&["check", "--explain", "lint/bareword"]).fails(2, "lint/bare-word");
    assert!(folder.run(&["check", "--list-lints"]).ok().contains("lint/risk-field"));
    let printed = folder.run_with_input(&["check", "-"], Some("index=main | where user=ann"));
    assert_eq!(lines(&printed)[1]["code"], "lint/bare-word");
}

#[test]
fn by_fields_are_looked_for_in_the_data() {
    let folder = Folder::new();
    folder.write("a.spl", "user=* | stats count by user session note | head 3");
    let printed = folder.run(&["check", "a.spl", "--data", "events.ndjson"]);
    let messages: Vec<Value> = lines(&printed).into_iter().map(|row| row["message"].clone()).collect();
    assert_eq!(
        messages[1..],
        [
            json!("none of 3 rows has the by-field `session`: there will be no result"),
            json!("2 of 3 rows have no `note` and are left out of the result")
        ]
    );
    assert_eq!(lines(&folder.run(&["check", "a.spl"])).len(), 1);
}

#[test]
fn sarif_points_into_the_files() {
    let folder = Folder::new();
    folder.write("queries/odd.yml", "name: x\nsearch: 'user=ann\n  | where host=web1 | `odd_filter`'\n");
    folder.write("queries/bad.spl", "user=ann | statz");
    let printed = folder.run(&["check", "queries", "--format", "sarif"]);
    assert_eq!(printed.code, 1);
    let log: Value = serde_json::from_str(&printed.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap_or_else(|| panic!("{code}: {log:#}"));
    assert_eq!(of("parse/unknown-command")["level"], "error");
    let place = &of("lint/bare-word")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "queries/odd.yml");
    assert_eq!(place["region"], json!({"startLine": 3, "startColumn": 16, "endLine": 3, "endColumn": 20}));
    folder.run(&["check", "queries", "--format", "sarif", "-o", "log.sarif"]);
    assert_eq!(serde_json::from_str::<Value>(&folder.read("log.sarif")).unwrap(), log);
}

#[test]
fn changes_run_searches_again() {
    let folder = Folder::new();
    folder.write("queries/ann.spl", "user=ann | stats count");
    let mut child = Command::new(env!("CARGO_BIN_EXE_splq"))
        .args(["watch", "queries", "--data", "events.ndjson"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, receiver) = channel();
    for stream in
        [Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>, Box::new(child.stderr.take().unwrap())]
    {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    let mut seen = Vec::new();
    let mut wait_for = |text: &str| {
        let ended = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            match receiver.recv_timeout(ended.saturating_duration_since(std::time::Instant::now())) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(_) => panic!("no `{text}` in {seen:#?}"),
            }
        }
    };
    let mut steps = || {
        wait_for("1 of 1 searches run, 0 failed, 1 rows");
        wait_for("waiting for changes");
        folder.write("queries/ann.spl", "user=ann | statz");
        wait_for("unknown command");
        wait_for("waiting for changes");
        folder.write("queries/bob.spl", "user=bob | stats count as n");
        wait_for("1 of 2 searches run, 0 failed, 1 rows");
        wait_for("waiting for changes");
        folder.write("events.ndjson", "{\"user\": \"bob\"}\n");
        wait_for("2 of 2 searches run, 1 failed");
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut steps));
    child.kill().unwrap();
    child.wait().unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_command_has_examples_and_pages() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]);
    let commands: Vec<String> = help
        .ok()
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(commands.len() > 12, "{commands:?}");
    for command in &commands {
        let help = folder.run(&[command, "--help"]);
        assert!(help.ok().contains(&format!("splq {command}")) && help.out.contains("Examples:"), "{command} has no examples");
    }
    assert!(folder.run(&["man"]).ok().contains(".TH splq 1"));
    folder.run(&["man", "--out", "pages"]).ok();
    assert!(folder.read("pages/splq-check.1").contains("lint"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.run(&["completions", shell]).ok().contains("watch"), "{shell}");
    }
}
