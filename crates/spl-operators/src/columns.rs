//! Rows and schemas with some columns set.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;

/// A schema with fields set: a known name keeps its place, a new one goes to the end.
pub fn with_fields(input: &SchemaRef, set: &[(&str, DataType)]) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = input.fields().iter().cloned().collect();
    for (name, data_type) in set {
        let field = Arc::new(Field::new(*name, data_type.clone(), true));
        match fields.iter_mut().find(|known| known.name() == name) {
            Some(known) => *known = field,
            None => fields.push(field),
        }
    }
    Arc::new(Schema::new(fields))
}

/// Rows with columns set; all others are taken by name.
///
/// # Errors
/// A column of the output that neither the rows nor the set ones have.
pub fn with_columns(rows: &RecordBatch, output: &SchemaRef, set: &[(String, ArrayRef)]) -> Result<RecordBatch> {
    let columns = output
        .fields()
        .iter()
        .map(|field| match set.iter().find(|(name, _)| name == field.name()) {
            Some((_, column)) => Ok(column.clone()),
            None => Ok(rows.column(rows.schema().index_of(field.name())?).clone()),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(output.clone(), columns)?)
}
