//! Searches in files: .spl files, detection YAML files, folders of both.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;
use spl_knowledge::saved_search::SavedSearch;
use spl_macros::Origin;
use spl_parser::Diagnostic;

use crate::content_file::read;
use crate::detection::Detection;
use crate::metadata::{Metadata, of_comments};
use crate::saved_alert;
use crate::source::Source;
use crate::tests_file::TestsFile;
use crate::yaml::{self, Node, Value};

/// A search in a file.
#[derive(Clone, Debug)]
pub struct Query {
    /// The file's name without extension; with its folders when two files have the same name.
    pub name: String,
    /// The file as it was found.
    pub file: PathBuf,
    /// The same below the folder that was named.
    below: PathBuf,
    /// The search, or why it can't be had.
    pub search: Result<String, String>,
    /// What spans of the search refer to.
    pub source: Source,
    /// What the file says about it.
    pub metadata: Metadata,
    /// The detection, when the file is one; of a saved search what its settings say of its rows.
    pub detection: Option<Detection>,
    /// The saved search of an app, when it is one.
    pub saved: Option<Box<SavedSearch>>,
}

impl Query {
    /// A search that was not found below a folder.
    pub fn new(
        name: impl Into<String>,
        file: PathBuf,
        search: Result<String, String>,
        source: Source,
        metadata: Metadata,
    ) -> Self {
        Self { name: name.into(), below: file.clone(), file, search, source, metadata, detection: None, saved: None }
    }
}

impl Query {
    /// Why it has no search that can be read, at its place in the file.
    pub fn problem(&self) -> Option<Diagnostic> {
        let message = self.search.as_ref().err()?;
        let told = message.strip_prefix(&format!("{}: ", self.source.name)).unwrap_or(message);
        Some(match yaml::place(&self.source.text, told) {
            Some((span, told)) => Diagnostic::error("file/unreadable", told, span),
            None => Diagnostic::general("file/unreadable", message.clone()),
        })
    }

    /// Whether its file is one of a content repository: that of a detection, a baseline or the like.
    pub fn is_content(&self) -> bool {
        self.saved.is_none() && (self.detection.is_some() || is_yaml(&self.file))
    }

    /// The file with its tests: `NAME.tests.yaml` beside a detection, or in the folder `tests` of the app of a saved search.
    pub fn tests_file(&self) -> PathBuf {
        match &self.saved {
            None => TestsFile::path(&self.file),
            Some(_) => {
                let app = self.file.parent().and_then(Path::parent).unwrap_or(Path::new(""));
                app.join("tests").join(format!("{}{}", self.name, crate::tests_file::ENDING))
            }
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Queries {
    /// In the order of the paths given; within a folder by path.
    pub queries: Vec<Query>,
    /// YAML files in folders that hold no search.
    pub skipped: usize,
}

/// Why no searches can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindError {
    /// A path is no file and no glob either.
    Pattern(String),
    /// A file or folder is not there, can't be read, or holds no search.
    Unreadable(String),
}

impl std::fmt::Display for FindError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Pattern(message) | Self::Unreadable(message)) = self;
        formatter.write_str(message)
    }
}

impl std::error::Error for FindError {}

/// What gives the text of stdin, which the path `-` stands for.
pub type StandardInput<'i> = &'i dyn Fn() -> std::io::Result<String>;

/// Reads the search of one file, whatever its extension.
///
/// # Errors
/// A file that can't be read or is not UTF-8; a YAML file without `search`.
pub fn read_search(path: &Path, standard_input: StandardInput<'_>) -> Result<(String, Source), FindError> {
    let text = if path == Path::new("-") { standard_input().map_err(|error| error.to_string()) } else { read(path) };
    let text = text.map_err(|error| FindError::Unreadable(format!("can't read {}: {error}", path.display())))?;
    if !is_yaml(path) {
        return Ok((text.clone(), Source::new(path.display().to_string(), text)));
    }
    match yaml_search(path, &text).map_err(FindError::Unreadable)? {
        Some(YamlSearch { search, source, .. }) => Ok((search, source)),
        None => Err(FindError::Unreadable(without_search(path, &text))),
    }
}

