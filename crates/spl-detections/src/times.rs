//! The times that a search runs over, and whose word counts when several name them.

use crate::queries::Query;

/// Earliest and latest time of a search, as it is written: a time modifier or RFC 3339; none = all time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// Inclusive.
    pub earliest: Option<String>,
    /// Exclusive.
    pub latest: Option<String>,
}

/// The times that are named beside those of a search's own file.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Counts before what the file says: the command line.
    pub asked: TimeRange,
    /// Counts where nothing else is said: a configuration.
    pub fallback: TimeRange,
    /// Now, in epoch seconds; none = that of the engine.
    pub now: Option<f64>,
}

impl Times {
    /// The times of a search; each of the two is decided for itself.
    pub fn of(&self, query: &Query) -> TimeRange {
        let first = |asked: &Option<String>, own: &Option<String>, fallback: &Option<String>| {
            asked.clone().or_else(|| own.clone()).or_else(|| fallback.clone())
        };
        TimeRange {
            earliest: first(&self.asked.earliest, &query.metadata.earliest, &self.fallback.earliest),
            latest: first(&self.asked.latest, &query.metadata.latest, &self.fallback.latest),
        }
    }
}
