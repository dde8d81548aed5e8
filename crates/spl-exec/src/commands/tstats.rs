//! Planning of `tstats`: aggregations over events by indexed fields, or over a dataset of a data model.

use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_knowledge::{CalculationKind, Knowledge};
use spl_parser::syntax::{AggregationArgument, Argument, CommandCall, Pipeline, SearchExpression};
use spl_parser::{Diagnostic, Span};

use super::{Input, aggregation, append, bin, boolean, fillnull, stats};
use crate::dataset::{self, DatasetName, DatasetScope, Naming};
use crate::events::{self, EventScope};
use crate::expression::{Scope, Typed, call as function};
use crate::frame::{Frame, column, null, text};
use crate::needed::Needed;
use crate::parsed_knowledge::ParsedKnowledge;
use crate::planner::Planner;
use crate::{prestats, search, subsearch};

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let prestats = boolean(call, "prestats", false);
        super::mstats::check_position(call, input.frame.is_some(), prestats, boolean(call, "append", false))?;
        if let Some(option) = call.option("use_summary_index_values").filter(|_| boolean(call, "use_summary_index_values", false))
        {
            return Err(Diagnostic::error(
                "plan/refused-option",
                "there is no summary index to read values from",
                option.name.span,
            ));
        }
        let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
            None => None,
            Some(Argument::Pair { name, value }) if name.value.eq_ignore_ascii_case("datamodel") => {
                Some(DatasetName::find(planner.knowledge(), &value.value, value.span)?)
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
            Some(Argument::Search(condition)) => Some(subsearch::resolve(planner, condition).await?),
            _ => None,
        };
        let summary = match &dataset {
            Some(dataset) if boolean(call, "summariesonly", false) => {
                let by = by_fields(call)?;
                let mut named: Vec<&str> = by.iter().map(|field| field.name.as_str()).collect();
                for aggregation in call.aggregations() {
                    if let AggregationArgument::Field(field) = &aggregation.argument {
                        named.push(&field.name);
                    }
                }
                let summary = planner.summary(dataset, condition.as_ref(), &named)?;
                if summary.is_none() {
                    note_summaries(planner, call);
                }
                summary
            }
            _ => None,
        };
        let searched = match &dataset {
            _ if summary.is_some() => summary,
            Some(dataset) => dataset::searched(planner, dataset, Naming::Prefixed, false, call.span).await?,
            None => None,
        };
        if prestats {
            let (frame, groups) = found(planner, call, dataset.as_ref(), condition.as_ref(), searched).await?;
            let rows = prestats::rows(planner, call, frame, &groups)?;
            return match input.frame {
                Some(before) => append::concatenate(planner, before, planner.materialise(rows).await?),
                None => Ok(rows),
            };
        }
        let (frame, names) = found(planner, call, dataset.as_ref(), condition.as_ref(), searched).await?;
        let frame = aggregation::expand_groups(planner, frame, &names)?;
        let planned = aggregation::plan_all(planner, call, &frame)?;
        stats::group(planner, frame, &names, &planned)
    })
}

/// Notes that `summariesonly` reads the events themselves.
pub fn note_summaries(planner: &Planner, call: &CommandCall) {
    planner.warn(Diagnostic {
        severity: spl_parser::Severity::Note,
        ..Diagnostic::warning(
            "tstats/summariesonly",
            "no data model summary has what is asked for: `summariesonly=true` reads the events themselves",
            call.option("summariesonly").map(|option| option.name.span),
        )
    });
}

/// The same, whether the events are loaded or come part by part.
async fn found(
    planner: &Planner,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    condition: Option<&SearchExpression>,
    searched: Option<Frame>,
) -> Result<(Frame, Vec<String>), Diagnostic> {
    match searched {
        Some(_) => grouped(planner, call, dataset, condition, searched),
        None => planner.over_events(|planner| grouped(planner, call, dataset, condition, None)).await,
    }
}

