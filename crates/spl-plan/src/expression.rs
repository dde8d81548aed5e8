//! Eval expressions to DataFusion expressions, with SPL's types decided while planning.
//!
//! It builds on `search` and what lies below. Its children call it back, as expressions hold expressions.

pub mod constant;
pub mod ingest;
pub mod lookup;
pub mod multivalue;
pub mod significance;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit, not};
use datafusion::prelude::cast;
use spl_functions::column::ValueType;
use spl_functions::scalar::{self, FunctionSpec, Kernel};
use spl_functions::value::Value;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, FieldName, UnaryOperator};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use crate::context::PlanContext;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{null, text};
use crate::function_call::{call, call_spec, choose, printed};
use crate::search::predicate;

/// Plans an expression.
pub fn plan(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let plan_one = |expression: &Expression| plan(context, expression, scope);
    match &expression.kind {
        ExpressionKind::Integer(number) => Ok(Typed::new(lit(*number), ValueType::Integer)),
        ExpressionKind::Float(number) => Ok(significance::literal(context, expression, *number)),
        ExpressionKind::Text(value) => Ok(Typed::new(text(value.clone()), ValueType::Text)),
        ExpressionKind::Field(field) => plan_field(context, field, scope),
        ExpressionKind::Unary { operator, operand } => match operator {
            UnaryOperator::Plus => plan_one(operand),
            UnaryOperator::Minus => match operand.kind {
                ExpressionKind::Integer(number) => Ok(Typed::new(lit(number.wrapping_neg()), ValueType::Integer)),
                ExpressionKind::Float(number) => {
                    let precision = significance::literal(context, operand, number).precision;
                    Ok(significance::written(-number, precision))
                }
                _ => significance::known(context, expression, scope)?.shown(context),
            },
            UnaryOperator::Not => Ok(Typed::new(not(condition(context, operand, scope)?), ValueType::Boolean)),
        },
        ExpressionKind::Binary { operator, .. } if significance::is_calculation(operator.value) => {
            significance::known(context, expression, scope)?.shown(context)
        }
        ExpressionKind::Binary { operator, left, right } => plan_binary(context, operator.value, left, right, scope),
        ExpressionKind::In { operand, list } => {
            let operand = plan_one(operand)?;
            let items = list.iter().map(plan_one).collect::<Result<Vec<_>, _>>()?;
            is_one_of(context, &operand, &items)
        }
        ExpressionKind::Call { name, arguments } => plan_call(context, expression.span, &name.value, name.span, arguments, scope),
        ExpressionKind::Subsearch(_) => Err(Diagnostic::error("plan/subsearch", "a subsearch can't stand here", expression.span)),
    }
}

/// Whether a value equals one of several. Many literals are looked up at once.
fn is_one_of(context: &PlanContext, operand: &Typed, items: &[Typed]) -> Result<Typed, Diagnostic> {
    const FEW: usize = 16;
    let literal = |item: &Typed| match item.literal() {
        Some(value @ (Value::Text(_) | Value::Integer(_) | Value::Float(_))) => {
            value.text().map(|text| ScalarValue::Utf8View(Some(text.into_owned())))
        }
        _ => None,
    };
    if items.len() > FEW
        && let Some(literals) = items.iter().map(literal).collect::<Option<Vec<_>>>()
    {
        let list = lit(ScalarValue::List(ScalarValue::new_list_nullable(&literals, &DataType::Utf8View)));
        return call(context, "spl_in", vec![operand.clone(), Typed::new(list, ValueType::Multivalue)]);
    }
    let equal = |item: &Typed| Ok(call(context, "spl_equal", vec![operand.clone(), item.clone()])?.expression);
    let conditions = items.iter().map(equal).collect::<Result<Vec<_>, Diagnostic>>()?;
    Ok(boolean(crate::frame::conditions::balanced(conditions, Expr::or).unwrap_or_else(|| lit(false))))
}

/// Plans an expression that must be true or false.
pub fn condition(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    let planned = plan(context, expression, scope)?;
    match planned.value_type {
        ValueType::Boolean => Ok(planned.expression),
        ValueType::Null => Ok(lit(ScalarValue::Boolean(None))),
        _ => Err(Diagnostic::error("plan/not-boolean", "a condition is needed here, not a value", expression.span)
            .with_help("compare it with something: `x=1`, `isnotnull(x)`")),
    }
}

/// Plans an expression whose result is stored in a field.
pub fn value(context: &PlanContext, expression: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let planned = plan(context, expression, scope)?;
    if planned.value_type == ValueType::Boolean {
        return Err(Diagnostic::error("plan/boolean-value", "a field can't hold the result of a condition", expression.span)
            .with_help("use `if(<condition>, <value>, <other value>)`"));
    }
    Ok(planned)
}

