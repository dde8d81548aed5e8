//! Planning of `fieldformat`: how a field is shown at the end; the commands in between see its value.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, Expression};
use spl_plan::context::PlanContext;
use spl_plan::expression;
use spl_plan::frame::Frame;

/// Plans the command: the format is checked here and applied by [`shown`].
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    for argument in &call.arguments {
        let Argument::Assignment(assignment) = argument else { continue };
        if !assignment.template.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`fieldformat` takes the name of a field", assignment.target.span));
        }
        expression::value(context, &assignment.expression, &frame)?;
        context.remember_format(&assignment.target.name, &assignment.expression);
    }
    Ok(frame)
}

/// The rows as they are shown: every format that was given, applied to the field that it was given for.
pub fn shown(context: &PlanContext, frame: Frame, formats: &[(String, Expression)]) -> Result<Frame, Diagnostic> {
    let mut assignments = Vec::new();
    for (name, format) in formats {
        if frame.field(name).is_some() {
            assignments.push((name.clone(), expression::value(context, format, &frame)?.expression));
        }
    }
    if assignments.is_empty() { Ok(frame) } else { frame.assign(assignments) }
}
