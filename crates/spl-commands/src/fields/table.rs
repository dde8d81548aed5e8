//! Planning of `table`: exactly the named fields, in the order named; a field that no row has is an empty column.

use std::collections::HashSet;

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::aggregation::prestats;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, null};

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut columns: Vec<(String, datafusion::logical_expr::Expr)> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    for field in call.fields() {
        let mut found = expand(&frame, field);
        if field.has_wildcard() {
            // A wildcard does not bring internal fields unless it starts as they do.
            found.retain(|found| !found.name.starts_with('_') || field.name.starts_with('_'));
        } else if found.is_empty() && known.insert(field.name.clone()) {
            columns.push((field.name.clone(), null(ValueType::Text)));
        }
        for field in found {
            if known.insert(field.name.clone()) {
                columns.push((field.name.clone(), column(&field.name)));
            }
        }
    }
    columns.extend(prestats::hidden(&frame).map(|name| (name.clone(), column(&name))));
    frame.select(columns)
}