fn plan_field(context: &PlanContext, field: &FieldName, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    use spl_parser::syntax::Quoting;
    if let Some(found) = scope.resolve(&field.name)? {
        return Ok(found);
    }
    if field.quoting == Quoting::None {
        match field.name.to_ascii_lowercase().as_str() {
            "true" => return Ok(Typed::new(lit(true), ValueType::Boolean)),
            "false" => return Ok(Typed::new(lit(false), ValueType::Boolean)),
            "null" => return Ok(Typed::new(null(ValueType::Text), ValueType::Null)),
            _ => {}
        }
        // A bare `a.b` is the field of that name, and a concatenation where there is none.
        if field.name.contains('.') && !field.name.starts_with('.') && !field.name.ends_with('.') {
            let parts: Vec<Option<Typed>> = field.name.split('.').map(|part| scope.resolve(part)).collect::<Result<_, _>>()?;
            if parts.iter().any(Option::is_some) {
                let mut whole: Option<Typed> = None;
                for part in parts {
                    let part = part.unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null));
                    whole = Some(match whole {
                        None => part,
                        Some(before) => call(context, "spl_concatenate", vec![before, part])?,
                    });
                }
                return whole.ok_or_else(|| Diagnostic::error("plan/field", "empty field name", field.span));
            }
        }
    }
    Ok(Typed::new(null(ValueType::Text), ValueType::Null))
}

fn plan_binary(
    context: &PlanContext,
    operator: BinaryOperator,
    left: &Expression,
    right: &Expression,
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    use BinaryOperator as B;
    match operator {
        B::And => return Ok(boolean(condition(context, left, scope)?.and(condition(context, right, scope)?))),
        B::Or => return Ok(boolean(condition(context, left, scope)?.or(condition(context, right, scope)?))),
        B::Xor => {
            let sides = vec![boolean(condition(context, left, scope)?), boolean(condition(context, right, scope)?)];
            return call(context, "spl_xor", sides);
        }
        _ => {}
    }
    let span = left.span.to(right.span);
    let side = |side: &Expression| match operator {
        B::Concatenate => printed(context, plan(context, side, scope)?),
        _ => plan(context, side, scope),
    };
    operate(context, operator, side(left)?, side(right)?, span)
}

/// Plans an operator over planned operands.
pub fn operate(
    context: &PlanContext,
    operator: BinaryOperator,
    left: Typed,
    right: Typed,
    span: Span,
) -> Result<Typed, Diagnostic> {
    use BinaryOperator as B;
    let quoted = |side: &Typed| matches!(side.literal(), Some(Value::Text(_)));
    let operator = match operator {
        // Two quoted strings are strings, whatever they look like.
        B::Add if quoted(&left) && quoted(&right) => B::Concatenate,
        other => other,
    };
    let numbers = left.value_type.is_number() && right.value_type.is_number();
    if numbers {
        let float = |typed: &Typed| match typed.value_type {
            ValueType::Integer => match &typed.expression {
                Expr::Literal(ScalarValue::Int64(Some(number)), _) => lit(*number as f64),
                _ => cast(typed.expression.clone(), ValueType::Float.arrow()),
            },
            _ => typed.expression.clone(),
        };
        let (l, r) = match (left.value_type, right.value_type) {
            (ValueType::Integer, ValueType::Integer) if is_comparison(operator) => {
                (left.expression.clone(), right.expression.clone())
            }
            _ => (float(&left), float(&right)),
        };
        match operator {
            B::Add => return Ok(Typed::new(l + r, ValueType::Float)),
            B::Subtract => return Ok(Typed::new(l - r, ValueType::Float)),
            B::Multiply => return Ok(Typed::new(l * r, ValueType::Float)),
            B::Equal => return Ok(boolean(l.eq(r))),
            B::NotEqual => return Ok(boolean(l.not_eq(r))),
            B::Less => return Ok(boolean(l.lt(r))),
            B::LessOrEqual => return Ok(boolean(l.lt_eq(r))),
            B::Greater => return Ok(boolean(l.gt(r))),
            B::GreaterOrEqual => return Ok(boolean(l.gt_eq(r))),
            _ => {}
        }
    }
    let name = match operator {
        B::Add => "spl_add",
        B::Subtract => "spl_subtract",
        B::Multiply => "spl_multiply",
        B::Divide => "spl_divide",
        B::Modulo => "spl_modulo",
        B::Concatenate => "spl_concatenate",
        B::Equal => "spl_equal",
        B::NotEqual => "spl_not_equal",
        B::Less => "spl_less",
        B::LessOrEqual => "spl_less_or_equal",
        B::Greater => "spl_greater",
        B::GreaterOrEqual => "spl_greater_or_equal",
        B::Like => "like",
        B::And | B::Or | B::Xor => "spl_xor",
    };
    if let Some(check) = scalar::lookup(name).and_then(|spec| spec.check) {
        let literals = [left.literal(), right.literal()];
        check(&literals).map_err(|message| Diagnostic::error("plan/argument", message, span))?;
    }
    call(context, name, vec![left, right])
}