/// Finds the searches below the paths.
///
/// # Errors
/// A path that does not exist or is neither a folder nor a search file; nothing found at all.
pub fn find(paths: &[PathBuf], standard_input: StandardInput<'_>) -> Result<Queries, FindError> {
    let mut found = Queries::default();
    for path in paths {
        if path == Path::new("-") {
            found.queries.push(of_standard_input(standard_input)?);
        } else if path.is_dir() {
            for file in search_files(path)? {
                match query(&file, file.strip_prefix(path).unwrap_or(&file)) {
                    Some(query) => found.queries.push(query),
                    None => found.skipped += 1,
                }
            }
        } else if let Some((folder, files)) = glob(path)? {
            for file in files {
                match query(&file, file.strip_prefix(&folder).unwrap_or(&file)) {
                    Some(query) => found.queries.push(query),
                    None => found.skipped += 1,
                }
            }
        } else if !path.exists() {
            return Err(FindError::Unreadable(format!("no such file or folder: {}", path.display())));
        } else if !is_search_file(path) {
            return Err(FindError::Unreadable(format!(
                "{} is not a search file; known extensions are .spl, .yml, .yaml",
                path.display()
            )));
        } else {
            found.queries.push(query(path, path).unwrap_or_else(|| {
                let missing = without_search(path, &std::fs::read_to_string(path).unwrap_or_default());
                let source = Source::new(path.display().to_string(), "");
                Query::new(stem(path), path.clone(), Err(missing), source, Metadata::default())
            }));
        }
    }
    if found.queries.is_empty() {
        return Err(FindError::Unreadable("no searches found: neither .spl files nor .yml files with a `search`".to_owned()));
    }
    name_apart(&mut found.queries);
    Ok(found)
}

/// The saved searches of apps as queries, each with the times and annotations that its settings give.
pub fn of_saved_searches<'s>(saved: impl IntoIterator<Item = &'s SavedSearch>) -> Vec<Query> {
    let mut queries: Vec<Query> = saved
        .into_iter()
        .map(|saved| {
            let (file, source) = saved_source(saved);
            // A name becomes the name of a file of rows.
            let name = saved.name.replace(['/', '\\'], "_");
            let name = name.trim_start_matches('.').to_owned();
            let metadata = Metadata::of_saved_search(saved);
            let query = Query::new(name, file, Ok(saved.search.clone()), source, metadata);
            Query { saved: Some(Box::new(saved.clone())), detection: Some(saved_alert::detection(saved)), ..query }
        })
        .collect();
    name_apart(&mut queries);
    queries
}

/// The file of a saved search, and where its search stands in it.
fn saved_source(saved: &SavedSearch) -> (PathBuf, Source) {
    let origin = saved.places.get("search").unwrap_or(&saved.origin);
    let Origin::File { path, line } = origin else {
        return (PathBuf::from(&saved.name), Source::new(&saved.name, &saved.search));
    };
    let file = PathBuf::from(path);
    let begin = || {
        let text = read(&file).ok()?;
        let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
        let equals = start + text.get(start..)?.find('=')? + 1;
        let value = text.get(equals..)?;
        Some((equals + value.len() - value.trim_start_matches([' ', '\t']).len(), text))
    };
    let source = match begin() {
        Some((start, text)) => Source::in_conf(path, &text, start, &saved.search),
        None => Source::new(format!("{path} [{}]", saved.name), &saved.search),
    };
    (file, source)
}

/// The search that stdin is.
fn of_standard_input(standard_input: StandardInput<'_>) -> Result<Query, FindError> {
    let text = standard_input().map_err(|error| FindError::Unreadable(format!("can't read stdin: {error}")))?;
    let metadata = of_comments(&text).map_err(|message| FindError::Unreadable(format!("stdin: {message}")))?;
    Ok(Query::new("stdin", PathBuf::from("-"), Ok(text.clone()), Source::new("stdin", text), metadata))
}

/// The search files that a path with `*`, `?`, `[` or `{` names, and the folder that it begins with; none for a plain path.
fn glob(path: &Path) -> Result<Option<(PathBuf, Vec<PathBuf>)>, FindError> {
    let is_pattern = |text: &str| text.contains(['*', '?', '[', '{']);
    let pattern = path.to_string_lossy();
    if path.exists() || !is_pattern(&pattern) {
        return Ok(None);
    }
    let matcher = GlobBuilder::new(&pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| FindError::Pattern(format!("`{pattern}` is no file and no glob: {}", error.kind())))?
        .compile_matcher();
    let plain = path.components().take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy()));
    let folder: PathBuf = plain.collect();
    let start = if folder.as_os_str().is_empty() { Path::new(".") } else { folder.as_path() };
    let mut files = if start.is_dir() { search_files(start)? } else { Vec::new() };
    files.retain_mut(|file| {
        if folder.as_os_str().is_empty() {
            *file = file.strip_prefix(".").unwrap_or(file).to_path_buf();
        }
        matcher.is_match(&*file)
    });
    if files.is_empty() {
        return Err(FindError::Unreadable(format!("no search file matches {pattern}")));
    }
    Ok(Some((folder, files)))
}

