//! A file of a content repository: its text, what it says, what is wrong with it.

use std::path::{Path, PathBuf};

use spl_parser::Diagnostic;

use crate::yaml::{self, Node};

/// A file of a repository and what was read from it.
#[derive(Clone, Debug)]
pub struct ContentFile<T> {
    /// The file, with the folder of the repository in front.
    pub file: PathBuf,
    /// Its text, which spans refer to; empty when it can't be read.
    pub text: String,
    /// What it says; none when it can't be read or is not YAML.
    pub value: Option<T>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

/// Reads the typed value of a file, and what is wrong with it.
pub(crate) type ReadValue<T> = fn(&Node) -> (T, Vec<Diagnostic>);

pub(crate) fn read_file<T>(file: PathBuf, value: ReadValue<T>) -> ContentFile<T> {
    let unreadable = |message: String| vec![Diagnostic::general("repository/file", format!("{}: {message}", file.display()))];
    let text = match read(&file) {
        Ok(text) => text,
        Err(message) => {
            let problems = unreadable(message);
            return ContentFile { file, text: String::new(), value: None, problems };
        }
    };
    match yaml::parse(&text) {
        Ok(root) => {
            let (value, problems) = value(&root);
            ContentFile { file, text, value: Some(value), problems }
        }
        Err(message) => {
            let problems = unreadable(message);
            ContentFile { file, text, value: None, problems }
        }
    }
}

/// The text of a file without a byte order mark.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
