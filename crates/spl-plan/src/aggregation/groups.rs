//! Rows to groups: by DataFusion's aggregation, and by an operator where there are very many statistics.

use datafusion::logical_expr::{Expr, lit};
use spl_operators::nodes::group_statistics::GroupStatistics;
use spl_operators::nodes::streamstats::Statistic;
use spl_parser::{Diagnostic, Span};

use crate::aggregation::Planned;
use crate::context::PlanContext;
use crate::frame::{Frame, column, is_wide};

/// One row per group of the rows that have all by-fields, with the by-fields, the results under the names given, and, where
/// a name for it is given, the number of rows. The groups have no order, and no column for one. Of very many results of all rows,
/// without the number of rows, a row that holds nothing is left out.
///
/// # Errors
/// What the engine refuses.
pub fn grouped(
    context: &PlanContext,
    frame: Frame,
    by: &[String],
    results: Vec<(String, &Planned)>,
    rows: Option<&str>,
) -> Result<Frame, Diagnostic> {
    if is_wide(by.len() + results.len()) {
        return by_operator(context, frame, by, results, rows);
    }
    let keys: Vec<Expr> = by.iter().map(|field| column(field)).collect();
    let mut calls: Vec<Expr> = results.into_iter().map(|(name, planned)| planned.expression().alias(name)).collect();
    calls.extend(rows.map(|name| datafusion::functions_aggregate::expr_fn::count(lit(1_i64)).alias(name)));
    frame.build(|plan| plan.aggregate(keys, calls))
}

fn by_operator(
    context: &PlanContext,
    frame: Frame,
    by: &[String],
    results: Vec<(String, &Planned)>,
    rows: Option<&str>,
) -> Result<Frame, Diagnostic> {
    let mut computed: Vec<(String, Expr)> = Vec::new();
    let mut statistics = Vec::with_capacity(results.len());
    for (place, (name, planned)) in results.into_iter().enumerate() {
        let mut arguments = Vec::with_capacity(planned.arguments.len());
        for (index, argument) in planned.arguments.iter().enumerate() {
            arguments.push(match argument {
                Expr::Column(found) => found.name.clone(),
                value => {
                    let name = format!("__argument{place}_{index}");
                    computed.push((name.clone(), value.clone()));
                    name
                }
            });
        }
        let parameter = spl_functions::aggregate::lookup(planned.function.name()).and_then(|(_, parameter)| parameter);
        let limit = context.value_limit(planned.spec, Span::default());
        statistics.push(Statistic { name, spec: planned.spec, parameter, arguments, limit });
    }
    let frame = if computed.is_empty() { frame } else { frame.assign(computed)? };
    frame.operate(GroupStatistics { statistics, by: by.to_vec(), rows: rows.map(str::to_owned), drops_nothing: rows.is_none() })
}
