//! Planning of `gauge`: one row with a value and the bounds of its ranges.

use futures::future::BoxFuture;
use spl_functions::value::parse_number;
use spl_parser::Diagnostic;
use spl_parser::syntax::{CommandCall, FieldName};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::sort_keys::first_rows;
use spl_plan::rows::table::Table;

/// The bounds where none are given.
const DEFAULT_BOUNDS: [i64; 4] = [0, 30, 70, 100];

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`gauge` needs rows", call.span))?;
        let table = Table::of(context, first_rows(frame, 1)?).await?;
        let number = |field: &FieldName| match parse_number(&field.name) {
            Some(number) => Cell::Float(number),
            None => table.cell(0, &field.name).number().map_or(Cell::Null, Cell::Float),
        };
        let mut fields = call.fields();
        let value =
            fields.next().ok_or_else(|| Diagnostic::error("plan/argument", "`gauge` needs a field or a number", call.span))?;
        let mut bounds: Vec<Cell> = fields.map(number).collect();
        if bounds.is_empty() {
            bounds = DEFAULT_BOUNDS.map(Cell::Integer).to_vec();
        }
        let mut result = Table::new(1);
        result.set(0, "x", number(value));
        for (place, bound) in bounds.into_iter().enumerate() {
            result.set(0, &format!("y{}", place + 1), bound);
        }
        result.frame(context)
    })
}
