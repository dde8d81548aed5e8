//! What `contentctl validate` refuses in a content repository: keys, values, names, references between files, tables of
//! lookups. Each detection is held against the rules of its own layout.

mod detection;
mod header;
mod lookups;
mod others;
mod references;
mod shape;
mod values;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use spl_parser::{Diagnostic, Span};

use crate::deployment::Deployment;
use crate::detection::Detection;

use crate::content_file::read;
use crate::yaml::{self, Node, Value};

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileProblems {
    /// The file, below the folder that was named.
    pub file: PathBuf,
    /// Its text, which spans refer to.
    pub text: String,
    /// At least one.
    pub problems: Vec<Diagnostic>,
}

/// The codes of problems, each with the rule in one line, by code.
pub const RULES: &[(&str, &str)] = &[
    (
        "content/drilldown",
        "a production detection that is not Hunting needs two drilldown searches, one with %original_detection_search%",
    ),
    ("content/enabled", "enabled_by_default is for production detections of type TTP, Anomaly and Correlation"),
    ("content/file", "a file that is empty, can't be read, holds no mapping or still holds __UPDATE__"),
    ("content/file-name", "a file is named after its `name`: lower case, with _ for blank, -, . and /"),
    ("content/filter-macro", "the search of a detection calls `<file stem>_filter`"),
    ("content/lookup-table", "a CSV file of a lookup has a header, rows as wide as the header, and a YAML file that names it"),
    ("content/macro", "each macro that a search calls is defined, and no four backticks follow each other"),
    ("content/missing", "a key that must be there is not"),
    ("content/output-fields", "the search of a production TTP or Anomaly has the output fields of its data sources"),
    ("content/reference", "a story, data source, baseline, deployment or lookup that is named must exist, and once in a list"),
    (
        "content/risk",
        "risk objects exist where the deployment makes risk events, and their fields and those of the message occur in the search",
    ),
    ("content/test", "a production detection that is not Correlation or manual has a test, and each test a name and data"),
    ("content/throttling", "fields to throttle by have no blanks and occur in the search; the period is a number with s, m or h"),
    ("content/type", "a value has another type than the key wants"),
    ("content/unique", "names and ids are unique over all kinds of content"),
    ("content/unknown-key", "layout 5 has no such key"),
    ("content/value", "a value is not one of those that the key can have, or has another form"),
];

/// A YAML file of a repository.
struct File {
    path: PathBuf,
    text: String,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
}

