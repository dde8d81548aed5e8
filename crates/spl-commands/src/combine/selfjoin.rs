//! Planning of `selfjoin`: each row joined with the rows after it that have the same values.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use futures::future::BoxFuture;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;

use crate::combine::join::MOST_ROWS;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`selfjoin` needs rows", call.span))?;
        let most = match call.count("max")? {
            0 => usize::MAX,
            most => usize::try_from(most).unwrap_or(usize::MAX),
        };
        let mut fields: Vec<String> = Vec::new();
        let mut missing = false;
        for field in call.fields() {
            let found = expand(&frame, field);
            missing |= found.is_empty();
            fields.extend(found.into_iter().map(|found| found.name));
        }
        let limit = context.limits().get("selfjoin_maxrows");
        let frame = context.limited(frame, "selfjoin_maxrows", limit, call.span).await?;
        let rows = Rows::of(context, frame).await?;
        let fields = if missing { Vec::new() } else { fields };
        let most_rows = usize::try_from(context.limits().get(MOST_ROWS)).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
        let Some(pairs) = pairs(&rows, &fields, most, call.flag("keepsingle"), most_rows) else {
            let message = format!("`selfjoin` makes more than {most_rows} rows");
            return Err(Diagnostic::error("run/too-many-rows", message, call.span)
                .with_help(format!("the limit is `{MOST_ROWS}`; --limit {MOST_ROWS}=0 takes it away")));
        };
        joined(context, &rows, &pairs, call.flag("overwrite"))
    })
}

/// A row and the one that is joined to it; without the latter it stays as it is.
type Pair = (u32, Option<u32>);

/// The pairs of all rows; none where there are more than `most_rows`.
fn pairs(rows: &Rows, fields: &[String], most: usize, keep_single: bool, most_rows: usize) -> Option<Vec<Pair>> {
    let mut groups: HashMap<Vec<Vec<String>>, Vec<u32>> = HashMap::new();
    let keys: Vec<Option<Vec<Vec<String>>>> = (0..rows.len())
        .map(|row| {
            let key: Vec<Vec<String>> =
                fields.iter().map(|field| rows.texts(field, row).into_iter().map(|text| text.into_owned()).collect()).collect();
            (!key.is_empty() && key.iter().all(|values: &Vec<String>| !values.is_empty())).then_some(key)
        })
        .collect();
    for (row, key) in keys.iter().enumerate() {
        if let (Some(key), Ok(row)) = (key, u32::try_from(row)) {
            groups.entry(key.clone()).or_default().push(row);
        }
    }
    let mut pairs = Vec::new();
    for (row, key) in keys.iter().enumerate() {
        let Ok(row) = u32::try_from(row) else { continue };
        let group = key.as_ref().and_then(|key| groups.get(key));
        match group {
            Some(group) if group.len() > 1 => {
                let after = group.partition_point(|other| *other <= row);
                pairs.extend(group[after..].iter().take(most).map(|other| (row, Some(*other))));
            }
            _ if keep_single => pairs.push((row, None)),
            _ => {}
        }
        if pairs.len() > most_rows {
            return None;
        }
    }
    Some(pairs)
}

/// The values of a pair: those of the second row where it has any and `overwrite` says so, else those of the first.
fn joined(context: &PlanContext, rows: &Rows, pairs: &[Pair], overwrite: bool) -> Result<Frame, Diagnostic> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(rows.batch.num_columns());
    for array in rows.batch.columns() {
        let places: UInt32Array = pairs
            .iter()
            .map(|(first, second)| match second {
                Some(second) => {
                    let (preferred, other) = if overwrite { (*second, *first) } else { (*first, *second) };
                    if array.is_valid(preferred as usize) { preferred } else { other }
                }
                None => *first,
            })
            .collect::<Vec<u32>>()
            .into();
        columns.push(arrow::compute::take(array, &places, None).map_err(|error| engine_error(error.into()))?);
    }
    let batch = RecordBatch::try_new(rows.schema.clone(), columns).map_err(|error| engine_error(error.into()))?;
    context.from_batches(Arc::clone(&rows.schema), vec![batch])
}
