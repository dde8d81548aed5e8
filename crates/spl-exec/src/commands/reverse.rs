//! Planning of `reverse`: the rows in reverse order.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use crate::context::PlanContext;
use crate::frame::{Frame, ordinal};

/// Plans the command.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.numbered(vec![ordinal().sort(false, false)])
}
