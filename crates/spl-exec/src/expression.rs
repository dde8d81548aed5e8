//! Eval expressions to DataFusion expressions, with SPL's types decided while planning.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit, not};
use datafusion::prelude::{cast, when};
use spl_functions::column::ValueType;
use spl_functions::scalar::{self, FunctionSpec, Kernel};
use spl_functions::value::Value;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, FieldName, UnaryOperator};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use crate::frame::{Frame, column, null, text};
use crate::planner::Planner;
use crate::search;

/// An expression with its static type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The expression.
    pub expression: Expr,
    /// What it yields.
    pub value_type: ValueType,
}

impl Typed {
    /// Pairs them.
    pub fn new(expression: Expr, value_type: ValueType) -> Self {
        Self { expression, value_type }
    }

    /// The literal value, if it is one.
    fn literal(&self) -> Option<Value<'_>> {
        match &self.expression {
            Expr::Literal(scalar, _) => match scalar {
                ScalarValue::Utf8View(Some(text)) => Some(Value::Text(text)),
                ScalarValue::Int64(Some(number)) => Some(Value::Integer(*number)),
                ScalarValue::Float64(Some(number)) => Some(Value::Float(*number)),
                ScalarValue::Boolean(Some(flag)) => Some(Value::Boolean(*flag)),
                scalar if scalar.is_null() => Some(Value::Null),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Where field names are looked up.
pub trait Scope {
    /// The field's expression; none when no event can have it.
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic>;
    /// Names for did-you-mean and wildcards.
    fn names(&self) -> Vec<String>;
    /// Whether knowledge objects (`tag=`, `eventtype=`) are looked up here.
    fn knowledge(&self) -> Option<&dyn KnowledgeScope> {
        None
    }
}

/// What a scope over events knows beside fields.
pub trait KnowledgeScope {
    /// The condition of the event types whose names match; none when there is no such event type.
    fn eventtype(&self, pattern: &spl_parser::syntax::Pattern) -> Result<Option<Expr>, Diagnostic>;
    /// The condition of the tags whose names match, of one field (`tag::field=`) or any.
    fn tag(&self, field: Option<&str>, pattern: &spl_parser::syntax::Pattern) -> Result<Option<Expr>, Diagnostic>;
    /// The condition of a saved search, given by its name and its text, macros expanded.
    fn saved_search(&self, name: &str, text: &str) -> Result<Expr, Diagnostic>;
}

impl Scope for Frame {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        Ok(self.field(name).map(|field| Typed::new(column(name), field.value_type())))
    }

    fn names(&self) -> Vec<String> {
        self.fields().into_iter().map(|field| field.name).collect()
    }
}

/// Calls a function of the registry.
pub fn call(planner: &Planner, name: &str, arguments: Vec<Typed>) -> Result<Typed, Diagnostic> {
    let spec = scalar::lookup(name)
        .ok_or_else(|| Diagnostic::general("plan/unknown-function", format!("`{name}` is not a function")))?;
    Ok(call_spec(planner, spec, arguments))
}

fn call_spec(planner: &Planner, spec: &'static FunctionSpec, arguments: Vec<Typed>) -> Typed {
    let types: Vec<ValueType> = arguments.iter().map(|argument| argument.value_type).collect();
    let value_type = (spec.returns)(&types);
    let arguments = arguments.into_iter().map(|argument| argument.expression).collect();
    let expression = planner.function(spec).call(arguments);
    Typed::new(expression, value_type)
}

/// Plans an expression.
pub fn plan(planner: &Planner, expression: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let plan_one = |expression: &Expression| plan(planner, expression, scope);
    match &expression.kind {
        ExpressionKind::Integer(number) => Ok(Typed::new(lit(*number), ValueType::Integer)),
        ExpressionKind::Float(number) => Ok(Typed::new(lit(*number), ValueType::Float)),
        ExpressionKind::Text(value) => Ok(Typed::new(text(value.clone()), ValueType::Text)),
        ExpressionKind::Field(field) => plan_field(planner, field, scope),
        ExpressionKind::Unary { operator, operand } => match operator {
            UnaryOperator::Plus => plan_one(operand),
            UnaryOperator::Minus => match operand.kind {
                ExpressionKind::Integer(number) => Ok(Typed::new(lit(number.wrapping_neg()), ValueType::Integer)),
                ExpressionKind::Float(number) => Ok(Typed::new(lit(-number), ValueType::Float)),
                _ => call(planner, "spl_negate", vec![plan_one(operand)?]),
            },
            UnaryOperator::Not => Ok(Typed::new(not(condition(planner, operand, scope)?), ValueType::Boolean)),
        },
        ExpressionKind::Binary { operator, left, right } => plan_binary(planner, operator.value, left, right, scope),
        ExpressionKind::In { operand, list } => {
            let operand = plan_one(operand)?;
            let mut any: Option<Expr> = None;
            for item in list {
                let equal = call(planner, "spl_equal", vec![operand.clone(), plan_one(item)?])?.expression;
                any = Some(any.map_or(equal.clone(), |before| before.or(equal)));
            }
            Ok(Typed::new(any.unwrap_or_else(|| lit(false)), ValueType::Boolean))
        }
        ExpressionKind::Call { name, arguments } => plan_call(planner, expression.span, &name.value, name.span, arguments, scope),
        ExpressionKind::Subsearch(_) => Err(Diagnostic::error("plan/subsearch", "a subsearch can't stand here", expression.span)),
    }
}

/// Plans an expression that must be true or false.
pub fn condition(planner: &Planner, expression: &Expression, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    let planned = plan(planner, expression, scope)?;
    match planned.value_type {
        ValueType::Boolean => Ok(planned.expression),
        ValueType::Null => Ok(lit(ScalarValue::Boolean(None))),
        _ => Err(Diagnostic::error("plan/not-boolean", "a condition is needed here, not a value", expression.span)
            .with_help("compare it with something: `x=1`, `isnotnull(x)`")),
    }
}

/// Plans an expression whose result is stored in a field.
pub fn value(planner: &Planner, expression: &Expression, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
    let planned = plan(planner, expression, scope)?;
    if planned.value_type == ValueType::Boolean {
        return Err(Diagnostic::error("plan/boolean-value", "a field can't hold the result of a condition", expression.span)
            .with_help("use `if(<condition>, <value>, <other value>)`"));
    }
    Ok(planned)
}

fn plan_field(planner: &Planner, field: &FieldName, scope: &dyn Scope) -> Result<Typed, Diagnostic> {
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
                        Some(before) => call(planner, "spl_concatenate", vec![before, part])?,
                    });
                }
                return whole.ok_or_else(|| Diagnostic::error("plan/field", "empty field name", field.span));
            }
        }
    }
    Ok(Typed::new(null(ValueType::Text), ValueType::Null))
}

