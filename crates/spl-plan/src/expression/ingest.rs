//! Eval expressions over events that are being loaded: `INGEST_EVAL` and `STOP_PROCESSING_IF` of transforms.conf.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::physical_expr::PhysicalExpr;
use indexmap::IndexMap;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;
use spl_operators::compiled::compile;
use spl_parser::Diagnostic;
use spl_sources::{IngestEvaluator, IngestExpression, IngestValue};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::column;
use crate::frame::scope::{Scope, Typed};

/// Evaluates expressions with the clock and the settings of a search.
pub struct IngestEvaluation {
    context: PlanContext,
}

impl IngestEvaluation {
    /// An evaluator with the functions of a context.
    pub fn new(context: PlanContext) -> Self {
        Self { context }
    }
}

impl IngestEvaluator for IngestEvaluation {
    fn compile(&self, expression: &str) -> Result<Arc<dyn IngestExpression>, String> {
        let source = with_quoted_names(expression);
        let parsed = spl_parser::parse_expression(&source)
            .map_err(|errors| errors.into_iter().next().map(|error| error.message).unwrap_or_default())?;
        let names = Names { source: &source, asked: RefCell::default() };
        let typed = expression::plan(&self.context, &parsed, &names).map_err(|error| error.message)?;
        let fields: Vec<(String, ValueType)> = names.asked.into_inner().into_iter().collect();
        let columns: Vec<Field> = fields.iter().map(|(name, kind)| Field::new(name, kind.arrow(), true)).collect();
        let schema = Arc::new(Schema::new(columns));
        let physical = compile(&typed.expression, &schema, self.context.options()).map_err(|error| error.to_string())?;
        Ok(Arc::new(Compiled { fields, schema, physical }))
    }
}

/// The names of an expression: any name may be one of the event.
struct Names<'s> {
    source: &'s str,
    asked: RefCell<IndexMap<String, ValueType>>,
}

impl Scope for Names<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let is_word = ["true", "false", "null"].iter().any(|word| name.eq_ignore_ascii_case(word));
        // `a.b` without quotes joins two texts.
        let is_quoted = self.source.contains(&format!("'{name}'"));
        if (is_word || name.contains('.')) && !is_quoted {
            return Ok(None);
        }
        let kind = match name {
            "_time" => ValueType::Float,
            "linecount" => ValueType::Integer,
            _ if name.starts_with("mv:") => ValueType::Multivalue,
            _ => ValueType::Text,
        };
        self.asked.borrow_mut().insert(name.to_owned(), kind);
        Ok(Some(Typed::new(column(name), kind)))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A compiled expression and the columns that it reads.
struct Compiled {
    fields: Vec<(String, ValueType)>,
    schema: SchemaRef,
    physical: Arc<dyn PhysicalExpr>,
}

impl IngestExpression for Compiled {
    fn evaluate(&self, value: &dyn Fn(&str) -> IngestValue) -> IngestValue {
        let columns = self.fields.iter().map(|(name, kind)| {
            let mut built = ColumnBuilder::new(*kind, 1);
            match (value(name), kind) {
                (IngestValue::Null, _) => built.append_null(),
                (IngestValue::Number(number), ValueType::Integer) => built.append(Value::Integer(number as i64)),
                (IngestValue::Number(number), _) => built.append(Value::Float(number)),
                (IngestValue::Boolean(flag), _) => built.append(Value::Boolean(flag)),
                (IngestValue::Text(text), ValueType::Multivalue) => built.append_values([text]),
                (IngestValue::Text(text), _) => built.append_text(&text),
                (IngestValue::Several(values), ValueType::Multivalue) => built.append_values(values),
                (IngestValue::Several(values), _) => built.append_text(values.first().map_or("", String::as_str)),
            }
            built.finish()
        });
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let work = || -> datafusion::common::Result<Column> {
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns.collect(), &options)?;
            Column::new(&self.physical.evaluate(&batch)?.into_array(1)?)
        };
        // A function that fails gives no value, as `null()` does.
        let Ok(column) = work() else { return IngestValue::Null };
        match column.value(0) {
            Value::Null => IngestValue::Null,
            Value::Boolean(flag) => IngestValue::Boolean(flag),
            Value::Float(number) => IngestValue::Number(number),
            value @ Value::Multivalue(_) => {
                IngestValue::Several(value.each_text().into_iter().map(std::borrow::Cow::into_owned).collect())
            }
            value => value.text().map_or(IngestValue::Null, |text| IngestValue::Text(text.into_owned())),
        }
    }
}

/// An expression with names such as `$pd:_raw$` in single quotes, as expressions have names.
fn with_quoted_names(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len() + 8);
    let mut rest = expression;
    while let Some(at) = rest.find('$') {
        let behind = &rest[at + 1..];
        let name = behind.split_once('$').map(|(name, _)| name).filter(|name| {
            let prefixed = ["pd:", "field:", "mv:"].iter().any(|prefix| name.starts_with(prefix));
            prefixed && !name.contains(['\'', '"', ' ', '(', ')'])
        });
        text.push_str(&rest[..at]);
        match name {
            Some(name) => {
                text.push('\'');
                text.push_str(name);
                text.push('\'');
                rest = &behind[name.len() + 1..];
            }
            None => {
                text.push('$');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_prefixes_are_quoted() {
        assert_eq!(with_quoted_names("if($pd:_raw$ LIKE \"a$\", $field:x$, 1)"), "if('pd:_raw' LIKE \"a$\", 'field:x', 1)");
        assert_eq!(with_quoted_names("replace(_raw, \"a$\", \"$1\")"), "replace(_raw, \"a$\", \"$1\")");
    }
}
