//! `--changed-since`: the detections that files changed since a commit concern, as git tells them.

use std::path::{Path, PathBuf};
use std::process::Command;

use spl_detections::changes::Changes;
use spl_detections::test_run::TestRunner;

use crate::queries::Query;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Keeps the detections that changed since a commit or use something that did: committed, not committed and new files.
///
/// # Errors
/// No git, no repository of git, an unknown commit.
pub fn only(queries: Vec<Query>, reference: &str, runner: &TestRunner, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    let root = &runner.repository.root;
    if reference.starts_with('-') {
        return Err(Stop::Usage(format!("--changed-since: `{reference}` is no name of a commit")));
    }
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    let top = PathBuf::from(top.trim_end_matches(['\n', '\r']));
    let mut files: Vec<PathBuf> = Vec::new();
    let changed = git(root, &["diff", "--name-only", "-z", reference, "--"])?;
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    for name in changed.split('\0').chain(new.split('\0')).filter(|name| !name.is_empty()) {
        files.push(top.join(name));
    }
    // git resolves links, the repository's root may have some.
    let resolved = root.canonicalize().unwrap_or_else(|_| root.clone());
    let files = files.into_iter().map(|file| file.strip_prefix(&resolved).map(|below| root.join(below)).unwrap_or(file));
    let count = queries.len();
    let kept = concerned(queries, files, runner);
    terminal.note(format_args!("{} of {count} detections are concerned by changes since {reference}", kept.len()));
    Ok(kept)
}

/// Keeps the detections that are among the files or use what these define.
pub fn concerned(queries: Vec<Query>, files: impl IntoIterator<Item = PathBuf>, runner: &TestRunner) -> Vec<Query> {
    let knowledge = runner.engine.knowledge();
    let changes = Changes::new(&runner.repository.root, knowledge, files);
    queries.into_iter().filter(|query| changes.concern(query, &runner.repository, knowledge)).collect()
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, Stop> {
    let run = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = run.map_err(|error| Stop::Failed(format!("--changed-since needs git, which can't be run: {error}")))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let first = told.lines().next().unwrap_or("git failed");
        return Err(Stop::Failed(format!("--changed-since: {first}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