fn is_comparison(operator: BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(operator, B::Equal | B::NotEqual | B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual)
}

fn boolean(expression: Expr) -> Typed {
    Typed::new(expression, ValueType::Boolean)
}

/// What a function of another language is called in eval.
fn name_here(name: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("average", "`avg`"),
        ("mean", "`avg`"),
        ("length", "`len`"),
        ("concat", "`.`, as in a.b"),
        ("contains", "`like` or `match`"),
        ("startswith", "`like`"),
        ("endswith", "`like`"),
        ("ifnull", "`coalesce`"),
        ("nvl", "`coalesce`"),
        ("isempty", "`isnull`"),
        ("toupper", "`upper`"),
        ("tolower", "`lower`"),
        ("datetime", "`strptime`"),
        ("to_char", "`strftime` or `tostring`"),
    ];
    NAMES.iter().find(|(other, _)| name.eq_ignore_ascii_case(other)).map(|(_, here)| *here)
}

fn plan_call(
    context: &PlanContext,
    span: Span,
    name: &str,
    name_span: Span,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let Some(spec) = scalar::lookup(name).filter(|spec| is_user_function(spec)) else {
        let known = scalar::all().filter(|spec| is_user_function(spec)).map(|spec| spec.name);
        let mut error = Diagnostic::error("plan/unknown-function", format!("unknown function `{name}`"), name_span);
        if let Some(here) = name_here(name) {
            error = error.with_help(format!("it is called {here} here"));
        } else if let Some(near) = nearest(name, known) {
            error = error.with_help(format!("did you mean `{near}`?"));
        } else if spl_functions::aggregate::lookup(&name.to_ascii_lowercase()).is_some() {
            error = error.with_help(format!("`{name}` is a statistical function: it belongs into stats and its kin"));
        }
        return Err(error);
    };
    let (fewest, most) = spec.arity;
    if arguments.len() < fewest || most.is_some_and(|most| arguments.len() > most) {
        let wanted = match most {
            Some(most) if most == fewest => format!("{fewest}"),
            Some(most) => format!("{fewest} to {most}"),
            None => format!("at least {fewest}"),
        };
        return Err(Diagnostic::error(
            "plan/argument-count",
            format!("`{}` takes {wanted} argument{}, {} given", spec.name, if wanted == "1" { "" } else { "s" }, arguments.len()),
            span,
        )
        .with_help(spec.syntax.to_owned()));
    }
    if let ([Expression { kind: ExpressionKind::Text(_), .. }], Some(known)) =
        (arguments, scalar::informational::of_quoted_string(spec.name))
    {
        return Ok(match known {
            Value::Boolean(known) => boolean(lit(known)),
            other => Typed::new(text(other.text().unwrap_or_default()), ValueType::Text),
        });
    }
    if let ([argument], Some(known)) = (arguments, scalar::informational::of_quoted_string(spec.name))
        && is_text_of_number(argument)
    {
        let argument = plan(context, argument, scope)?;
        if argument.value_type == ValueType::Text {
            let present = argument.expression.clone().is_not_null();
            return match known {
                Value::Boolean(known) => Ok(boolean(present.and(lit(known)))),
                other => {
                    let known = Typed::new(text(other.text().unwrap_or_default()), ValueType::Text);
                    choose(context, vec![(present, known)], Some(call_spec(context, spec, vec![argument])))
                }
            };
        }
        return Ok(call_spec(context, spec, vec![argument]));
    }
    if matches!(spec.kernel, Kernel::Planned) {
        return plan_lazy(context, span, spec, arguments, scope);
    }
    if spec.name == "sigfig" {
        return significance::plan(context, &arguments[0], scope);
    }
    if spec.name == "exact" {
        return significance::exact(context, &arguments[0], scope);
    }
    if spec.name == "round" && arguments.len() == 2 {
        return significance::round(context, span, arguments, scope)?.shown(context);
    }
    let argument = |argument: &Expression| match reads_text(spec) {
        true => printed(context, plan(context, argument, scope)?),
        false => plan(context, argument, scope),
    };
    let planned: Vec<Typed> = arguments.iter().map(argument).collect::<Result<_, _>>()?;
    if let Some(check) = spec.check {
        let literals: Vec<Option<Value<'_>>> = planned.iter().map(Typed::literal).collect();
        check(&literals)
            .map_err(|message| Diagnostic::error("plan/argument", message, span).with_help(spec.syntax.to_owned()))?;
    }
    Ok(call_spec(context, spec, planned))
}

