//! Planning of `dedup`: the first rows per combination of values.

use datafusion::logical_expr::lit;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use spl_functions::column::ValueType;
use spl_operators::nodes::dedup::Dedup;
use spl_plan::arguments::{expand, leading_count};
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null};
use spl_plan::function_call::choose;
use spl_plan::rows::sort_keys::sort_keys;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    const FIRST: &str = "__first";
    let keep = leading_count(call)?.unwrap_or(1);
    if keep == 0 {
        return Err(Diagnostic::error("plan/number", "`dedup` keeps at least one row: its count must be above 0", call.span));
    }
    let keep_empty = call.flag("keepempty");
    let keep_events = call.flag("keepevents");
    let mut fields: Vec<String> = Vec::new();
    for field in call.fields() {
        let found = expand(&frame, field);
        if found.is_empty() && !keep_empty && !keep_events {
            // No row has the field, and rows without it are dropped.
            return frame.filter(lit(false));
        }
        fields.extend(found.into_iter().map(|field| field.name));
    }
    if fields.is_empty() {
        return Ok(frame);
    }
    // The order decides which rows are the first of their kind.
    let frame = match call.clause("sortby") {
        Some(clause) => {
            let keys = sort_keys(context, &clause.arguments, &frame, false)?;
            frame.sorted(keys, None)?
        }
        None => frame,
    };
    let operator = Dedup {
        fields: fields.clone(),
        keep: usize::try_from(keep).unwrap_or(usize::MAX),
        keep_empty,
        consecutive: call.flag("consecutive"),
        mark: keep_events.then(|| FIRST.to_owned()),
    };
    let frame = frame.operate(operator)?;
    if !keep_events {
        return Ok(frame);
    }
    let mut assignments = Vec::new();
    for field in &fields {
        let value_type = frame.field(field).map_or(ValueType::Text, |field| field.value_type());
        let kept = choose(
            context,
            vec![(column(FIRST), Typed::new(column(field), value_type))],
            Some(Typed::new(null(value_type), ValueType::Null)),
        )?;
        assignments.push((field.clone(), kept.expression));
    }
    frame.assign(assignments)?.without(&[FIRST.to_owned()])
}
