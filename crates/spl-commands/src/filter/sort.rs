//! Planning of `sort`: keys by value kind, rows without a key last.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::{count, leading_count};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;
use spl_plan::rows::sort_keys::sort_keys;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let reversed = matches!(call.arguments.last(), Some(Argument::Text { text, quoted: false }) if text.value == "desc");
    let keys = sort_keys(context, &call.arguments, &frame, reversed)?;
    let asked = match leading_count(call)? {
        Some(limit) => Some(limit),
        None if call.option("limit").is_some() => Some(count(call, "limit", 0)?),
        None => None,
    };
    let rows = |limit: u64| (limit > 0).then(|| usize::try_from(limit).unwrap_or(usize::MAX - 1));
    match (asked, rows(context.limits().get("sort_count"))) {
        (Some(limit), _) => frame.sorted(keys, rows(limit)),
        (None, None) => frame.sorted(keys, None),
        // Nobody asked for this limit, so that the rows it takes away are worth a word.
        (None, Some(limit)) => {
            let sorted = frame.sorted(keys, Some(limit + 1))?;
            context.cut(sorted, limit, "sort_count", call.name.span, "write `sort 0 ...` for all rows")
        }
    }
}