/// The .spl and YAML files below a folder, by path; hidden ones and those with tests beside a detection are left out.
///
/// # Errors
/// A folder that can't be read.
pub fn search_files(folder: &Path) -> Result<Vec<PathBuf>, FindError> {
    let mut files = Vec::new();
    for entry in WalkBuilder::new(folder).standard_filters(false).hidden(true).follow_links(true).build() {
        let entry = entry.map_err(|error| FindError::Unreadable(format!("can't read {}: {error}", folder.display())))?;
        let is_beside = entry.file_name().to_string_lossy().ends_with(crate::tests_file::ENDING);
        if is_search_file(entry.path()) && !is_beside && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

/// The search of a file; none for a YAML file without one.
fn query(path: &Path, below: &Path) -> Option<Query> {
    let shown = path.display().to_string();
    let (mut metadata, mut detection) = (Metadata::default(), None);
    let (search, source) = match read(path) {
        Err(error) => (Err(format!("can't read {shown}: {error}")), Source::new(shown, "")),
        Ok(text) if is_yaml(path) => match yaml_search(path, &text) {
            Ok(Some(found)) => {
                metadata = found.detection.as_ref().map(Metadata::of_detection).unwrap_or_default();
                let is_other = found.detection.as_ref().is_some_and(is_other_content);
                detection = found.detection.filter(|_| !is_other);
                if is_other {
                    (metadata.detection, metadata.risk_fields) = (false, Vec::new());
                }
                (Ok(found.search), found.source)
            }
            Ok(None) => return None,
            // Only a file that means to hold a search is a problem here.
            Err(_) if !text.lines().any(|line| line.trim_start_matches(['"', '\'']).starts_with("search")) => return None,
            Err(message) => (Err(message), Source::new(shown, text)),
        },
        Ok(text) => {
            let search = match of_comments(&text) {
                Ok(said) => {
                    metadata = said;
                    Ok(text.clone())
                }
                Err(message) => Err(format!("{shown}: {message}")),
            };
            (search, Source::new(shown, text))
        }
    };
    let below = below.to_path_buf();
    Some(Query { name: stem(path), file: path.to_path_buf(), below, search, source, metadata, detection, saved: None })
}

/// The search in a YAML file.
struct YamlSearch {
    search: String,
    /// With its place in the file.
    source: Source,
    /// What the file says of it; none when its tags have another form than those of a detection.
    detection: Option<Detection>,
}

/// What is wrong with a file without a search, in one line.
fn without_search(path: &Path, text: &str) -> String {
    let shown = path.display();
    if spl_parser::parser::foreign::is_sigma(text) {
        return format!(
            "{shown} is a Sigma rule: convert it first, for example with `sigma convert -t splunk -p splunk_windows {shown}`"
        );
    }
    format!("{shown} has no `search`")
}

/// Reads a YAML file once; none when it has no `search`.
///
/// # Errors
/// What is wrong with the YAML, or that `search` is no text.
fn yaml_search(path: &Path, text: &str) -> Result<Option<YamlSearch>, String> {
    let shown = path.display().to_string();
    let root = yaml::parse(text).map_err(|message| format!("{shown}: {message}"))?;
    if let Some(search) = top_level(&root, "search")
        && !matches!(search.value, Value::Text(_) | Value::Null)
    {
        return Err(format!("{shown}: `search` is no text"));
    }
    let (detection, _) = Detection::read(&root);
    let Some(search) = detection.search.clone() else { return Ok(None) };
    let source = Source::embedded(shown, text, search.span.start, &search.value);
    let is_detection = top_level(&root, "tags").is_none_or(|tags| matches!(tags.value, Value::Mapping(_) | Value::Null));
    Ok(Some(YamlSearch { search: search.value, source, detection: is_detection.then_some(detection) }))
}

/// Content that has a search, too, but is no detection: baselines and investigations.
fn is_other_content(read: &Detection) -> bool {
    read.kind_text.as_ref().is_some_and(|kind| ["Baseline", "Investigation"].contains(&kind.as_str()))
}

fn top_level<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    match &root.value {
        Value::Mapping(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node),
        _ => None,
    }
}

/// Whether a path has one of these extensions, in any case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
}

