//! Lookups as expressions: one field of the matching rows, for fields that knowledge objects look up.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, ScalarUDF, Signature, TypeSignature, Volatility};
use spl_functions::column::ValueType;
use spl_knowledge::{LookupDefinition, LookupTable, MatchType};
use spl_operators::functions;
use spl_operators::functions::lookup::LookupFunction;
use spl_parser::syntax::{Expression, ExpressionKind};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{null, text};
use crate::function_call::{call as function_call, choose};
use crate::search::lookup_table;

/// The values of `output` in the rows of the table where the fields of the table equal the values given beside them.
/// Without a match it is null, unless the definition has `default_match`. `time` is the time of an event, for lookups by
/// time.
pub fn lookup(
    context: &PlanContext,
    definition: &LookupDefinition,
    inputs: Vec<(&str, Typed)>,
    output: &str,
    time: Option<Typed>,
) -> Result<Typed, Diagnostic> {
    let table = lookup_table::rows(context, definition)?;
    let column = table.column(output)?;
    let (call, returns) = call(context, definition, &table, inputs, vec![column], false, time)?;
    Ok(Typed::new(call, returns))
}

/// Fields of the rows of a table that match.
pub struct LookedUp {
    /// Whether a row matches, or `default_match` stands for one.
    pub matched: Expr,
    /// The fields, in the order in which they were asked for.
    pub fields: Vec<Typed>,
}

/// As [`lookup`] for several fields, by their places in the table; the rows are looked for once.
pub fn lookup_fields(
    context: &PlanContext,
    definition: &LookupDefinition,
    inputs: Vec<(&str, Typed)>,
    columns: Vec<usize>,
    time: Option<Typed>,
) -> Result<LookedUp, Diagnostic> {
    let table = lookup_table::rows(context, definition)?;
    let places = columns.len();
    let (call, returns) = call(context, definition, &table, inputs, columns, true, time)?;
    let member = |name: String| get_field(call.clone(), name);
    let fields = (0..places).map(|place| Typed::new(member(functions::lookup::member(place)), returns)).collect();
    Ok(LookedUp { matched: member(functions::lookup::MATCHED.to_owned()), fields })
}

fn call(
    context: &PlanContext,
    definition: &LookupDefinition,
    table: &Arc<LookupTable>,
    inputs: Vec<(&str, Typed)>,
    columns: Vec<usize>,
    structured: bool,
    time: Option<Typed>,
) -> Result<(Expr, ValueType), Diagnostic> {
    let places: Vec<(usize, MatchType)> = inputs
        .iter()
        .map(|(name, _)| Ok((table.column(name)?, definition.match_type(name))))
        .collect::<Result<_, Diagnostic>>()?;
    let returns = if definition.max_matches > 1 { ValueType::Multivalue } else { ValueType::Text };
    let function = LookupFunction {
        matcher: context.lookup_matcher(definition, table, places)?,
        columns,
        structured,
        returns,
        min_matches: definition.min_matches,
        default_match: definition.default_match.clone(),
        inputs: inputs.len(),
        signature: Signature::new(TypeSignature::VariadicAny, Volatility::Immutable),
    };
    let by_time = function.matcher.is_by_time();
    let mut arguments: Vec<Expr> = inputs.into_iter().map(|(_, typed)| typed.expression).collect();
    if by_time {
        arguments.push(time.map_or_else(|| null(ValueType::Float), |time| time.expression));
    }
    Ok((ScalarUDF::from(function).call(arguments), returns))
}

/// The eval function `lookup`: the output fields of the matching rows as a JSON object, null without a match.
///
/// Source: Splunk search reference, comparison and conditional functions, lookup.
pub fn eval_function(
    context: &PlanContext,
    span: Span,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let wrong = |message: &str, span: Span| {
        Diagnostic::error("plan/argument", message.to_owned(), span)
            .with_help("lookup(\"<table>\", json_object(\"<input>\", <value>, ...), json_array(\"<output>\", ...))")
    };
    let [table, given, wanted] = arguments else {
        return Err(wrong("`lookup` takes a table, a JSON object and a JSON array", span));
    };
    let ExpressionKind::Text(name) = &table.kind else {
        return Err(wrong("the name of the table must be a text in double quotes", table.span));
    };
    let definition = context.lookup(name).map_err(|error| error.at(table.span))?;
    let members = |expression: &'_ Expression, function: &str| match &expression.kind {
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case(function) => Some(arguments.clone()),
        _ => None,
    };
    let pairs = members(given, "json_object")
        .filter(|pairs| !pairs.is_empty() && pairs.len().is_multiple_of(2))
        .ok_or_else(|| wrong("`json_object` with pairs of a field of the table and a value is needed here", given.span))?;
    let mut inputs: Vec<(String, Typed)> = Vec::new();
    for pair in pairs.chunks(2) {
        let ExpressionKind::Text(field) = &pair[0].kind else {
            return Err(wrong("a field of the table must be a text in double quotes", pair[0].span));
        };
        inputs.push((field.clone(), expression::value(context, &pair[1], scope)?));
    }
    let outputs = members(wanted, "json_array")
        .filter(|outputs| !outputs.is_empty())
        .ok_or_else(|| wrong("`json_array` with fields of the table is needed here", wanted.span))?;
    let time = scope.resolve("_time")?;
    let mut parts = Vec::new();
    let mut any: Option<Expr> = None;
    for output in &outputs {
        let ExpressionKind::Text(field) = &output.kind else {
            return Err(wrong("a field of the table must be a text in double quotes", output.span));
        };
        let given = inputs.iter().map(|(name, typed)| (name.as_str(), typed.clone())).collect();
        let value = lookup(context, &definition, given, field, time.clone()).map_err(|error| error.at(output.span))?;
        let found = value.expression.clone().is_not_null();
        any = Some(any.map_or(found.clone(), |before| before.or(found)));
        parts.push(Typed::new(text(field.clone()), ValueType::Text));
        parts.push(value);
    }
    let object = function_call(context, "json_object", parts)?;
    match any {
        Some(any) => choose(context, vec![(any, object)], None),
        None => Ok(object),
    }
}
