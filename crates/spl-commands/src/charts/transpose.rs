//! Planning of `transpose`: each row becomes a column.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::leading_count;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::sort_keys::first_rows;
use spl_plan::rows::table::Table;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`transpose` needs rows", call.span))?;
        let frame = match leading_count(call)?.unwrap_or(5) {
            0 => frame,
            rows => first_rows(frame, rows)?,
        };
        let table = Table::of(context, frame).await?;
        Table::check_size(context, table.rows(), table.names().count())?;
        let option = |name: &str| call.option(name).map(|option| option.value.value.as_str());
        let header = option("header_field").filter(|field| !field.is_empty());
        let first = option("column_name").unwrap_or("column");
        transposed(&table, first, header, call.flag("include_empty")).frame(context)
    })
}

fn transposed(table: &Table, first: &str, header: Option<&str>, include_empty: bool) -> Table {
    let mut result = Table::new(0);
    result.add_column(first);
    let names: Vec<String> = (0..table.rows())
        .map(|row| header.and_then(|field| table.cell(row, field).text()).unwrap_or_else(|| format!("row {}", row + 1)))
        .collect();
    if names.is_empty() {
        return result;
    }
    for field in table.names() {
        let internal = field.starts_with('_') && field != "_time" && field != "_raw";
        if internal || header == Some(field.as_str()) {
            continue;
        }
        let cells = table.column(field).unwrap_or_default();
        if !include_empty && cells.iter().all(|cell| cell.text().is_none_or(|text| text.is_empty())) {
            continue;
        }
        let place = result.add_row();
        result.set(place, first, Cell::Text(field.clone()));
        for (cell, name) in cells.iter().zip(&names) {
            result.set(place, name, cell.clone());
        }
    }
    names.iter().for_each(|name| result.add_column(name));
    result
}
