//! Typed expressions, and the scopes in which expressions look names up.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_functions::value::{Precision, Value};
use spl_parser::Diagnostic;

use crate::frame::{Frame, column, null};

/// An expression with its static type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The expression.
    pub expression: Expr,
    /// What it yields.
    pub value_type: ValueType,
    /// How precisely its numbers are known.
    pub precision: Precision,
}

impl Typed {
    /// Pairs them. Numbers are exact until [`Typed::known_to`] says otherwise; texts are as precise as they are written.
    pub fn new(expression: Expr, value_type: ValueType) -> Self {
        let precision = match value_type {
            ValueType::Text | ValueType::Multivalue => Precision::Written,
            _ => Precision::Exact,
        };
        Self { expression, value_type, precision }
    }

    /// The same, of which it is known how precise its numbers are.
    pub fn known_to(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The literal value, if it is one.
    pub fn literal(&self) -> Option<Value<'_>> {
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
        Ok(self.field(name).map(|field| Typed::new(column(name), field.value_type()).known_to(field.precision)))
    }

    fn names(&self) -> Vec<String> {
        self.fields().into_iter().map(|field| field.name).collect()
    }
}

/// Sets one field.
pub fn assign(frame: Frame, name: &str, value: Typed) -> Result<Frame, Diagnostic> {
    let expression = if value.value_type == ValueType::Null { null(ValueType::Text) } else { value.expression };
    frame.assign(vec![(name.to_owned(), expression)])
}

/// The prefix under which a scope over events gives what the data itself carries, without knowledge.
pub const RAW_PREFIX: &str = "__raw:";
