//! Planning of `uniq`: of equal rows that follow each other the first one.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use crate::context::PlanContext;
use crate::frame::Frame;
use crate::operators::uniq::Uniq;

/// Plans the command.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.operate(Uniq)
}
