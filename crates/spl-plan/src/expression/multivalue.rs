//! `mvmap` and `mvfilter`: an expression evaluated for each value of a multivalue field.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::{Expr, ScalarUDF};
use spl_functions::column::ValueType;
use spl_functions::scalar::FunctionSpec;
use spl_operators::functions::each_value::EachValue;
use spl_parser::syntax::{Expression, ExpressionKind};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::column;
use crate::frame::scope::{Scope, Typed};
use crate::function_call;
use spl_parser::effects::walk_expression;

/// Plans `mvmap(<mv>, <expression>)` and `mvfilter(<condition>)`.
pub fn plan(
    context: &PlanContext,
    span: Span,
    spec: &FunctionSpec,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let filter = spec.name == "mvfilter";
    let inner = &arguments[arguments.len() - 1];
    let mut names: Vec<String> = Vec::new();
    walk_expression(inner, &mut |part| {
        if let ExpressionKind::Field(field) = &part.kind
            && !names.contains(&field.name)
        {
            names.push(field.name.clone());
        }
    });
    let (target, source) = if filter {
        let [target] = names.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`mvfilter` works on exactly one field", span)
                .with_help(spec.syntax.to_owned()));
        };
        (target.clone(), scope.resolve(target)?)
    } else {
        match &arguments[0].kind {
            ExpressionKind::Field(field) => (field.name.clone(), Some(expression::plan(context, &arguments[0], scope)?)),
            // Over an expression the inner expression names the field that the first argument is about.
            _ => {
                let mut outer: Vec<String> = Vec::new();
                walk_expression(&arguments[0], &mut |part| {
                    if let ExpressionKind::Field(field) = &part.kind {
                        outer.push(field.name.clone());
                    }
                });
                let target = outer.into_iter().find(|name| names.contains(name)).unwrap_or_default();
                (target, Some(expression::plan(context, &arguments[0], scope)?))
            }
        }
    };
    let Some(source) = source else {
        return Ok(Typed::new(crate::frame::null(ValueType::Text), ValueType::Null));
    };
    if source.value_type == ValueType::Null {
        return Ok(source);
    }
    let list = function_call::convert(context, source, ValueType::Multivalue)?;
    // Inside, the field is one value; other fields are what they are in the event.
    let mut fields = vec![Field::new(&target, DataType::Utf8View, true)];
    let mut others: Vec<(String, Expr)> = Vec::new();
    for name in names.iter().filter(|name| **name != target) {
        if let Some(found) = scope.resolve(name)? {
            fields.push(Field::new(name, found.value_type.arrow(), true));
            let plain = function_call::convert(context, found.clone(), found.value_type)?;
            others.push((name.clone(), plain));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let inside = ItemScope { schema: &schema };
    let (body, body_type) = if filter {
        (expression::condition(context, inner, &inside)?, ValueType::Boolean)
    } else {
        let planned = expression::value(context, inner, &inside)?;
        let result_type = planned.value_type;
        let converted = function_call::convert(
            context,
            planned,
            if result_type == ValueType::Multivalue { result_type } else { ValueType::Text },
        )?;
        (converted, result_type)
    };
    if body_type == ValueType::Null {
        return Ok(Typed::new(crate::frame::null(ValueType::Text), ValueType::Null));
    }
    let function = EachValue::new(body, schema, filter);
    let mut call_arguments = vec![list];
    call_arguments.extend(others.into_iter().map(|(_, expression)| expression));
    Ok(Typed::new(ScalarUDF::from(function).call(call_arguments), ValueType::Multivalue))
}

struct ItemScope<'a> {
    schema: &'a Schema,
}

impl Scope for ItemScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        Ok(self.schema.field_with_name(name).ok().map(|field| Typed::new(column(name), ValueType::of(field.data_type()))))
    }

    fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}
