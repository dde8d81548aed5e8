//! Planning of `tstats`: aggregations over events by indexed fields, or over a dataset of a data model.

use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_parser::syntax::{AggregationArgument, Argument, CommandCall, SearchExpression};
use spl_parser::{Diagnostic, Span};
use spl_plan::aggregation;
use spl_plan::aggregation::prestats;
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::{EventScan, NamedColumn, ScannedColumns, ScannedDataset, ScannedTimes};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null};
use spl_plan::models::dataset;
use spl_plan::models::dataset_name::DatasetName;
use spl_plan::models::required::{aggregated_fields, note_summaries};
use spl_plan::models::search_text::Naming;
use spl_plan::rows::union;
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
            let (frame, groups) = grouped(context, call, dataset.as_ref(), condition, searched).await?;
            let rows = prestats::rows(context, call, frame, &groups)?;
            return match input.frame {
                Some(before) => union::concatenate(context, before, context.materialise(rows).await?),
                None => Ok(rows),
            };
        }
        let (frame, names) = grouped(context, call, dataset.as_ref(), condition, searched).await?;
        let frame = aggregation::expand_groups(context, frame, &names)?;
        let planned = aggregation::plan_all(context, call, &frame)?;
        stats::group(context, frame, &names, &planned)
    })
}

/// The rows that are aggregated, and the fields that they are grouped by. `searched` holds the rows of a dataset that
/// starts from a search with commands.
async fn grouped(
    context: &PlanContext,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    condition: Option<SearchExpression>,
    searched: Option<Frame>,
) -> Result<(Frame, Vec<String>), Diagnostic> {
    if let (Some(dataset), Some(condition)) = (dataset, &condition) {
        dataset.check_search(context, condition)?;
    }
    let by = by_fields(call)?;
    let columns = columns(context, call, dataset, &by)?;
    let mut frame = match searched {
        Some(rows) => {
            let rows = match condition {
                Some(condition) => {
                    let condition = predicate::plan(context, &condition, &rows)?;
                    rows.filter(condition)?
                }
                None => rows,
            };
            let value = |name: &str| if rows.field(name).is_some() { column(name) } else { null(ValueType::Text) };
            let values = columns.iter().map(|wanted| (wanted.name.clone(), value(&wanted.name))).collect();
            rows.select(values)?
        }
        None => {
            let dataset = dataset.map(|dataset| ScannedDataset::named(dataset, call.span));
            let (times, columns) = (ScannedTimes::OfTheSearch, ScannedColumns::Named(columns));
            context.scan(&EventScan { condition, dataset, times, columns }).await?
        }
    };

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

/// The columns that aggregations and by-fields read.
fn columns(
    context: &PlanContext,
    call: &CommandCall,
    dataset: Option<&DatasetName<'_>>,
    by: &[ByField],
) -> Result<Vec<NamedColumn>, Diagnostic> {
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
    let mut prefixes: Vec<(String, String, Span)> = Vec::new();
    for field in by {
        match &field.prefix {
            Some(prefix) => prefixes.push((field.name.clone(), prefix.clone(), field.place)),
            None => want(&field.name, field.place),
        }
    }
    let mut columns = Vec::new();
    for (name, span) in wanted {
        if let Some(prefix) = name.strip_prefix("PREFIX(").and_then(|rest| rest.strip_suffix(')')) {
            prefixes.push((name.clone(), prefix.to_owned(), span));
            continue;
        }
        if name.contains('*') {
            return Err(Diagnostic::error("plan/wildcard", "`tstats` takes no wildcards in field names", span));
        }
        if let Some(dataset) = dataset {
            dataset.check_field(context, &name, span);
        }
        columns.push(NamedColumn { name, prefix: None });
    }
    for (name, prefix, span) in prefixes {
        if dataset.is_some() {
            return Err(Diagnostic::error("plan/argument", "`PREFIX` reads texts of events, not a data model", span));
        }
        columns.push(NamedColumn { name, prefix: Some(prefix) });
    }
    Ok(columns)
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
