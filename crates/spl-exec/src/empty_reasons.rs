//! Why a search found nothing, as values: no event has the field, no event has the value, nothing lies in the time, or a
//! command removed the rows that were left. It asks short counting searches and stops at what explains the result.
//!
//! Read `conditions.rs` for the search that reads the events, `commands.rs` for what stands behind it, `probes.rs` for the
//! searches that are asked.

mod commands;
mod conditions;
mod probes;

use spl_parser::effects::pipeline_effects;
use spl_parser::spec::ReadsEvents;

use crate::engine::{Engine, Failure, Search};

/// How many reasons are looked for.
pub const MOST: usize = 3;
/// How many values of a field a reason names.
pub const VALUES: usize = 4;

/// Why a search found nothing, or a part of why.
#[derive(Clone, Debug, PartialEq)]
pub enum EmptyReason {
    /// The search reads events, and there are none.
    NoEvents,
    /// No event lies in the time range that the search covers.
    OutsideTimes {
        /// From when it looks, in epoch seconds; none = from the first event.
        earliest: Option<f64>,
        /// Until when, exclusive; none = until the last event.
        latest: Option<f64>,
        /// The time of the first event.
        first: f64,
        /// The time of the last event.
        last: f64,
    },
    /// No row has a field.
    NoField {
        /// The field, as the search names it.
        field: String,
        /// The rows: all events, or those that a command was given.
        rows: Rows,
        /// A field that they have and that may be meant.
        nearest: Option<String>,
    },
    /// Rows have a field, and none has the value.
    NoValue {
        /// The field.
        field: String,
        /// The condition, as written.
        condition: String,
        /// The rows.
        rows: Rows,
        /// What they have in the field.
        present: Present,
        /// What may be meant.
        meant: Option<Meant>,
        /// Events that meet the condition outside of the time range of the search.
        at_other_times: u64,
    },
    /// No event contains a word or a phrase.
    NoText {
        /// The condition, as written.
        condition: String,
        /// Events that contain it as a part of a longer word.
        within_words: u64,
    },
    /// `where user=admin`: the word on the right is a field, which no row has.
    WordIsField {
        /// The field on the left.
        field: String,
        /// The word.
        word: String,
    },
    /// A condition or a command removed what was left.
    Removed {
        /// The condition or command, as written with macros expanded.
        text: String,
        /// What it was given.
        rows: Rows,
        /// The number of rows that it was given.
        before: u64,
        /// The fields that it compares, with what the rows had in them.
        values: Vec<(String, Present)>,
    },
    /// What the search begins with gives no rows: an empty lookup, a data model without events.
    NothingToBeginWith {
        /// The command, as written with macros expanded.
        text: String,
        /// The sourcetypes of the events with their number, the most frequent first, where the command reads events.
        sourcetypes: Vec<(String, u64)>,
    },
}

/// Which rows a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The events in the time of the search.
    Events,
    /// The rows that a command was given.
    Before,
}

/// What rows have in a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    /// The most frequent values with the rows that have them, at most [`VALUES`].
    pub values: Vec<(String, u64)>,
    /// How many different values there are; bounded by what is counted.
    pub distinct: usize,
    /// The least and the greatest number, for a comparison of numbers.
    pub range: Option<(String, String)>,
}

/// What a condition may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A value that is written almost so, with the rows that have it.
    Value(String, u64),
    /// The value as a part of longer values, with the rows that have those.
    PartOf(String, u64),
}

impl Engine {
    /// Why a search without rows has none: at most [`MOST`] reasons, the plainest first. They are added to `reasons` as they
    /// are found, so that a caller who stops waiting keeps those found so far. A search with rows has no reasons.
    ///
    /// # Errors
    /// What the search itself fails with.
    pub async fn empty_reasons(&self, search: &Search, reasons: &mut Vec<EmptyReason>) -> Result<(), Failure> {
        let reads = pipeline_effects(&search.pipeline).reads_events;
        if reads == ReadsEvents::Yes && !self.has_events() {
            reasons.push(EmptyReason::NoEvents);
            return Ok(());
        }
        self.reasons_of_conditions(search, reasons).await?;
        if reasons.is_empty() {
            self.reasons_of_commands(search, reasons).await?;
        }
        reasons.truncate(MOST);
        Ok(())
    }

    /// Whether there are events, as far as that is known without reading them.
    fn has_events(&self) -> bool {
        self.reads_in_parts() || self.data().is_some_and(|data| data.rows() > 0)
    }
}

#[cfg(test)]
mod tests;