fn plan_binary(
    planner: &Planner,
    operator: BinaryOperator,
    left: &Expression,
    right: &Expression,
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    use BinaryOperator as B;
    match operator {
        B::And => return Ok(boolean(condition(planner, left, scope)?.and(condition(planner, right, scope)?))),
        B::Or => return Ok(boolean(condition(planner, left, scope)?.or(condition(planner, right, scope)?))),
        B::Xor => {
            let sides = vec![boolean(condition(planner, left, scope)?), boolean(condition(planner, right, scope)?)];
            return call(planner, "spl_xor", sides);
        }
        _ => {}
    }
    let quoted = |side: &Expression| matches!(side.kind, ExpressionKind::Text(_));
    let operator = match operator {
        // Two quoted strings are strings, whatever they look like.
        B::Add if quoted(left) && quoted(right) => B::Concatenate,
        other => other,
    };
    let span = left.span.to(right.span);
    let (left, right) = (plan(planner, left, scope)?, plan(planner, right, scope)?);
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
    call(planner, name, vec![left, right])
}

fn is_comparison(operator: BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(operator, B::Equal | B::NotEqual | B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual)
}

fn boolean(expression: Expr) -> Typed {
    Typed::new(expression, ValueType::Boolean)
}

/// Converts to a type that can hold it (see [`ValueType::common`]).
pub fn convert(planner: &Planner, typed: Typed, to: ValueType) -> Result<Expr, Diagnostic> {
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
        (_, ValueType::Text) => Ok(call(planner, "spl_text", vec![typed])?.expression),
        (_, ValueType::Multivalue) => Ok(call(planner, "spl_multivalue", vec![typed])?.expression),
        (_, ValueType::Float) => Ok(call(planner, "spl_number", vec![typed])?.expression),
        _ => Ok(cast(typed.expression, to.arrow())),
    }
}

