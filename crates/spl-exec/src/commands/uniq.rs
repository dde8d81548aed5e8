//! Planning of `uniq`: of equal rows that follow each other the first one.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use crate::frame::Frame;
use crate::operators::uniq::Uniq;
use crate::planner::Planner;

/// Plans the command.
pub fn plan(_: &Planner, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.operate(Uniq)
}
