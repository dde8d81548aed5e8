//! Planning of `uniq`: of equal rows that follow each other the first one.

use spl_operators::nodes::uniq::Uniq;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.operate(Uniq)
}
