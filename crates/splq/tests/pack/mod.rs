//! The knowledge pack over events: `tests/pack/<source>/` has files of events and, in `expected.txt`, searches over them
//! with their rows; docs/knowledge-pack.md says what they fill.
//!
//! `expected.txt` is made of blocks with an empty line between them. A block names a file (`data:`), the options that it
//! is loaded with (`sourcetype:`, `source:`, `host:`, `index:`) and searches (`search:`), each followed by its rows as NDJSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use spl_knowledge::Knowledge;

use super::{documents_lock, root, splq, updating};

/// What stands around the generated part of the page.
const MARKS: (&str, &str) = ("<!-- made by the test `documents`: from here -->", "<!-- to here -->");

/// A search over a file of events.
#[derive(Clone)]
struct Case {
    source: String,
    /// `data`, `sourcetype`, `source`, `host`, `index`.
    options: BTreeMap<String, String>,
    search: String,
    rows: Vec<String>,
}

impl Case {
    fn run(&self, search: &str) -> Vec<String> {
        let file = root().join("tests/pack").join(&self.source).join(&self.options["data"]);
        let file = file.display().to_string();
        let mut arguments = vec!["query", "--now", "2024-06-01T00:00:00Z", "--format", "ndjson", "--data", &file];
        for (name, option) in [("sourcetype", "--sourcetype"), ("source", "--source"), ("host", "--host"), ("index", "--index")] {
            if let Some(value) = self.options.get(name) {
                arguments.extend([option, value]);
            }
        }
        arguments.push(search);
        let output = splq(&arguments);
        assert!(output.status.success(), "{}: {search}\n{}", self.source, String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The datasets of data models that the search reads.
    fn dataset(&self) -> Option<(String, String)> {
        let behind = self.search.split_once("from datamodel=")?.1;
        let name = behind.split_whitespace().next()?;
        let (model, dataset) = name.split_once('.').map_or((name, None), |(model, dataset)| (model, Some(dataset)));
        let knowledge = Knowledge::built_in();
        let first = knowledge.data_model(model).unwrap().datasets.keys().next().unwrap().clone();
        Some((model.to_owned(), dataset.map_or(first, str::to_owned)))
    }
}

fn folders() -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(root().join("tests/pack")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for folder in folders() {
        let source = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
        for block in text.split("\n\n") {
            let mut options = BTreeMap::new();
            for line in block.lines() {
                if let Some(search) = line.strip_prefix("search: ") {
                    let (options, search) = (options.clone(), search.to_owned());
                    found.push(Case { source: source.clone(), options, search, rows: Vec::new() });
                } else if line.starts_with('{') {
                    found.last_mut().unwrap().rows.push(line.to_owned());
                } else {
                    let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{source}: {line}"));
                    options.insert(name.to_owned(), value.to_owned());
                }
            }
        }
    }
    found
}

/// What `act` gives for each case, in order; several run at once.
fn each<T: Send>(cases: &[Case], act: impl Fn(&Case) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((place, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, cases.get(at)?)))
                {
                    let result = act(case);
                    results.lock().unwrap().push((place, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Rows as values: numbers are equal however they are written, and rows have no order.
fn values(rows: &[String]) -> Vec<serde_json::Value> {
    let mut values: Vec<serde_json::Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    values.sort_by_key(ToString::to_string);
    values
}

#[test]
fn events_of_every_source_fill_data_models() {
    let cases = cases();
    let found = each(&cases, |case| case.run(&case.search));
    let mut different = String::new();
    for (case, found) in cases.iter().zip(&found) {
        if values(&case.rows) != values(found) || found.is_empty() {
            let (rows, found) = (case.rows.join("\n  "), found.join("\n  "));
            let _ = writeln!(different, "{} {}\nexpected\n  {rows}\nfound\n  {found}", case.source, case.search);
        }
    }
    if !updating() {
        assert!(different.is_empty(), "{different}");
        return;
    }
    let mut text: BTreeMap<String, String> = BTreeMap::new();
    let mut before: Option<&Case> = None;
    for (case, found) in cases.iter().zip(&found) {
        let text = text.entry(case.source.clone()).or_default();
        if before.is_none_or(|before| (&before.source, &before.options) != (&case.source, &case.options)) {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(gap);
            for name in ["data", "sourcetype", "source", "host"] {
                if let Some(value) = case.options.get(name) {
                    let _ = writeln!(text, "{name}: {value}");
                }
            }
        }
        let _ = writeln!(text, "search: {}", case.search);
        found.iter().for_each(|row| text.push_str(&format!("{row}\n")));
        before = Some(case);
    }
    for (source, text) in text {
        std::fs::write(root().join("tests/pack").join(source).join("expected.txt"), text).unwrap();
    }
}

#[test]
fn every_source_has_events() {
    for folder in folders() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#')).count();
            assert!(path.ends_with("expected.txt") || lines >= 6, "{} has {lines} events", path.display());
        }
    }
}

/// The fields of the dataset that a search asks for.
fn asked(search: &str) -> BTreeSet<String> {
    let words = search.split(|character: char| character.is_whitespace() || matches!(character, '(' | ')'));
    let fields = words.filter(|word| !word.starts_with("datamodel=")).filter_map(|word| word.split_once('.'));
    fields.map(|(_, field)| field.to_owned()).collect()
}

fn table_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a source's props.conf opens with, and the stanzas in it.
fn stanzas(props: &str) -> (String, Vec<String>) {
    let title = props.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    let names = props.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    (title.to_owned(), names.map(|name| name.strip_prefix("(?::){0}").unwrap_or(name).to_owned()).collect())
}

fn generated() -> String {
    let cases = cases();
    let mut text = String::from("\n| source | sourcetypes and sources | what it is |\n| --- | --- | --- |\n");
    let mut folders: Vec<_> =
        std::fs::read_dir(root().join("crates/spl-knowledge/pack/sources")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let Ok(props) = std::fs::read_to_string(folder.join("default/props.conf")) else { continue };
        let (title, names) = stanzas(&props);
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", table_cell(name))).collect();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let _ = writeln!(text, "| {name} | {} | {title} |", names.join(", "));
    }
    text.push_str("\n## Data models that are fed\n\nSearches over the events of `tests/pack/<source>` read these fields, and the tests compare their rows.\n\n");
    text.push_str("| source | sourcetype | dataset | fields |\n| --- | --- | --- | --- |\n");
    let mut by_dataset: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for case in &cases {
        let Some((model, dataset)) = case.dataset() else { continue };
        let sourcetype = case.options.get("sourcetype").cloned().unwrap_or_else(|| "by content".to_owned());
        let key = (case.source.clone(), sourcetype, format!("{model}.{dataset}"));
        by_dataset.entry(key).or_default().extend(asked(&case.search));
    }
    for ((source, sourcetype, dataset), fields) in by_dataset {
        let fields: Vec<String> = fields.into_iter().collect();
        let _ = writeln!(text, "| {source} | {sourcetype} | {dataset} | {} |", fields.join(", "));
    }
    text.push_str("\n## Event types\n\n| event type | search | tags |\n| --- | --- | --- |\n");
    let knowledge = Knowledge::built_in();
    for kind in knowledge.enabled_event_types() {
        let tags: Vec<&str> = knowledge.tags_of("eventtype", &kind.name).collect();
        let _ = writeln!(text, "| {} | `{}` | {} |", kind.name, table_cell(&kind.search), tags.join(", "));
    }
    text.push('\n');
    text
}

#[test]
fn the_page_says_what_the_pack_fills() {
    let path = root().join("docs/knowledge-pack.md");
    let made = generated();
    let _held = documents_lock();
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(MARKS.0).expect("a mark in docs/knowledge-pack.md");
    let (old, tail) = rest.split_once(MARKS.1).expect("a second mark in docs/knowledge-pack.md");
    if updating() {
        std::fs::write(&path, format!("{head}{}\n{made}{}{tail}", MARKS.0, MARKS.1)).unwrap();
    } else {
        assert_eq!(old.trim_start_matches('\n'), made.trim_start_matches('\n'), "SPLQ_BLESS=1 makes the page anew");
    }
}
