//! Planning of `sort`: keys by value kind, rows without a key last.

use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::{count, leading_count};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;
use spl_plan::rows::sort_keys::sort_keys;

/// Most rows of a limited sort that are held under a memory limit.
const MOST_HELD: usize = 1_000;

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
    // The engine holds the first rows of a limited sort in memory; a whole sort can go to disk.
    let holds_all = |limit: usize| context.memory_limit().is_some() && limit > MOST_HELD;
    match (asked, rows(context.limits().get("sort_count"))) {
        (Some(limit), _) => match rows(limit).filter(|limit| holds_all(*limit)) {
            Some(limit) => {
                let sorted = frame.sorted(keys, None)?.operate(OptimizerFence { ordered: true })?;
                sorted.build(|plan| plan.limit(0, Some(limit)))
            }
            None => frame.sorted(keys, rows(limit)),
        },
        (None, None) => frame.sorted(keys, None),
        // Nobody asked for this limit, so that the rows it takes away are worth a word.
        (None, Some(limit)) => {
            let sorted = frame.sorted(keys, Some(limit + 1).filter(|limit| !holds_all(*limit)))?;
            context.cut(sorted, limit, "sort_count", call.name.span, "write `sort 0 ...` for all rows")
        }
    }
}
