//! Planning of `tail`: the last rows, the last one first.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::leading_count;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, ordinal};

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let rows = leading_count(call)?.unwrap_or_else(|| context.limits().get("head_count"));
    frame.sorted(vec![ordinal().sort(false, false)], Some(usize::try_from(rows).unwrap_or(usize::MAX)))
}
