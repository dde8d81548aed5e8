//! Fields and searches of knowledge objects as expressions over the loaded events, each planned once for all searches of
//! an engine, which then share what is kept per distinct value too.

use std::sync::{Mutex, PoisonError};

use datafusion::logical_expr::Expr;
use hashbrown::HashMap;

use crate::events::Level;
use crate::expression::Typed;

/// What was planned so far. It belongs to one set of knowledge objects, one set of events and the lookup tables as they
/// were written last.
#[derive(Debug, Default)]
pub struct PlannedKnowledge {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How often lookup tables had been written.
    written: usize,
    fields: HashMap<(usize, Level), HashMap<String, Option<Typed>>>,
    searches: HashMap<usize, HashMap<String, Expr>>,
}

impl PlannedKnowledge {
    /// A field of a kind of events up to a level of knowledge.
    pub fn field(&self, written: usize, kind: usize, level: Level, name: &str) -> Option<Option<Typed>> {
        self.with(written, |state| state.fields.get(&(kind, level))?.get(name).cloned())
    }

    /// Keeps a field.
    pub fn keep_field(&self, written: usize, kind: usize, level: Level, name: &str, planned: &Option<Typed>) {
        self.with(written, |state| {
            state.fields.entry((kind, level)).or_default().insert(name.to_owned(), planned.clone());
        });
    }

    /// The search of an event type or a constraint over a kind of events.
    pub fn search(&self, written: usize, kind: usize, source: &str) -> Option<Expr> {
        self.with(written, |state| state.searches.get(&kind)?.get(source).cloned())
    }

    /// Keeps a search.
    pub fn keep_search(&self, written: usize, kind: usize, source: &str, planned: &Expr) {
        self.with(written, |state| {
            state.searches.entry(kind).or_default().insert(source.to_owned(), planned.clone());
        });
    }

    fn with<T>(&self, written: usize, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.written != written {
            *state = State { written, ..State::default() };
        }
        act(&mut state)
    }
}
