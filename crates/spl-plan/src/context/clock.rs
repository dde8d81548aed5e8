//! The clock of a search: its now, its time zone and the time range that it is given from outside.

use chrono_tz::Tz;

/// What a search takes for now and where, and the time range that is given beside its text.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchClock {
    /// Now, in epoch seconds.
    pub now: f64,
    /// Time zone of time modifiers, `strftime` and `bin`.
    pub time_zone: Tz,
    /// Earliest time (time modifier or RFC 3339), inclusive; none = all time.
    pub earliest: Option<String>,
    /// Latest time, exclusive; none = all time.
    pub latest: Option<String>,
}

impl SearchClock {
    /// A clock that stands at a time, without a time range.
    pub fn at(now: f64, time_zone: Tz) -> Self {
        Self { now, time_zone, earliest: None, latest: None }
    }

    /// The same clock with another time range.
    pub fn with_range(self, earliest: Option<String>, latest: Option<String>) -> Self {
        Self { earliest, latest, ..self }
    }
}

/// From when until when a search looks, in epoch seconds; open ends are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeRange {
    /// Belongs to the range.
    pub earliest: Option<f64>,
    /// Does not belong to the range.
    pub latest: Option<f64>,
}

impl TimeRange {
    /// The range from the earlier start to the later end.
    pub fn extended(self, other: Self) -> Self {
        Self {
            earliest: self.earliest.zip(other.earliest).map(|(one, other)| one.min(other)),
            latest: self.latest.zip(other.latest).map(|(one, other)| one.max(other)),
        }
    }
}
