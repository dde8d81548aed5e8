//! Planning of `set`: union, difference or intersection of the rows of two subsearches, compared by all their fields.

use std::collections::HashSet;

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall, Subsearch};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column};
use spl_plan::rows::collected::Rows;
use spl_plan::rows::union::concatenate;

const SIDE: &str = "__side";

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`set` must be the first command", call.name.span));
        }
        let subsearches: Vec<&Subsearch> = call
            .arguments
            .iter()
            .filter_map(|argument| match argument {
                Argument::Subsearch(subsearch) => Some(subsearch),
                _ => None,
            })
            .collect();
        let (Some(Argument::Text { text: operation, .. }), [first, second]) = (call.arguments.first(), subsearches.as_slice())
        else {
            return Err(Diagnostic::error("plan/argument", "`set` needs an operation and two subsearches", call.span));
        };
        let first = context.subsearch(first, "set_maxresultrows", RequiredFields::All).await?;
        let second = context.subsearch(second, "set_maxresultrows", RequiredFields::All).await?;
        combine(context, &operation.value, first, second).await
    })
}

async fn combine(context: &PlanContext, operation: &str, first: Frame, second: Frame) -> Result<Frame, Diagnostic> {
    let mark = |frame: Frame, side: i64| frame.assign(vec![(SIDE.to_owned(), datafusion::logical_expr::lit(side))]);
    let (first, second) = (mark(first, 0)?, mark(second, 1)?);
    // The mark is hidden, so both sides carry it beside the fields that they have in common.
    let both = concatenate_with_side(context, first, second)?;
    let rows = Rows::of(context, both).await?;
    let side_of = |row: usize| rows.value(SIDE, row).number() == Some(1.0);
    let keys: Vec<Vec<(String, Vec<String>)>> = (0..rows.len()).map(|row| key(&rows, row)).collect();
    let members = |side: bool| -> HashSet<&Vec<(String, Vec<String>)>> {
        keys.iter().enumerate().filter(|(row, _)| side_of(*row) == side).map(|(_, key)| key).collect()
    };
    let (left, right) = (members(false), members(true));
    let mut seen = HashSet::new();
    let kept: Vec<u32> = (0..rows.len())
        .filter(|row| {
            let key = &keys[*row];
            let wanted = match operation {
                "intersect" => left.contains(key) && right.contains(key),
                "diff" => left.contains(key) != right.contains(key),
                _ => true,
            };
            wanted && seen.insert(key)
        })
        .filter_map(|row| u32::try_from(row).ok())
        .collect();
    rows.take(context, &kept)?.without(&[SIDE.to_owned()])
}

fn concatenate_with_side(context: &PlanContext, first: Frame, second: Frame) -> Result<Frame, Diagnostic> {
    const SHOWN: &str = "set side";
    let shown = |frame: Frame| frame.assign(vec![(SHOWN.to_owned(), column(SIDE))])?.without(&[SIDE.to_owned()]);
    let both = concatenate(context, shown(first)?, shown(second)?)?;
    both.assign(vec![(SIDE.to_owned(), column(SHOWN))])?.without(&[SHOWN.to_owned()])
}

/// What makes two rows the same: the fields that have a value, with their values.
fn key(rows: &Rows, row: usize) -> Vec<(String, Vec<String>)> {
    let mut key: Vec<(String, Vec<String>)> = rows
        .fields()
        .map(|(name, column)| {
            (name.to_owned(), column.value(row).each_text().into_iter().map(|text| text.into_owned()).collect())
        })
        .filter(|(_, values): &(String, Vec<String>)| !values.is_empty())
        .collect();
    key.sort();
    key
}
