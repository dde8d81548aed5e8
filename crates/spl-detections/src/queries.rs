//! Searches in files: .spl files, detection YAML files, folders of both.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::metadata::{DetectionFile, Metadata, of_comments};
use crate::source::Source;
use crate::stop::Stop;

/// A search in a file.
#[derive(Debug)]
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
}

/// What was found.
#[derive(Debug, Default)]
pub struct Queries {
    /// In the order of the paths given; within a folder by path.
    pub queries: Vec<Query>,
    /// YAML files in folders that hold no search.
    pub skipped: usize,
}

/// The part of a detection that matters here.
#[derive(Deserialize)]
struct Detection {
    search: Option<Spanned<String>>,
}

/// Reads a search file that was named with `-f`.
///
/// # Errors
/// A file that can't be read or is not UTF-8.
pub fn read_search(path: &Path) -> Result<(String, Source), Stop> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).map_err(|error| error.to_string())
    } else {
        read(path)
    };
    let text = text.map_err(|error| Stop::Failed(format!("can't read {}: {error}", path.display())))?;
    match is_yaml(path) {
        true => match detection(path, &text) {
            Ok(Some((search, source))) => Ok((search, source)),
            Ok(None) => Err(Stop::Failed(format!("{} has no `search`", path.display()))),
            Err(message) => Err(Stop::Failed(message)),
        },
        false => Ok((text.clone(), Source::new(path.display().to_string(), text))),
    }
}

/// Refuses stdin as both a search and data.
///
/// # Errors
/// That, as wrong usage.
pub fn check_standard_input(paths: &[PathBuf], data: &[String]) -> Result<(), Stop> {
    if paths.iter().any(|path| path == Path::new("-")) && data.iter().any(|path| path == "-") {
        return Err(Stop::Usage("stdin can't be both a search and the data (--data -)".to_owned()));
    }
    Ok(())
}

/// Finds the searches below the paths.
///
/// # Errors
/// No path; a path that does not exist or is neither a folder nor a search file; nothing found at all.
pub fn find(paths: &[PathBuf]) -> Result<Queries, Stop> {
    let mut found = Queries::default();
    if paths.is_empty() {
        return Err(Stop::Usage("no PATH was given, and no splq.toml names `searches`".to_owned()));
    }
    for path in paths {
        if path == Path::new("-") {
            found.queries.push(standard_input()?);
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
            return Err(Stop::Failed(format!("no such file or folder: {}", path.display())));
        } else if !is_search_file(path) {
            return Err(Stop::Failed(format!("{} is not a search file; known extensions are .spl, .yml, .yaml", path.display())));
        } else {
            found.queries.push(query(path, path).unwrap_or_else(|| Query {
                name: stem(path),
                file: path.clone(),
                below: path.clone(),
                search: Err(format!("{} has no `search`", path.display())),
                source: Source::new(path.display().to_string(), ""),
                metadata: Metadata::default(),
            }));
        }
    }
    if found.queries.is_empty() {
        return Err(Stop::Failed("no searches found: neither .spl files nor .yml files with a `search`".to_owned()));
    }
    name_apart(&mut found.queries);
    Ok(found)
}

/// The search that stdin is.
fn standard_input() -> Result<Query, Stop> {
    let text = std::io::read_to_string(std::io::stdin()).map_err(|error| Stop::Failed(format!("can't read stdin: {error}")))?;
    let metadata = of_comments(&text).map_err(|message| Stop::Failed(format!("stdin: {message}")))?;
    let file = PathBuf::from("-");
    Ok(Query {
        name: "stdin".to_owned(),
        below: file.clone(),
        file,
        search: Ok(text.clone()),
        source: Source::new("stdin", text),
        metadata,
    })
}

/// The search files that a path with `*`, `?`, `[` or `{` names, and the folder that it begins with; none for a plain path.
fn glob(path: &Path) -> Result<Option<(PathBuf, Vec<PathBuf>)>, Stop> {
    let is_pattern = |text: &str| text.contains(['*', '?', '[', '{']);
    let pattern = path.to_string_lossy();
    if path.exists() || !is_pattern(&pattern) {
        return Ok(None);
    }
    let matcher = GlobBuilder::new(&pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| Stop::Usage(format!("`{pattern}` is no file and no glob: {}", error.kind())))?
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
        return Err(Stop::Failed(format!("no search file matches {pattern}")));
    }
    Ok(Some((folder, files)))
}

