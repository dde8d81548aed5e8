//! Planning of `reltime`: how long ago a time is, in words.

use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::cast;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::{call as function, choose, convert};

/// Units from the longest, in seconds.
const UNITS: &[(&str, f64)] =
    &[("year", 31_536_000.0), ("month", 2_592_000.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0), ("second", 1.0)];

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let named = call.option("timefield").map(|option| option.value.value.as_str());
    let fields: Vec<&str> = named.unwrap_or("_time").split(',').map(str::trim).filter(|field| !field.is_empty()).collect();
    let prefix = call.option("prefix").map(|option| option.value.value.as_str());
    let mut assignments = Vec::new();
    for field in &fields {
        let Some(found) = frame.field(field) else { continue };
        let target = match prefix {
            Some(prefix) => format!("{prefix}{field}"),
            None if fields.len() > 1 => format!("reltime_{field}"),
            None => "reltime".to_owned(),
        };
        let time = convert(context, Typed::new(column(field), found.value_type()), ValueType::Float)?;
        assignments.push((target, ago(context, &time)?));
    }
    frame.assign(assignments)
}

/// `5 days ago`: the longest unit that fits, whole. A time still to come has no words.
fn ago(context: &PlanContext, time: &Expr) -> Result<Expr, Diagnostic> {
    let age = lit(context.now()) - time.clone();
    let mut branches = Vec::new();
    for (unit, seconds) in UNITS {
        let number = cast(age.clone() / lit(*seconds), ValueType::Integer.arrow());
        let one = Typed::new(text(format!("1 {unit} ago")), ValueType::Text);
        let words = Typed::new(text(format!(" {unit}s ago")), ValueType::Text);
        let several = function(context, "spl_concatenate", vec![Typed::new(number, ValueType::Integer), words])?;
        branches.push((age.clone().gt_eq(lit(*seconds * 2.0)), several));
        branches.push((age.clone().gt_eq(lit(*seconds)), one));
    }
    branches.push((age.clone().gt_eq(lit(0.0)), Typed::new(text("now"), ValueType::Text)));
    Ok(choose(context, branches, None)?.expression)
}
