//! Planning of `metasearch`: where and when events are, without their text and extracted fields.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::EventScan;
use spl_plan::frame::{Frame, column, text};
use spl_plan::search::subsearch;

const FIELDS: [&str; 5] = ["_time", "host", "index", "source", "sourcetype"];

/// Plans the command.
///
/// Source: Splunk search reference, metasearch.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`metasearch` must be the first command", call.name.span));
        }
        let condition = match call.arguments.first() {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(context, condition).await?),
            _ => None,
        };
        let required: BTreeSet<String> = FIELDS.iter().map(|name| (*name).to_owned()).collect();
        let frame = context.scan(&EventScan::of_events(condition, &RequiredFields::Only(required))).await?;
        let known = FIELDS.iter().filter(|name| frame.field(name).is_some());
        let mut columns: Vec<_> = known.map(|name| ((*name).to_owned(), column(name))).collect();
        columns.push(("splunk_server".to_owned(), text("local")));
        frame.select(columns)
    })
}
