//! Planning of `correlate`: the share of rows in which two fields both occur, for all pairs of fields.
//!
//! 1.0 means that two fields occur together in every row (Splunk search reference, correlate). Fields whose names start
//! with `_` are left out.

use futures::future::BoxFuture;
use spl_functions::column::Column;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let rows = statistics::rows(context, call, input).await?;
        let mut fields: Vec<(String, Vec<u64>)> = rows
            .fields()
            .filter(|(name, _)| !name.starts_with('_'))
            .map(|(name, column)| (name.to_owned(), present(column, rows.len())))
            .filter(|(_, present)| present.iter().any(|word| *word != 0))
            .collect();
        let most = context.limits().get("correlate_maxfields");
        if most > 0 && fields.len() as u64 > most {
            fields.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            let message = format!("`correlate` looked at {most} fields only");
            let warning = Diagnostic::warning("limit/reached", message, Some(call.span));
            context.warn(warning.with_help("the limit is `correlate_maxfields`"));
        }
        fields.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut table = Table::new(fields.len());
        table.add_column("RowField");
        for (row, (name, _)) in fields.iter().enumerate() {
            table.set(row, "RowField", Cell::Text(name.clone()));
        }
        for (place, (name, present)) in fields.iter().enumerate() {
            for (row, (_, other)) in fields.iter().enumerate().skip(place) {
                let together: u64 = present.iter().zip(other).map(|(one, two)| u64::from((one & two).count_ones())).sum();
                let share = Cell::Float(together as f64 / rows.len() as f64);
                table.set(row, name, share.clone());
                table.set(place, &fields[row].0, share);
            }
        }
        table.frame(context)
    })
}

/// The rows with a value, one bit each.
fn present(column: &Column, rows: usize) -> Vec<u64> {
    let mut words = vec![0_u64; rows.div_ceil(64)];
    for row in (0..rows).filter(|row| !column.value(*row).is_null()) {
        words[row / 64] |= 1 << (row % 64);
    }
    words
}
