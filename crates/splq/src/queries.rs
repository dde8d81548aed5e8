//! Searches that the command line names: paths and stdin, and which of them are meant.

use std::path::{Path, PathBuf};

use spl_detections::queries::{self, FindError};
use spl_detections::selection::{self, Selected, Selection, SelectionError};

pub use spl_detections::queries::{Queries, Query, has_extension};

use spl_knowledge::Knowledge;
use spl_knowledge::saved_search::SavedSearch;
use spl_macros::Origin;

use crate::arguments::{KnowledgeOptions, SelectionOptions};
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

impl From<FindError> for Stop {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Pattern(message) => Self::Usage(message),
            FindError::Unreadable(message) => Self::Failed(message),
        }
    }
}

fn standard_input() -> std::io::Result<String> {
    std::io::read_to_string(std::io::stdin())
}

/// Reads a search file that was named with `-f`.
///
/// # Errors
/// As [`queries::read_search`].
pub fn read_search(path: &Path) -> Result<(String, Source), Stop> {
    Ok(queries::read_search(path, &standard_input)?)
}

/// Finds the searches below the paths.
///
/// # Errors
/// No path, as wrong usage; the rest as [`queries::find`].
pub fn find(paths: &[PathBuf]) -> Result<Queries, Stop> {
    if paths.is_empty() {
        return Err(Stop::Usage("no PATH was given, and no splq.toml names `searches`".to_owned()));
    }
    Ok(queries::find(paths, &standard_input)?)
}

/// Where searches are: paths of search files, and apps whose saved searches are meant.
#[derive(Debug, Default)]
pub struct Places {
    /// Files, folders of them, globs.
    pub paths: Vec<PathBuf>,
    /// Folders and packages of apps.
    pub apps: Vec<PathBuf>,
}

/// The places that the command line names: a folder with a savedsearches.conf in `default` or `local` is an app, whose knowledge
/// is added to the options. Without any path the saved searches of the apps that the options name are meant.
pub fn places(paths: &[PathBuf], options: &mut KnowledgeOptions) -> Places {
    let is_app = |path: &PathBuf| ["default", "local"].iter().any(|layer| path.join(layer).join("savedsearches.conf").is_file());
    let (apps, paths): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(is_app);
    let apps = if paths.is_empty() && apps.is_empty() { options.app.clone() } else { apps };
    options.app.extend(apps.iter().filter(|app| !options.app.contains(app)).cloned().collect::<Vec<_>>());
    Places { paths, apps }
}

impl Places {
    /// The searches in files; none when only apps are named.
    ///
    /// # Errors
    /// As [`find`].
    pub fn find(&self) -> Result<Queries, Stop> {
        if self.paths.is_empty() && !self.apps.is_empty() { Ok(Queries::default()) } else { find(&self.paths) }
    }

    /// The saved searches of the apps.
    ///
    /// # Errors
    /// Apps are all that is named, and they have none.
    pub fn saved_searches(&self, knowledge: &Knowledge) -> Result<Vec<Query>, Stop> {
        let is_of = |saved: &&SavedSearch| match &saved.origin {
            Origin::File { path, .. } => self.apps.iter().any(|app| Path::new(path).starts_with(app)),
            _ => false,
        };
        let saved = queries::of_saved_searches(knowledge.saved_searches.values().filter(is_of));
        if saved.is_empty() && self.paths.is_empty() && !self.apps.is_empty() {
            return Err(Stop::Failed("no searches found: the apps have no saved searches".to_owned()));
        }
        Ok(saved)
    }
}

/// The .spl and YAML files below a folder, by path; hidden ones are left out.
///
/// # Errors
/// A folder that can't be read.
pub fn search_files(folder: &Path) -> Result<Vec<PathBuf>, Stop> {
    Ok(queries::search_files(folder)?)
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

/// Keeps the searches that `--select` and `--exclude` leave.
///
/// # Errors
/// A `--select` that matches no search; nothing left. Both are wrong usage.
pub fn select(queries: Vec<Query>, options: &SelectionOptions, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    let count = queries.len();
    match selection::select(queries, Selection { select: &options.select, exclude: &options.exclude }) {
        Ok(Selected { queries, unused }) => {
            for pattern in unused {
                terminal.warn(format_args!("--exclude {pattern} matches none of {count} searches"));
            }
            Ok(queries)
        }
        Err(SelectionError::NoMatch(pattern)) => Err(Stop::Usage(format!("--select {pattern} matches none of {count} searches"))),
        Err(SelectionError::NothingLeft) => Err(Stop::Usage("no search is left after --exclude".to_owned())),
    }
}
