//! Fields found in the text of another field, row by row: which ones there are is known only from the rows.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::{Column, ValueType};
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;

use crate::cells::cell::{Cell, push};
use crate::context::PlanContext;
use crate::frame::Frame;
use spl_functions::extraction::Found;

/// What happens where a row has a found field already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The found value replaces it.
    Replace,
    /// It stays.
    Keep,
    /// Both are values of the field.
    Add,
}

/// Runs the frame, reads the source field of every row and adds the fields found. A field that has several values in a
/// row is multivalue; one whose values all print as whole numbers is a number.
pub async fn extract(
    context: &PlanContext,
    frame: Frame,
    source: &str,
    existing: Existing,
    mut read: impl FnMut(&str) -> Result<Found, Diagnostic> + Send,
) -> Result<Frame, Diagnostic> {
    let read_one = |texts: &[Option<Cow<'_, str>>]| match texts {
        [Some(text)] => read(text),
        _ => Ok(Found::new()),
    };
    extract_from(context, frame, &[source], existing, read_one).await
}

/// As [`extract`], from the texts of several fields of a row; an absent one is none.
pub async fn extract_from(
    context: &PlanContext,
    frame: Frame,
    sources: &[&str],
    existing: Existing,
    mut read: impl FnMut(&[Option<Cow<'_, str>>]) -> Result<Found, Diagnostic> + Send,
) -> Result<Frame, Diagnostic> {
    let (schema, batches) = context.collect(frame).await?;
    let batch = concat_batches(&schema, &batches).map_err(|error| engine_error(error.into()))?;
    drop(batches);
    let mut found: IndexMap<String, HashMap<usize, Vec<String>>> = IndexMap::new();
    let columns: Vec<Column> = sources
        .iter()
        .map(|source| batch.column_by_name(source).map_or(Ok(Column::Null), |array| Column::new(array).map_err(engine_error)))
        .collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        let texts: Vec<Option<Cow<'_, str>>> = columns.iter().map(|column| column.value(row).text()).collect();
        for (name, values) in read(&texts)? {
            if !name.is_empty() && name != ORDINAL && !values.is_empty() {
                match found.get_mut(&name) {
                    Some(rows) => rows.entry(row).or_default().extend(values),
                    None => drop(found.insert(name, HashMap::from([(row, values)]))),
                }
            }
        }
    }
    with_fields(context, &schema, &batch, found, existing)
}

fn with_fields(
    context: &PlanContext,
    schema: &SchemaRef,
    batch: &RecordBatch,
    mut found: IndexMap<String, HashMap<usize, Vec<String>>>,
    existing: Existing,
) -> Result<Frame, Diagnostic> {
    let rows = batch.num_rows();
    let (mut fields, mut columns): (Vec<Arc<Field>>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (place, field) in schema.fields().iter().enumerate() {
        let array = batch.column(place);
        let Some(values) = found.shift_remove(field.name()) else {
            fields.push(field.clone());
            columns.push(array.clone());
            continue;
        };
        let old = Column::new(array).map_err(engine_error)?;
        let cells: Vec<Cell> = (0..rows)
            .map(|row| {
                let old = Cell::of(old.value(row));
                match (values.get(&row), existing) {
                    (None, _) => old,
                    (Some(_), Existing::Keep) if !old.is_null() => old,
                    (Some(new), Existing::Add) if !old.is_null() => {
                        let mut all = old.texts();
                        all.extend(new.iter().cloned());
                        Cell::of_texts(all)
                    }
                    (Some(new), _) => Cell::of_texts(new.clone()),
                }
            })
            .collect();
        let kind = cells.iter().fold(ValueType::Null, |kind, cell| kind.common(cell.value_type()));
        push(&mut fields, &mut columns, field.name(), kind, rows, |row| cells[row].clone());
    }
    for (name, values) in &found {
        let several = values.values().any(|values| values.len() > 1);
        let whole = || values.values().flatten().all(|text| text.parse::<i64>().is_ok_and(|number| number.to_string() == *text));
        let kind = if several {
            ValueType::Multivalue
        } else if whole() {
            ValueType::Integer
        } else {
            ValueType::Text
        };
        push(&mut fields, &mut columns, name, kind, rows, |row| {
            values.get(&row).map_or(Cell::Null, |values| Cell::of_texts(values.clone()))
        });
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch =
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|error| engine_error(error.into()))?;
    context.from_batches(schema, vec![batch])
}
