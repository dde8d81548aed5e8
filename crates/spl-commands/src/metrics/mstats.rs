//! Planning of `mstats`, `mcatalog` and `mpreview`: metrics.
//!
//! A point of a metric is an event: with `metric_name` and `_value`, or with a field `metric_name:<name>` per measure.

use std::collections::BTreeSet;

use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, lit};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{AggregationArgument, Argument, Clause, CommandCall};
use spl_parser::{Diagnostic, Spanned};
use spl_plan::aggregation;
use spl_plan::aggregation::prestats;
use spl_plan::arguments::{check_position, count};
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::EventScan;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, ordinal, text};
use spl_plan::function_call::{call as function, choose, convert};
use spl_plan::names::quoting::escaped;
use spl_plan::names::wildcards::wildcard_matches;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::union;
use spl_plan::search::inner_search::SearchTimes;
use spl_plan::search::{inner_search, predicate, subsearch};

use crate::charts::timechart;
use crate::fields::{bin, fillnull};
use crate::statistics::stats;

const MEASURE: &str = "metric_name:";

/// Plans `mstats` and `mcatalog`. What is about real-time searches and sizes of rounds changes nothing here.
///
/// Source: Splunk search reference, mstats, mcatalog.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let prestats = call.flag("prestats");
        let append = call.flag("append");
        check_position(call, input.frame.is_some(), prestats, append)?;
        let metrics = metrics(context, call).await?;
        let by: Vec<String> = call.by_fields().iter().filter_map(Argument::as_field).map(|field| field.name.clone()).collect();
        let mut frame = measured(context, call, metrics, &by).await?;
        if call.option("chart").is_some() && call.flag("chart") {
            if prestats {
                let place = call.option("chart").map_or(call.span, |option| option.name.span);
                return Err(Diagnostic::error("plan/argument", "`chart=true` excludes `prestats=true`", place));
            }
            return charted(context, call, frame).await;
        }
        let mut groups = by.clone();
        if let Some(span) = call.option("span") {
            frame = in_buckets(context, call, frame, &span.value)?;
            if !groups.iter().any(|name| name == "_time") {
                groups.insert(0, "_time".to_owned());
            }
        } else if let Some(every) = call.option("every") {
            return Err(Diagnostic::error("plan/argument", "`every` needs `span`", every.name.span));
        }
        if let Some(option) = call.option("fillnull_value") {
            let mut filled = Vec::new();
            for name in by.iter().filter(|name| frame.field(name).is_some()) {
                filled.push((name.clone(), fillnull::fill(context, &frame, name, &option.value.value)?.expression));
            }
            frame = frame.assign(filled)?;
        }
        if prestats {
            let rows = prestats::rows(context, call, frame, &groups)?;
            return match input.frame {
                Some(before) => union::concatenate(context, before, context.materialise(rows).await?),
                None => Ok(rows),
            };
        }
        let frame = aggregation::expand_groups(context, frame, &groups)?;
        let planned = aggregation::plan_all(context, call, &frame)?;
        stats::group(context, frame, &groups, &planned)
    })
}

/// Names of the measures that events carry as fields.
fn measures(frame: &Frame) -> Vec<String> {
    frame.fields().into_iter().filter_map(|field| field.name.strip_prefix(MEASURE).map(str::to_owned)).collect()
}

