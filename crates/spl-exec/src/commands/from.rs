//! Planning of `from`: the rows of a dataset — a dataset of a data model, a lookup, a saved search.

use futures::future::BoxFuture;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span};

use super::{Input, inputlookup, savedsearch};
use crate::dataset::{self, DatasetName, Naming};
use crate::frame::Frame;
use crate::needed::Needed;
use crate::planner::Planner;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`from` must be the first command", call.name.span));
        }
        let Some(Argument::Pair { name: kind, value }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`from` needs a dataset", call.span));
        };
        needed_dataset(planner, &kind.value, &value.value, &input.needed, value.span).await
    })
}

/// The rows of a dataset by type and name, with all fields.
pub async fn dataset(planner: &Planner, kind: &str, name: &str, span: Span) -> Result<Frame, Diagnostic> {
    needed_dataset(planner, &kind.to_ascii_lowercase(), name, &Needed::All, span).await
}

async fn needed_dataset(planner: &Planner, kind: &str, name: &str, needed: &Needed, span: Span) -> Result<Frame, Diagnostic> {
    match kind {
        "datamodel" => {
            let dataset = DatasetName::find(planner.knowledge(), name, span)?;
            match dataset::searched(planner, &dataset, Naming::Plain, false, span).await? {
                Some(rows) => Ok(rows),
                None => dataset::found_rows(planner, &dataset, Naming::Plain, false, needed, span).await,
            }
        }
        "lookup" | "inputlookup" => {
            let table = planner.lookup(name).and_then(|definition| definition.load()).map_err(|error| error.at(span))?;
            inputlookup::table_frame(planner, &table)
        }
        "savedsearch" => {
            let saved = savedsearch::find(planner, name, span)?;
            savedsearch::run(planner, &saved, name, span).await
        }
        "sid" => Err(Diagnostic::error("plan/refused-dataset", "there are no finished search jobs to read", span)),
        "federated" => Err(Diagnostic::error("plan/refused-dataset", "there are no other Splunk servers to ask", span)),
        other => Err(Diagnostic::error("plan/dataset", format!("unknown dataset type `{other}`"), span)
            .with_help("datamodel, lookup, savedsearch")),
    }
}
