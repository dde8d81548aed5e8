//! Apache Parquet: texts as UTF-8, numbers as 64-bit numbers, multivalue fields as lists.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use spl_exec::Results;
use spl_functions::column::ValueType;

use super::shown_fields;
use crate::stop::Stop;

/// Writes the rows.
///
/// # Errors
/// A writer that fails.
pub fn write(writer: &mut (impl Write + Send), results: &Results) -> Result<(), Stop> {
    let fields = shown_fields(results);
    let schema = Arc::new(Schema::new(
        fields.iter().map(|field| Field::new(*field, column_type(results, field), true)).collect::<Vec<_>>(),
    ));
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut file = ArrowWriter::try_new(writer, Arc::clone(&schema), Some(properties)).map_err(stop)?;
    for batch in &results.batches {
        let columns = schema
            .fields()
            .iter()
            .map(|field| match batch.column_by_name(field.name()) {
                Some(array) => cast(array, field.data_type()),
                None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            })
            .collect::<Result<Vec<ArrayRef>, _>>()
            .map_err(|error| Stop::Failed(format!("can't write Parquet: {error}")))?;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
            .map_err(|error| Stop::Failed(format!("can't write Parquet: {error}")))?;
        file.write(&batch).map_err(stop)?;
    }
    file.close().map_err(stop)?;
    Ok(())
}

/// The type of a field in the file: the common one of its batches.
fn column_type(results: &Results, field: &str) -> DataType {
    let common = results
        .batches
        .iter()
        .filter_map(|batch| batch.column_by_name(field))
        .map(|array| ValueType::of(array.data_type()))
        .fold(ValueType::Null, ValueType::common);
    match common {
        ValueType::Null | ValueType::Text | ValueType::Boolean => DataType::Utf8,
        ValueType::Multivalue => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        number => number.arrow(),
    }
}

fn stop(error: ParquetError) -> Stop {
    Stop::Failed(format!("can't write Parquet: {error}"))
}
