//! Runs the apps in miniature of `tests/apps`: one test per case, with the binary; the format stands in the README there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

const BINARY: &str = env!("CARGO_BIN_EXE_splq");
const APPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/apps");
const CASES: &str = "cases.yml";
const NOW: &str = "2024-06-01T00:00:00Z";

type Row = Map<String, Json>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    search: String,
    #[serde(default)]
    apps: Option<Vec<String>>,
    #[serde(default)]
    data: Option<Vec<String>>,
    #[serde(default)]
    sourcetype: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    expect: Vec<Row>,
    #[serde(default)]
    warns: Vec<String>,
    #[serde(default)]
    silent: bool,
    source: String,
}

/// Every case of every folder, with all that is wrong in one message.
#[test]
fn apps_in_miniature() {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(APPS).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 12, "one folder per family");
    let only = std::env::var("SPLQ_APPS").unwrap_or_default();
    let mut problems = Vec::new();
    std::thread::scope(|scope| {
        let running: Vec<_> = halves(&folders)
            .into_iter()
            .map(|folders| {
                let only = only.as_str();
                scope.spawn(move || folders.into_iter().flat_map(|folder| of_folder(folder, only)).collect::<Vec<String>>())
            })
            .collect();
        problems.extend(running.into_iter().flat_map(|part| part.join().unwrap()));
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn halves(folders: &[PathBuf]) -> Vec<Vec<&Path>> {
    (0..2).map(|part| folders.iter().skip(part).step_by(2).map(PathBuf::as_path).collect()).collect()
}

fn of_folder(folder: &Path, only: &str) -> Vec<String> {
    let file = folder.join(CASES);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    for case in &cases {
        let place = format!("{}/{}", folder.file_name().unwrap().to_string_lossy(), case.name);
        assert!(names.insert(case.name.as_str()), "{place}: a second case of this name");
        assert!(!case.source.trim().is_empty(), "{place}: `source` is empty");
        if place.contains(only) {
            problems.extend(run(folder, case).err().map(|problem| format!("{place}: {problem}\n  {}", case.search)));
        }
    }
    problems
}

fn run(folder: &Path, case: &Case) -> Result<(), String> {
    let mut command = Command::new(BINARY);
    command.current_dir(folder).stdin(Stdio::null()).env_remove("SPLQ_CONFIG");
    command.args(["query", "--now", NOW, "--format", "ndjson"]);
    let app = ["app".to_owned()];
    for app in case.apps.as_deref().unwrap_or(&app) {
        command.args(["--app", app]);
    }
    let data = ["in.log".to_owned()];
    for path in case.data.as_deref().unwrap_or(&data) {
        command.args(["--data", path]);
    }
    if let Some(sourcetype) = &case.sourcetype {
        command.args(["--sourcetype", sourcetype]);
    }
    let output = command.args(&case.arguments).arg(&case.search).output().unwrap();
    let said = words(&String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("fails: {said}"));
    }
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let row: Row = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        found.push(plain(&row));
    }
    let expected: Vec<Row> = case.expect.iter().map(plain).collect();
    if found != expected {
        return Err(format!("\n  found    {}\n  expected {}\n  said {said}", shown(&found), shown(&expected)));
    }
    if let Some(missing) = case.warns.iter().find(|text| !said.contains(text.as_str())) {
        return Err(format!("does not say `{missing}`, but {said}"));
    }
    if case.silent && said.contains("warning") {
        return Err(format!("says {said}"));
    }
    Ok(())
}

/// Text without the lines and frames of diagnostics.
fn words(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "|" | "⚠" | "×"));
    words.collect::<Vec<_>>().join(" ")
}

/// A row whose values are texts; what is absent does not stand in it.
fn plain(row: &Row) -> Row {
    fn text(value: &Json) -> Json {
        match value {
            Json::Array(values) => Json::Array(values.iter().map(text).collect()),
            Json::String(_) => value.clone(),
            other => Json::String(other.to_string()),
        }
    }
    row.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), text(value))).collect()
}

fn shown(rows: &[Row]) -> String {
    serde_json::to_string(rows).unwrap()
}
