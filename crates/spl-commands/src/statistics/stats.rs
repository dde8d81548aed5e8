//! Planning of `stats`: one row per group, sorted by the by-fields.

use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use indexmap::IndexSet;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Aggregation, AggregationArgument, CommandCall};

use spl_functions::column::ValueType;
use spl_operators::nodes::delimited::Delimited;
use spl_operators::ordinal::ORDINAL;
use spl_plan::aggregation;
use spl_plan::aggregation::Planned;
use spl_plan::aggregation::groups::grouped as grouped_rows;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::conditions::balanced;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, is_wide};
use spl_plan::function_call::call as function;
use spl_plan::names::wildcards::wildcard_matches;
use spl_plan::rows::sort_keys::sort_key;
use spl_plan::rows::table::Table;

use crate::charts::series;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`stats` needs rows", call.span))?;
        delimited(call, grouped(context, call, frame).await?)
    })
}

/// The groups of a command's rows with its statistics, sparklines among them.
pub async fn grouped(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let draws = |aggregation: &Aggregation| matches!(aggregation.argument, AggregationArgument::Sparkline { .. });
    if call.aggregations().any(draws) { with_sparklines(context, call, frame).await } else { rows(context, call, frame) }
}

/// Notes how the values of `list` and `values` are written as one value, which `nomv` shows.
///
/// Source: Splunk search reference 10.0, stats, delim; mvcombine, usage, for the single-value form.
fn delimited(call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(option) = call.option("delim") else { return Ok(frame) };
    let lists = call.aggregations().filter(|one| matches!(one.function.value.to_ascii_lowercase().as_str(), "list" | "values"));
    let names: Vec<String> =
        lists.map(|one| one.alias.as_ref().map_or_else(|| one.text.clone(), |alias| alias.name.clone())).collect();
    let matches = |name: &str| names.iter().any(|written| wildcard_matches(written, name));
    let fields = frame.fields().into_iter().filter(|field| field.value_type() == ValueType::Multivalue);
    let fields: Vec<String> = fields.map(|field| field.name).filter(|name| matches(name)).collect();
    if fields.is_empty() {
        return Ok(frame);
    }
    frame.operate(Delimited { fields, delimiter: option.value.value.clone() })
}

/// With sparklines groups are computed here, since each sparkline is a second grouping.
async fn with_sparklines(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(fields) = aggregation::by_fields(call, &frame)? else {
        let mut names: Vec<String> =
            call.by_fields().iter().filter_map(|argument| argument.as_field()).map(|field| field.name.clone()).collect();
        names.extend(call.aggregations().map(|aggregation| match &aggregation.alias {
            Some(alias) => alias.name.clone(),
            None => aggregation.text.clone(),
        }));
        let columns = names.into_iter().map(|name| (name, spl_plan::frame::null(ValueType::Text))).collect();
        return frame.select(columns)?.filter(lit(false));
    };
    let frame = prepared(context, call, frame, &fields)?;
    let measures = series::measures(context, call, &frame, None)?;
    let groups: Vec<&str> = fields.iter().map(String::as_str).collect();
    let cells = series::cells(context, frame, &groups, &measures).await?;
    let mut result = Table::new(cells.rows());
    for field in &fields {
        result.add_column(field);
        (0..cells.rows()).for_each(|row| result.set(row, field, cells.cell(row, field).clone()));
    }
    for (place, measure) in measures.iter().enumerate() {
        result.add_column(measure.name());
        for row in 0..cells.rows() {
            result.set(row, measure.name(), cells.cell(row, &series::measure_name(place)).clone());
        }
    }
    let frame = result.frame(context)?;
    let mut keys = Vec::new();
    for field in &fields {
        keys.extend(sort_key(context, &frame, field, "group", false)?);
    }
    if keys.is_empty() { Ok(frame) } else { frame.numbered(keys) }
}

/// The rows that are grouped.
fn prepared(context: &PlanContext, call: &CommandCall, frame: Frame, fields: &[String]) -> Result<Frame, Diagnostic> {
    let mut frame = frame;
    if call.option("dedup_splitvals").is_some() && call.flag("dedup_splitvals") {
        for field in fields {
            if frame.field(field).is_some_and(|found| found.value_type() == ValueType::Multivalue) {
                let distinct = function(context, "mvdedup", vec![Typed::new(column(field), ValueType::Multivalue)])?;
                frame = frame.assign(vec![(field.clone(), distinct.expression)])?;
            }
        }
    }
    let frame = aggregation::expand_groups(context, frame, fields)?;
    Ok(aggregation::with_all_numbers(context, call, frame)?.0)
}

/// Plans the command without sparklines.
pub fn rows(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(fields) = aggregation::by_fields(call, &frame)? else {
        return no_groups(context, call, frame);
    };
    let frame = prepared(context, call, frame, &fields)?;
    let planned = aggregation::plan_all(context, call, &frame)?;
    group(context, frame, &fields, &planned)
}

/// No row has one of the by-fields: the columns are there, rows are not.
fn no_groups(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let by = call.by_fields().iter().filter_map(|argument| argument.as_field()).map(|field| field.name.clone());
    let results = aggregation::plan_all(context, call, &frame)?.into_iter().map(|planned| planned.name);
    let names: IndexSet<String> = by.chain(results).collect();
    let columns = names.into_iter().map(|name| (name, spl_plan::frame::null(ValueType::Text))).collect();
    frame.select(columns)?.filter(lit(false))
}

/// Groups rows that have all by-fields.
pub fn group(context: &PlanContext, frame: Frame, fields: &[String], planned: &[Planned]) -> Result<Frame, Diagnostic> {
    if fields.is_empty() && planned.is_empty() {
        // Wildcards that no field matches: there is nothing to compute.
        return frame.select(Vec::new())?.filter(lit(false));
    }
    let internal = |place: usize| format!("__aggregate{place}");
    let results = planned.iter().enumerate().map(|(place, planned)| (internal(place), planned)).collect();
    let grouped = grouped_rows(context, frame, fields, results, None)?;
    let grouped = if fields.is_empty() {
        grouped
    } else {
        let results = (0..planned.len()).map(internal);
        let mut columns: Vec<(String, Expr)> =
            fields.iter().cloned().chain(results).map(|name| (name.clone(), column(&name))).collect();
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        grouped.select(columns)?
    };
    let mut columns: Vec<(String, Expr)> = fields.iter().map(|field| (field.clone(), column(field))).collect();
    for (place, planned) in planned.iter().enumerate() {
        // A result that has a by-field's name replaces it.
        if fields.contains(&planned.name) {
            columns.retain(|(name, _)| *name != planned.name);
        }
        columns.push((planned.name.clone(), column(&internal(place))));
    }
    if fields.is_empty() {
        // Without groups there is one row, unless it would hold nothing at all.
        let something = balanced(columns.iter().map(|(_, value)| value.clone().is_not_null()).collect(), Expr::or);
        let grouped = match something {
            Some(something) if !is_wide(planned.len()) => grouped.filter(something)?,
            _ => grouped,
        };
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        return grouped.select(columns);
    }
    let mut keys = Vec::new();
    for field in fields {
        keys.extend(sort_key(context, &grouped, field, "group", false)?);
    }
    // A result that replaced a by-field took the key with it.
    if fields.iter().all(|field| !planned.iter().any(|planned| planned.name == *field)) {
        return Ok(grouped.select(columns)?.with_pending_order(keys));
    }
    grouped.numbered(keys)?.select(columns)
}
