//! Rows of texts as a frame.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::{ColumnBuilder, ValueType};
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::Frame;

/// A row: the values of each field.
pub type Row = IndexMap<String, Vec<String>>;

/// A frame over rows of texts; a field that has several values in a row is multivalue.
pub fn rows_frame(context: &PlanContext, rows: &[Row]) -> Result<Frame, Diagnostic> {
    let mut names: Vec<&String> = Vec::new();
    for row in rows {
        for name in row.keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for name in names {
        let several = rows.iter().any(|row| row.get(name).is_some_and(|values| values.len() > 1));
        let value_type = if several { ValueType::Multivalue } else { ValueType::Text };
        let mut built = ColumnBuilder::new(value_type, rows.len());
        for row in rows {
            match row.get(name) {
                Some(values) if several => built.append_values(values),
                Some(values) => match values.first() {
                    Some(value) => built.append_text(value),
                    None => built.append_null(),
                },
                None => built.append_null(),
            }
        }
        fields.push(Field::new(name, value_type.arrow(), true));
        columns.push(built.finish());
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch =
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|error| engine_error(error.into()))?;
    context.from_batches(schema, vec![batch])
}
