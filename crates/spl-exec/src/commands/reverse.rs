//! Planning of `reverse`: the rows in reverse order.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use crate::frame::{Frame, ordinal};
use crate::planner::Planner;

/// Plans the command.
pub fn plan(_: &Planner, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.numbered(vec![ordinal().sort(false, false)])
}
