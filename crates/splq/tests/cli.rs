//! The binary as its users run it: formats, exit codes, stdin, files, wrong usage, messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "cli/backtest.rs"]
mod backtest;
#[path = "cli/batch.rs"]
mod batch;
#[path = "cli/content.rs"]
mod content;
#[path = "cli/coverage.rs"]
mod coverage;
#[path = "cli/download.rs"]
mod download;
#[path = "cli/public_detections.rs"]
mod public_detections;
#[path = "cli/size.rs"]
mod size;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/workflow.rs"]
mod workflow;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const EVENTS: &str = r#"{"_time": 1700000000, "user": "ann", "bytes": 10, "host": "web1", "tags": ["a", "b"]}
{"_time": 1700000060.5, "user": "bob", "bytes": 20, "host": "web2"}
{"_time": 1700000120, "user": "ann", "bytes": 12, "host": "web1", "note": "a|b,\"c\""}
"#;

/// What a run printed.
struct Printed {
    code: i32,
    out: String,
    err: String,
}

impl Printed {
    #[track_caller]
    fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        &self.out
    }

    #[track_caller]
    fn rows(&self) -> Vec<Value> {
        self.ok().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    fn fails(&self, code: i32, text: &str) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.contains(text), "`{text}` is not in\n{}", self.err);
    }
}

/// A folder with events, in which splq runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("events.ndjson", EVENTS);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Printed {
        self.run_with_input(arguments, None)
    }

    /// Runs in a folder below this one.
    fn run_in(&self, below: &str, arguments: &[&str]) -> Printed {
        self.run_there(&self.path().join(below), arguments, None)
    }

    fn run_with_input(&self, arguments: &[&str], input: Option<&str>) -> Printed {
        self.run_there(self.path(), arguments, input)
    }

    fn run_there(&self, folder: &Path, arguments: &[&str], input: Option<&str>) -> Printed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_splq"));
        command.args(arguments).current_dir(folder).env_remove("NO_COLOR").env_remove("COLUMNS").env_remove("SPLQ_CONFIG");
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(input) = input {
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        }
        let output = child.wait_with_output().unwrap();
        Printed {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn rows_go_to_a_pipe_as_ndjson() {
    let printed = Folder::new().run(&["query", "--data", "events.ndjson", "user=ann | table _time user bytes note"]);
    assert_eq!(
        printed.ok(),
        "{\"_time\":1700000120,\"user\":\"ann\",\"bytes\":12,\"note\":\"a|b,\\\"c\\\"\"}\n{\"_time\":1700000000,\"user\":\"ann\",\"bytes\":10}\n"
    );
    assert_eq!(printed.err, "");
}

#[test]
fn events_show_their_text_and_lists() {
    let rows = Folder::new().run(&["query", "--data", "events.ndjson", "bytes=10"]).rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["_raw"], json!(EVENTS.lines().next().unwrap()));
    assert_eq!(rows[0]["tags{}"], json!(["a", "b"]));
    assert_eq!(rows[0]["index"], json!("main"));
    assert!(rows[0].as_object().unwrap().keys().all(|key| !key.starts_with("__")), "{}", rows[0]);
}

#[test]
fn every_format() {
    let folder = Folder::new();
    let search = "* | sort _time | table _time user bytes note";
    let printed = |format: &str| folder.run(&["query", "--data", "events.ndjson", "--format", format, search]);
    insta::assert_snapshot!("format_table", printed("table").ok());
    insta::assert_snapshot!("format_json", printed("json").ok());
    insta::assert_snapshot!("format_csv", printed("csv").ok());
    insta::assert_snapshot!("format_markdown", printed("markdown").ok());
    let footer = printed("table").err;
    assert!(footer.starts_with("3 rows, ") && footer.trim_end().ends_with('s'), "{footer}");
    printed("raw").fails(1, "_raw");
    let raw = folder.run(&["query", "--data", "events.ndjson", "--format", "raw", "* | sort _time"]);
    assert_eq!(raw.ok(), EVENTS);
}

