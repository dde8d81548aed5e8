//! Fields and searches of knowledge objects as expressions over the loaded events, each planned once for all searches of
//! an engine, which then share what is kept per distinct value too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono_tz::Tz;
use datafusion::logical_expr::Expr;
use hashbrown::HashMap;

use crate::events::level::Level;
use crate::frame::scope::Typed;

/// What planned knowledge depends on beside the knowledge objects and the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnowledgeVersion {
    /// How often lookup tables of the session had been written.
    pub written: usize,
    /// The now of the search.
    pub now: f64,
    /// The time zone of the search.
    pub time_zone: Tz,
}

/// What was planned so far. It belongs to one set of knowledge objects and one set of events.
#[derive(Debug, Default)]
pub struct PlannedKnowledge {
    /// The versions that were used last, the last one first.
    versions: Mutex<Vec<(KnowledgeVersion, Planned)>>,
}

#[derive(Debug, Default)]
struct Planned {
    fields: HashMap<(usize, Level), HashMap<String, Option<Typed>>>,
    searches: HashMap<usize, HashMap<String, Expr>>,
    names: HashMap<(usize, bool), Arc<BTreeSet<String>>>,
}

/// Versions that are kept: searches of one moment share one.
const KEPT_VERSIONS: usize = 4;

impl PlannedKnowledge {
    /// A field of a kind of events up to a level of knowledge.
    pub fn field(&self, version: KnowledgeVersion, kind: usize, level: Level, name: &str) -> Option<Option<Typed>> {
        self.with(version, |planned| planned.fields.get(&(kind, level))?.get(name).cloned())
    }

    /// Keeps a field.
    pub fn keep_field(&self, version: KnowledgeVersion, kind: usize, level: Level, name: &str, field: &Option<Typed>) {
        self.with(version, |planned| {
            planned.fields.entry((kind, level)).or_default().insert(name.to_owned(), field.clone());
        });
    }

    /// The search of an event type or a constraint over a kind of events.
    pub fn search(&self, version: KnowledgeVersion, kind: usize, source: &str) -> Option<Expr> {
        self.with(version, |planned| planned.searches.get(&kind)?.get(source).cloned())
    }

    /// Keeps a search.
    pub fn keep_search(&self, version: KnowledgeVersion, kind: usize, source: &str, condition: &Expr) {
        self.with(version, |planned| {
            planned.searches.entry(kind).or_default().insert(source.to_owned(), condition.clone());
        });
    }

    /// The fields that definitions give to a kind of events, those of the knowledge pack or those of apps.
    pub fn names(&self, version: KnowledgeVersion, kind: usize, is_pack: bool) -> Option<Arc<BTreeSet<String>>> {
        self.with(version, |planned| planned.names.get(&(kind, is_pack)).cloned())
    }

    /// Keeps the names of fields.
    pub fn keep_names(&self, version: KnowledgeVersion, kind: usize, is_pack: bool, names: &Arc<BTreeSet<String>>) {
        self.with(version, |planned| {
            planned.names.insert((kind, is_pack), Arc::clone(names));
        });
    }

    fn with<T>(&self, version: KnowledgeVersion, act: impl FnOnce(&mut Planned) -> T) -> T {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        match versions.iter().position(|(known, _)| *known == version) {
            Some(0) => {}
            Some(place) => versions[..=place].rotate_right(1),
            None => {
                versions.truncate(KEPT_VERSIONS - 1);
                versions.insert(0, (version, Planned::default()));
            }
        }
        act(&mut versions[0].1)
    }
}
