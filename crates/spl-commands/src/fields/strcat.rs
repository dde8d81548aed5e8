//! Planning of `strcat`: fields and texts joined into a field.

use datafusion::logical_expr::{Expr, lit};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use spl_functions::column::ValueType;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::{call as function, choose};

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some((Argument::Field(target), sources)) = call.arguments.split_last() else {
        return Err(Diagnostic::error("plan/argument", "`strcat` needs sources and a field", call.span));
    };
    let mut whole = Typed::new(text(""), ValueType::Text);
    let mut present: Vec<Expr> = Vec::new();
    for source in sources {
        let part = match source {
            Argument::Text { text: literal, .. } => Typed::new(text(literal.value.clone()), ValueType::Text),
            Argument::Field(field) => match frame.field(&field.name) {
                None => {
                    present.push(lit(false));
                    continue;
                }
                Some(found) => {
                    let there = column(&field.name).is_not_null();
                    present.push(there.clone());
                    let value = Typed::new(column(&field.name), found.value_type());
                    choose(context, vec![(there, value)], Some(Typed::new(text(""), ValueType::Text)))?
                }
            },
            _ => continue,
        };
        whole = function(context, "spl_concatenate", vec![whole, part])?;
    }
    if call.flag("allrequired")
        && let Some(all) = present.into_iter().reduce(Expr::and)
    {
        // Without all of its sources the field stays as it was.
        let before = match frame.field(&target.name) {
            Some(found) => Typed::new(column(&target.name), found.value_type()),
            None => Typed::new(null(ValueType::Text), ValueType::Null),
        };
        whole = choose(context, vec![(all, whole)], Some(before))?;
    }
    assign(frame, &target.name, whole)
}
