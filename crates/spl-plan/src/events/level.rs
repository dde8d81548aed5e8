//! The levels of search-time knowledge, and the fields that events are stored with.

/// Fields that Splunk stores with an event; an extraction does not replace them.
pub const STORED_FIELDS: &[&str] = &["_time", "_raw", "host", "source", "sourcetype", "index"];

/// How far a field's knowledge is applied; each level sees the one before (Splunk knowledge manager manual, the sequence
/// of search-time operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// As the data carries it.
    Carried,
    /// With `EXTRACT-` and `REPORT-`.
    Extracted,
    /// With `FIELDALIAS-`.
    Aliased,
    /// With `EVAL-`.
    Calculated,
    /// With `LOOKUP-`.
    LookedUp,
    /// With event types and tags.
    Tagged,
}