#[test]
fn files_by_extension_and_parquet_back_again() {
    let folder = Folder::new();
    for name in ["out.csv", "out.json", "out.md", "out.ndjson", "out.parquet"] {
        folder.run(&["query", "-q", "--data", "events.ndjson", "* | table _time user bytes", "-o", name]).ok();
    }
    assert!(folder.read("out.csv").starts_with("_time,user,bytes\n"));
    assert!(folder.read("out.json").starts_with("[\n{"));
    assert!(folder.read("out.md").starts_with("| _time |"));
    assert_eq!(folder.read("out.ndjson").lines().count(), 3);
    let rows = folder.run(&["query", "--data", "out.parquet", "* | table _time user bytes"]).rows();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1], json!({"_time": 1_700_000_060.5, "user": "bob", "bytes": 20}));
}

#[test]
fn data_from_stdin_and_searches_from_files() {
    let folder = Folder::new();
    folder.write("search.spl", "``` counts ```\nsearch user=*\n| stats count by user\n");
    let rows = folder.run_with_input(&["query", "--data", "-", "-f", "search.spl"], Some(EVENTS)).rows();
    assert_eq!(rows, [json!({"user": "ann", "count": 2}), json!({"user": "bob", "count": 1})]);
    let rows = folder.run_with_input(&["query", "-f", "-"], Some("| makeresults | eval x=1+1 | table x\n")).rows();
    assert_eq!(rows, [json!({"x": 2})]);
}

#[test]
fn times_zones_lookups_macros() {
    let folder = Folder::new();
    folder.write("users.csv", "user,team\nann,red\nbob,blue\n");
    let rows = folder
        .run(&[
            "query",
            "--data",
            "events.ndjson",
            "--lookup",
            "teams=users.csv",
            "--macro",
            "who(name)=user=$name$",
            "--earliest",
            "2023-11-14T22:13:30Z",
            "`who(ann)` | lookup teams user | table user team",
        ])
        .rows();
    assert_eq!(rows, [json!({"user": "ann", "team": "red"})]);
    let table =
        folder.run(&["query", "--data", "events.ndjson", "--tz", "Europe/Berlin", "--format", "table", "bytes=10 | table _time"]);
    assert!(table.ok().contains("2023-11-14T23:13:20+01:00"), "{}", table.out);
    let rows = folder.run(&["query", "--now", "1700000000", "| makeresults | eval t=now() | table t"]).rows();
    assert_eq!(rows, [json!({"t": 1_700_000_000})]);
}

#[test]
fn failures_exit_with_1() {
    let folder = Folder::new();
    folder.run(&["query", "--data", "events.ndjson", "* | statz count"]).fails(1, "statz");
    folder.run(&["query", "--data", "missing.ndjson", "*"]).fails(1, "missing.ndjson");
    folder.run(&["query", "-f", "missing.spl"]).fails(1, "missing.spl");
    folder.run(&["query", "--lookup", "a=missing.csv", "| inputlookup a"]).fails(1, "missing.csv");
    folder.run(&["query", "--app", "nowhere", "| makeresults"]).fails(1, "nowhere");
    folder.run(&["run", "nowhere"]).fails(1, "nowhere");
    // A search that can't be parsed is refused before anything is loaded.
    let printed = folder.run(&["query", "--data", "missing.ndjson", "* | statz"]);
    assert!(printed.code == 1 && !printed.err.contains("missing.ndjson"), "{}", printed.err);
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::new();
    folder.run(&["query"]).fails(2, "SPL");
    folder.run(&["query", "--format", "xls", "*"]).fails(2, "xls");
    folder.run(&["query", "--tz", "Europe/Berlinn", "*"]).fails(2, "Europe/Berlin");
    folder.run(&["query", "--now", "soon", "*"]).fails(2, "soon");
    folder.run(&["query", "--memory-limit", "much", "*"]).fails(2, "much");
    folder.run(&["query", "--limit", "sortcount=1", "*"]).fails(2, "sort_count");
    folder.run(&["query", "--lookup", "users", "*"]).fails(2, "NAME=FILE");
    folder.run(&["query", "--macro", "nonsense", "*"]).fails(2, "nonsense");
    folder.run(&["query", "--sourcetype", "x", "*"]).fails(2, "--data");
    folder.run(&["query", "--data", "-", "-f", "-"]).fails(2, "stdin");
    folder.run(&["querry"]).fails(2, "query");
    folder.run(&[]).fails(2, "splq");
    folder.run(&["inspect"]).fails(2, "--data");
}

