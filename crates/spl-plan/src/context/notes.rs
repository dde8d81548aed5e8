//! What a search has to say beside its rows: warnings, limits that may be reached while it runs, and its effects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spl_knowledge::LookupTable;
use spl_parser::Diagnostic;
use spl_parser::syntax::Expression;

use crate::context::effects::{Effect, Target};

/// A warning for what may happen while the search runs, and whether it did.
type Watched = (Arc<AtomicBool>, Diagnostic);

/// The notes of one search, which planning and running it add to.
#[derive(Debug, Default)]
pub struct SearchNotes {
    warnings: Mutex<Vec<Diagnostic>>,
    watched: Mutex<Vec<Watched>>,
    /// Limits that rows may reach, by number, and whether they did.
    limits: Mutex<Vec<(Diagnostic, bool)>>,
    effects: Mutex<Vec<Effect>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SearchNotes {
    /// Notes something that the user should know; the same words are noted once.
    pub fn warn(&self, warning: Diagnostic) {
        let mut warnings = locked(&self.warnings);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Notes a warning that holds only when `happened` is set while the search runs.
    pub fn watch(&self, happened: Arc<AtomicBool>, warning: Diagnostic) {
        locked(&self.watched).push((happened, warning));
    }

    /// Notes a warning for a limit that a run may reach; gives the number by which the run says so.
    pub fn expect_limit(&self, warning: Diagnostic) -> usize {
        let mut limits = locked(&self.limits);
        limits.push((warning, false));
        limits.len() - 1
    }

    /// Notes that a run has reached the limit of this number.
    pub fn limit_reached(&self, number: usize) {
        if let Some((_, reached)) = locked(&self.limits).get_mut(number) {
            *reached = true;
        }
    }

    /// Notes an effect, which the executor carries out when the search has run to its end.
    pub fn add_effect(&self, effect: Effect) {
        locked(&self.effects).push(effect);
    }

    /// What this search itself has written to a target, which its later commands see: the table, or none when it goes.
    pub fn pending(&self, target: Target<'_>) -> Option<Option<Arc<LookupTable>>> {
        let effects = locked(&self.effects);
        let (_, table) = effects.iter().rev().map(Effect::target).find(|(known, _)| *known == target)?;
        Some(table.cloned())
    }

    /// Whether the search has effects so far.
    pub fn has_effects(&self) -> bool {
        !locked(&self.effects).is_empty()
    }

    /// The effects so far, in the order of the search; they are handed over once.
    pub fn take_effects(&self) -> Vec<Effect> {
        std::mem::take(&mut locked(&self.effects))
    }

    /// The warnings so far, with those of limits that were reached; they are handed over once.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        let watched = std::mem::take(&mut *locked(&self.watched));
        for (happened, warning) in watched {
            if happened.load(Ordering::Relaxed) {
                self.warn(warning);
            }
        }
        for (warning, reached) in &mut *locked(&self.limits) {
            if std::mem::take(reached) {
                self.warn(warning.clone());
            }
        }
        std::mem::take(&mut locked(&self.warnings))
    }
}

/// How fields are shown at the end of a search, in the order given.
#[derive(Debug, Default)]
pub struct Formats(Mutex<Vec<(String, Expression)>>);

impl Formats {
    /// Notes the format of a field; a later format of the same field replaces an earlier one.
    pub fn set(&self, field: &str, format: &Expression) {
        let mut formats = locked(&self.0);
        formats.retain(|(known, _)| known != field);
        formats.push((field.to_owned(), format.clone()));
    }

    /// Each field with its format.
    pub fn all(&self) -> Vec<(String, Expression)> {
        locked(&self.0).clone()
    }
}
