//! Planning of `addcoltotals`: a row of column totals at the end.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::addtotals::{column_totals, listed};
use crate::frame::Frame;
use crate::planner::Planner;

/// Plans the command.
pub fn plan(_: &Planner, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let fields = listed(call, &frame);
    column_totals(call, frame, fields)
}
