//! Rows and schemas with some columns set, and columns by their names.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::Result;
use hashbrown::HashMap;

/// The places of columns by name. Arrow's schema goes through its fields for each name; this goes through them once.
pub struct Places<'a> {
    schema: &'a Schema,
    places: HashMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    /// Of the columns of a schema; of two of the same name the first.
    pub fn of(schema: &'a Schema) -> Self {
        let mut places = HashMap::with_capacity(schema.fields().len());
        for (place, field) in schema.fields().iter().enumerate() {
            places.entry(field.name().as_str()).or_insert(place);
        }
        Self { schema, places }
    }

    /// The place of a column.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The place of a column.
    ///
    /// # Errors
    /// A name that no column has.
    pub fn place(&self, name: &str) -> Result<usize> {
        let found = self.get(name).ok_or_else(|| ArrowError::SchemaError(format!("there is no column `{name}`")));
        Ok(found?)
    }

    /// The field of a column.
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        self.get(name).map(|place| self.schema.field(place))
    }
}

/// A schema with fields set: a known name keeps its place, a new one goes to the end.
pub fn with_fields<'a>(input: &SchemaRef, set: impl IntoIterator<Item = (&'a str, DataType)>) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = input.fields().iter().cloned().collect();
    let known = Places::of(input);
    let mut added: HashMap<&str, usize> = HashMap::new();
    for (name, data_type) in set {
        let field = Arc::new(Field::new(name, data_type, true));
        match known.get(name).or_else(|| added.get(name).copied()) {
            Some(place) => fields[place] = field,
            None => {
                added.insert(name, fields.len());
                fields.push(field);
            }
        }
    }
    Arc::new(Schema::new(fields))
}

/// Rows with columns set; all others are taken by name.
///
/// # Errors
/// A column of the output that neither the rows nor the set ones have.
pub fn with_columns(rows: &RecordBatch, output: &SchemaRef, set: &[(String, ArrayRef)]) -> Result<RecordBatch> {
    let schema = rows.schema();
    let places = Places::of(&schema);
    let mut columns_set: HashMap<&str, &ArrayRef> = HashMap::with_capacity(set.len());
    for (name, column) in set {
        columns_set.entry(name.as_str()).or_insert(column);
    }
    let columns = output
        .fields()
        .iter()
        .map(|field| match columns_set.get(field.name().as_str()) {
            Some(column) => Ok(ArrayRef::clone(column)),
            None => Ok(rows.column(places.place(field.name())?).clone()),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(output.clone(), columns)?)
}