impl File {
    fn open(path: PathBuf) -> Self {
        let file = |text: String, root, problem: Option<Diagnostic>| Self {
            path: path.clone(),
            text,
            root,
            problems: problem.into_iter().collect(),
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) => {
                return file(String::new(), None, Some(Diagnostic::general("content/file", format!("can't be read: {error}"))));
            }
        };
        if let Some(place) = text.find("__UPDATE__") {
            let problem = Diagnostic::error("content/file", "the file still holds `__UPDATE__`", Span::new(place, place + 10));
            return file(text, None, Some(problem));
        }
        match yaml::parse(&text) {
            Ok(root) if matches!(root.value, Value::Mapping(_)) => file(text, Some(root), None),
            Ok(Node { value: Value::Null, .. }) => {
                file(text, None, Some(Diagnostic::general("content/file", "the file is empty")))
            }
            Ok(root) => {
                let problem = Diagnostic::error("content/file", "the file holds no mapping of keys", root.span);
                file(text, None, Some(problem))
            }
            Err(error) => {
                let problem = match yaml::place(&text, &error) {
                    Some((span, told)) => Diagnostic::error("content/file", told, span),
                    None => Diagnostic::general("content/file", error),
                };
                file(text, None, Some(problem))
            }
        }
    }

    fn entries(&self) -> &[(spl_parser::span::Spanned<String>, Node)] {
        match self.root.as_ref().map(|root| &root.value) {
            Some(Value::Mapping(entries)) => entries,
            _ => &[],
        }
    }

    fn get(&self, key: &str) -> Option<&Node> {
        let (_, node) = self.entries().iter().find(|(name, _)| name.value == key)?;
        (node.value != Value::Null).then_some(node)
    }

    fn text_of(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The kinds of content, with their folders.
const FOLDERS: [&str; 7] = ["deployments", "lookups", "macros", "stories", "baselines", "data_sources", "detections"];

/// What is known of a whole repository while its files are looked at.
struct Content {
    root: PathBuf,
    /// Files by folder, by path.
    files: IndexMap<&'static str, Vec<File>>,
    deployments: Vec<Deployment>,
    /// It has detections of layout 5, or none at all.
    is_v5: bool,
    /// `YYYY-MM-DD`
    today: String,
}

impl Content {
    fn names(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.files.get(folder).into_iter().flatten().filter_map(|file| file.text_of("name"))
    }

    /// Whether a kind has content of a name. A folder that is missing as a whole is told of once, not at each reference.
    fn has(&self, folder: &str, name: &str) -> bool {
        !self.root.join(folder).is_dir() || self.names(folder).any(|known| known == name)
    }
}

/// Everything that `contentctl validate` would refuse in the repository at `root`, by file. `today` is the date in UTC,
/// `YYYY-MM-DD`: no date of layout 5 may lie behind it.
pub fn validate(root: &Path, today: &str) -> Vec<FileProblems> {
    let mut files: IndexMap<&'static str, Vec<File>> = IndexMap::new();
    for folder in FOLDERS {
        let mut found = Vec::new();
        yaml_files(&root.join(folder), &mut found);
        found.sort();
        files.insert(folder, found.into_iter().map(File::open).collect());
    }
    let deployments = files["deployments"].iter().filter_map(|file| Some(Deployment::read(file.root.as_ref()?).0)).collect();
    let is_v5 = files["detections"].iter().all(|file| file.root.as_ref().is_none_or(|root| !of_v4(root)))
        || files["lookups"].iter().any(|file| file.get("lookup_type").is_some());
    let mut content = Content { root: root.to_owned(), files, deployments, is_v5, today: today.to_owned() };
    let mut problems: IndexMap<PathBuf, Vec<Diagnostic>> = IndexMap::new();
    for (_, path, found) in header::check(&content).into_iter().chain(detection::check(&content)).chain(others::check(&content)) {
        problems.entry(path).or_default().extend(found);
    }
    for (path, found) in lookups::check(&content).into_iter().chain(references::unique(&content)) {
        problems.entry(path).or_default().extend(found);
    }
    let mut all: Vec<FileProblems> = Vec::new();
    for file in content.files.values_mut().flatten() {
        let mut found = std::mem::take(&mut file.problems);
        found.extend(problems.shift_remove(&file.path).unwrap_or_default());
        if !found.is_empty() {
            found.sort_by_key(|problem| problem.span().map_or(0, |span| span.start));
            found.dedup_by(|one, other| one.message == other.message && one.span() == other.span());
            all.push(FileProblems { file: file.path.clone(), text: std::mem::take(&mut file.text), problems: found });
        }
    }
    for folder in FOLDERS.iter().filter(|folder| !root.join(folder).is_dir()) {
        let problem = Diagnostic::general("content/reference", "the folder is missing, so what is named of it is not checked");
        all.push(FileProblems { file: root.join(folder), text: String::new(), problems: vec![problem] });
    }
    // Files that are no YAML: tables of lookups.
    all.extend(problems.into_iter().map(|(file, problems)| FileProblems { file, text: String::new(), problems }));
    all
}

/// Whether a detection is in layout 4.
fn of_v4(root: &Node) -> bool {
    Detection::read(root).0.layout == crate::detection_type::Layout::V4
}

/// The `.yml` files below a folder: `contentctl` looks at no others.
fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests;
