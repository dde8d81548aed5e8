//! Planning of `sistats`, `sitop`, `sirare`, `sichart`, `sitimechart`: as their plain forms.
//!
//! In Splunk they write rows from which the plain form computes its result later. Here nothing is stored: alone they give
//! the plain result, and where the plain form follows at once it reads the rows themselves (see [`hands_on`]).

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Aggregation, CommandCall};

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

/// What stands in the brackets of a statistic.
fn argument(one: &Aggregation) -> &str {
    one.text.split_once('(').map_or("", |(_, rest)| rest)
}

/// Whether a command leaves its work to the next one, its plain form. Warns about statistics that a summary would not have.
pub fn hands_on(planner: &Planner, call: &CommandCall, next: Option<&CommandCall>) -> bool {
    let Some((plain, next)) = plain_name(call.spec.name).zip(next) else { return false };
    if next.spec.name != plain {
        return false;
    }
    for one in next.aggregations() {
        let same = |known: &Aggregation| known.function.value == one.function.value && argument(known) == argument(one);
        if !call.aggregations().any(same) {
            planner.warn(Diagnostic::warning(
                "plan/summary-without",
                format!("a summary of `{}` has no `{}`: it is computed from the events here", call.spec.name, one.text),
                Some(one.span),
            ));
        }
    }
    true
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