/// The .spl and YAML files below a folder, by path; hidden ones are left out.
///
/// # Errors
/// A folder that can't be read.
pub fn search_files(folder: &Path) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    for entry in WalkBuilder::new(folder).standard_filters(false).hidden(true).follow_links(true).build() {
        let entry = entry.map_err(|error| Stop::Failed(format!("can't read {}: {error}", folder.display())))?;
        if is_search_file(entry.path()) && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

/// The search of a file; none for a YAML file without one.
fn query(path: &Path, below: &Path) -> Option<Query> {
    let shown = path.display().to_string();
    let mut metadata = Metadata::default();
    let (search, source) = match read(path) {
        Err(error) => (Err(format!("can't read {shown}: {error}")), Source::new(shown, "")),
        Ok(text) if is_yaml(path) => match detection(path, &text) {
            Ok(Some((search, source))) => {
                // Tags of another form than a detection's say nothing here.
                metadata = serde_saphyr::from_str(&text).map(DetectionFile::metadata).unwrap_or_default();
                (Ok(search), source)
            }
            Ok(None) => return None,
            // Only a file that means to hold a search is a problem here.
            Err(_) if !text.lines().any(|line| line.starts_with("search:")) => return None,
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
    Some(Query { name: stem(path), file: path.to_path_buf(), below: below.to_path_buf(), search, source, metadata })
}

/// The search of a detection file and its place in the file.
fn detection(path: &Path, text: &str) -> Result<Option<(String, Source)>, String> {
    let shown = path.display().to_string();
    let detection: Detection = serde_saphyr::from_str(text).map_err(|error| {
        let message = error.to_string();
        format!("{shown}: {}", message.lines().next().unwrap_or("not valid YAML"))
    })?;
    let Some(search) = detection.search else {
        return Ok(None);
    };
    let (line, column) = (search.referenced.line(), search.referenced.column());
    let start = byte_offset(text, line as usize, column as usize);
    let source = Source::embedded(shown, text, start, &search.value);
    Ok(Some((search.value, source)))
}

/// The byte at a line and column, both from 1, columns in characters.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(0, |(offset, _)| offset)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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
        let found = find(&[folder.path().to_path_buf()]).unwrap();
        let names: Vec<&str> = found.queries.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "bad", "sub/b"]);
        assert_eq!(found.queries[0].search.as_deref(), Ok("bar | head 1"));
        assert_eq!(found.queries[0].source.line_and_column(6), (3, 5));
        assert!(found.queries[2].search.is_err());
        assert_eq!(found.skipped, 1);
        let found = find(&[folder.path().join("*.spl"), folder.path().join("**/a.y*")]).unwrap();
        let names: Vec<&str> = found.queries.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(find(&[folder.path().join("*.txt")]).is_err());
    }

    #[test]
    fn files_say_what_their_searches_are() {
        let folder = tempfile::tempdir().unwrap();
        let yaml = "name: A\ntype: TTP\nsearch: x\ntags:\n  analytic_story: [Story]\n  mitre_attack_id: [T1059.001]\n  message: $user$ ran\n  \
                    observable: [{name: dest, role: [Victim]}]\n";
        std::fs::write(folder.path().join("a.yml"), yaml).unwrap();
        std::fs::write(folder.path().join("b.yml"), "search: x\ntags: [a]\n").unwrap();
        std::fs::write(folder.path().join("c.spl"), "```tags: one```x").unwrap();
        let found = find(&[folder.path().to_path_buf()]).unwrap().queries;
        let detection = &found[0].metadata;
        assert_eq!((detection.title.as_deref(), detection.techniques.as_slice()), (Some("A"), &["T1059.001".to_owned()][..]));
        assert_eq!(detection.tags, ["Story", "TTP"]);
        let risk: Vec<&str> = detection.risk_fields.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(risk, ["dest", "user"]);
        assert_eq!(found[1].metadata, Metadata::default());
        assert_eq!(found[2].metadata.tags, ["one"]);
    }
}
