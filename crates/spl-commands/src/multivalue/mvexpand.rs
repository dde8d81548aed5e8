//! Planning of `mvexpand`: one row per value; rows without a value go.

use datafusion::logical_expr::lit;
use spl_functions::column::ValueType;
use spl_operators::nodes::mv_expand::MvExpand;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column};

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(field) = call.fields().next() else {
        return Err(Diagnostic::error("plan/argument", "`mvexpand` needs a field", call.span));
    };
    match frame.field(&field.name) {
        Some(found) if found.value_type() == ValueType::Multivalue => {
            let limit = usize::try_from(call.count("limit")?).unwrap_or(usize::MAX);
            frame.operate(MvExpand { field: field.name.clone(), limit, drop_null: true })
        }
        Some(_) => frame.filter(column(&field.name).is_not_null()),
        None => frame.filter(lit(false)),
    }
}
