//! Planning of `search`: events that match, or rows that match when it stands further down.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use crate::context::{Input, PlanContext};
use crate::frame::Frame;
use crate::{events, search, subsearch};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let condition = match call.arguments.first() {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(context, condition).await?),
            _ => None,
        };
        match (input.frame, condition) {
            (None, condition) => events::found_events(context, condition.as_ref(), &input.needed).await,
            (Some(frame), None) => Ok(frame),
            (Some(frame), Some(condition)) => {
                let condition = search::plan(context, &condition, &frame)?;
                frame.filter(condition)
            }
        }
    })
}