fn plan_call(
    planner: &Planner,
    span: Span,
    name: &str,
    name_span: Span,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let Some(spec) = scalar::lookup(name).filter(|spec| is_user_function(spec)) else {
        let known = scalar::all().filter(|spec| is_user_function(spec)).map(|spec| spec.name);
        let mut error = Diagnostic::error("plan/unknown-function", format!("unknown function `{name}`"), name_span);
        if let Some(near) = nearest(name, known) {
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
    if matches!(spec.kernel, Kernel::Planned) {
        return plan_lazy(planner, span, spec, arguments, scope);
    }
    if spec.name == "sigfig" {
        return crate::significance::plan(planner, &arguments[0], scope);
    }
    let planned: Vec<Typed> = arguments.iter().map(|argument| plan(planner, argument, scope)).collect::<Result<_, _>>()?;
    if let Some(check) = spec.check {
        let literals: Vec<Option<Value<'_>>> = planned.iter().map(Typed::literal).collect();
        check(&literals)
            .map_err(|message| Diagnostic::error("plan/argument", message, span).with_help(spec.syntax.to_owned()))?;
    }
    Ok(call_spec(planner, spec, planned))
}

/// Functions that are about expressions, not about values.
fn plan_lazy(
    planner: &Planner,
    span: Span,
    spec: &'static FunctionSpec,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let one = |index: usize| plan(planner, &arguments[index], scope);
    match spec.name {
        "true" => Ok(boolean(lit(true))),
        "false" => Ok(boolean(lit(false))),
        "null" => Ok(Typed::new(null(ValueType::Text), ValueType::Null)),
        "now" | "time" => Ok(Typed::new(lit(planner.settings().now), ValueType::Float)),
        "if" => {
            let test = condition(planner, &arguments[0], scope)?;
            choose(planner, vec![(test, one(1)?)], Some(one(2)?))
        }
        "case" => {
            if !arguments.len().is_multiple_of(2) {
                return Err(Diagnostic::error("plan/argument-count", "`case` takes pairs of a condition and a value", span)
                    .with_help(spec.syntax.to_owned()));
            }
            let mut branches = Vec::new();
            for pair in arguments.chunks(2) {
                branches.push((condition(planner, &pair[0], scope)?, plan(planner, &pair[1], scope)?));
            }
            choose(planner, branches, None)
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
                let failed = not(condition(planner, &pair[0], scope)?);
                branches.push((failed, plan(planner, &pair[1], scope)?));
            }
            choose(planner, branches, None)
        }
        "coalesce" => {
            let mut branches = Vec::new();
            for argument in arguments {
                let planned = plan(planner, argument, scope)?;
                branches.push((planned.expression.clone().is_not_null(), planned));
            }
            choose(planner, branches, None)
        }
        "nullif" => {
            let (left, right) = (one(0)?, one(1)?);
            let same = call(planner, "spl_equal", vec![left.clone(), right])?.expression.is_true();
            let nothing = Typed::new(null(ValueType::Text), ValueType::Null);
            choose(planner, vec![(same, nothing)], Some(left))
        }
        "in" => {
            let list = Expression {
                kind: ExpressionKind::In { operand: Box::new(arguments[0].clone()), list: arguments[1..].to_vec() },
                span,
            };
            plan(planner, &list, scope)
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
            Ok(boolean(search::plan(planner, &parsed, scope)?))
        }
        "lookup" => crate::lookup_expression::eval_function(planner, span, arguments, scope),
        "mvmap" | "mvfilter" => crate::mv_expression::plan(planner, span, spec, arguments, scope),
        _ => Err(Diagnostic::error("plan/not-built", format!("`{}` is known but not built yet", spec.name), span)),
    }
}

/// A choice between values: the first branch whose condition is true.
pub fn choose(planner: &Planner, branches: Vec<(Expr, Typed)>, otherwise: Option<Typed>) -> Result<Typed, Diagnostic> {
    let mut value_type = ValueType::Null;
    for typed in branches.iter().map(|(_, typed)| typed).chain(otherwise.as_ref()) {
        value_type = value_type.common(typed.value_type);
    }
    let mut branches = branches.into_iter();
    let Some((first, typed)) = branches.next() else {
        return Ok(Typed::new(null(ValueType::Text), ValueType::Null));
    };
    let target = if value_type == ValueType::Null { ValueType::Text } else { value_type };
    let mut chain = when(first, convert(planner, typed, target)?);
    for (test, typed) in branches {
        chain = chain.when(test, convert(planner, typed, target)?);
    }
    let expression = match otherwise {
        Some(typed) => chain.otherwise(convert(planner, typed, target)?),
        None => chain.otherwise(null(target)),
    }
    .map_err(crate::frame::engine_error)?;
    Ok(Typed::new(expression, value_type))
}

/// Whether a search may call a function by its name; the others belong to operators and commands.
pub fn is_user_function(spec: &FunctionSpec) -> bool {
    !spec.is_operator() && spec.category != scalar::convert::INTERNAL_CATEGORY
}
