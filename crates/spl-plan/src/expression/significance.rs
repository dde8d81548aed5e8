//! How precise calculations are: results are shown with the decimals that their operands justify, `sigfig` rounds to the digits.

use spl_functions::column::ValueType;
use spl_functions::value;
use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{null, text};
use crate::function_call::call;

/// A value with the decimals that it is known to.
///
/// The rules are those of [`spl_functions::value`]: whole numbers, fields and what functions give are exact; a number that is written with a
/// point in the search is known to its decimals, and calculations hand that on. Decimals are planned only where a number with a point stands
/// in the calculation, so that other calculations stay DataFusion's own.
pub struct Known {
    value: Typed,
    /// None: exact.
    decimals: Option<Typed>,
}

impl Known {
    fn exact(value: Typed) -> Self {
        Self { value, decimals: None }
    }

    /// The value with the decimals that it is known to.
    pub fn shown(self, context: &PlanContext) -> Result<Typed, Diagnostic> {
        match self.decimals {
            None => Ok(self.value),
            Some(decimals) => call(context, "spl_to_known_decimals", vec![self.value, decimals]),
        }
    }
}

/// Whether an operator makes a calculation.
pub fn is_calculation(operator: BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(operator, B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo)
}

/// Plans an expression as text for a concatenation or `tostring`: what `round` gives keeps its zeros.
///
/// Source: Splunk search reference, Mathematical functions, round; community, Rounding currency to two digits.
pub fn printed(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    match &expression.kind {
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("round") && arguments.len() == 2 => {
            let Known { value, decimals } = known(context, expression, scope)?;
            match decimals {
                None => Ok(value),
                Some(decimals) => call(context, "spl_with_decimals", vec![value, decimals]),
            }
        }
        _ => expression::plan(context, expression, scope),
    }
}

/// Plans `exact(<expression>)`: the value with all its digits.
pub fn exact(context: &PlanContext, argument: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let Known { value, .. } = known(context, argument, scope)?;
    call(context, "exact", vec![value])
}

/// Plans an expression with the decimals that its value is known to.
pub fn known(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Known, Diagnostic> {
    let decimals_of = |written: &str| value::written_decimals(written).map(whole);
    match &expression.kind {
        ExpressionKind::Float(number) => {
            let value = expression::plan(context, expression, scope)?;
            let source = context.source(expression.span).filter(|source| source.parse::<f64>().is_ok_and(|read| read == *number));
            let decimals = match source {
                Some(source) => decimals_of(source),
                None => value::printed_decimals(*number, &mut String::new()).map(whole),
            };
            Ok(Known { value, decimals })
        }
        ExpressionKind::Unary { operator: UnaryOperator::Plus, operand } => known(context, operand, scope),
        ExpressionKind::Unary { operator: UnaryOperator::Minus, operand } => {
            let Known { decimals, value } = known(context, operand, scope)?;
            match (&operand.kind, decimals) {
                (ExpressionKind::Integer(_) | ExpressionKind::Float(_), None) => {
                    Ok(Known::exact(expression::plan(context, expression, scope)?))
                }
                (_, decimals) => Ok(Known { value: call(context, "spl_negate", vec![value])?, decimals }),
            }
        }
        ExpressionKind::Binary { operator, left, right } if is_calculation(operator.value) => {
            let (left, right) = (known(context, left, scope)?, known(context, right, scope)?);
            calculated(context, operator.value, left, right, expression.span)
        }
        ExpressionKind::Call { name, arguments } => match (name.value.to_ascii_lowercase().as_str(), arguments.as_slice()) {
            ("exact", [argument]) => Ok(Known::exact(exact(context, argument, scope)?)),
            ("round", [argument, places]) => {
                let argument = known(context, argument, scope)?;
                let places = expression::plan(context, places, scope)?;
                let to_places = match &argument.decimals {
                    None => places.clone(),
                    Some(decimals) => call(context, "spl_decimals_of_sum", vec![decimals.clone(), integer(places.clone())])?,
                };
                // The decimals that are known show at the end; steps between them keep all digits.
                let value = call(context, "round", vec![argument.value, places])?;
                let decimals = Some(integer(to_places));
                Ok(Known { value, decimals })
            }
            _ => Ok(Known::exact(expression::plan(context, expression, scope)?)),
        },
        _ => Ok(Known::exact(expression::plan(context, expression, scope)?)),
    }
}

fn calculated(
    context: &PlanContext,
    operator: BinaryOperator,
    left: Known,
    right: Known,
    span: spl_parser::Span,
) -> Result<Known, Diagnostic> {
    use BinaryOperator as B;
    let value = expression::operate(context, operator, left.value.clone(), right.value.clone(), span)?;
    // `+` may join texts.
    if (left.decimals.is_none() && right.decimals.is_none()) || !value.value_type.is_number() {
        return Ok(Known::exact(value));
    }
    let or_exact = |decimals: Option<Typed>| decimals.unwrap_or_else(|| Typed::new(null(ValueType::Integer), ValueType::Integer));
    let (of_left, of_right) = (or_exact(left.decimals), or_exact(right.decimals));
    let decimals = match operator {
        B::Multiply | B::Divide => {
            call(context, "spl_decimals_of_product", vec![value.clone(), left.value, of_left, right.value, of_right])?
        }
        _ => call(context, "spl_decimals_of_sum", vec![of_left, of_right])?,
    };
    Ok(Known { value, decimals: Some(decimals) })
}

fn whole(number: i64) -> Typed {
    Typed::new(datafusion::logical_expr::lit(number), ValueType::Integer)
}

/// A number of decimals as a whole number.
fn integer(number: Typed) -> Typed {
    match number.value_type {
        ValueType::Integer => number,
        _ => Typed::new(datafusion::prelude::cast(number.expression, ValueType::Integer.arrow()), ValueType::Integer),
    }
}

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
    let Known { value, .. } = known(context, argument, scope)?;
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
