//! Sort keys by field, kind and direction.

use datafusion::logical_expr::SortExpr;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, SortKey};

use crate::context::PlanContext;
use crate::frame::scope::Typed;
use crate::frame::{Frame, column, text};
use crate::function_call::call as function;

/// The sort keys among arguments; fields that no row has do not sort.
pub fn sort_keys(
    context: &PlanContext,
    arguments: &[Argument],
    frame: &Frame,
    reversed: bool,
) -> Result<Vec<SortExpr>, Diagnostic> {
    let mut keys = Vec::new();
    for argument in arguments {
        let Argument::SortKey(SortKey { descending, kind, field }) = argument else { continue };
        let kind = kind.as_ref().map_or("auto", |kind| kind.value.as_str());
        if let Some(key) = sort_key(context, frame, &field.name, kind, *descending != reversed)? {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// A sort key by field, kind (`auto`, `num`, `str`, `ip`, and `group`, by which no two different values are equal) and direction.
pub fn sort_key(
    context: &PlanContext,
    frame: &Frame,
    field: &str,
    kind: &str,
    descending: bool,
) -> Result<Option<SortExpr>, Diagnostic> {
    let Some(found) = frame.field(field) else { return Ok(None) };
    let key = match found.value_type() {
        ValueType::Integer | ValueType::Float if matches!(kind, "auto" | "group" | "num") => column(field),
        ValueType::Null => return Ok(None),
        value_type => {
            let arguments = vec![Typed::new(column(field), value_type), Typed::new(text(kind), ValueType::Text)];
            function(context, "spl_sort_key", arguments)?.expression
        }
    };
    Ok(Some(key.sort(!descending, false)))
}

/// The first rows in order.
pub fn first_rows(frame: Frame, rows: u64) -> Result<Frame, Diagnostic> {
    frame.ordered()?.build(|plan| plan.limit(0, Some(usize::try_from(rows).unwrap_or(usize::MAX))))
}
