//! Planning of `addtotals`: totals of rows, and of columns on demand.

use datafusion::prelude::lit;
use spl_operators::nodes::totals::ColumnTotals;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, or_else};
use spl_plan::function_call::call as function;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let target = call.text("fieldname").to_owned();
    let mut fields = listed(call, &frame);
    let mut frame = frame;
    if call.flag("row") {
        let found = fields.iter().filter(|name| **name != target).filter_map(|name| frame.field(name));
        let added: Vec<Typed> = found.map(|field| Typed::new(column(&field.name), field.value_type())).collect();
        let total = match added.is_empty() {
            true => lit(0.0),
            // A row without a number has the total 0.
            false => or_else(function(context, "sum", added)?.expression, lit(0.0)),
        };
        frame = frame.assign(vec![(target.clone(), total)])?;
    }
    if call.flag("col") {
        if call.flag("row") && !fields.contains(&target) {
            fields.push(target);
        }
        frame = column_totals(call, frame, fields)?;
    }
    Ok(frame)
}

/// Adds the row of column totals.
pub fn column_totals(call: &CommandCall, frame: Frame, fields: Vec<String>) -> Result<Frame, Diagnostic> {
    let text = call.text("label").to_owned();
    let label = call.option("labelfield").map(|option| (option.value.value.clone(), text));
    frame.operate(ColumnTotals { fields, label })
}

/// The fields that are added up: those that are listed, else all but internal ones.
pub fn listed(call: &CommandCall, frame: &Frame) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in call.fields() {
        for found in expand(frame, field) {
            if !names.contains(&found.name) {
                names.push(found.name);
            }
        }
    }
    if call.fields().next().is_none() {
        names = frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect();
    }
    names
}
