//! Planning of `sort`: keys by value kind, rows without a key last.

use datafusion::logical_expr::SortExpr;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, SortKey};

use super::{count, leading_count};
use crate::expression::{Typed, call as function};
use crate::frame::{Frame, column, text};
use crate::planner::Planner;

/// Plans the command.
pub fn plan(planner: &Planner, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let reversed = matches!(call.arguments.last(), Some(Argument::Text { text, quoted: false }) if text.value == "desc");
    let keys = sort_keys(planner, &call.arguments, &frame, reversed)?;
    let asked = match leading_count(call)? {
        Some(limit) => Some(limit),
        None if call.option("limit").is_some() => Some(count(call, "limit", 0)?),
        None => None,
    };
    let rows = |limit: u64| (limit > 0).then(|| usize::try_from(limit).unwrap_or(usize::MAX - 1));
    match (asked, rows(planner.limits().get("sort_count"))) {
        (Some(limit), _) => frame.sorted(keys, rows(limit)),
        (None, None) => frame.sorted(keys, None),
        // Nobody asked for this limit, so that the rows it takes away are worth a word.
        (None, Some(limit)) => {
            let sorted = frame.sorted(keys, Some(limit + 1))?;
            planner.cut(sorted, limit, "sort_count", call.name.span, "write `sort 0 ...` for all rows")
        }
    }
}

/// The sort keys among arguments; fields that no row has do not sort.
pub fn sort_keys(planner: &Planner, arguments: &[Argument], frame: &Frame, reversed: bool) -> Result<Vec<SortExpr>, Diagnostic> {
    let mut keys = Vec::new();
    for argument in arguments {
        let Argument::SortKey(SortKey { descending, kind, field }) = argument else { continue };
        let kind = kind.as_ref().map_or("auto", |kind| kind.value.as_str());
        if let Some(key) = sort_key(planner, frame, &field.name, kind, *descending != reversed)? {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// A sort key by field, kind (`auto`, `num`, `str`, `ip`) and direction.
pub fn sort_key(
    planner: &Planner,
    frame: &Frame,
    field: &str,
    kind: &str,
    descending: bool,
) -> Result<Option<SortExpr>, Diagnostic> {
    let Some(found) = frame.field(field) else { return Ok(None) };
    let key = match found.value_type() {
        ValueType::Integer | ValueType::Float if matches!(kind, "auto" | "num") => column(field),
        ValueType::Null => return Ok(None),
        value_type => {
            let arguments = vec![Typed::new(column(field), value_type), Typed::new(text(kind), ValueType::Text)];
            function(planner, "spl_sort_key", arguments)?.expression
        }
    };
    Ok(Some(key.sort(!descending, false)))
}
