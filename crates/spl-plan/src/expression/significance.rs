//! How precise calculations are: results are shown with the decimals that their operands justify, `sigfig` rounds to the digits.

use datafusion::common::ScalarValue;
use datafusion::common::metadata::FieldMetadata;
use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_functions::scalar;
use spl_functions::scalar::significance::CALCULATION;
use spl_functions::value::{self, Precision, Value};
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{null, text};
use crate::function_call::{call, known_to, printed};

/// A value with the decimals that it is known to.
///
/// The rules are those of [`spl_functions::value`]. Operands that are exact make plain expressions of DataFusion's own operators. As soon as
/// one is known to decimals, the calculation becomes a program of `spl_calculation`, which takes values and decimals through its steps.
pub enum Known {
    /// An expression that needs no steps; its precision says what it is known to.
    Plain(Typed),
    /// Steps, whose arguments are in the order in which the steps take them.
    Calculation {
        /// Words of `spl_calculation`.
        steps: Vec<String>,
        /// The arguments.
        arguments: Vec<Typed>,
        /// How precisely the result is known.
        precision: Precision,
    },
}

impl Known {
    /// The value with the decimals that it is known to.
    pub fn shown(self, context: &PlanContext) -> Result<Typed, Diagnostic> {
        match self {
            Self::Plain(typed) => Ok(typed),
            Self::Calculation { steps, arguments, precision } => {
                let program = format!("{} {}", precision.write(), steps.join(" "));
                let all = std::iter::once(Typed::new(text(program), ValueType::Text)).chain(arguments).collect();
                Ok(call(context, CALCULATION, all)?.known_to(precision))
            }
        }
    }

    /// The value with all its digits, exact.
    fn unrounded(self, context: &PlanContext) -> Result<Typed, Diagnostic> {
        match self {
            Self::Plain(typed) => Ok(typed.known_to(Precision::Exact)),
            calculation => calculation.then("unrounded", Precision::Exact).shown(context),
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self, Self::Plain(typed) if typed.precision == Precision::Exact)
    }

    /// The same with one more step.
    fn then(self, step: &str, precision: Precision) -> Self {
        let (mut steps, arguments) = self.into_steps();
        steps.push(step.to_owned());
        Self::Calculation { steps, arguments, precision }
    }

    fn into_steps(self) -> (Vec<String>, Vec<Typed>) {
        match self {
            Self::Plain(typed) => (vec![typed.precision.write()], vec![typed]),
            Self::Calculation { steps, arguments, .. } => (steps, arguments),
        }
    }

    /// This, another, and what is made of both.
    fn with(self, other: Self, step: &str, precision: Precision) -> Self {
        let ((mut steps, mut arguments), (more_steps, more_arguments)) = (self.into_steps(), other.into_steps());
        steps.extend(more_steps);
        arguments.extend(more_arguments);
        Self::Calculation { steps, arguments, precision }.then(step, precision)
    }

    /// What stands for the operand where its kind is looked at.
    fn operand(&self) -> Typed {
        match self {
            Self::Plain(typed) => typed.clone(),
            Self::Calculation { .. } => Typed::new(null(ValueType::Float), ValueType::Float),
        }
    }
}

/// Whether an operator makes a calculation.
pub fn is_calculation(operator: BinaryOperator) -> bool {
    step(operator).is_some()
}

fn step(operator: BinaryOperator) -> Option<&'static str> {
    use BinaryOperator as B;
    match operator {
        B::Add => Some("+"),
        B::Subtract => Some("-"),
        B::Multiply => Some("*"),
        B::Divide => Some("/"),
        B::Modulo => Some("%"),
        _ => None,
    }
}

/// A number with a point, which is known to the decimals that the search writes it with.
pub fn literal(context: &PlanContext, expression: &Expression, number: f64) -> Typed {
    let source = context.source(expression.span).filter(|source| source.parse::<f64>().is_ok_and(|read| read == number));
    let decimals = match source {
        Some(source) => value::written_decimals(source),
        None => value::printed_decimals(number, &mut String::new()),
    };
    let decimals = decimals.and_then(|decimals| i16::try_from(decimals).ok());
    written(number, decimals.map_or(Precision::Exact, Precision::Decimals))
}

/// A literal number that is known to be so precise, which its column remembers.
pub fn written(number: f64, precision: Precision) -> Typed {
    let metadata = match precision {
        Precision::Exact => None,
        other => Some(FieldMetadata::from(other.metadata())),
    };
    let expression = Expr::Literal(ScalarValue::Float64(Some(number)), metadata);
    Typed::new(expression, ValueType::Float).known_to(precision)
}

