//! Eval expressions without fields, evaluated while a search is being expanded (`iseval` macros).

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use spl_functions::column::Column;
use spl_operators::compiled::compile;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{Scope, Typed};

struct NoFields;

impl Scope for NoFields {
    fn resolve(&self, _: &str) -> Result<Option<Typed>, Diagnostic> {
        Ok(None)
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The text that an expression comes to; the message says why it comes to none.
pub fn evaluate(context: &PlanContext, source: &str) -> Result<String, String> {
    let parsed = spl_parser::parse_expression(source)
        .map_err(|errors| errors.into_iter().next().map(|error| error.message).unwrap_or_default())?;
    let typed = expression::plan(context, &parsed, &NoFields).map_err(|error| error.message)?;
    let schema = Arc::new(Schema::empty());
    let work = || {
        let physical = compile(&typed.expression, &schema, context.options())?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)?;
        Column::new(&physical.evaluate(&batch)?.into_array(1)?)
    };
    let column = work().map_err(|error| error.to_string())?;
    column.value(0).text().map(|text| text.into_owned()).ok_or_else(|| "it has no value".to_owned())
}
