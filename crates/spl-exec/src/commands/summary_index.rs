//! Planning of `sistats`, `sitop`, `sirare`, `sichart`, `sitimechart`: as their plain forms.
//!
//! In Splunk they write rows from which the plain form computes its result later. Here nothing is stored: alone they give
//! the plain result, and where the plain form follows at once it reads the rows themselves (see [`hands_on`]).

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::{Input, Planning};
use crate::frame::Frame;
use crate::planner::Planner;

/// The plain form of a command by its name.
fn plain_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "sistats" => "stats",
        "sitop" => "top",
        "sirare" => "rare",
        "sichart" => "chart",
        "sitimechart" => "timechart",
        _ => return None,
    })
}

/// Whether a command leaves its work to the next one, its plain form.
pub fn hands_on(call: &CommandCall, next: Option<&CommandCall>) -> bool {
    plain_name(call.spec.name).is_some_and(|plain| next.is_some_and(|next| next.spec.name == plain))
}

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let spec = plain_name(call.spec.name).and_then(spl_parser::commands::lookup);
        let spec = spec.ok_or_else(|| Diagnostic::error("plan/not-built", "there is no plain form", call.name.span))?;
        let plain = CommandCall { spec, ..call.clone() };
        match (super::planning(&plain)?, input.frame) {
            (Planning::Rows(plan), Some(frame)) => plan(planner, &plain, frame),
            (Planning::Stage(plan) | Planning::Source(plan), frame) => {
                plan(planner, &plain, Input { frame, needed: input.needed }).await
            }
            (Planning::Rows(_), None) => Err(Diagnostic::error("plan/no-input", "rows are needed", call.span)),
        }
    })
}
