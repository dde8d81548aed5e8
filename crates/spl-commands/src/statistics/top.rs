//! Planning of `top` and `rare`: the most and the least common values, with count and percent.

use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt, SortExpr, WindowFunctionDefinition, lit};
use datafusion::prelude::cast;
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::aggregation;
use spl_plan::aggregation::function;
use spl_plan::arguments::{count, expand, leading_count};
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call;
use spl_plan::function_call::call as function;
use spl_plan::rows::sort_keys::sort_key;

const COUNT: &str = "__count";
const TOTAL: &str = "__total";
const PLACE: &str = "__place";
const OTHER: &str = "__other";

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let rare = call.spec.name == "rare";
    let mut fields: Vec<String> = Vec::new();
    let mut missing = false;
    for field in call.fields() {
        let found = expand(&frame, field);
        missing |= found.is_empty();
        fields.extend(found.into_iter().map(|found| found.name));
    }
    let by = aggregation::by_fields(call, &frame)?;
    let (Some(by), false) = (by, missing || fields.is_empty()) else {
        return frame.filter(lit(false));
    };
    let limit = match leading_count(call)? {
        Some(limit) => limit,
        None => count(call, "limit", context.limits().get("top_limit"))?,
    };
    let most = context.limits().get("top_maxresultrows");
    let limit = if limit == 0 { most } else { limit.min(most) };
    let option =
        |name: &str, default: &str| call.option(name).map_or_else(|| default.to_owned(), |option| option.value.value.clone());

    let groups: Vec<String> = by.iter().chain(fields.iter().filter(|field| !by.contains(field))).cloned().collect();
    let frame = aggregation::expand_groups(context, frame, &groups)?;
    let (_, counting) = function::lookup(context, "count", call.span)?;
    let (_, adding) = function::lookup(context, "sum", call.span)?;
    let counted = frame.build(|plan| {
        plan.aggregate(
            groups.iter().map(|group| column(group)).collect::<Vec<_>>(),
            vec![counting.call(vec![lit(1_i64)]).alias(COUNT)],
        )
    })?;

    // Of values with the same count the last in lexicographic order comes first (Splunk search reference 10.0, top,
    // lexicographic order of results).
    let mut order: Vec<SortExpr> = vec![column(COUNT).sort(rare, false)];
    for field in &fields {
        order.extend(sort_key(context, &counted, field, if rare { "group" } else { "str" }, !rare)?);
    }
    let by_columns: Vec<Expr> = by.iter().map(|field| column(field)).collect();
    let total = Expr::from(WindowFunction::new(WindowFunctionDefinition::AggregateUDF(adding.clone()), vec![column(COUNT)]));
    let place = row_number();
    let (total, place) = if by_columns.is_empty() {
        (total, place.order_by(order.clone()).build().map_err(engine_error)?)
    } else {
        (
            total.partition_by(by_columns.clone()).build().map_err(engine_error)?,
            place.partition_by(by_columns).order_by(order.clone()).build().map_err(engine_error)?,
        )
    };
    let ranked = counted.build(|plan| plan.window(vec![total.alias(TOTAL)])?.window(vec![place.alias(PLACE)]))?;
    let with_other = call.flag("useother");
    let limit_literal = lit(limit);
    let chosen = if with_other {
        let others = column(PLACE).gt(limit_literal.clone());
        let label = option("otherstr", "OTHER");
        let mut columns: Vec<(String, Expr)> = by.iter().map(|field| (field.clone(), column(field))).collect();
        for field in fields.iter().filter(|field| !by.contains(field)) {
            let kind = ranked.field(field).map_or(ValueType::Text, |found| found.value_type());
            let kept = function_call::convert(context, Typed::new(column(field), kind), ValueType::Text)?;
            let named = datafusion::prelude::when(others.clone(), text(label.clone())).otherwise(kept).map_err(engine_error)?;
            columns.push((field.clone(), named));
        }
        columns.push((COUNT.to_owned(), column(COUNT)));
        columns.push((TOTAL.to_owned(), column(TOTAL)));
        columns.push((OTHER.to_owned(), others));
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        let relabelled = ranked.select(columns)?;
        let mut keys: Vec<Expr> = groups.iter().map(|group| column(group)).collect();
        keys.push(column(TOTAL));
        keys.push(column(OTHER));
        let sum = cast(adding.call(vec![column(COUNT)]), ValueType::Integer.arrow()).alias("__sum");
        with_sum_as_count(relabelled.build(|plan| plan.aggregate(keys, vec![sum]))?)?
    } else {
        ranked.filter(column(PLACE).lt_eq(limit_literal))?
    };

    let mut final_order: Vec<SortExpr> = Vec::new();
    for field in &by {
        final_order.extend(sort_key(context, &chosen, field, "group", false)?);
    }
    if with_other {
        final_order.push(column(OTHER).sort(true, false));
    }
    final_order.extend(order);
    let count_name = option("countfield", "count");
    let percent_name = option("percentfield", "percent");
    let count_float = cast(column(COUNT), ValueType::Float.arrow());
    let share = count_float / cast(column(TOTAL), ValueType::Float.arrow()) * lit(100.0);
    let percent =
        function(context, "round", vec![Typed::new(share, ValueType::Float), Typed::new(lit(6_i64), ValueType::Integer)])?
            .expression;
    let numbered = chosen.numbered(final_order)?;
    let mut columns: Vec<(String, Expr)> = groups.iter().map(|group| (group.clone(), column(group))).collect();
    for (shown, option, name, value) in
        [("showcount", "countfield", count_name, column(COUNT)), ("showperc", "percentfield", percent_name, percent)]
    {
        if !call.flag(shown) {
            continue;
        }
        if columns.iter().any(|(known, _)| *known == name) {
            return Err(Diagnostic::error(
                "plan/duplicate-name",
                format!("two fields of the result are named `{name}`"),
                call.span,
            )
            .with_help(format!("`{option}=` gives one of them another name")));
        }
        columns.push((name, value));
    }
    numbered.select(columns)
}

/// The sum of the counts under the name of the count.
fn with_sum_as_count(frame: Frame) -> Result<Frame, Diagnostic> {
    let mut columns: Vec<(String, Expr)> = frame
        .all_fields()
        .into_iter()
        .filter(|field| field.name != "__sum")
        .map(|field| (field.name.clone(), column(&field.name)))
        .collect();
    columns.push((COUNT.to_owned(), column("__sum")));
    columns.push((ORDINAL.to_owned(), lit(0_i64)));
    frame.select(columns)
}
