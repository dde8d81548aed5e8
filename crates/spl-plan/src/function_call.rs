//! Calls of functions over typed expressions, and what they need: conversions and choices between values.

use datafusion::logical_expr::{Case, Expr, lit};
use datafusion::prelude::cast;
use spl_functions::column::ValueType;
use spl_functions::scalar::{self, FunctionSpec, significance};
use spl_functions::value::Precision;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::scope::Typed;
use crate::frame::{null, text};

/// Calls a function of the registry.
pub fn call(context: &PlanContext, name: &str, arguments: Vec<Typed>) -> Result<Typed, Diagnostic> {
    let spec = scalar::lookup(name)
        .ok_or_else(|| Diagnostic::general("plan/unknown-function", format!("`{name}` is not a function")))?;
    Ok(call_spec(context, spec, arguments))
}

/// Calls a function of the registry by its entry.
pub fn call_spec(context: &PlanContext, spec: &'static FunctionSpec, arguments: Vec<Typed>) -> Typed {
    let types: Vec<ValueType> = arguments.iter().map(|argument| argument.value_type).collect();
    let value_type = (spec.returns)(&types);
    let arguments = arguments.into_iter().map(|argument| argument.expression).collect();
    let expression = context.function(spec).call(arguments);
    Typed::new(expression, value_type)
}

/// Converts to a type that can hold it (see [`ValueType::common`]).
pub fn convert(context: &PlanContext, typed: Typed, to: ValueType) -> Result<Expr, Diagnostic> {
    if typed.value_type == to && !matches!(to, ValueType::Text) {
        return Ok(typed.expression);
    }
    match (typed.value_type, to) {
        (ValueType::Null, _) => Ok(null(to)),
        (ValueType::Integer, ValueType::Float) => Ok(cast(typed.expression, to.arrow())),
        // Text may be a dictionary: branches and unions need one Arrow type.
        (ValueType::Text, ValueType::Text) => match typed.expression {
            literal @ Expr::Literal(..) => Ok(literal),
            other => Ok(cast(other, to.arrow())),
        },
        (_, ValueType::Text) => Ok(call(context, "spl_text", vec![printed(context, typed)?])?.expression),
        (_, ValueType::Multivalue) => Ok(call(context, "spl_multivalue", vec![printed(context, typed)?])?.expression),
        (_, ValueType::Float) => Ok(call(context, "spl_number", vec![typed])?.expression),
        _ => Ok(cast(typed.expression, to.arrow())),
    }
}

/// A value as the text that it shows, where its numbers show zeros at their end; other values as they are.
///
/// Source: Splunk search reference, Mathematical functions, round; community, Rounding currency to two digits.
pub fn printed(context: &PlanContext, typed: Typed) -> Result<Typed, Diagnostic> {
    match typed.precision.shown_decimals() {
        Some(decimals) if typed.value_type == ValueType::Float => {
            call(context, "spl_with_decimals", vec![typed, Typed::new(lit(decimals), ValueType::Integer)])
        }
        _ => Ok(typed),
    }
}

/// A number that is known to be so precise.
pub fn known_to(context: &PlanContext, typed: Typed, precision: Precision) -> Result<Typed, Diagnostic> {
    let said = Typed::new(text(precision.write()), ValueType::Text);
    Ok(call(context, significance::KNOWN, vec![typed, said])?.known_to(precision))
}

/// How precise a choice between numbers is: each of them prints what it is known to, or is whole.
fn common_precision<'a>(choices: impl Iterator<Item = &'a Typed> + Clone) -> Precision {
    let mut present = choices.clone().filter(|typed| typed.value_type != ValueType::Null);
    if let Some(first) = present.next()
        && present.all(|other| (other.value_type, other.precision) == (first.value_type, first.precision))
    {
        return first.precision;
    }
    let mut common = Precision::Exact;
    for typed in choices {
        match (typed.value_type, typed.precision) {
            (ValueType::Float, Precision::Exact) => return Precision::Exact,
            (ValueType::Float, _) => common = Precision::Written,
            _ => {}
        }
    }
    common
}

/// A choice between values: the first branch whose condition is true.
pub fn choose(context: &PlanContext, branches: Vec<(Expr, Typed)>, otherwise: Option<Typed>) -> Result<Typed, Diagnostic> {
    let mut value_type = ValueType::Null;
    for typed in branches.iter().map(|(_, typed)| typed).chain(otherwise.as_ref()) {
        value_type = value_type.common(typed.value_type);
    }
    let precision = common_precision(branches.iter().map(|(_, typed)| typed).chain(otherwise.as_ref()));
    if branches.is_empty() {
        return Ok(Typed::new(null(ValueType::Text), ValueType::Null));
    }
    let target = if value_type == ValueType::Null { ValueType::Text } else { value_type };
    // DataFusion's builder copies all branches for each one that it adds.
    let mut chosen = Vec::with_capacity(branches.len());
    for (test, typed) in branches {
        chosen.push((Box::new(test), Box::new(convert(context, typed, target)?)));
    }
    let otherwise = match otherwise {
        Some(typed) => convert(context, typed, target)?,
        None => null(target),
    };
    let expression = Expr::Case(Case { expr: None, when_then_expr: chosen, else_expr: Some(Box::new(otherwise)) });
    let chosen = Typed::new(expression, value_type);
    if value_type == ValueType::Float && precision != Precision::Exact {
        known_to(context, chosen, precision)
    } else {
        Ok(chosen)
    }
}
