//! Planning of `mvcombine`: rows that are equal but for one field become one.

use spl_operators::nodes::mv_combine::MvCombine;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(field) = call.fields().next() else {
        return Err(Diagnostic::error("plan/argument", "`mvcombine` needs a field", call.span));
    };
    if frame.field(&field.name).is_none() {
        return Ok(frame);
    }
    let delimiter = call.text("delim").to_owned();
    frame.operate(MvCombine { field: field.name.clone(), delimiter })
}
