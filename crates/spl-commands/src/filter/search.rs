//! Planning of `search`: events that match, or rows that match when it stands further down.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::EventScan;
use spl_plan::frame::Frame;
use spl_plan::search::{predicate, subsearch};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let condition = match call.arguments.first() {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(context, condition).await?),
            _ => None,
        };
        match (input.frame, condition) {
            (None, condition) => context.scan(&EventScan::of_events(condition, &input.required)).await,
            (Some(frame), None) => Ok(frame),
            (Some(frame), Some(condition)) => {
                let condition = predicate::plan(context, &condition, &frame)?;
                frame.filter(condition)
            }
        }
    })
}
