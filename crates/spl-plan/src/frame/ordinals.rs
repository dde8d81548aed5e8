//! Numbering rows: the ordinals of rows in memory and of appended results.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;

use crate::frame::column;

/// Columns of a scan without the table's name.
pub fn unqualified(table: &str, names: &[String]) -> Vec<datafusion::logical_expr::Expr> {
    use datafusion::common::Column;
    use datafusion::logical_expr::Expr;
    names.iter().map(|name| Expr::Column(Column::new(Some(table), name)).alias(name)).collect()
}

/// Rows with their ordinals anew.
pub fn with_fresh_ordinal(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<(SchemaRef, Vec<RecordBatch>), Diagnostic> {
    use arrow::array::{ArrayRef, Int64Array};
    use arrow::datatypes::{DataType, Field, Schema};
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().filter(|field| field.name() != ORDINAL).cloned().collect();
    fields.push(Arc::new(Field::new(ORDINAL, DataType::Int64, false)));
    let fresh = Arc::new(Schema::new(fields));
    let mut next = 0_i64;
    let mut numbered = Vec::with_capacity(batches.len());
    for batch in batches {
        let rows = batch.num_rows() as i64;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(fresh.fields().len());
        let found = batch.schema();
        for (place, field) in schema.fields().iter().enumerate().filter(|(_, field)| field.name() != ORDINAL) {
            let place = match found.fields().get(place) {
                Some(other) if other.name() == field.name() => place,
                _ => found.index_of(field.name()).map_err(|error| engine_error(error.into()))?,
            };
            columns.push(batch.column(place).clone());
        }
        columns.push(Arc::new(Int64Array::from_iter_values(next..next + rows)));
        next += rows;
        numbered.push(RecordBatch::try_new(fresh.clone(), columns).map_err(|error| engine_error(error.into()))?);
    }
    Ok((fresh, numbered))
}

/// The ordinal of appended results: behind everything before.
pub fn appended_ordinal(count: i64) -> datafusion::logical_expr::Expr {
    const RANGE: i64 = 1 << 48;
    column(ORDINAL) + datafusion::logical_expr::lit(count * RANGE)
}
