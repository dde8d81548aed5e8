//! Planning of `reverse`: the rows in reverse order.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, ordinal};

/// Plans the command.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    frame.numbered(vec![ordinal().sort(false, false)])
}
