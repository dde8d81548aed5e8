//! Planning of `regex`: rows whose field matches a regular expression, or does not.

use datafusion::logical_expr::{lit, not};
use spl_functions::column::ValueType;
use spl_functions::pattern::Pattern;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::call as function;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (field, negated) = match call.arguments.as_slice() {
        [Argument::Field(field), Argument::Text { text: operator, .. }, ..] => (field.name.as_str(), operator.value == "!="),
        _ => ("_raw", false),
    };
    let Some(Argument::Text { text: pattern, .. }) = call.arguments.last() else {
        return Err(Diagnostic::error("plan/argument", "`regex` needs a regular expression", call.span));
    };
    Pattern::new(&pattern.value)
        .map_err(|message| Diagnostic::error("plan/regex", format!("not a regular expression: {message}"), pattern.span))?;
    let Some(found) = frame.field(field) else {
        return frame.filter(lit(negated));
    };
    let arguments = vec![Typed::new(column(field), found.value_type()), Typed::new(text(pattern.value.clone()), ValueType::Text)];
    let matches = function(context, "match", arguments)?.expression.is_true();
    frame.filter(if negated { not(matches) } else { matches })
}