/// The points that the command's condition selects.
async fn metrics(context: &PlanContext, call: &CommandCall) -> Result<Frame, Diagnostic> {
    let condition = match call.clause("where").and_then(|clause| clause.arguments.first()) {
        Some(Argument::Search(condition)) => Some(subsearch::resolve(context, condition).await?),
        _ => None,
    };
    let all = context.scan(&EventScan::of_events(None, &RequiredFields::All)).await?;
    let names = measures(&all);
    let single = all.field("metric_name").is_some() && all.field("_value").is_some();
    if names.is_empty() && !single && context.is_running() {
        return Err(Diagnostic::error(
            "plan/no-metrics",
            format!("`{}` finds no metrics in the data", call.spec.name),
            call.name.span,
        )
        .with_help("a point has the fields metric_name and _value, or a field `metric_name:<name>` per measure"));
    }
    if names.is_empty() {
        let found = context.scan(&EventScan::of_events(condition, &RequiredFields::All)).await?;
        return match found.field("metric_name") {
            Some(_) => found.filter(column("metric_name").is_not_null()),
            None => Ok(found),
        };
    }
    // The names of a point's measures are its metric names.
    let mut members = Vec::new();
    if let Some(found) = all.field("metric_name") {
        members.push(Typed::new(column("metric_name"), found.value_type()));
    }
    for name in &names {
        let present = column(&format!("{MEASURE}{name}")).is_not_null();
        members.push(choose(context, vec![(present, Typed::new(text(name.clone()), ValueType::Text))], None)?);
    }
    let listed = function(context, "mvappend", members)?;
    let named = all.assign(vec![("metric_name".to_owned(), listed.expression)])?.filter(column("metric_name").is_not_null())?;
    match &condition {
        Some(condition) => {
            let found = predicate::plan(context, condition, &named)?;
            named.filter(found)
        }
        None => Ok(named),
    }
}

/// The points with a column per measure that is asked for, the by-fields and the time.
async fn measured(context: &PlanContext, call: &CommandCall, frame: Frame, by: &[String]) -> Result<Frame, Diagnostic> {
    let own = measures(&frame);
    let single = frame.field("metric_name").is_some() && frame.field("_value").is_some();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut patterns: Vec<String> = Vec::new();
    for one in call.aggregations() {
        match &one.argument {
            AggregationArgument::Field(field) if field.has_wildcard() => patterns.push(field.name.clone()),
            AggregationArgument::Field(field) => drop(wanted.insert(field.name.clone())),
            AggregationArgument::None => {}
            _ => {
                return Err(Diagnostic::error(
                    "plan/argument",
                    format!("`{}` computes statistics of metrics only", call.spec.name),
                    one.span,
                ));
            }
        }
    }
    if !patterns.is_empty() {
        let mut names: Vec<String> = own.clone();
        if single {
            let distinct = frame.clone().build(|plan| plan.project(vec![column("metric_name"), ordinal()]))?;
            let rows = Rows::of(context, distinct).await?;
            names.extend((0..rows.len()).flat_map(|row| rows.texts("metric_name", row)).map(|name| name.into_owned()));
        }
        wanted.extend(names.into_iter().filter(|name| patterns.iter().any(|pattern| wildcard_matches(pattern, name))));
    }
    let mut columns: Vec<(String, Expr)> = Vec::new();
    let direct = |name: &str| matches!(name, "_value" | "metric_name" | "_time") || by.iter().any(|field| field == name);
    for name in by.iter().map(String::as_str).chain(["_time"]) {
        if !columns.iter().any(|(known, _)| known == name) {
            // A dimension that no point has: no point is in a group.
            let value = if frame.field(name).is_some() { column(name) } else { null(ValueType::Text) };
            columns.push((name.to_owned(), value));
        }
    }
    for name in wanted {
        if columns.iter().any(|(known, _)| *known == name) {
            continue;
        }
        if name == "_value" && !single && !own.is_empty() {
            return Err(Diagnostic::error("plan/argument", "points with several measures have no `_value`", call.span)
                .with_help(format!("name the measure: `avg({})`", own[0])));
        }
        let mut branches = Vec::new();
        let field = format!("{MEASURE}{name}");
        if let Some(found) = frame.field(&field) {
            branches.push((column(&field).is_not_null(), Typed::new(column(&field), found.value_type())));
        }
        if let Some(found) = frame.field("_value").filter(|_| single && !direct(&name)) {
            let kind = frame.field("metric_name").map_or(ValueType::Text, |field| field.value_type());
            let own_name = convert(context, Typed::new(column("metric_name"), kind), ValueType::Text)?;
            branches.push((own_name.eq(text(name.clone())), Typed::new(column("_value"), found.value_type())));
        }
        let value = if branches.is_empty() {
            // A dimension: `dc(host)`, `values(metric_name)`.
            frame.field(&name).map_or_else(|| null(ValueType::Text), |_| column(&name))
        } else {
            choose(context, branches, None)?.expression
        };
        columns.push((name, value));
    }
    frame.select(columns)
}

