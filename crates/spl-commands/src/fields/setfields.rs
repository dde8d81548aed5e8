//! Planning of `setfields`: the same values for all rows.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, ExpressionKind};
use spl_plan::context::PlanContext;
use spl_plan::expression;
use spl_plan::frame::Frame;

/// Plans the command.
///
/// Source: Splunk search reference, setfields: values are texts, `eval` is for those that are computed.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut set = Vec::new();
    for argument in &call.arguments {
        let Argument::Assignment(assignment) = argument else { continue };
        if !assignment.template.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`setfields` takes plain field names", assignment.target.span)
                .with_help("`eval` names fields by the values of others"));
        }
        match &assignment.expression.kind {
            ExpressionKind::Text(_) | ExpressionKind::Integer(_) | ExpressionKind::Float(_) => {}
            _ => {
                return Err(Diagnostic::error(
                    "plan/argument",
                    "`setfields` takes texts in double quotes",
                    assignment.expression.span,
                )
                .with_help("`eval` computes values"));
            }
        }
        let value = expression::value(context, &assignment.expression, &frame)?;
        set.push((assignment.target.name.clone(), value.expression));
    }
    frame.assign(set)
}
