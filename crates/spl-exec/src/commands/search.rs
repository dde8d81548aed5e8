//! Planning of `search`: events that match, or rows that match when it stands further down.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use super::Input;
use crate::frame::Frame;
use crate::planner::Planner;
use crate::{events, search, subsearch};

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let condition = match call.arguments.first() {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(planner, condition).await?),
            _ => None,
        };
        match (input.frame, condition) {
            (None, condition) => events::found_events(planner, condition.as_ref(), &input.needed).await,
            (Some(frame), None) => Ok(frame),
            (Some(frame), Some(condition)) => {
                let condition = search::plan(planner, &condition, &frame)?;
                frame.filter(condition)
            }
        }
    })
}