/// Times cut into buckets of `span`; with `every` only the first bucket of each longer one is kept.
fn in_buckets(context: &PlanContext, call: &CommandCall, frame: Frame, span: &Spanned<String>) -> Result<Frame, Diagnostic> {
    let Some(time) = frame.field("_time") else { return Ok(frame) };
    let source = Typed::new(column("_time"), time.value_type());
    let bucket = bin::with_span(context, call, "_time", source.clone(), &span.value, span.span)?;
    let mut frame = frame;
    if let Some(every) = call.option("every") {
        let long = bin::with_span(context, call, "_time", source.clone(), &every.value.value, every.value.span)?;
        let first = bin::with_span(context, call, "_time", long, &span.value, span.span)?;
        frame = frame.filter(bucket.expression.clone().eq(first.expression))?;
    }
    frame.assign(vec![("_time".to_owned(), bucket.expression)])
}

/// With `chart=true` the result is that of `timechart` over the points.
async fn charted(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(spec) = spl_parser::commands::lookup("timechart") else {
        return Err(Diagnostic::error("plan/not-built", "there is no `timechart`", call.span));
    };
    const KEPT: [&str; 7] = ["span", "limit", "agg", "usenull", "useother", "nullstr", "otherstr"];
    let options = call.options.iter().filter(|option| KEPT.contains(&option.name.value.as_str())).cloned().collect();
    let clauses: Vec<Clause> = call.clauses.iter().filter(|clause| clause.keyword.value == "by").cloned().collect();
    let chart = CommandCall { spec, options, clauses, ..call.clone() };
    timechart::plan(context, &chart, Input { frame: Some(frame), required: RequiredFields::All }).await
}

/// Plans `mpreview`: points as they are, the latest of each time series.
///
/// Source: Splunk search reference, mpreview.
pub fn preview<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`mpreview` must be the first command", call.name.span));
        }
        spl_plan::arguments::refuse_options(call, &[("splunk_server", "local"), ("splunk_server_group", "")])?;
        let mut text = String::from("search");
        let indexes: Vec<String> = call
            .options
            .iter()
            .filter(|option| option.name.value == "index")
            .map(|option| format!("index=\"{}\"", escaped(&option.value.value)))
            .collect();
        if !indexes.is_empty() {
            text.push_str(&format!(" ({})", indexes.join(" OR ")));
        }
        for name in ["earliest", "latest"] {
            if let Some(option) = call.option(name) {
                text.push_str(&format!(" {name}=\"{}\"", escaped(&option.value.value)));
            }
        }
        let most = count(call, "target_per_timeseries", 5)?;
        let found = inner_search::plan(context, &text, &SearchTimes::default(), call.span, "mpreview").await?;
        let names: Vec<String> = measures(&found).into_iter().map(|name| format!("{MEASURE}{name}")).collect();
        let single = found.field("metric_name").is_some();
        let mut points: Vec<Expr> = names.iter().map(|name| column(name).is_not_null()).collect();
        points.extend(single.then(|| column("metric_name").is_not_null()));
        let Some(points) = points.into_iter().reduce(Expr::or) else {
            return found.filter(lit(false));
        };
        let mut found = found.filter(points)?;
        if let Some(option) = call.option("filter") {
            let parsed = spl_parser::parse_search_expression(&option.value.value).map_err(|errors| {
                let message = errors.into_iter().next().map_or_else(|| "not a search".to_owned(), |error| error.message);
                Diagnostic::error("plan/argument", format!("`filter`: {message}"), option.value.span)
            })?;
            let condition = predicate::plan(context, &parsed, &found)?;
            found = found.filter(condition)?;
        }
        if most == 0 {
            return Ok(found);
        }
        const PLACE: &str = "__place";
        let series: Vec<Expr> = found
            .fields()
            .into_iter()
            .map(|field| field.name)
            .filter(|name| !names.contains(name) && !matches!(name.as_str(), "_time" | "_raw" | "_value"))
            .map(|name| column(&name))
            .collect();
        let place = row_number().order_by(vec![ordinal().sort(true, false)]);
        let place = if series.is_empty() { place } else { place.partition_by(series) };
        let place = place.build().map_err(engine_error)?.alias(PLACE);
        found.build(|plan| plan.window(vec![place])?.filter(column(PLACE).lt_eq(lit(most))))?.without(&[PLACE.to_owned()])
    })
}
