//! `sigfig`: rounds the result of a calculation to the digits that its operands justify.

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{Scope, Typed};
use crate::frame::text;
use crate::function_call::call;

/// What generates a number decides what is counted in its operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calculation {
    /// Products and quotients: as many significant digits as the operand with the fewest.
    Product,
    /// Sums and differences: as many decimals as the operand with the fewest.
    Sum,
}

/// Plans `sigfig(<calculation>)`. What is no calculation stays as it is; a calculation of the other kind among the operands
/// is rounded by its own rule before its digits are counted.
///
/// Source: Splunk search reference, Mathematical functions, sigfig.
pub fn plan(context: &PlanContext, argument: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let value = expression::plan(context, argument, scope)?;
    let Some(calculation) = Calculation::of(argument) else {
        return call(context, "sigfig", vec![value]);
    };
    let mut operands = Vec::new();
    calculation.operands(argument, &mut operands);
    let mut digits = Vec::new();
    for operand in operands {
        let written = written(context, operand, scope)?;
        digits.push(calculation.digits(context, written)?);
    }
    let fewest = call(context, "min", digits)?;
    call(context, calculation.rounding(), vec![value, fewest])
}

impl Calculation {
    fn of(expression: &Expression) -> Option<Self> {
        match &expression.kind {
            ExpressionKind::Unary { operator: UnaryOperator::Plus | UnaryOperator::Minus, operand } => Self::of(operand),
            ExpressionKind::Binary { operator, .. } => match operator.value {
                BinaryOperator::Multiply | BinaryOperator::Divide => Some(Self::Product),
                BinaryOperator::Add | BinaryOperator::Subtract => Some(Self::Sum),
                _ => None,
            },
            _ => None,
        }
    }

    /// The operands of a calculation and of those of its kind within it.
    fn operands<'a>(self, expression: &'a Expression, operands: &mut Vec<&'a Expression>) {
        match &expression.kind {
            ExpressionKind::Unary { operator: UnaryOperator::Plus | UnaryOperator::Minus, operand } => {
                self.operands(operand, operands);
            }
            ExpressionKind::Binary { left, right, .. } if Self::of(expression) == Some(self) => {
                self.operands(left, operands);
                self.operands(right, operands);
            }
            _ => operands.push(expression),
        }
    }

    /// How many digits a number has that is written like this: zeros in front do not count, zeros at the end do.
    fn digits(self, context: &PlanContext, written: Typed) -> Result<Typed, Diagnostic> {
        let without = |written: Typed, pattern: &str| {
            let argument = |value: &str| Typed::new(text(value.to_owned()), ValueType::Text);
            call(context, "replace", vec![written, argument(pattern), argument("")])
        };
        let mantissa = without(written, "[eE].*$")?;
        let counted = match self {
            Self::Product => without(without(mantissa, "^[-+0.]+")?, "[.]")?,
            Self::Sum => without(mantissa, "^[^.]*[.]?")?,
        };
        let digits = call(context, "len", vec![counted])?;
        match self {
            Self::Product => {
                call(context, "max", vec![digits, Typed::new(datafusion::logical_expr::lit(1_i64), ValueType::Integer)])
            }
            Self::Sum => Ok(digits),
        }
    }

    fn rounding(self) -> &'static str {
        match self {
            Self::Product => "spl_round_significant",
            Self::Sum => "spl_round_decimals",
        }
    }
}

/// A number as it is written: in the search, or in the data.
fn written(context: &PlanContext, operand: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let literal = match operand.kind {
        ExpressionKind::Integer(number) => Some(number as f64),
        ExpressionKind::Float(number) => Some(number),
        _ => None,
    };
    if let (Some(number), Some(source)) = (literal, context.source(operand.span))
        && source.parse::<f64>().is_ok_and(|read| read == number)
    {
        return Ok(Typed::new(text(source.to_owned()), ValueType::Text));
    }
    let value = match Calculation::of(operand) {
        Some(_) => plan(context, operand, scope)?,
        None => expression::plan(context, operand, scope)?,
    };
    call(context, "spl_text", vec![value])
}
