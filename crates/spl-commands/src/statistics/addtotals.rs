//! Planning of `addtotals`: totals of rows, and of columns on demand.

use spl_operators::nodes::totals::{ColumnTotals, RowTotals};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{boolean, expand};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let target = call.option("fieldname").map_or_else(|| "Total".to_owned(), |option| option.value.value.clone());
    let mut fields = listed(call, &frame);
    let mut frame = frame;
    if boolean(call, "row", true) {
        let fields: Vec<String> = fields.iter().filter(|name| **name != target).cloned().collect();
        frame = frame.operate(RowTotals { fields, target: target.clone() })?;
    }
    if boolean(call, "col", false) {
        if boolean(call, "row", true) && !fields.contains(&target) {
            fields.push(target);
        }
        frame = column_totals(call, frame, fields)?;
    }
    Ok(frame)
}

/// Adds the row of column totals.
pub fn column_totals(call: &CommandCall, frame: Frame, fields: Vec<String>) -> Result<Frame, Diagnostic> {
    let text = call.option("label").map_or_else(|| "Total".to_owned(), |option| option.value.value.clone());
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
