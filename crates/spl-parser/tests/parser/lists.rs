//! What commands do stands in their tables: no other file may hold a list of three or more commands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files that still hold such a list, each with the reason. A file that no longer does must leave this table.
const KNOWN: [(&str, &str); 4] = [
    ("spl-codec/src/operators.rs", "names by which operators are written and read back"),
    ("spl-operators/src/nodes/running.rs", "names by which operators are written and read back"),
    ("spl-parser/src/parser/argument.rs", "which options belong to a by-field is a question of grammar"),
    ("splq/src/commands/repl/approximation.rs", "reads words of pipelines that can't be parsed"),
];

#[test]
fn no_file_lists_commands() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let names: BTreeSet<&str> = spl_parser::commands::names().collect();
    let mut files = Vec::new();
    sources(&crates, &mut files);
    assert!(files.len() > 50, "the sources are not where they are looked for");
    let mut found = BTreeSet::new();
    for file in files {
        let place = file.strip_prefix(&crates).unwrap().display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if let Some(list) = lists(code).into_iter().find(|list| is_of_commands(list, &names)) {
            assert!(
                KNOWN.iter().any(|(known, _)| *known == place),
                "{place} lists commands: {list:?}; their tables say what they do"
            );
            found.insert(place);
        }
    }
    for (known, _) in KNOWN {
        assert!(found.contains(known), "{known} holds no list any more: take it out of the table");
    }
}

/// The sources below `crates/*/src`, those of the commands' syntax aside.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" && name != "target" && !path.ends_with("spl-parser/src/commands") {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// Quoted words that are joined by commas or bars.
fn lists(code: &str) -> Vec<Vec<&str>> {
    let mut lists: Vec<Vec<&str>> = Vec::new();
    let (mut at, mut end) = (0, 0);
    while let Some(opened) = code[at..].find('"').map(|quote| at + quote) {
        let rest = &code[opened + 1..];
        let length = rest.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(rest.len());
        at = opened + 1;
        if length == 0 || !rest[length..].starts_with('"') {
            continue;
        }
        let joined = matches!(code[end..opened].trim(), "," | "|");
        match lists.last_mut().filter(|_| joined) {
            Some(list) => list.push(&rest[..length]),
            None => lists.push(vec![&rest[..length]]),
        }
        at = opened + length + 2;
        end = at;
    }
    lists
}

fn is_of_commands(list: &[&str], names: &BTreeSet<&str>) -> bool {
    let commands = list.iter().filter(|text| names.contains(**text)).count();
    commands >= 3 && commands * 2 > list.len()
}
