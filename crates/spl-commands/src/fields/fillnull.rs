//! Planning of `fillnull`: a value for absent fields.

use datafusion::logical_expr::lit;
use spl_functions::column::ValueType;
use spl_functions::value::{format_number, parse_number};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::choose;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let filler = call.text("value");
    let mut names: Vec<String> = Vec::new();
    for field in call.fields() {
        if field.has_wildcard() {
            names.extend(expand(&frame, field).into_iter().map(|field| field.name));
        } else {
            names.push(field.name.clone());
        }
    }
    if call.fields().next().is_none() {
        names = frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect();
    }
    let mut assignments = Vec::new();
    for name in names {
        let filled = fill(context, &frame, &name, filler)?;
        assignments.push((name, filled.expression));
    }
    frame.assign(assignments)
}

/// A field with a value where it is absent.
pub fn fill(context: &PlanContext, frame: &Frame, name: &str, filler: &str) -> Result<Typed, Diagnostic> {
    let number = parse_number(filler).filter(|number| format_number(*number) == filler);
    let literal = |value_type: ValueType| match (value_type, number) {
        (ValueType::Integer, Some(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Typed::new(lit(number as i64), ValueType::Integer)
        }
        (ValueType::Integer | ValueType::Float, Some(number)) => Typed::new(lit(number), ValueType::Float),
        _ => Typed::new(text(filler), ValueType::Text),
    };
    match frame.field(name) {
        Some(field) => {
            let value_type = field.value_type();
            let kept = Typed::new(column(name), value_type);
            choose(context, vec![(column(name).is_not_null(), kept)], Some(literal(value_type)))
        }
        None => {
            Ok(literal(if number.is_some_and(|number| number.fract() == 0.0) { ValueType::Integer } else { ValueType::Text }))
        }
    }
}
