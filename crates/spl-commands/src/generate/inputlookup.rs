//! Planning of `inputlookup`: the rows of a lookup table.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_knowledge::{LookupSource, LookupTable};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span};

use spl_functions::column::ValueType;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column, null};
use spl_plan::rows::lookup_table::{MULTIVALUE_PREFIX, decoded};
use spl_plan::rows::texts::rows_frame;
use spl_plan::rows::union::concatenate;
use spl_plan::search::{predicate, subsearch};

/// Plans the command. A table that is not there is a warning unless `strict=true`; one that can't be read, or is of a kind
/// that is not supported, is always an error.
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
        let found = context.lookup(&name.value);
        let is_missing = match &found {
            Ok(definition) => matches!(definition.source, LookupSource::Missing(_)),
            Err(_) => true,
        };
        match found.and_then(|definition| context.lookup_table(&definition)).map_err(|error| error.at(name.span)) {
            Ok(table) => selected(context, call, table_frame(context, &table)?, input.frame).await,
            Err(error) if is_missing && !call.flag("strict") => {
                context.warn(without_rows(error, name.span));
                match input.frame {
                    Some(before) => Ok(before),
                    None => rows_frame(context, &[]),
                }
            }
            Err(error) => Err(error),
        }
    })
}

/// The warning that a table is missing.
fn without_rows(error: Diagnostic, place: Span) -> Diagnostic {
    let Diagnostic { code, message, help, .. } = error;
    let warning = Diagnostic::warning(code, format!("{message}: no row is read"), Some(place));
    warning.with_help(help.unwrap_or_else(|| "`strict=true` makes this an error".to_owned()))
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
    // Of columns with the same name the first counts, as it does for `lookup`.
    let mut shown: IndexMap<&str, usize> = IndexMap::new();
    for (place, name) in table.header.iter().enumerate().filter(|(_, name)| !name.starts_with(MULTIVALUE_PREFIX)) {
        shown.entry(name).or_insert(place);
    }
    let cell = |row: &[String], name: &str, place: usize| {
        let value = row.get(place).filter(|value| !value.is_empty())?;
        Some((name.to_owned(), several(table, row, name).unwrap_or_else(|| vec![value.clone()])))
    };
    let rows: Vec<IndexMap<String, Vec<String>>> =
        table.rows.iter().map(|row| shown.iter().filter_map(|(name, place)| cell(row, name, *place)).collect()).collect();
    let frame = rows_frame(context, &rows)?;
    let columns = shown
        .keys()
        .map(|name| ((*name).to_owned(), if frame.field(name).is_some() { column(name) } else { null(ValueType::Text) }))
        .collect();
    frame.select(columns)
}
