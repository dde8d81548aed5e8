//! Planning of `fillnull`: a value for absent fields.

use arrow::array::Array;
use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_functions::value::{format_number, parse_number};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::choose;

/// Plans the command. Without a list all fields are filled that a row has a value of, for which all rows are read.
///
/// Source: Splunk search reference 10.0, fillnull, field-list and usage.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`fillnull` needs rows", call.span))?;
        if call.fields().next().is_some() {
            return listed(context, call, frame);
        }
        let (schema, batches) = context.collect(frame).await?;
        let has_value = |place: usize| {
            batches.iter().any(|batch| batch.columns().get(place).is_some_and(|column| column.null_count() < column.len()))
        };
        let fields = schema.fields().iter().enumerate();
        let names: Vec<String> = fields
            .filter(|(place, field)| !field.name().starts_with('_') && has_value(*place))
            .map(|(_, field)| field.name().clone())
            .collect();
        filled(context, call, context.from_batches(schema, batches)?, names)
    })
}

/// The fields of the list.
fn listed(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut names: Vec<String> = Vec::new();
    for field in call.fields() {
        if field.has_wildcard() {
            names.extend(expand(&frame, field).into_iter().map(|field| field.name));
        } else {
            names.push(field.name.clone());
        }
    }
    filled(context, call, frame, names)
}

fn filled(context: &PlanContext, call: &CommandCall, frame: Frame, names: Vec<String>) -> Result<Frame, Diagnostic> {
    let filler = call.text("value");
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
