//! Planning of `streamstats`: statistics of the rows so far, or of a moving window, added to each row.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::logical_expr::Expr;
use futures::future::BoxFuture;
use spl_functions::time::parse_span;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{CommandCall, Expression, OptionArgument};

use spl_functions::column::ValueType;
use spl_operators::compiled::compile;
use spl_operators::errors::engine_error;
use spl_operators::nodes::streamstats::LISTS_LIMIT;
use spl_operators::nodes::streamstats::{ResultCondition, Statistic, StreamStatistics};
use spl_plan::aggregation::Planned;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, null};
use spl_plan::{aggregation, expression};

const RESET_BEFORE: &str = "__reset_before";
const RESET_AFTER: &str = "__reset_after";

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`streamstats` needs rows", call.span))?;
        with_results(context, call, frame, &input.required)
    })
}

/// Statistics that nothing needs are not computed; a condition may need any of them.
fn with_results(context: &PlanContext, call: &CommandCall, frame: Frame, required: &RequiredFields) -> Result<Frame, Diagnostic> {
    let (frame, all_numbers) = aggregation::with_all_numbers(context, call, frame)?;
    let mut planned = aggregation::plan_all(context, call, &frame)?;
    if call.option("reset_after").is_none() {
        planned.retain(|one| required.contains(&one.name));
    }
    let Some(by) = aggregation::by_fields(call, &frame)? else {
        // No row has all by-fields, so that none gets a result.
        let empty = planned.iter().map(|one| (one.name.clone(), null(ValueType::Text))).collect();
        return frame.assign(empty)?.without(&all_numbers);
    };
    let (statistics, mut hidden) = with_arguments(context, call, planned);
    let time_window = match call.option("time_window") {
        None => None,
        Some(option) => {
            let span =
                parse_span(&option.value.value).map_err(|message| Diagnostic::error("plan/span", message, option.value.span))?;
            if frame.field("_time").is_none() && context.is_running() {
                return Err(Diagnostic::error(
                    "plan/argument",
                    "`time_window` needs the field `_time`, which no row has",
                    option.name.span,
                ));
            }
            frame.field("_time").map(|field| (field.name, span.seconds()))
        }
    };
    let mut operator = StreamStatistics {
        statistics,
        by,
        current: call.flag("current"),
        window: usize::try_from(call.count("window")?).unwrap_or(usize::MAX),
        time_window,
        global: call.flag("global"),
        reset_on_change: call.flag("reset_on_change"),
        reset_before: None,
        reset_after: None,
        reset_after_result: None,
        most_listed: usize::try_from(context.limits().get(LISTS_LIMIT)).unwrap_or(usize::MAX),
    };
    if let Some(option) = call.option("reset_before") {
        let condition = expression::condition(context, &reset_expression(option)?, &frame)?;
        hidden.push((RESET_BEFORE.to_owned(), condition));
        operator.reset_before = Some(RESET_BEFORE.to_owned());
    }
    let after = match call.option("reset_after") {
        Some(option) => Some(reset_expression(option)?),
        None => None,
    };
    let results: Vec<&String> = operator.statistics.iter().map(|statistic| &statistic.name).collect();
    let reads_results = after.as_ref().is_some_and(|after| {
        let mut required = spl_parser::effects::RequiredFields::none();
        spl_parser::effects::expression_fields(after, &mut required);
        results.iter().any(|name| required.contains(name))
    });
    if let Some(after) = after.as_ref().filter(|_| !reads_results) {
        let condition = expression::condition(context, after, &frame)?;
        hidden.push((RESET_AFTER.to_owned(), condition));
        operator.reset_after = Some(RESET_AFTER.to_owned());
    }
    let names: Vec<String> = hidden.iter().map(|(name, _)| name.clone()).chain(all_numbers).collect();
    let prepared = frame.assign(hidden)?;
    if let Some(after) = after.filter(|_| reads_results) {
        operator.reset_after_result = Some(result_condition(context, &after, prepared.clone().operate(operator.clone())?)?);
    }
    prepared.operate(operator)?.without(&names)
}

/// The expression of a reset option; its brackets and quotes are part of the syntax.
pub fn reset_expression(option: &OptionArgument) -> Result<Expression, Diagnostic> {
    let text = option.value.value.trim();
    spl_parser::parse_expression(text).map_err(|errors| {
        let message = errors.into_iter().next().map_or_else(|| "not an expression".to_owned(), |error| error.message);
        Diagnostic::error("plan/argument", format!("`{}` takes a condition: {message}", option.name.value), option.value.span)
    })
}

/// A condition over the results, to be evaluated row by row.
fn result_condition(context: &PlanContext, after: &Expression, rows: Frame) -> Result<ResultCondition, Diagnostic> {
    let condition = expression::condition(context, after, &rows)?;
    let mut columns: Vec<String> = condition.column_refs().into_iter().map(|found| found.name.clone()).collect();
    columns.sort();
    let mut fields: Vec<Arc<Field>> = Vec::new();
    for name in &columns {
        if let Some(field) = rows.field(name) {
            fields.push(Arc::new(Field::new(name, field.data_type, true)));
        }
    }
    let condition = compile(&condition, &Schema::new(fields), context.options()).map_err(engine_error)?;
    Ok(ResultCondition { columns, condition })
}

/// Statistics over columns of their own, and the expressions of these columns.
pub fn with_arguments(context: &PlanContext, call: &CommandCall, planned: Vec<Planned>) -> (Vec<Statistic>, Vec<(String, Expr)>) {
    let mut hidden = Vec::new();
    let mut statistics = Vec::new();
    for (place, one) in planned.into_iter().enumerate() {
        let mut arguments = Vec::new();
        for (index, argument) in one.arguments.into_iter().enumerate() {
            let name = format!("__argument{place}_{index}");
            hidden.push((name.clone(), argument));
            arguments.push(name);
        }
        let parameter = spl_functions::aggregate::lookup(one.function.name()).and_then(|(_, parameter)| parameter);
        let limit = context.value_limit(one.spec, call.span);
        statistics.push(Statistic { name: one.name, spec: one.spec, parameter, arguments, limit });
    }
    (statistics, hidden)
}
