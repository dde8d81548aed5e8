//! Planning of `head`: the first rows, or the rows while a condition holds.

use spl_operators::nodes::take_while::TakeWhile;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::{count, leading_count};
use spl_plan::context::PlanContext;
use spl_plan::expression;
use spl_plan::frame::Frame;
use spl_plan::rows::sort_keys::first_rows;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    const CONDITION: &str = "__condition";
    if let Some(Argument::Expression(condition)) = call.arguments.first() {
        let condition = expression::condition(context, condition, &frame)?;
        let limit = match call.option("limit") {
            Some(_) => Some(count(call, "limit", 0)?),
            None => None,
        };
        return frame
            .assign(vec![(CONDITION.to_owned(), condition)])?
            .operate(TakeWhile {
                condition: CONDITION.to_owned(),
                null_is_true: call.flag("null"),
                keep_last: call.flag("keeplast"),
                limit: limit.filter(|limit| *limit > 0).map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            })?
            .without(&[CONDITION.to_owned()]);
    }
    let rows = match leading_count(call)? {
        Some(rows) => rows,
        None => count(call, "limit", context.limits().get("head_count"))?,
    };
    first_rows(frame, rows)
}
