//! Planning of `eventstats`: the aggregations of a row's group, added to the row.

use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt, WindowFunctionDefinition, lit};
use spl_operators::errors::engine_error;
use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::aggregation;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::choose;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (frame, hidden) = aggregation::with_all_numbers(context, call, frame)?;
    let planned = aggregation::plan_all(context, call, &frame)?;
    let Some(fields) = aggregation::by_fields(call, &frame)? else {
        return frame.without(&hidden);
    };
    let internal = |place: usize| format!("__window{place}");
    let mut windows = Vec::new();
    for (place, one) in planned.iter().enumerate() {
        let window =
            Expr::from(WindowFunction::new(WindowFunctionDefinition::AggregateUDF(one.function.clone()), one.arguments.clone()));
        let window = if fields.is_empty() {
            window
        } else {
            window.partition_by(fields.iter().map(|field| column(field)).collect()).build().map_err(engine_error)?
        };
        windows.push(window.alias(internal(place)));
    }
    let names: Vec<String> = (0..planned.len()).map(internal).chain(hidden).collect();
    // A limit further down must not cut the rows that the windows see.
    let widened = frame.build(|plan| plan.window(windows))?.operate(OptimizerFence { ordered: true })?;
    // Rows without one of the by-fields belong to no group.
    let grouped = fields.iter().map(|field| column(field).is_not_null()).reduce(Expr::and).unwrap_or_else(|| lit(true));
    let mut assignments = Vec::new();
    for (place, one) in planned.iter().enumerate() {
        let name = internal(place);
        let value_type = widened.field(&name).map_or(spl_functions::column::ValueType::Text, |field| field.value_type());
        let result = Typed::new(column(&name), value_type);
        let value = if fields.is_empty() { result } else { choose(context, vec![(grouped.clone(), result)], None)? };
        assignments.push((one.name.clone(), value.expression));
    }
    widened.assign(assignments)?.without(&names)
}
