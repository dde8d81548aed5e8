//! Buckets of time: the first and the last event, and the starts of the buckets between them.

use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::lit;
use spl_functions::column::ValueType;
use spl_functions::time::TimeSpan;
use spl_parser::Diagnostic;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call;
use spl_plan::rows::table::Table;

/// Most rows that gaps may be filled up to.
pub const MOST_ROWS: usize = 50_000;

/// The least and the greatest number of an expression over all rows; none when there is no number.
pub async fn bounds(context: &PlanContext, frame: &Frame, source: Typed) -> Result<Option<(f64, f64)>, Diagnostic> {
    let number = function_call::convert(context, source, ValueType::Float)?;
    let ends = frame.clone().build(|plan| {
        plan.aggregate(
            Vec::<datafusion::logical_expr::Expr>::new(),
            vec![min(number.clone()).alias("__low"), max(number).alias("__high")],
        )
    })?;
    let columns = ["__low", "__high"].map(|name| (name.to_owned(), column(name)));
    let mut columns = columns.to_vec();
    columns.push((spl_operators::ordinal::ORDINAL.to_owned(), lit(0_i64)));
    let table = Table::of(context, ends.select(columns)?).await?;
    Ok(table.cell(0, "__low").number().zip(table.cell(0, "__high").number()))
}

/// The starts of all buckets from the first to the last; none when they are too many.
pub fn time_buckets(context: &PlanContext, span: &TimeSpan, first: f64, last: f64) -> Option<Vec<f64>> {
    let mut starts = Vec::new();
    let mut start = first;
    while start <= last {
        if starts.len() >= MOST_ROWS {
            return None;
        }
        starts.push(start);
        let next = span.next(start, context.time_zone());
        if next <= start {
            break;
        }
        start = next;
    }
    Some(starts)
}
