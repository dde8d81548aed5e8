//! Planning of `filldown`: absent values become the last value above.

use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut names: Vec<String> = Vec::new();
    for field in call.fields() {
        for found in expand(&frame, field) {
            if !names.contains(&found.name) {
                names.push(found.name);
            }
        }
    }
    if call.fields().next().is_none() {
        names = frame.fields().into_iter().map(|field| field.name).collect();
    }
    if names.is_empty() {
        return Ok(frame);
    }
    let fields =
        names.into_iter().map(|name| RunningField { source: name.clone(), target: name, step: Step::LastPresent }).collect();
    frame.operate(Running { command: "filldown", fields })
}
