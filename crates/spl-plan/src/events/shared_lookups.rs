//! Lookup tables and what finds rows in them, each made once for all searches of an engine.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono_tz::Tz;
use hashbrown::HashMap;
use spl_knowledge::{LookupDefinition, LookupSource, LookupTable, MatchType};
use spl_operators::lookup::matcher::{EntryTimes, Matcher};
use spl_parser::Diagnostic;

/// Matchers that are kept; all are dropped when there are more.
const MOST_MATCHERS: usize = 256;

/// What was read and indexed so far.
#[derive(Debug, Default)]
pub struct SharedLookups {
    files: Mutex<HashMap<PathBuf, File>>,
    filtered: Mutex<Vec<Filtered>>,
    matchers: Mutex<Vec<Kept>>,
}

/// A file as it was read.
#[derive(Debug)]
struct File {
    changed: Option<SystemTime>,
    bytes: u64,
    table: Arc<LookupTable>,
    /// What was left out of its rows, in words.
    note: Option<String>,
}

/// The rows of a table that a filter lets through.
#[derive(Debug)]
struct Filtered {
    of: Arc<LookupTable>,
    filter: String,
    table: Arc<LookupTable>,
}

#[derive(Debug)]
struct Kept {
    inputs: Vec<(usize, MatchType)>,
    case_sensitive: bool,
    max_matches: usize,
    /// Of a lookup by time: how times are written and how far they may be away.
    times: Option<(String, String, i64, i64, Tz)>,
    matcher: Arc<Matcher>,
}

impl SharedLookups {
    /// The rows of a lookup. A file is read again when its time or its size is another one.
    ///
    /// # Errors
    /// As [`LookupDefinition::load`].
    pub fn table(&self, definition: &LookupDefinition) -> Result<Arc<LookupTable>, Diagnostic> {
        match &definition.source {
            LookupSource::File(path) => self.file(path),
            LookupSource::Table(table) => Ok(table.clone()),
            _ => definition.load(),
        }
    }

    fn file(&self, path: &Path) -> Result<Arc<LookupTable>, Diagnostic> {
        let (changed, bytes) = match std::fs::metadata(path) {
            Ok(about) => (about.modified().ok(), about.len()),
            Err(_) => (None, 0),
        };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.get(path)
            && known.changed.is_some()
            && (known.changed, known.bytes) == (changed, bytes)
        {
            return Ok(known.table.clone());
        }
        let (table, note) = LookupTable::read_noting(path)?;
        let table = Arc::new(table);
        files.insert(path.to_owned(), File { changed, bytes, table: table.clone(), note });
        Ok(table)
    }

    /// What was left out of the rows of a file when it was read, in words.
    pub fn note(&self, path: &Path) -> Option<String> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(path)?.note.clone()
    }

    /// The rows of a table that a filter lets through, found out once for each table.
    ///
    /// # Errors
    /// As `make`.
    pub fn filtered(
        &self,
        of: &Arc<LookupTable>,
        filter: &str,
        make: impl FnOnce() -> Result<Arc<LookupTable>, Diagnostic>,
    ) -> Result<Arc<LookupTable>, Diagnostic> {
        let locked = || self.filtered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().iter().find(|known| Arc::ptr_eq(&known.of, of) && known.filter == filter) {
            return Ok(known.table.clone());
        }
        let table = make()?;
        let mut filtered = locked();
        if filtered.len() >= MOST_MATCHERS {
            filtered.clear();
        }
        filtered.push(Filtered { of: of.clone(), filter: filter.to_owned(), table: table.clone() });
        Ok(table)
    }

    /// What finds the rows of a table by the values of these columns.
    ///
    /// # Errors
    /// A lookup by time whose table lacks the field.
    pub fn matcher(
        &self,
        definition: &LookupDefinition,
        table: &Arc<LookupTable>,
        inputs: Vec<(usize, MatchType)>,
        zone: Tz,
    ) -> Result<Arc<Matcher>, Diagnostic> {
        let times = definition.time_field.clone().map(|field| {
            (field, definition.time_format.clone(), definition.min_offset_seconds, definition.max_offset_seconds, zone)
        });
        let (case_sensitive, max_matches) = (definition.case_sensitive, definition.max_matches);
        let mut matchers = self.matchers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = matchers.iter().find(|kept| {
            Arc::ptr_eq(&kept.matcher.table, table)
                && kept.inputs == inputs
                && (kept.case_sensitive, kept.max_matches, &kept.times) == (case_sensitive, max_matches, &times)
        });
        if let Some(known) = known {
            return Ok(known.matcher.clone());
        }
        let entries = EntryTimes::of(definition, table, zone)?;
        let matcher = Arc::new(Matcher::new(table.clone(), inputs.clone(), case_sensitive, max_matches).by_time(entries));
        if matchers.len() >= MOST_MATCHERS {
            matchers.clear();
        }
        matchers.push(Kept { inputs, case_sensitive, max_matches, times, matcher: matcher.clone() });
        Ok(matcher)
    }
}
