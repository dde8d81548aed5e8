//! Results held in memory as rows: for commands that look at all values while they are planned.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use spl_functions::column::Column;
use spl_functions::value::{Value, shown};
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::Frame;

/// The rows of a frame, in order.
pub struct Rows {
    /// Columns with the hidden ones.
    pub schema: SchemaRef,
    /// All rows as one batch.
    pub batch: RecordBatch,
    columns: Vec<(String, Column)>,
}

impl Rows {
    /// Runs a frame.
    pub async fn of(context: &PlanContext, frame: Frame) -> Result<Self, Diagnostic> {
        let (schema, batches) = context.collect(frame).await?;
        let batch = concat_batches(&schema, &batches).map_err(|error| engine_error(error.into()))?;
        let columns = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| Ok((field.name().clone(), Column::new(&shown(field, array)).map_err(engine_error)?)))
            .collect::<Result<_, Diagnostic>>()?;
        Ok(Self { schema, batch, columns })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields in order, splq's own columns left out.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().filter(|(name, _)| !name.starts_with("__")).map(|(name, column)| (name.as_str(), column))
    }

    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<&Column> {
        self.columns.iter().find(|(name, _)| name == field).map(|(_, column)| column)
    }

    /// A value; null when the field does not exist.
    pub fn value(&self, field: &str, row: usize) -> Value<'_> {
        self.columns.iter().find(|(name, _)| name == field).map_or(Value::Null, |(_, column)| column.value(row))
    }

    /// The values of a field in a row as texts; none when it is absent.
    pub fn texts(&self, field: &str, row: usize) -> Vec<Cow<'_, str>> {
        self.value(field, row).each_text()
    }

    /// The rows at these places, all without any, as a frame with columns set: a known name keeps its place.
    pub fn with_columns(
        &self,
        context: &PlanContext,
        set: Vec<(String, ArrayRef)>,
        places: Option<&[u32]>,
    ) -> Result<Frame, Diagnostic> {
        let mut fields: Vec<Arc<Field>> = self.schema.fields().iter().cloned().collect();
        let mut columns: Vec<ArrayRef> = self.batch.columns().to_vec();
        for (name, array) in set {
            let field = Arc::new(Field::new(&name, array.data_type().clone(), true));
            match fields.iter().position(|known| *known.name() == name) {
                Some(place) => {
                    fields[place] = field;
                    columns[place] = array;
                }
                None => {
                    fields.push(field);
                    columns.push(array);
                }
            }
        }
        if let Some(places) = places {
            let places = UInt32Array::from(places.to_vec());
            columns = columns
                .iter()
                .map(|array| arrow::compute::take(array, &places, None))
                .collect::<Result<_, _>>()
                .map_err(|error| engine_error(error.into()))?;
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|error| engine_error(error.into()))?;
        context.from_batches(schema, vec![batch])
    }

    /// The rows at these places, as a frame.
    pub fn take(&self, context: &PlanContext, places: &[u32]) -> Result<Frame, Diagnostic> {
        let places = UInt32Array::from(places.to_vec());
        let columns: Vec<ArrayRef> = self
            .batch
            .columns()
            .iter()
            .map(|array| arrow::compute::take(array, &places, None))
            .collect::<Result<_, _>>()
            .map_err(|error| engine_error(error.into()))?;
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| engine_error(error.into()))?;
        context.from_batches(self.schema.clone(), vec![batch])
    }
}
