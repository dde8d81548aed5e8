//! What is wrong with the files of a Splunk app, each finding with its file and line.

mod lines;
mod objects;

use std::path::{Path, PathBuf};

use spl_macros::Origin;
use spl_parser::diagnostic::{Diagnostic, Severity};

use crate::knowledge::Knowledge;

/// A finding about an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppProblem {
    /// The file, below the folder as it was given.
    pub file: PathBuf,
    /// The line, from 1; none where a file as a whole is meant.
    pub line: Option<usize>,
    /// Stable code, kebab-case with an area: `conf/duplicate-stanza`, `knowledge/unknown-setting`.
    pub code: &'static str,
    /// An error keeps a definition from working; a warning names what has no effect or is probably not meant.
    pub severity: Severity,
    /// One sentence without a final full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Compiles a regular expression in Splunk's dialect: the names of its groups by number (group 0 first), or what is wrong.
/// The dialect belongs to who runs searches, so it comes in as an argument.
pub type CompileRegex<'a> = &'a dyn Fn(&str) -> Result<Vec<Option<String>>, String>;

/// Checks the files of an app: `default/` and `local/` .conf files, `lookups/` and `data/models/`.
///
/// Found are lines that are no setting, unknown settings, values of another kind, stanzas and settings that are written
/// twice in one file, regular expressions, searches and eval expressions that can't be read, and names of transforms,
/// lookups, event types and files that nothing defines. `base` is what the app is loaded onto: what it refers to may be
/// defined there. Sorted by file and line; empty for a clean app.
///
/// Source: Splunk admin manual, the reference pages of the .conf files.
#[must_use]
pub fn lint_app(folder: &Path, base: &Knowledge, compile: CompileRegex<'_>) -> Vec<AppProblem> {
    let mut knowledge = base.clone();
    // What the base is made of may have problems of its own.
    let shown = folder.display().to_string();
    let own = |diagnostic: &Diagnostic| diagnostic.message.starts_with(&shown);
    let mut problems: Vec<AppProblem> =
        knowledge.load_app(folder).into_iter().filter(own).map(|diagnostic| located(folder, diagnostic)).collect();
    lines::check(folder, &mut problems);
    objects::check(folder, &knowledge, compile, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line, a.code, &a.message).cmp(&(&b.file, b.line, b.code, &b.message)));
    problems.dedup();
    problems
}

/// Takes the place off the front of a message: diagnostics about files begin with it.
fn located(folder: &Path, diagnostic: Diagnostic) -> AppProblem {
    let Diagnostic { code, severity, message, help, .. } = diagnostic;
    let shown = folder.display().to_string();
    let (file, line, message) = split_place(&message, &shown).unwrap_or((shown.as_str(), None, message.as_str()));
    // JSON tells its line at the end of the message.
    let line = line.or_else(|| {
        let (_, place) = message.rsplit_once(" at line ")?;
        place.split(' ').next()?.parse().ok()
    });
    AppProblem { file: PathBuf::from(file), line, code, severity, message: message.to_owned(), help }
}

/// `folder/file:line: message` and `folder/file: message` in their parts.
fn split_place<'a>(message: &'a str, folder: &str) -> Option<(&'a str, Option<usize>, &'a str)> {
    let behind = message.strip_prefix(folder)?;
    let end = folder.len() + behind.find(": ")?;
    let (place, text) = (&message[..end], &message[end + 2..]);
    match place.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
        Some((file, Ok(line))) => Some((file, Some(line), text)),
        _ => Some((place, None, text)),
    }
}

/// A finding about a definition of the app; none for definitions that came from elsewhere.
fn finding(
    folder: &Path,
    origin: &Origin,
    severity: Severity,
    code: &'static str,
    message: impl Into<String>,
) -> Option<AppProblem> {
    match origin {
        Origin::File { path, line } if Path::new(path).starts_with(folder) => Some(AppProblem {
            file: PathBuf::from(path),
            line: (*line > 0).then_some(*line),
            code,
            severity,
            message: message.into(),
            help: None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
