//! Planning of `eventstats`: the aggregations of a row's group, added to the row.

use std::collections::HashMap;

use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt, WindowFunctionDefinition, lit};
use futures::future::BoxFuture;
use spl_operators::errors::engine_error;
use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Aggregation, AggregationArgument, Argument, CommandCall};
use spl_plan::aggregation;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::choose;
use spl_plan::rows::table::Table;

use crate::statistics::stats;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`eventstats` needs rows", call.span))?;
        let draws = |one: &Aggregation| matches!(one.argument, AggregationArgument::Sparkline { .. });
        if call.aggregations().any(draws) { with_sparklines(context, call, frame).await } else { windows(context, call, frame) }
    })
}

/// With sparklines the groups are those that `stats` makes; their results are added to the rows of each group.
async fn with_sparklines(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let frame = context.materialise(frame).await?;
    let groups = Table::of(context, stats::grouped(context, call, frame.clone()).await?).await?;
    let fields: Vec<&str> = call.by_fields().iter().filter_map(Argument::as_field).map(|field| field.name.as_str()).collect();
    let key =
        |table: &Table, row: usize| -> Option<Vec<String>> { fields.iter().map(|field| table.cell(row, field).text()).collect() };
    let places: HashMap<Vec<String>, usize> = (0..groups.rows()).filter_map(|row| Some((key(&groups, row)?, row))).collect();
    let made: Vec<String> =
        groups.names().filter(|name| !name.starts_with("__") && !fields.contains(&name.as_str())).cloned().collect();
    let mut table = Table::of(context, frame).await?;
    made.iter().for_each(|name| table.add_column(name));
    for row in 0..table.rows() {
        let Some(group) = key(&table, row).and_then(|key| places.get(&key).copied()) else { continue };
        for name in &made {
            table.set(row, name, groups.cell(group, name).clone());
        }
    }
    table.frame(context)
}

fn windows(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
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
