//! Planning of `addcoltotals`: a row of column totals at the end.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

use crate::statistics::addtotals::{column_totals, listed};

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let fields = listed(call, &frame);
    column_totals(call, frame, fields)
}
