//! Planning of `makemv`: one text into several values.

use datafusion::logical_expr::lit;
use spl_functions::column::ValueType;
use spl_functions::pattern::Pattern;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call;
use spl_plan::function_call::call as function;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(field) = call.fields().next() else {
        return Err(Diagnostic::error("plan/argument", "`makemv` needs a field", call.span));
    };
    let Some(found) = frame.field(&field.name) else { return Ok(frame) };
    if found.value_type() == ValueType::Multivalue {
        return Ok(frame);
    }
    let source = function_call::convert(context, Typed::new(column(&field.name), found.value_type()), ValueType::Text)?;
    let source = Typed::new(source, ValueType::Text);
    let values = match call.option("tokenizer") {
        Some(option) => {
            Pattern::new(&option.value.value).map_err(|message| {
                Diagnostic::error("plan/regex", format!("not a regular expression: {message}"), option.value.span)
            })?;
            let arguments = vec![
                source,
                Typed::new(text(option.value.value.clone()), ValueType::Text),
                Typed::new(lit(1_i64), ValueType::Integer),
                Typed::new(lit(0_i64), ValueType::Integer),
            ];
            function(context, "spl_capture_all", arguments)?
        }
        None => {
            let delimiter = call.text("delim");
            let arguments = vec![
                source,
                Typed::new(text(delimiter), ValueType::Text),
                Typed::new(lit(call.flag("allowempty")), ValueType::Boolean),
            ];
            function(context, "spl_split", arguments)?
        }
    };
    if call.flag("setsv") {
        // The values that were kept, as one value of the field.
        let delimiter = match call.option("tokenizer") {
            Some(_) => " ",
            None => call.text("delim"),
        };
        let single = function(context, "mvjoin", vec![values, Typed::new(text(delimiter), ValueType::Text)])?;
        return assign(frame, &field.name, single);
    }
    assign(frame, &field.name, values)
}
