//! Planning of `nomv`: a multivalue field becomes one value.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use spl_functions::column::ValueType;
use spl_operators::nodes::transaction::DELIMITER;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::call as function;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(field) = call.fields().next() else {
        return Err(Diagnostic::error("plan/argument", "`nomv` needs a field", call.span));
    };
    let Some(found) = frame.field(&field.name).filter(|found| found.value_type() == ValueType::Multivalue) else {
        return Ok(frame);
    };
    // A command that made the values may have said how they are joined.
    let delimiter = frame
        .arrow_field(&field.name)
        .and_then(|known| known.metadata().get(DELIMITER).cloned())
        .unwrap_or_else(|| "\n".to_owned());
    let arguments = vec![Typed::new(column(&found.name), ValueType::Multivalue), Typed::new(text(delimiter), ValueType::Text)];
    let joined = function(context, "mvjoin", arguments)?;
    assign(frame, &found.name, joined)
}
