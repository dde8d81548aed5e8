//! Planning of `tstats`: aggregations over events by indexed fields, or over a dataset of a data model.

use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_parser::syntax::{AggregationArgument, Argument, CommandCall, SearchExpression};
use spl_parser::{Diagnostic, Span};
use spl_plan::aggregation;
use spl_plan::aggregation::prestats;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::{Scope, Typed};
use spl_plan::frame::{Frame, column, conditions, null, text};
use spl_plan::function_call::call as function;
use spl_plan::models::dataset;
use spl_plan::models::dataset::{DatasetName, DatasetScope};
use spl_plan::models::required::{aggregated_fields, note_summaries};
use spl_plan::models::search_text::Naming;
use spl_plan::rows::union;
use spl_plan::scan::events;
use spl_plan::scan::scope::EventScope;
use spl_plan::search::{predicate, subsearch};

use crate::fields::{bin, fillnull};
use crate::statistics::stats;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let prestats = call.flag("prestats");
        spl_plan::arguments::check_position(call, input.frame.is_some(), prestats, call.flag("append"))?;
        if let Some(option) = call.option("use_summary_index_values").filter(|_| call.flag("use_summary_index_values")) {
            return Err(Diagnostic::error(
                "plan/refused-option",
                "there is no summary index to read values from",
                option.name.span,
            ));
        }
        let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
            None => None,
            Some(Argument::Pair { name, value }) if name.value.eq_ignore_ascii_case("datamodel") => {
                Some(DatasetName::find(context.knowledge(), &value.value, value.span)?)
            }
            Some(Argument::Pair { name, value }) => {
                let message = format!("`from {}={}`: search jobs of a Splunk server are not read", name.value, value.value);
                return Err(Diagnostic::error("plan/refused-source", message, name.span.to(value.span))
                    .with_help("`from datamodel=Model.Dataset`"));
            }
            Some(Argument::Text { text, .. }) => {
                let message =
                    format!("`{}` is a namespace of tscollect: index files of a Splunk server, which are not read", text.value);
                return Err(
                    Diagnostic::error("plan/refused-source", message, text.span).with_help("`from datamodel=Model.Dataset`")
                );
            }
            Some(_) => return Err(Diagnostic::error("plan/argument", "`from` takes a data model", call.span)),
        };
        let condition = match call.clause("where").and_then(|clause| clause.arguments.first()) {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(context, condition).await?),
            _ => None,
        };
        let summary = match &dataset {
            Some(dataset) if call.flag("summariesonly") => {
                let by = by_fields(call)?;
                let mut named: Vec<&str> = by.iter().map(|field| field.name.as_str()).collect();
                for aggregation in call.aggregations() {
                    if let AggregationArgument::Field(field) = &aggregation.argument {
                        named.push(&field.name);
                    }
                }
                let summary = context.summary(dataset, condition.as_ref(), &named)?;
                if summary.is_none() {
                    note_summaries(context, call);
                }
                summary
            }
            _ => None,
        };
        let searched = match &dataset {
            _ if summary.is_some() => summary,
            Some(dataset) => dataset::searched(context, dataset, Naming::Prefixed, false, call.span).await?,
            None => None,
        };
        if prestats {
            let (frame, groups) = found(context, call, dataset.as_ref(), condition.as_ref(), searched).await?;
            let rows = prestats::rows(context, call, frame, &groups)?;
            return match input.frame {
                Some(before) => union::concatenate(context, before, context.materialise(rows).await?),
                None => Ok(rows),
            };
        }
        let (frame, names) = found(context, call, dataset.as_ref(), condition.as_ref(), searched).await?;
        let frame = aggregation::expand_groups(context, frame, &names)?;
        let planned = aggregation::plan_all(context, call, &frame)?;
        stats::group(context, frame, &names, &planned)
    })
}

/// The same, whether the events are loaded or come part by part.
async fn found(
    context: &PlanContext,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    condition: Option<&SearchExpression>,
    searched: Option<Frame>,
) -> Result<(Frame, Vec<String>), Diagnostic> {
    match searched {
        Some(_) => grouped(context, call, dataset, condition, searched),
        None => context.over_events(|context| grouped(context, call, dataset, condition, None)).await,
    }
}

