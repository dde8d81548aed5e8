//! Planning of `untable`: a table to rows of (x, series, value).

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`untable` needs rows", call.span))?;
        let fields: Vec<String> = call.fields().map(|field| field.name.clone()).collect();
        let [x, series, value] = fields.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`untable` takes three fields", call.span)
                .with_help(call.spec.syntax.to_owned()));
        };
        let table = Table::of(context, frame).await?;
        // Internal fields are no data.
        let names: Vec<String> = table.names().filter(|name| *name != x && !name.starts_with('_')).cloned().collect();
        let mut result = Table::new(0);
        [x, series, value].into_iter().for_each(|name| result.add_column(name));
        for row in 0..table.rows() {
            let key = table.cell(row, x);
            for name in &names {
                let cell = table.cell(row, name);
                if cell.is_null() {
                    continue;
                }
                let place = result.add_row();
                result.set(place, x, key.clone());
                result.set(place, series, Cell::Text(name.clone()));
                result.set(place, value, cell.clone());
            }
        }
        result.frame(context)
    })
}