#[test]
fn messages_point_at_the_place() {
    let folder = Folder::new();
    insta::assert_snapshot!("unknown_command", folder.run(&["query", "index=main | statz count by user"]).err);
    let printed = folder.run(&["query", "--macro", "broken(f)=stats nosuch($f$)", "index=main | `broken(bytes)` | head 1"]);
    assert_eq!(printed.code, 1);
    insta::assert_snapshot!("inside_a_macro", printed.err);
    folder.write("detection.yml", "name: x\nsearch: 'index=main\n  | statz count'\n");
    let printed = folder.run(&["check", "detection.yml", "--format", "ndjson"]);
    assert!(printed.err.contains("[detection.yml:3:5]"), "{}", printed.err);
}

#[test]
fn colours_when_asked_for() {
    let folder = Folder::new();
    assert!(folder.run(&["query", "--color", "always", "| statz"]).err.contains('\u{1b}'));
    assert!(!folder.run(&["query", "| statz"]).err.contains('\u{1b}'));
}

#[test]
fn quiet_leaves_out_what_is_no_error() {
    let folder = Folder::new();
    folder.write("bad.ndjson", "{\"a\": 1}\n{\"a\": \nplain\n");
    let printed = folder.run(&["query", "--data", "bad.ndjson", "* | stats count"]);
    assert_eq!(printed.rows(), [json!({"count": 3})]);
    assert!(printed.err.contains("bad.ndjson:2"), "{}", printed.err);
    assert_eq!(folder.run(&["query", "-q", "--data", "bad.ndjson", "* | stats count"]).err, "");
    folder.run(&["query", "--strict", "--data", "bad.ndjson", "* | stats count"]).fails(1, "bad.ndjson");
}

#[test]
fn run_sums_up_and_goes_on_after_failures() {
    let folder = Folder::new();
    folder.write("queries/ann.spl", "user=ann | table user bytes");
    folder.write("queries/broken.spl", "user=ann | statz");
    folder.write("queries/sub/count.yml", "name: Count\nsearch: '* | stats count'\n");
    folder.write("queries/other.yml", "definition: x\n");
    let printed = folder.run(&["run", "queries", "--data", "events.ndjson", "--out", "results", "--format", "ndjson"]);
    assert_eq!(printed.code, 1, "{}", printed.err);
    let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let short: Vec<(&str, &str, &Value)> =
        rows.iter().map(|row| (row["query"].as_str().unwrap(), row["status"].as_str().unwrap(), &row["rows"])).collect();
    assert_eq!(short, [("ann", "ok", &json!(2)), ("broken", "error", &Value::Null), ("count", "ok", &json!(1))]);
    assert!(rows[1]["error"].as_str().unwrap().contains("statz"));
    assert!(rows.iter().all(|row| row["elapsed_ms"].is_number()));
    assert_eq!(folder.read("results/count.ndjson"), "{\"count\":3}\n");
    assert_eq!(folder.read("results/ann.ndjson").lines().count(), 2);
    assert!(!folder.path().join("results/broken.ndjson").exists());
    let shown = folder.run(&["run", "queries/ann.spl", "--data", "events.ndjson", "--show", "--format", "csv"]);
    assert!(shown.ok().starts_with("ann\n user │ bytes\n"), "{}", shown.out);
    assert!(shown.out.contains("query,status,rows,elapsed_ms,error\nann,ok,2,"), "{}", shown.out);
}

#[test]
fn check_has_one_row_per_search() {
    let folder = Folder::new();
    folder.write("queries/good.spl", "user=ann | stats count by user");
    folder.write("queries/bad.spl", "user=ann\n| stats nosuch(user)");
    let printed = folder.run(&["check", "queries", "--format", "ndjson"]);
    assert_eq!(printed.code, 1);
    let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["query"], &rows[0]["status"], &rows[0]["line"]), (&json!("bad"), &json!("error"), &json!(2)));
    assert!(rows[0]["code"].is_string() && rows[0]["message"].as_str().unwrap().contains("nosuch"));
    assert_eq!((&rows[1]["query"], &rows[1]["status"], rows[1].get("code")), (&json!("good"), &json!("ok"), None));
    assert!(printed.err.contains("2 searches: 1 ok, 1 with errors"), "{}", printed.err);
    folder.run(&["check", "queries/good.spl"]).ok();
}