/// The rows that are aggregated, and the fields that they are grouped by. `searched` holds the rows of a dataset that
/// starts from a search with commands.
fn grouped(
    context: &PlanContext,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    condition: Option<&SearchExpression>,
    searched: Option<Frame>,
) -> Result<(Frame, Vec<String>), Diagnostic> {
    let events = EventScope::of_profiles(context);
    let scopes = DatasetScope::of_profiles(context, &events, dataset);
    let mut conditions = match &searched {
        Some(_) => vec![lit(true); scopes.len()],
        None => dataset::constraints(&scopes, dataset, call.span)?,
    };
    let is_searched = searched.is_some();
    let mut frame = match searched {
        Some(rows) => {
            if let (Some(condition), Some(scope)) = (condition, scopes.first()) {
                scope.check_search(condition)?;
                let condition = predicate::plan(context, condition, &rows)?;
                rows.filter(condition)?
            } else {
                rows
            }
        }
        None => {
            if let Some(condition) = condition {
                for (scope, whole) in scopes.iter().zip(&mut conditions) {
                    scope.check_search(condition)?;
                    if !conditions::is_false(whole) {
                        let condition = scope.settle_condition(predicate::plan(context, condition, scope)?);
                        *whole = conditions::and(whole.clone(), condition);
                    }
                }
            }
            let frame = events::scan(context)?.filter(events::any_profile(&conditions))?;
            events::within_search_time(context, frame, condition)?
        }
    };

    // The columns that aggregations and by-fields read.
    let mut wanted: Vec<(String, Span)> = Vec::new();
    let mut want = |name: &str, span: Span| {
        if !wanted.iter().any(|(known, _)| known == name) {
            wanted.push((name.to_owned(), span));
        }
    };
    want("_time", call.span);
    for aggregation in call.aggregations() {
        aggregated_fields(&aggregation.argument, &mut want);
    }
    let by = by_fields(call)?;
    let mut prefixes: Vec<(String, String, Span)> = Vec::new();
    for field in &by {
        match &field.prefix {
            Some(prefix) => prefixes.push((field.name.clone(), prefix.clone(), field.place)),
            None => want(&field.name, field.place),
        }
    }
    let mut columns: Vec<(String, Expr)> = Vec::new();
    for (name, span) in wanted {
        if let Some(prefix) = name.strip_prefix("PREFIX(").and_then(|rest| rest.strip_suffix(')')) {
            prefixes.push((name.clone(), prefix.to_owned(), span));
            continue;
        }
        if name.contains('*') {
            return Err(Diagnostic::error("plan/wildcard", "`tstats` takes no wildcards in field names", span));
        }
        if let Some(scope) = scopes.first() {
            scope.check_field(&name, span);
        }
        if is_searched {
            let found = frame.field(&name).is_some();
            columns.push((name.clone(), if found { column(&name) } else { null(ValueType::Text) }));
            continue;
        }
        let values = scopes.iter().map(|scope| scope.resolve(&name)).collect::<Result<Vec<_>, _>>()?;
        if let Some(found) = events::each_profile(context, &conditions, values)? {
            columns.push((name, if found.value_type == ValueType::Null { null(ValueType::Text) } else { found.expression }));
        } else {
            columns.push((name, null(ValueType::Text)));
        }
    }
    if let Some((_, _, span)) = prefixes.first() {
        if dataset.is_some() {
            return Err(Diagnostic::error("plan/argument", "`PREFIX` reads texts of events, not a data model", *span));
        }
        let values = scopes.iter().map(|scope| scope.resolve("_raw")).collect::<Result<Vec<_>, _>>()?;
        let raw = events::each_profile(context, &conditions, values)?;
        for (name, prefix, _) in prefixes {
            let value = match &raw {
                Some(raw) => prefixed(context, raw.clone(), &prefix)?,
                None => null(ValueType::Text),
            };
            columns.push((name, value));
        }
    }
    frame = frame.select(columns)?;

    for field in &by {
        if let Some((span, place)) = &field.span {
            let kind = frame.field(&field.name).map_or(ValueType::Text, |found| found.value_type());
            let binned = bin::with_span(context, call, &field.name, Typed::new(column(&field.name), kind), span, *place)?;
            frame = frame.assign(vec![(field.name.clone(), binned.expression)])?;
        }
    }
    let names: Vec<String> = by.into_iter().map(|field| field.name).collect();
    if let Some(option) = call.option("fillnull_value") {
        let mut filled = Vec::new();
        for name in &names {
            filled.push((name.clone(), fillnull::fill(context, &frame, name, &option.value.value)?.expression));
        }
        frame = frame.assign(filled)?;
    }
    Ok((frame, names))
}

/// What follows a prefix in the terms of a text, in lower case as terms are indexed.
///
/// Source: Splunk search reference, tstats, PREFIX directive.
fn prefixed(context: &PlanContext, raw: Typed, prefix: &str) -> Result<Expr, Diagnostic> {
    let breakers = r#"\s\[\]<>(){}|!;,'"*&?+"#;
    let regex = format!("(?:^|[{breakers}]){}([^{breakers}]+)", regex::escape(&prefix.to_lowercase()));
    let lower = function(context, "lower", vec![raw])?;
    let arguments = vec![
        lower,
        Typed::new(text(regex), ValueType::Text),
        Typed::new(lit(1_i64), ValueType::Integer),
        Typed::new(lit(0_i64), ValueType::Integer),
    ];
    Ok(function(context, "spl_capture_all", arguments)?.expression)
}

/// A field of the by-clause.
struct ByField {
    name: String,
    place: Span,
    /// Buckets that it is cut into.
    span: Option<(String, Span)>,
    /// For `PREFIX(...)`: what its values follow in the texts of events.
    prefix: Option<String>,
}

fn by_fields(call: &CommandCall) -> Result<Vec<ByField>, Diagnostic> {
    let mut fields: Vec<ByField> = Vec::new();
    let add = |fields: &mut Vec<ByField>, name: &str, place: Span, prefix: Option<String>| {
        if !fields.iter().any(|known| known.name == name) {
            fields.push(ByField { name: name.to_owned(), place, span: None, prefix });
        }
    };
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) => add(&mut fields, &field.name, field.span, None),
            Argument::Pair { name, value } if name.value.eq_ignore_ascii_case("span") => {
                // A span is for `_time` wherever it stands, else for the field before it.
                let time = fields.iter().position(|field| field.name == "_time");
                match time.or(fields.len().checked_sub(1)) {
                    Some(place) => fields[place].span = Some((value.value.clone(), value.span)),
                    None => return Err(Diagnostic::error("plan/argument", "`span` needs a field before it", name.span)),
                }
            }
            Argument::Conversion { field, alias, .. } => {
                let name = alias.as_ref().map_or(field.name.as_str(), |alias| alias.name.as_str());
                add(&mut fields, name, field.span, Some(field.name.clone()));
            }
            _ => return Err(Diagnostic::error("plan/argument", "a by-clause takes fields", call.span)),
        }
    }
    Ok(fields)
}