/// The rows that are aggregated, and the fields that they are grouped by. `searched` holds the rows of a dataset that
/// starts from a search with commands.
fn grouped(
    planner: &Planner,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    condition: Option<&SearchExpression>,
    searched: Option<Frame>,
) -> Result<(Frame, Vec<String>), Diagnostic> {
    let events = EventScope::of_kinds(planner);
    let scopes = DatasetScope::of_kinds(planner, &events, dataset);
    let mut conditions = match &searched {
        Some(_) => vec![lit(true); scopes.len()],
        None => dataset::constraints(&scopes, dataset, call.span)?,
    };
    let is_searched = searched.is_some();
    let mut frame = match searched {
        Some(rows) => {
            if let (Some(condition), Some(scope)) = (condition, scopes.first()) {
                scope.check_search(condition)?;
                let condition = search::plan(planner, condition, &rows)?;
                rows.filter(condition)?
            } else {
                rows
            }
        }
        None => {
            if let Some(condition) = condition {
                for (scope, whole) in scopes.iter().zip(&mut conditions) {
                    scope.check_search(condition)?;
                    if !search::is_false(whole) {
                        let condition = scope.settle_condition(search::plan(planner, condition, scope)?);
                        *whole = search::and(whole.clone(), condition);
                    }
                }
            }
            let frame = events::scan(planner)?.filter(events::any_kind(&conditions))?;
            events::within_search_time(planner, frame, condition)?
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
        if let Some(found) = events::each_kind(planner, &conditions, values)? {
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
        let raw = events::each_kind(planner, &conditions, values)?;
        for (name, prefix, _) in prefixes {
            let value = match &raw {
                Some(raw) => prefixed(planner, raw.clone(), &prefix)?,
                None => null(ValueType::Text),
            };
            columns.push((name, value));
        }
    }
    frame = frame.select(columns)?;

    for field in &by {
        if let Some((span, place)) = &field.span {
            let kind = frame.field(&field.name).map_or(ValueType::Text, |found| found.value_type());
            let binned = bin::with_span(planner, call, &field.name, Typed::new(column(&field.name), kind), span, *place)?;
            frame = frame.assign(vec![(field.name.clone(), binned.expression)])?;
        }
    }
    let names: Vec<String> = by.into_iter().map(|field| field.name).collect();
    if let Some(option) = call.option("fillnull_value") {
        let mut filled = Vec::new();
        for name in &names {
            filled.push((name.clone(), fillnull::fill(planner, &frame, name, &option.value.value)?.expression));
        }
        frame = frame.assign(filled)?;
    }
    Ok((frame, names))
}

/// What follows a prefix in the terms of a text, in lower case as terms are indexed.
///
/// Source: Splunk search reference, tstats, PREFIX directive.
fn prefixed(planner: &Planner, raw: Typed, prefix: &str) -> Result<Expr, Diagnostic> {
    let breakers = r#"\s\[\]<>(){}|!;,'"*&?+"#;
    let regex = format!("(?:^|[{breakers}]){}([^{breakers}]+)", regex::escape(&prefix.to_lowercase()));
    let lower = function(planner, "lower", vec![raw])?;
    let arguments = vec![
        lower,
        Typed::new(text(regex), ValueType::Text),
        Typed::new(lit(1_i64), ValueType::Integer),
        Typed::new(lit(0_i64), ValueType::Integer),
    ];
    Ok(function(planner, "spl_capture_all", arguments)?.expression)
}

fn aggregated_fields(argument: &spl_parser::syntax::AggregationArgument, want: &mut impl FnMut(&str, Span)) {
    use spl_parser::syntax::AggregationArgument as A;
    match argument {
        A::None | A::Eval(_) => {}
        A::Field(field) => want(&field.name, field.span),
        A::Sparkline { aggregation, .. } => aggregated_fields(&aggregation.argument, want),
    }
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

/// What the tstats commands of a pipeline need of the data, added to what the rest needs.
pub fn data_model_fields(pipeline: &Pipeline, knowledge: &Knowledge, parsed: &ParsedKnowledge, needed: Needed) -> Needed {
    let mut needed = needed;
    for call in &pipeline.commands {
        if call.spec.name == "tstats" {
            command_fields(call, knowledge, parsed, &mut needed);
        }
        for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
            if let Argument::Subsearch(subsearch) = argument {
                needed = data_model_fields(&subsearch.pipeline, knowledge, parsed, needed);
            }
        }
    }
    needed
}

fn command_fields(call: &CommandCall, knowledge: &Knowledge, parsed: &ParsedKnowledge, needed: &mut Needed) {
    let mut names = Needed::none();
    for aggregation in call.aggregations() {
        aggregated_fields(&aggregation.argument, &mut |name, _| {
            names.add(if name.starts_with("PREFIX(") { "_raw" } else { name });
        });
    }
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) => names.add(&field.name),
            Argument::Conversion { .. } => names.add("_raw"),
            _ => {}
        }
    }
    if let Some(Argument::Search(condition)) = call.clause("where").and_then(|clause| clause.arguments.first()) {
        crate::needed::search_fields(condition, &mut names);
    }
    let Needed::Only(names) = names else {
        *needed = Needed::All;
        return;
    };
    let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
        Some(Argument::Pair { value, .. }) => DatasetName::find(knowledge, &value.value, value.span).ok(),
        _ => None,
    };
    let Some(dataset) = dataset else {
        names.iter().for_each(|name| needed.add(name));
        return;
    };
    needed.add("tag");
    needed.add("eventtype");
    for name in &names {
        needed.add(dataset.unprefixed(name).unwrap_or(name));
    }
    for constraint in dataset.model.constraint_chain(dataset.dataset).unwrap_or_default() {
        match parsed.search(knowledge, constraint) {
            Ok(search) => crate::needed::search_fields(&search, needed),
            Err(_) => *needed = Needed::All,
        }
    }
    for calculation in dataset.model.all_calculations(dataset.dataset).unwrap_or_default() {
        if !calculation.outputs.iter().any(|output| names.iter().any(|name| dataset.unprefixed(name) == Some(&output.name))) {
            continue;
        }
        match &calculation.kind {
            CalculationKind::Eval { expression } => {
                if let Ok(parsed) = parsed.expression(expression) {
                    crate::needed::expression_fields(&parsed, needed);
                }
            }
            CalculationKind::Rex { input, .. } | CalculationKind::GeoIp { input, .. } => needed.add(input),
            CalculationKind::Lookup { inputs, .. } => inputs.iter().for_each(|(_, event)| needed.add(event)),
        }
    }
}