#[test]
fn explain_shows_each_stage() {
    let folder = Folder::new();
    let macros = ["--macro", "m=user=ann"];
    let stage = |stage: &str| folder.run(&["explain", macros[0], macros[1], "--stage", stage, "`m` | stats count"]);
    assert_eq!(stage("expanded").ok(), "user=ann | stats count\n");
    for name in ["syntax", "logical", "physical"] {
        assert!(!stage(name).ok().trim().is_empty());
    }
    let all = folder.run(&["explain", "index=main"]);
    assert!(all.ok().contains("── syntax ──") && all.out.contains("── physical plan ──"), "{}", all.out);
}

#[test]
fn inspect_describes_the_data() {
    let folder = Folder::new();
    let rows = folder.run(&["inspect", "--data", "events.ndjson", "--sourcetype", "web", "--format", "ndjson"]).rows();
    let file = rows.iter().find(|row| row["kind"] == "file").unwrap();
    assert_eq!((&file["format"], &file["events"]), (&json!("ndjson"), &json!(3)));
    let user = rows.iter().find(|row| row["field"] == "user").unwrap();
    assert_eq!((&user["sourcetype"], &user["distinct"], &user["fill"]), (&json!("web"), &json!(2), &json!(1)));
    let table = folder.run(&["inspect", "--data", "events.ndjson", "--format", "table"]);
    assert!(table.ok().contains("Sourcetypes") && table.out.contains("2023-11-14T22:13:20Z"), "{}", table.out);
}

#[test]
fn lists_and_completions() {
    let folder = Folder::new();
    for (command, name) in
        [("commands", "stats"), ("functions", "substr"), ("macros", "drop_dm_object_name"), ("limits", "sort_count")]
    {
        let rows = folder.run(&[command, "--format", "ndjson"]).rows();
        assert!(rows.iter().any(|row| row["name"].as_str().unwrap().starts_with(name)), "{command}");
    }
    let models = folder.run(&["datamodels", "--format", "ndjson"]).rows();
    assert!(models.iter().any(|row| row["model"] == "Endpoint" && row["dataset"] == "Processes"));
    assert!(folder.run(&["completions", "bash"]).ok().contains("splq"));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_splq"))
        .args(["query", "| makeresults count=200000 | eval x=\"some text\""])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_repl_answers_line_by_line() {
    let folder = Folder::new();
    let input = "user=ann | stats count\nuser=ann |\nstats sum(bytes) as total\n.format ndjson\n| makeresults | eval x=1 | table x\n| statz\n.nosuch\n.help stats\n.quit\nuser=bob\n";
    let printed = folder.run_with_input(&["repl", "--data", "events.ndjson", "--format", "csv"], Some(input));
    let out = printed.ok();
    assert!(out.contains("count\n2\n") && out.contains("total\n22\n") && out.contains("{\"x\":1}"), "{out}");
    assert!(out.contains("stats:") && !out.contains("bob"), "{out}");
    assert!(printed.err.contains("statz") && printed.err.contains(".nosuch"), "{}", printed.err);
}

#[test]
fn fmt_lays_files_out() {
    let folder = Folder::new();
    folder.write("a.spl", "index=main|head 1");
    folder.write("sub/b.spl", "index=main\n| head 1\n");
    let check = folder.run(&["fmt", "--check", "."]);
    assert_eq!((check.code, check.out.as_str()), (1, "./a.spl\n"), "{}", check.err);
    folder.run(&["fmt", "a.spl", "sub"]).ok();
    assert_eq!(folder.read("a.spl"), "index=main\n| head 1\n");
    folder.run(&["fmt", "--check", "."]).ok();
    assert_eq!(folder.run_with_input(&["fmt", "-"], Some("a|b")).ok(), "a\n| b\n");
    folder.run_with_input(&["fmt", "-"], Some("a \"b")).fails(1, "quote");
}
