//! Planning of `eventstats`: the aggregations of a row's group, added to the row.

use std::collections::HashMap;

use futures::future::BoxFuture;
use spl_operators::nodes::eventstats::EventStatistics;
use spl_operators::nodes::eventstats::LISTS_LIMIT;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Aggregation, AggregationArgument, Argument, CommandCall};
use spl_plan::aggregation;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::statistics::stats;
use crate::statistics::streamstats::with_arguments;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`eventstats` needs rows", call.span))?;
        let draws = |one: &Aggregation| matches!(one.argument, AggregationArgument::Sparkline { .. });
        if call.aggregations().any(draws) {
            with_sparklines(context, call, frame).await
        } else {
            with_results(context, call, frame, &input.required)
        }
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

/// The results of each group, by an operator that reads the rows twice.
fn with_results(context: &PlanContext, call: &CommandCall, frame: Frame, required: &RequiredFields) -> Result<Frame, Diagnostic> {
    let (frame, hidden) = aggregation::with_all_numbers(context, call, frame)?;
    let mut planned = aggregation::plan_all(context, call, &frame)?;
    planned.retain(|one| required.contains(&one.name));
    let Some(by) = aggregation::by_fields(call, &frame)? else {
        return frame.without(&hidden);
    };
    let (statistics, arguments) = with_arguments(context, call, planned);
    let most_listed = usize::try_from(context.limits().get(LISTS_LIMIT)).unwrap_or(usize::MAX);
    frame.assign(arguments)?.without(&hidden)?.operate(EventStatistics { statistics, by, most_listed })
}
