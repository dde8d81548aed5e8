//! Lookup tables that `outputlookup` wrote: they belong to the session, and files change only where a user named them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use spl_knowledge::{LookupDefinition, LookupSource, LookupTable};

/// Tables written in this session, by what stands behind their lookup.
#[derive(Clone, Debug, Default)]
pub struct WrittenLookups {
    tables: Arc<Mutex<IndexMap<String, Arc<LookupTable>>>>,
    times: Arc<AtomicUsize>,
}

impl WrittenLookups {
    /// The table written for a key (see [`key_of`]).
    pub fn get(&self, key: &str) -> Option<Arc<LookupTable>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a table.
    pub fn set(&self, key: String, table: Arc<LookupTable>) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(key, table);
        self.times.fetch_add(1, Ordering::Release);
    }

    /// Notes that a file was written, which a lookup may read.
    pub fn note_file(&self) {
        self.times.fetch_add(1, Ordering::Release);
    }

    /// How often a table or a file was written: what was planned before may hold an older table.
    pub fn times(&self) -> usize {
        self.times.load(Ordering::Acquire)
    }
}

/// What two names of the same lookup have in common: its file or collection.
pub fn key_of(definition: &LookupDefinition) -> String {
    match &definition.source {
        LookupSource::File(path) => path.display().to_string(),
        LookupSource::Collection(name) => format!("collection {name}"),
        LookupSource::Missing(file) => key_of_file(file),
        LookupSource::Table(_) | LookupSource::Unsupported(_) => key_of_file(&definition.name),
    }
}

/// The key of a file that no lookups folder holds.
pub fn key_of_file(name: &str) -> String {
    let bare = name.strip_suffix(".gz").unwrap_or(name);
    format!("table {}", bare.strip_suffix(".csv").unwrap_or(bare))
}
