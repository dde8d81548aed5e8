//! Which detections a change of files concerns: those that changed themselves, and those that use a changed macro, lookup, data
//! source or file of test data.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use spl_knowledge::Knowledge;

use crate::content_file::read;
use crate::detection::Detection;
use crate::queries::Query;
use crate::repository::{Repository, absolute};
use crate::test_data::files;
use crate::tests_file::{TestsFile, all_tests};
use crate::yaml::{self, Value};

/// What changed in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The files, absolute.
    files: BTreeSet<PathBuf>,
    macros: BTreeSet<String>,
    lookups: BTreeSet<String>,
    data_sources: BTreeSet<String>,
}

impl Changes {
    /// Reads what changed files define. A file that is gone counts under the name that its stem says.
    pub fn new(root: &Path, knowledge: &Knowledge, files: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut changes = Self { files: files.into_iter().collect(), ..Self::default() };
        for file in &changes.files {
            let Ok(below) = file.strip_prefix(root) else { continue };
            let name = name_of(file);
            match below.components().next().and_then(|folder| folder.as_os_str().to_str()) {
                Some("macros") => drop(changes.macros.insert(name)),
                Some("lookups") => changes.lookups.extend(lookup_names(file, name)),
                Some("data_sources") => drop(changes.data_sources.insert(name)),
                _ => {}
            }
        }
        // Macros that call a changed one have changed too.
        loop {
            let calls = |text: &str| called_macros(text).any(|name| changes.macros.contains(name));
            let callers = knowledge.macros.iter().filter(|known| calls(&known.definition)).map(|known| known.name.clone());
            let callers: Vec<String> = callers.filter(|name| !changes.macros.contains(name)).collect();
            if callers.is_empty() {
                return changes;
            }
            changes.macros.extend(callers);
        }
    }

    /// Whether a change concerns a search of a repository.
    pub fn concern(&self, query: &Query, repository: &Repository, knowledge: &Knowledge) -> bool {
        if [&query.file, &query.tests_file()].into_iter().any(|file| self.files.contains(&absolute(file))) {
            return true;
        }
        let Ok(search) = &query.search else { return false };
        if called_macros(search).any(|name| self.macros.contains(name)) || self.uses_lookup(search, knowledge) {
            return true;
        }
        query.detection.as_ref().is_some_and(|detection| {
            detection.data_source_names().any(|name| self.data_sources.contains(name))
                || test_files(detection, query, repository).iter().any(|data| self.files.contains(&absolute(data)))
        })
    }

    /// Whether a search or a macro that it calls names a changed lookup.
    fn uses_lookup(&self, search: &str, knowledge: &Knowledge) -> bool {
        if self.lookups.is_empty() {
            return false;
        }
        let mut texts = vec![search.to_owned()];
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(text) = texts.pop() {
            let word = |character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-' | '.'));
            let names = |name: &str| self.lookups.contains(name) || self.lookups.contains(name.trim_end_matches(".csv"));
            if text.contains("lookup") && text.split(word).any(names) {
                return true;
            }
            let called: Vec<String> = called_macros(&text).map(str::to_owned).collect();
            for name in called {
                if seen.insert(name.clone()) {
                    let definitions = knowledge.macros.iter().filter(|known| known.name == name);
                    texts.extend(definitions.map(|known| known.definition.clone()));
                }
            }
        }
        false
    }
}

fn test_files(detection: &Detection, query: &Query, repository: &Repository) -> Vec<PathBuf> {
    let beside = TestsFile::at(query.tests_file()).and_then(|file| file.value);
    let tests = all_tests(detection, beside.as_ref()).unwrap_or_else(|_| detection.tests.clone());
    tests.iter().flat_map(|test| files(repository, test)).collect()
}

/// The `name` that a YAML file says, or its stem.
fn name_of(file: &Path) -> String {
    let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let root = read(file).ok().and_then(|text| yaml::parse(&text).ok());
    match root.map(|root| root.value) {
        Some(Value::Mapping(entries)) => {
            let name = entries.into_iter().find(|(key, _)| key.value == "name").map(|(_, node)| node.value);
            if let Some(Value::Text(name)) = name { name } else { stem() }
        }
        _ => stem(),
    }
}

/// The lookups that a file in `lookups` belongs to: its own name, or those whose files name a table of this name.
fn lookup_names(file: &Path, name: String) -> Vec<String> {
    if file.extension().is_some_and(|extension| extension == "mlmodel") {
        return Vec::new();
    }
    let mut names = vec![name];
    let table = file.file_name().unwrap_or_default().to_string_lossy();
    if table.ends_with(".csv") {
        let beside = file.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        for entry in beside.into_iter().flatten().flatten() {
            let path = entry.path();
            let is_yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
            if is_yaml && read(&path).is_ok_and(|text| text.contains(table.as_ref())) {
                names.push(name_of(&path));
            }
        }
    }
    names
}

/// The names of the macros that a text calls.
fn called_macros(text: &str) -> impl Iterator<Item = &str> {
    let calls = text.split('`').skip(1).step_by(2);
    calls.map(|call| call.split('(').next().unwrap_or_default().trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::queries;

    #[test]
    fn changes_reach_who_uses_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("contentctl.yml", "app: {label: OURS}\n");
        write("macros/inner.yml", "name: inner\ndefinition: sourcetype=x\n");
        write("macros/outer.yml", "name: outer\ndefinition: '`inner` | lookup hosts_lookup host'\n");
        write("lookups/hosts.yml", "name: hosts_lookup\nfilename: hosts_v1.csv\n");
        write("lookups/hosts_v1.csv", "host,owner\n");
        write("data_sources/s.yml", "name: Sysmon EventID 1\n");
        write("data/a.log", "x\n");
        let detection = |search: &str, more: &str| format!("name: D\ntype: TTP\nsearch: '{search}'\n{more}");
        write("detections/by_macro.yml", &detection("`outer`", ""));
        write("detections/by_source.yml", &detection("index=x", "data_source: [Sysmon EventID 1]\n"));
        write(
            "detections/by_data.yml",
            &detection("index=x", "tests: [{name: T, attack_data: [{data: data/a.log, source: s, sourcetype: t}]}]\n"),
        );
        write("detections/other.yml", &detection("index=x", ""));
        write("detections/other.tests.yaml", "tests: []\n");
        let repository = Repository::load(root);
        let mut knowledge = Knowledge::built_in();
        assert_eq!(repository.add_to(&mut knowledge), Vec::new());
        let found = queries::find(&[root.join("detections")], &|| Ok(String::new())).unwrap();
        let concerned = |file: &str| {
            let changes = Changes::new(root, &knowledge, [root.join(file)]);
            let concerned = found.queries.iter().filter(|query| changes.concern(query, &repository, &knowledge));
            concerned.map(|query| query.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(concerned("macros/inner.yml"), ["by_macro"]);
        assert_eq!(concerned("lookups/hosts_v1.csv"), ["by_macro"]);
        assert_eq!(concerned("lookups/hosts.yml"), ["by_macro"]);
        assert_eq!(concerned("data_sources/s.yml"), ["by_source"]);
        assert_eq!(concerned("data/a.log"), ["by_data"]);
        assert_eq!(concerned("detections/other.yml"), ["other"]);
        assert_eq!(concerned("detections/other.tests.yaml"), ["other"]);
        assert_eq!(concerned("README.md"), Vec::<String>::new());
    }
}
