//! Data model summaries: the rows of datasets as `splq accelerate` wrote them, which `tstats summariesonly=true` reads in
//! place of events.

use std::collections::BTreeSet;

use spl_parser::Diagnostic;
use spl_parser::syntax::SearchExpression;
use spl_sources::{EventTable, FieldSelection};

use crate::dataset::{DEFAULT_FIELDS, DatasetName};
use crate::events;
use crate::frame::Frame;
use crate::planner::Planner;

/// Where summaries are.
pub trait Summaries: Send + Sync {
    /// The rows of a dataset, `Dataset.field` for its fields; none when there is no summary of it.
    fn table(&self, model: &str, dataset: &str, fields: FieldSelection) -> Option<Result<EventTable, String>>;
}

impl Planner {
    /// The summarised rows of a dataset within the time range of the search; none when there is no summary of it.
    ///
    /// # Errors
    /// Files of a summary that can't be read.
    pub fn summary(&self, dataset: &DatasetName<'_>, condition: Option<&SearchExpression>) -> Result<Option<Frame>, Diagnostic> {
        let Some(summaries) = self.summaries() else { return Ok(None) };
        let mut names: BTreeSet<String> =
            DEFAULT_FIELDS.iter().filter(|name| **name != "_raw").map(|name| (*name).to_owned()).collect();
        for field in dataset.model.all_fields(dataset.dataset)? {
            names.insert(format!("{}.{}", field.owner.rsplit('.').next().unwrap_or(&field.owner), field.name));
        }
        names.insert("_time".to_owned());
        let read = summaries.table(&dataset.model.name, dataset.dataset, FieldSelection::Only(names));
        let Some(table) = read.transpose().map_err(|message| Diagnostic::general("run/summary", message))? else {
            return Ok(None);
        };
        let frame = self.from_batches(table.schema, table.batches)?;
        events::within_search_time(self, frame, condition).map(Some)
    }
}