fn is_yaml(path: &Path) -> bool {
    has_extension(path, &["yml", "yaml"])
}

fn is_search_file(path: &Path) -> bool {
    has_extension(path, &["spl", "yml", "yaml"])
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Queries of the same name are told apart by the folders below the one that was named, then by the extension, then by
/// the whole path, then by a number.
fn name_apart(queries: &mut [Query]) {
    let attempts: [fn(&Query) -> String; 3] =
        [|query| joined(&query.below.with_extension("")), |query| joined(&query.below), |query| joined(&query.file)];
    for attempt in attempts {
        let counts = count_names(queries);
        for query in queries.iter_mut().filter(|query| counts.get(&query.name).is_some_and(|count| *count > 1)) {
            query.name = attempt(query);
        }
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for query in queries {
        let count = seen.entry(query.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            query.name = format!("{}-{count}", query.name);
        }
    }
}

fn count_names(queries: &[Query]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for query in queries {
        *counts.entry(query.name.clone()).or_default() += 1;
    }
    counts
}

/// The names of a path joined by slashes, without root and `..`.
fn joined(path: &Path) -> String {
    let names = path.components().filter_map(|component| match component {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    names.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found_below(paths: &[PathBuf]) -> Result<Queries, FindError> {
        find(paths, &|| Err(std::io::ErrorKind::UnexpectedEof.into()))
    }

    #[test]
    fn folders_are_read_in_order_and_names_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("b.spl", "foo");
        write("a.yml", "name: A\nsearch: bar\n  | head 1\n");
        write("sub/b.spl", "other");
        write("macro.yml", "definition: x\n");
        write("bad.yml", "search: [\n");
        write(".hidden.spl", "no");
        let found = found_below(&[folder.path().to_path_buf()]).unwrap();
        let names: Vec<&str> = found.queries.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "bad", "sub/b"]);
        assert_eq!(found.queries[0].search.as_deref(), Ok("bar | head 1"));
        assert_eq!(found.queries[0].source.line_and_column(6), (3, 5));
        assert!(found.queries[2].search.is_err());
        assert_eq!(found.skipped, 1);
        let quoted = "search: 'a\n| head 1\n| tail 1'\nname: x\n";
        std::fs::write(folder.path().join("margin.yml"), quoted).unwrap();
        let (search, source) = read_search(&folder.path().join("margin.yml"), &|| Ok(String::new())).unwrap();
        assert_eq!((search.as_str(), source.line_and_column(4)), ("a | head 1 | tail 1", (2, 3)));
        std::fs::remove_file(folder.path().join("margin.yml")).unwrap();
        let found = found_below(&[folder.path().join("*.spl"), folder.path().join("**/a.y*")]).unwrap();
        let names: Vec<&str> = found.queries.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(found_below(&[folder.path().join("*.txt")]).is_err());
    }

    #[test]
    fn files_say_what_their_searches_are() {
        let folder = tempfile::tempdir().unwrap();
        let yaml = "name: A\ntype: TTP\nsearch: x\ntags:\n  analytic_story: [Story]\n  mitre_attack_id: [T1059.001]\n  message: $user$ ran\n  \
                    observable: [{name: dest, role: [Victim]}]\n";
        std::fs::write(folder.path().join("a.yml"), yaml).unwrap();
        std::fs::write(folder.path().join("b.yml"), "search: x\ntags: [a]\n").unwrap();
        std::fs::write(folder.path().join("c.spl"), "```tags: one```x").unwrap();
        std::fs::write(folder.path().join("d.yml"), "name: D\ntype: Baseline\nsearch: x\ntags: {detections: [A]}\n").unwrap();
        let found = found_below(&[folder.path().to_path_buf()]).unwrap().queries;
        let detection = &found[0].metadata;
        assert_eq!((detection.title.as_deref(), detection.techniques.as_slice()), (Some("A"), &["T1059.001".to_owned()][..]));
        assert_eq!(detection.tags, ["Story", "TTP"]);
        let risk: Vec<&str> = detection.risk_fields.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(risk, ["dest", "user"]);
        assert_eq!(found[1].metadata, Metadata::default());
        assert_eq!(found[2].metadata.tags, ["one"]);
        let baseline = &found[3];
        assert_eq!((baseline.metadata.title.as_deref(), baseline.metadata.detection), (Some("D"), false));
        assert!(baseline.detection.is_none() && found[0].detection.is_some());
    }
}
