//! Planning of `from`: the rows of a dataset — a dataset of a data model, a lookup, a saved search.

use futures::future::BoxFuture;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span};
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::EventScan;
use spl_plan::frame::Frame;
use spl_plan::models::dataset;
use spl_plan::models::dataset_name::DatasetName;
use spl_plan::models::search_text::Naming;
use spl_plan::search::saved_search;

use crate::generate::inputlookup;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`from` must be the first command", call.name.span));
        }
        let Some(Argument::Pair { name: kind, value }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`from` needs a dataset", call.span));
        };
        required_dataset(context, &kind.value, &value.value, &input.required, value.span).await
    })
}

/// The rows of a dataset by type and name, with all fields.
pub async fn dataset(context: &PlanContext, kind: &str, name: &str, span: Span) -> Result<Frame, Diagnostic> {
    required_dataset(context, &kind.to_ascii_lowercase(), name, &RequiredFields::All, span).await
}

async fn required_dataset(
    context: &PlanContext,
    kind: &str,
    name: &str,
    required: &RequiredFields,
    span: Span,
) -> Result<Frame, Diagnostic> {
    match kind {
        "datamodel" => {
            let dataset = DatasetName::find(context.knowledge(), name, span)?;
            match dataset::searched(context, &dataset, Naming::Plain, false, span).await? {
                Some(rows) => Ok(rows),
                None => context.scan(&EventScan::of_dataset(&dataset, Naming::Plain, false, required, span)).await,
            }
        }
        "lookup" | "inputlookup" => {
            let table =
                context.lookup(name).and_then(|definition| context.lookup_table(&definition)).map_err(|error| error.at(span))?;
            inputlookup::table_frame(context, &table)
        }
        "savedsearch" => {
            let saved = saved_search::find(context, name, span)?;
            saved_search::run(context, &saved, name, span).await
        }
        "sid" => Err(Diagnostic::error("plan/refused-dataset", "there are no finished search jobs to read", span)),
        "federated" => Err(Diagnostic::error("plan/refused-dataset", "there are no other Splunk servers to ask", span)),
        other => Err(Diagnostic::error("plan/dataset", format!("unknown dataset type `{other}`"), span)
            .with_help("datamodel, lookup, savedsearch")),
    }
}
