//! Data model summaries: the rows of datasets as `splq accelerate` wrote them, which `tstats summariesonly=true` reads in
//! place of events.

use spl_sources::{EventTable, FieldSelection};

/// Where summaries are.
pub trait Summaries: Send + Sync {
    /// The rows of a dataset, `Dataset.field` for its fields; none when there is no summary of it.
    fn table(&self, model: &str, dataset: &str, fields: FieldSelection) -> Option<Result<EventTable, String>>;
}
