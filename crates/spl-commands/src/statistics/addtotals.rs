//! Planning of `addtotals`: totals of rows, and of columns on demand.

use std::collections::HashMap;

use datafusion::logical_expr::Expr;
use datafusion::prelude::lit;
use indexmap::IndexSet;
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
        let known: HashMap<String, Typed> = frame
            .fields()
            .into_iter()
            .map(|field| (field.name.clone(), Typed::new(column(&field.name), field.value_type())))
            .collect();
        let added: Vec<Typed> =
            fields.iter().filter(|name| **name != target).filter_map(|name| known.get(name).cloned()).collect();
        let mut parts = Vec::new();
        let total = match added.is_empty() {
            true => lit(0.0),
            // A row without a number has the total 0.
            false => or_else(summed(context, added, &mut parts)?, lit(0.0)),
        };
        let parts_made: Vec<String> = parts.iter().map(|(name, _)| name.clone()).collect();
        let widened = if parts.is_empty() { frame } else { frame.assign(parts)? };
        frame = widened.assign(vec![(target.clone(), total)])?;
        if !parts_made.is_empty() {
            frame = frame.without(&parts_made)?;
        }
    }
    if call.flag("col") {
        if call.flag("row") && !fields.contains(&target) {
            fields.push(target);
        }
        frame = column_totals(call, frame, fields)?;
    }
    Ok(frame)
}

/// Values that one call adds up. DataFusion looks each of them up among all: very many are added in parts.
const ADDED_AT_ONCE: usize = 256;

/// The sum of values; sums of parts of them are columns to be set before.
fn summed(context: &PlanContext, added: Vec<Typed>, parts: &mut Vec<(String, Expr)>) -> Result<Expr, Diagnostic> {
    if added.len() <= ADDED_AT_ONCE {
        return Ok(function(context, "sum", added)?.expression);
    }
    let mut sums = Vec::new();
    let mut values = added.into_iter().peekable();
    while values.peek().is_some() {
        let sum = function(context, "sum", values.by_ref().take(ADDED_AT_ONCE).collect())?;
        let name = format!("__part{}", parts.len());
        sums.push(Typed::new(column(&name), sum.value_type).known_to(sum.precision));
        parts.push((name, sum.expression));
    }
    Ok(function(context, "sum", sums)?.expression)
}

/// Adds the row of column totals.
pub fn column_totals(call: &CommandCall, frame: Frame, fields: Vec<String>) -> Result<Frame, Diagnostic> {
    let text = call.text("label").to_owned();
    let label = call.option("labelfield").map(|option| (option.value.value.clone(), text));
    frame.operate(ColumnTotals { fields, label })
}

/// The fields that are added up: those that are listed, else all but internal ones.
pub fn listed(call: &CommandCall, frame: &Frame) -> Vec<String> {
    let mut listed: IndexSet<String> = IndexSet::new();
    for field in call.fields() {
        listed.extend(expand(frame, field).into_iter().map(|found| found.name));
    }
    let mut names: Vec<String> = listed.into_iter().collect();
    if call.fields().next().is_none() {
        names = frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect();
    }
    names
}
