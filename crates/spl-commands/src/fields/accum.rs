//! Planning of `accum`: the running total of a field.

use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (source, target) = match call.arguments.first() {
        Some(Argument::Field(field)) => (field.name.clone(), field.name.clone()),
        Some(Argument::Rename { from, to }) => (from.name.clone(), to.name.clone()),
        _ => return Err(Diagnostic::error("plan/argument", "`accum` needs a field", call.span)),
    };
    if frame.field(&source).is_none() && source == target {
        return Ok(frame);
    }
    frame.operate(Running { command: "accum", fields: vec![RunningField { source, target, step: Step::Total }] })
}
