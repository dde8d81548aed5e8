//! Searches that the command line names: paths and stdin, and which of them are meant.

use std::path::{Path, PathBuf};

use spl_detections::queries::{self, FindError};
use spl_detections::selection::{self, Selected, Selection, SelectionError};

pub use spl_detections::queries::{Queries, Query, has_extension};

use crate::arguments::SelectionOptions;
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
