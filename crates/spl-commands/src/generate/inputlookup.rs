//! Planning of `inputlookup`: the rows of a lookup table.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_knowledge::LookupTable;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use spl_functions::column::ValueType;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column, null};
use spl_plan::rows::lookup_table::{MULTIVALUE_PREFIX, decoded};
use spl_plan::rows::texts::rows_frame;
use spl_plan::rows::union::concatenate;
use spl_plan::search::{predicate, subsearch};

/// Plans the command. A table that is not there is a warning unless `strict=true`.
///
/// Source: Splunk search reference 10.0, inputlookup, filename and strict.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let append = call.flag("append");
        if input.frame.is_some() && !append {
            return Err(Diagnostic::error("plan/position", "`inputlookup` must be the first command", call.name.span)
                .with_help("`append=true` adds its rows to those before it"));
        }
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`inputlookup` needs a table", call.span));
        };
        let loaded = context.lookup(&name.value).and_then(|definition| definition.load()).map_err(|error| error.at(name.span));
        match loaded {
            Ok(table) => selected(context, call, table_frame(context, &table)?, input.frame).await,
            Err(error) if call.flag("strict") => Err(error),
            Err(error) => {
                let Diagnostic { code, message, help, .. } = error;
                let warning = Diagnostic::warning(code, format!("{message}: no row is read"), Some(name.span));
                context.warn(match help {
                    Some(help) => warning.with_help(help),
                    None => warning.with_help("`strict=true` makes this an error"),
                });
                match input.frame {
                    Some(before) => Ok(before),
                    None => rows_frame(context, &[]),
                }
            }
        }
    })
}

/// The rows of a table, after those that were there before: `start` and `max` say which are read, `where` which of these
/// are kept.
///
/// Source: Splunk search reference 10.0, inputlookup, start, max and where.
pub async fn selected(
    context: &PlanContext,
    call: &CommandCall,
    table: Frame,
    before: Option<Frame>,
) -> Result<Frame, Diagnostic> {
    let mut frame = limited(call, table)?;
    if let Some(Argument::Search(condition)) = call.clause("where").and_then(|clause| clause.arguments.first()) {
        let condition = subsearch::resolve(context, condition).await?;
        let condition = predicate::plan(context, &condition, &frame)?;
        frame = frame.filter(condition)?;
    }
    match before {
        Some(before) => concatenate(context, before, context.materialise(frame).await?),
        None => Ok(frame),
    }
}

/// The rows that `start` and `max` read.
fn limited(call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if call.option("start").is_none() && call.option("max").is_none() {
        return Ok(frame);
    }
    let (start, most) = (call.count("start")?, call.count("max")?);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    frame.ordered()?.build(|plan| plan.limit(size(start), Some(size(most))))
}

/// The values of a field that the table also holds one by one (`output_format=splunk_mv_csv`).
fn several(table: &LookupTable, row: &[String], name: &str) -> Option<Vec<String>> {
    let place = table.header.iter().position(|known| known.strip_prefix(MULTIVALUE_PREFIX) == Some(name))?;
    decoded(row.get(place)?)
}

/// A frame over a table; empty cells are absent values.
pub fn table_frame(context: &PlanContext, table: &LookupTable) -> Result<Frame, Diagnostic> {
    let rows: Vec<IndexMap<String, Vec<String>>> = table
        .rows
        .iter()
        .map(|row| {
            table
                .header
                .iter()
                .zip(row)
                .filter(|(name, value)| !value.is_empty() && !name.starts_with(MULTIVALUE_PREFIX))
                .map(|(name, value)| (name.clone(), several(table, row, name).unwrap_or_else(|| vec![value.clone()])))
                .collect()
        })
        .collect();
    let frame = rows_frame(context, &rows)?;
    let columns = table
        .header
        .iter()
        .filter(|name| !name.starts_with(MULTIVALUE_PREFIX))
        .map(|name| (name.clone(), if frame.field(name).is_some() { column(name) } else { null(ValueType::Text) }))
        .collect();
    frame.select(columns)
}
