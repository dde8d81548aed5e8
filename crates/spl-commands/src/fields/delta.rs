//! Planning of `delta`: the difference between a field's value and an earlier one.

use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (source, target) = match call.arguments.first() {
        Some(Argument::Field(field)) => (field.name.clone(), format!("delta({})", field.name)),
        Some(Argument::Rename { from, to }) => (from.name.clone(), to.name.clone()),
        _ => return Err(Diagnostic::error("plan/argument", "`delta` needs a field", call.span)),
    };
    let distance = usize::try_from(call.count("p")?).unwrap_or(usize::MAX);
    if distance == 0 {
        return Err(Diagnostic::error("plan/number", "`p` must be above 0", call.span));
    }
    frame.operate(Running { command: "delta", fields: vec![RunningField { source, target, step: Step::Difference(distance) }] })
}
