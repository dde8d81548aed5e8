//! Lookup tables and how they are matched, as values that can be written and read.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use spl_knowledge::LookupTable;
use spl_knowledge::lookup::MatchType;

/// The rows of a lookup as a value.
#[derive(Serialize, Deserialize)]
pub struct TableForm {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl TableForm {
    /// The value of a table.
    pub fn of(table: &LookupTable) -> Self {
        Self { header: table.header.clone(), rows: table.rows.clone() }
    }

    /// The table of the value.
    pub fn table(self) -> LookupTable {
        LookupTable { header: self.header, rows: self.rows }
    }
}

/// A number that is the same for tables with the same rows, and hardly for others.
pub fn fingerprint(table: &LookupTable) -> u64 {
    let mut hasher = FxHasher::default();
    (&table.header, &table.rows).hash(&mut hasher);
    hasher.finish()
}

/// How a field is compared, as a value.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MatchType")]
#[allow(missing_docs)]
pub enum MatchTypeForm {
    Exact,
    Wildcard,
    Cidr,
}