/// Whether a function reads its arguments as texts, so that numbers show the zeros at their end.
fn reads_text(spec: &FunctionSpec) -> bool {
    let of_texts = ["Text functions", "Multivalue eval functions", "Cryptographic functions"].contains(&spec.category);
    of_texts || spec.name == "tostring"
}

/// Whether an expression makes a string of a number, which is a string even though it looks like a number.
///
/// Source: Splunk search reference, Conversion functions, tostring.
fn is_text_of_number(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Call { name, .. } if name.value.eq_ignore_ascii_case("tostring"))
}

/// Functions that are about expressions, not about values.
fn plan_lazy(
    context: &PlanContext,
    span: Span,
    spec: &'static FunctionSpec,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let one = |index: usize| plan(context, &arguments[index], scope);
    match spec.name {
        "true" => Ok(boolean(lit(true))),
        "false" => Ok(boolean(lit(false))),
        "null" => Ok(Typed::new(null(ValueType::Text), ValueType::Null)),
        "now" | "time" => Ok(Typed::new(lit(context.now()), ValueType::Float)),
        "if" => {
            let test = condition(context, &arguments[0], scope)?;
            choose(context, vec![(test, one(1)?)], Some(one(2)?))
        }
        "case" => {
            if !arguments.len().is_multiple_of(2) {
                return Err(Diagnostic::error("plan/argument-count", "`case` takes pairs of a condition and a value", span)
                    .with_help(spec.syntax.to_owned()));
            }
            let mut branches = Vec::new();
            for pair in arguments.chunks(2) {
                branches.push((condition(context, &pair[0], scope)?, plan(context, &pair[1], scope)?));
            }
            choose(context, branches, None)
        }
        "validate" => {
            if !arguments.len().is_multiple_of(2) {
                return Err(Diagnostic::error(
                    "plan/argument-count",
                    "`validate` takes pairs of a condition and a message",
                    span,
                )
                .with_help(spec.syntax.to_owned()));
            }
            let mut branches = Vec::new();
            for pair in arguments.chunks(2) {
                let failed = not(condition(context, &pair[0], scope)?);
                branches.push((failed, plan(context, &pair[1], scope)?));
            }
            choose(context, branches, None)
        }
        "coalesce" => {
            let mut branches = Vec::new();
            for argument in arguments {
                let planned = plan(context, argument, scope)?;
                branches.push((planned.expression.clone().is_not_null(), planned));
            }
            choose(context, branches, None)
        }
        "nullif" => {
            let (left, right) = (one(0)?, one(1)?);
            let same = call(context, "spl_equal", vec![left.clone(), right])?.expression.is_true();
            let nothing = Typed::new(null(ValueType::Text), ValueType::Null);
            choose(context, vec![(same, nothing)], Some(left))
        }
        "in" => {
            let list = Expression {
                kind: ExpressionKind::In { operand: Box::new(arguments[0].clone()), list: arguments[1..].to_vec() },
                span,
            };
            plan(context, &list, scope)
        }
        "searchmatch" => {
            let ExpressionKind::Text(source) = &arguments[0].kind else {
                return Err(Diagnostic::error(
                    "plan/argument",
                    "`searchmatch` needs a search in double quotes",
                    arguments[0].span,
                ));
            };
            let parsed = spl_parser::parse_search_expression(source).map_err(|errors| {
                errors.into_iter().next().map_or_else(
                    || Diagnostic::error("plan/argument", "not a search", span),
                    |error| Diagnostic::error(error.code, error.message, arguments[0].span),
                )
            })?;
            Ok(boolean(predicate::plan(context, &parsed, scope)?))
        }
        "lookup" => crate::expression::lookup::eval_function(context, span, arguments, scope),
        "mvmap" | "mvfilter" => crate::expression::multivalue::plan(context, span, spec, arguments, scope),
        _ => Err(Diagnostic::error("plan/not-built", format!("`{}` is known but not built yet", spec.name), span)),
    }
}

/// Whether a search may call a function by its name; the others belong to operators and commands.
pub fn is_user_function(spec: &FunctionSpec) -> bool {
    !spec.is_operator() && spec.category != scalar::convert::INTERNAL_CATEGORY
}
