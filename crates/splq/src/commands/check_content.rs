//! `splq check` in a content repository: what `contentctl validate` would refuse, with file and line.

use std::path::{Path, PathBuf};

use indicatif::HumanCount;
use spl_detections::repository::{self, absolute};
use spl_detections::validate::{FileProblems, RULES, validate};

use super::{Checked, Problem};
use crate::diagnostics::{report, report_general};
use crate::settings::clock;
use crate::source::{Source, line_and_column};
use crate::terminal::Terminal;

/// The page of all rules.
const PAGE: &str = include_str!("../../../../docs/content-rules.md");

/// The repositories that paths stand in or name, each once.
pub fn roots(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = paths.iter().filter_map(|path| repository::find(&absolute(path))).collect();
    roots.sort();
    roots.dedup();
    roots
}

/// What is wrong with the files of repositories that stand at or below the paths, one entry each, which are shown too.
pub fn problems(paths: &[PathBuf], terminal: &Terminal) -> Vec<Checked> {
    // Rules are for folders and for files of content: a search alone does not ask for the whole repository.
    let is_content = |path: &&PathBuf| path.extension().is_none_or(|extension| extension != "spl");
    let paths: Vec<PathBuf> = paths.iter().filter(is_content).cloned().collect();
    let roots = roots(&paths);
    let paths: Vec<(PathBuf, &PathBuf)> = paths.iter().map(|path| (absolute(path), path)).collect();
    let today = spl_functions::time::strftime(clock(), "%Y-%m-%d", chrono_tz::Tz::UTC);
    let mut found = Vec::new();
    for root in roots {
        for FileProblems { file, text, problems } in validate(&root, &today) {
            let Some((named, path)) = paths.iter().find(|(path, _)| file.starts_with(path)) else { continue };
            let shown = shown(&file, named, path);
            if text.is_empty() {
                terminal.error_text(&format!("{shown}:\n"));
                report_general(terminal, &problems);
            } else {
                report(terminal, &Source::new(shown.clone(), text.clone()), None, &problems);
            }
            found.extend(problems.into_iter().map(|problem| Checked {
                query: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                file: shown.clone(),
                problems: vec![Problem {
                    severity: problem.severity,
                    code: problem.code.to_owned(),
                    region: problem.span().map(|span| (line_and_column(&text, span.start), line_and_column(&text, span.end))),
                    message: problem.message,
                    help: problem.help,
                }],
            }));
        }
    }
    if !found.is_empty() {
        let problems = if found.len() == 1 { "problem" } else { "problems" };
        terminal.note(format_args!("content rules: {} {problems}", HumanCount(found.len() as u64)));
    }
    found
}

/// A file as the command line named it.
fn shown(file: &Path, named: &Path, path: &Path) -> String {
    let below = file.strip_prefix(named).unwrap_or(file);
    let whole = if below.as_os_str().is_empty() { path.to_owned() } else { path.join(below) };
    whole.strip_prefix("./").unwrap_or(&whole).display().to_string()
}

/// The page of a rule; none when it is no rule of content.
pub fn explained(code: &str) -> Option<&'static str> {
    RULES.iter().any(|(known, _)| *known == code).then_some(PAGE)
}
