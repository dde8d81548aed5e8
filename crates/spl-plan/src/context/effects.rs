//! What a search changes outside of itself, as values: planning notes them, the executor carries them out at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spl_knowledge::LookupTable;
use spl_parser::{Diagnostic, Span};

use crate::context::written_lookups::WrittenLookups;

/// One effect of a search, and the place in the search that asks for it.
#[derive(Clone, Debug)]
pub struct Effect {
    /// What is changed.
    pub change: Change,
    /// The name in the search that asks for it.
    pub span: Span,
}

/// What a search can change.
#[derive(Clone, Debug)]
pub enum Change {
    /// A table that later searches of the session see, by its key.
    KeepTable {
        /// The key (see [`crate::context::written_lookups::key_of`]).
        key: String,
        /// The whole table as it will be.
        table: Arc<LookupTable>,
    },
    /// A CSV file that the user named, written whole; its folder is made.
    WriteFile {
        /// The file.
        path: PathBuf,
        /// The whole table as it will be.
        table: Arc<LookupTable>,
    },
    /// A CSV file that goes.
    RemoveFile {
        /// The file; nothing is wrong when there is none.
        path: PathBuf,
    },
}

impl Effect {
    /// The key or the file that is changed, and its content afterwards; none when it goes.
    pub fn target(&self) -> (Target<'_>, Option<&Arc<LookupTable>>) {
        match &self.change {
            Change::KeepTable { key, table } => (Target::Key(key), Some(table)),
            Change::WriteFile { path, table } => (Target::File(path), Some(table)),
            Change::RemoveFile { path } => (Target::File(path), None),
        }
    }

    /// Carries the effect out.
    ///
    /// # Errors
    /// A file or folder that can't be written.
    pub fn carry_out(self, written: &WrittenLookups) -> Result<(), Diagnostic> {
        let failed =
            |path: &Path, error: std::io::Error| Diagnostic::general("run/csv-file", format!("{}: {error}", path.display()));
        let done = match self.change {
            Change::KeepTable { key, table } => {
                written.set(key, table);
                Ok(())
            }
            Change::WriteFile { path, table } => path
                .parent()
                .map_or(Ok(()), |folder| std::fs::create_dir_all(folder).map_err(|error| failed(folder, error)))
                .and_then(|()| table.write(&path))
                .map(|()| written.note_file()),
            Change::RemoveFile { path } => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(&path, error)),
                _ => Ok(()),
            },
        };
        done.map_err(|error| error.at(self.span))
    }
}

/// What an effect changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A table of the session.
    Key(&'a str),
    /// A file.
    File(&'a Path),
}