/// Plans `exact(<expression>)`: the value with all its digits.
pub fn exact(context: &PlanContext, argument: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let value = known(context, argument, scope)?.unrounded(context)?;
    call(context, "exact", vec![value])
}

/// Plans `round(<expression>,<places>)`. What is exact is known to the places that it is rounded to.
pub fn round(context: &PlanContext, span: Span, arguments: &[Expression], scope: &dyn Scope) -> Result<Known, Diagnostic> {
    let (argument, places) = (known(context, &arguments[0], scope)?, expression::plan(context, &arguments[1], scope)?);
    let operand = argument.operand();
    if let Some(spec) = scalar::lookup("round")
        && let Some(check) = spec.check
    {
        check(&[operand.literal(), places.literal()])
            .map_err(|message| Diagnostic::error("plan/argument", message, span).with_help(spec.syntax.to_owned()))?;
    }
    if !argument.is_exact() {
        return Ok(argument.with(Known::Plain(places.known_to(Precision::Exact)), "round", Precision::Written));
    }
    let decimals = places.literal().and_then(|places| places.number()).map(|places| places.clamp(-1.0, 400.0) as i16);
    let rounded = call(context, "round", vec![operand, places])?;
    Ok(Known::Plain(match decimals {
        Some(decimals) => known_to(context, rounded, Precision::Decimals(decimals))?,
        None => known_to(context, rounded, Precision::Written)?,
    }))
}

/// Plans an expression with the decimals that its value is known to.
pub fn known(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Known, Diagnostic> {
    match &expression.kind {
        ExpressionKind::Unary { operator: UnaryOperator::Plus, operand } => known(context, operand, scope),
        ExpressionKind::Unary { operator: UnaryOperator::Minus, operand }
            if !matches!(operand.kind, ExpressionKind::Integer(_) | ExpressionKind::Float(_)) =>
        {
            let operand = known(context, operand, scope)?;
            if operand.is_exact() {
                return Ok(Known::Plain(call(context, "spl_negate", vec![operand.operand()])?));
            }
            check_operands("spl_negate", &[operand.operand()], expression.span)?;
            Ok(operand.then("negate", Precision::Written))
        }
        ExpressionKind::Binary { operator, left, right } => match step(operator.value) {
            Some(step) => {
                let (left, right) = (known(context, left, scope)?, known(context, right, scope)?);
                calculated(context, operator.value, step, left, right, expression.span)
            }
            None => Ok(Known::Plain(expression::plan(context, expression, scope)?)),
        },
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("round") && arguments.len() == 2 => {
            round(context, expression.span, arguments, scope)
        }
        _ => Ok(Known::Plain(expression::plan(context, expression, scope)?)),
    }
}

fn calculated(
    context: &PlanContext,
    operator: BinaryOperator,
    step: &str,
    left: Known,
    right: Known,
    span: Span,
) -> Result<Known, Diagnostic> {
    let plain = expression::operate(context, operator, left.operand(), right.operand(), span)?;
    if left.is_exact() && right.is_exact() {
        return Ok(Known::Plain(plain));
    }
    // `+` may join texts.
    if !plain.value_type.is_number() {
        let (left, right) = (printed(context, left.shown(context)?)?, printed(context, right.shown(context)?)?);
        return Ok(Known::Plain(expression::operate(context, operator, left, right, span)?));
    }
    Ok(left.with(right, step, Precision::Written))
}

fn check_operands(function: &str, operands: &[Typed], span: Span) -> Result<(), Diagnostic> {
    let Some(check) = scalar::lookup(function).and_then(|spec| spec.check) else { return Ok(()) };
    let literals: Vec<Option<Value<'_>>> = operands.iter().map(Typed::literal).collect();
    check(&literals).map_err(|message| Diagnostic::error("plan/argument", message, span))
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
    let value = known(context, argument, scope)?.unrounded(context)?;
    let Some(calculation) = Calculation::of(argument) else {
        return call(context, "sigfig", vec![value]);
    };
    let mut operands = Vec::new();
    calculation.operands(argument, &mut operands);
    let mut digits = Vec::new();
    for operand in operands {
        let written = as_written(context, operand, scope)?;
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
fn as_written(context: &PlanContext, operand: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
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
    call(context, "spl_text", vec![printed(context, value)?])
}
