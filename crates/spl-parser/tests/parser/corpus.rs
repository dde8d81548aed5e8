//! Every search of public collections beside the repository, where they are present: they parse and print back equal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use spl_parser::{parse, print};

use crate::compare::without_spans;

/// Searches that do not parse, with the reason. An entry whose search parses fails the test.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("abnormally_high_aws_instances_terminated_by_user.yml", "compares with a function call in `search`, which has no functions"),
    ("first_time_seen_child_process_of_zoom.yml", "doubled quotes around a time modifier"),
];

#[derive(Deserialize)]
struct Detection {
    search: Option<String>,
}

#[derive(Deserialize)]
struct Macro {
    name: String,
    definition: String,
    #[serde(default)]
    arguments: Vec<String>,
}

fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(folder);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|have| have == extension) {
            found.push(path);
        }
    }
}

fn listed(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(folder, extension, &mut found);
    found
}

/// Replaces macros, innermost text first; an undefined `*_filter` keeps everything.
fn expand(text: &str, macros: &BTreeMap<String, Macro>, depth: usize) -> String {
    if depth > 10 {
        return text.to_owned();
    }
    let mut output = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        output.push_str(&rest[..at]);
        if rest[at..].starts_with("```") {
            let end = rest[at + 3..].find("```").map_or(rest.len(), |end| at + 3 + end + 3);
            output.push_str(&rest[at..end]);
            rest = &rest[end..];
            continue;
        }
        let after = &rest[at + 1..];
        let Some(end) = after.find('`') else {
            output.push_str(&rest[at..]);
            return output;
        };
        output.push_str(&expand(&expanded_macro(&after[..end], macros), macros, depth + 1));
        rest = &after[end + 1..];
    }
    output.push_str(rest);
    output
}

fn expanded_macro(call: &str, macros: &BTreeMap<String, Macro>) -> String {
    let (name, arguments) = match call.split_once('(') {
        Some((name, arguments)) => (name.trim(), arguments.trim_end().trim_end_matches(')')),
        None => (call.trim(), ""),
    };
    let values: Vec<&str> = if arguments.is_empty() { Vec::new() } else { arguments.split(',').map(str::trim).collect() };
    let full = if values.is_empty() { name.to_owned() } else { format!("{name}({})", values.len()) };
    match macros.get(&full).or_else(|| macros.get(name)) {
        Some(found) => {
            let mut text = found.definition.clone();
            for (argument, value) in found.arguments.iter().zip(values) {
                text = text.replace(&format!("${argument}$"), value.trim_matches('"'));
            }
            text
        }
        None => "search *".to_owned(),
    }
}

/// Some files continue a quoted text at the start of a line, which strict YAML readers refuse.
fn read_yaml<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap().replace("\n|", "\n  |").replace("\n[", "\n  [");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn macros(content: &Path) -> BTreeMap<String, Macro> {
    listed(&content.join("macros"), "yml")
        .iter()
        .map(|path| read_yaml::<Macro>(path))
        .map(|found| (found.name.clone(), found))
        .collect()
}

/// What is wrong with a search, if anything.
fn problem(search: &str) -> Option<String> {
    let tree = match parse(search) {
        Ok(tree) => tree,
        Err(errors) => {
            let error = &errors[0];
            let at = error.span().map_or(0, |span| span.start);
            let near: String = search.get(at.saturating_sub(40)..).unwrap_or(search).chars().take(100).collect();
            return Some(format!("{error} near `{near}`"));
        }
    };
    let printed = print(&tree);
    match parse(&printed) {
        Ok(again) if without_spans(&again) == without_spans(&tree) => None,
        Ok(_) => Some(format!("printed differently: {printed}")),
        Err(errors) => Some(format!("printed text does not parse: {} in {printed}", errors[0])),
    }
}

#[test]
fn security_content_detections() {
    let Some(content) = shared("security_content") else {
        return;
    };
    let macros = macros(&content);
    let mut failures = Vec::new();
    let mut count = 0usize;
    for path in listed(&content.join("detections"), "yml") {
        let detection: Detection = read_yaml(&path);
        let Some(search) = detection.search else {
            continue;
        };
        count += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let excepted = EXCEPTIONS.iter().any(|(file, _)| *file == name);
        match problem(&expand(&search, &macros, 0)) {
            Some(message) if !excepted => failures.push(format!("{name}: {message}")),
            None if excepted => failures.push(format!("{name} is an exception but parses")),
            _ => {}
        }
    }
    assert!(failures.is_empty(), "{} of {count} fail:\n{}", failures.len(), failures.join("\n"));
    assert!(EXCEPTIONS.len() * 100 <= count);
}

#[test]
fn sigma_searches() {
    let Some(sigma) = shared("sigma") else { return };
    let mut failures = Vec::new();
    for path in listed(&sigma.join("spl"), "spl") {
        if let Some(message) = problem(&std::fs::read_to_string(&path).unwrap()) {
            failures.push(format!("{}: {message}", path.display()));
        }
    }
    for path in listed(&sigma.join("invalid"), "spl") {
        if parse(&std::fs::read_to_string(&path).unwrap()).is_ok() {
            failures.push(format!("{} is wrong but parses", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[derive(Deserialize)]
struct Case {
    name: String,
    spl: String,
    #[serde(default)]
    error: bool,
    #[serde(default)]
    macros: BTreeMap<String, serde::de::IgnoredAny>,
}

#[test]
fn conformance_cases() {
    let Some(cases) = shared("conformance/cases") else {
        return;
    };
    let mut failures = Vec::new();
    for path in listed(&cases, "yml") {
        let cases: Vec<Case> = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in cases {
            if case.error || !case.macros.is_empty() || case.spl.contains('`') {
                continue;
            }
            if let Some(message) = problem(&case.spl) {
                failures.push(format!("{}: {message}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}
