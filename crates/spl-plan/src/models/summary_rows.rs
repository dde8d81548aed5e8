//! Data model summaries: the rows of datasets as `splq accelerate` wrote them, which `tstats summariesonly=true` reads in
//! place of events.

use std::collections::BTreeSet;

use spl_parser::Diagnostic;
use spl_parser::syntax::SearchExpression;
use spl_sources::FieldSelection;

use crate::context::PlanContext;
use crate::frame::Frame;
use crate::models::dataset_name::{DEFAULT_FIELDS, DatasetName};
use crate::scan::events;
use spl_parser::effects::{RequiredFields, search_fields};

impl PlanContext {
    /// The summarised rows of a dataset within the time range of the search; none when there is no summary of it, or when
    /// the search names something that a summary does not hold (`tag`, `eventtype`, `nodename`).
    ///
    /// # Errors
    /// Files of a summary that can't be read or are damaged.
    pub fn summary(
        &self,
        dataset: &DatasetName<'_>,
        condition: Option<&SearchExpression>,
        named: &[&str],
    ) -> Result<Option<Frame>, Diagnostic> {
        let Some(summaries) = self.summaries() else { return Ok(None) };
        let mut held: BTreeSet<String> =
            DEFAULT_FIELDS.iter().filter(|name| **name != "_raw").map(|name| (*name).to_owned()).collect();
        for field in dataset.model.all_fields(dataset.dataset)? {
            held.insert(format!("{}.{}", field.owner.rsplit('.').next().unwrap_or(&field.owner), field.name));
        }
        let mut asked = RequiredFields::none();
        named.iter().for_each(|name| asked.add(name));
        if let Some(condition) = condition {
            search_fields(condition, &mut asked);
        }
        // A name that the dataset has not at all is warned of elsewhere, and is in no event either.
        let outside = |name: &str| matches!(name, "tag" | "eventtype" | "nodename" | "_raw") || name.starts_with("tag::");
        let RequiredFields::Only(asked) = asked else { return Ok(None) };
        if asked.iter().any(|name| outside(name)) {
            return Ok(None);
        }
        let read = summaries.table(&dataset.model.name, dataset.dataset, FieldSelection::Only(held));
        let Some(table) = read.transpose().map_err(|message| Diagnostic::general("run/summary", message))? else {
            return Ok(None);
        };
        let frame = self.from_batches(table.schema, table.batches)?;
        events::within_search_time(self, frame, condition).map(Some)
    }
}
