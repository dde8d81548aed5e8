//! Results in memory as owned cells, for commands that turn rows into columns and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::{Value, format_number, parse_number, sort_order};
use spl_parser::Diagnostic;

use crate::frame::{Frame, ORDINAL, engine_error};
use crate::planner::Planner;

/// One field value of one row, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// The field is absent.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values, in order.
    Multivalue(Vec<String>),
}

impl Cell {
    /// Takes a value out of its column. Conditions can't be in fields and are absent.
    pub fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null | Value::Boolean(_) => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Float(number) => Self::Float(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Multivalue(values) => Self::Multivalue(values.iter().map(str::to_owned).collect()),
        }
    }

    /// Several texts as one cell: none is absent, one is a text.
    pub fn of_texts(mut texts: Vec<String>) -> Self {
        match texts.len() {
            0 => Self::Null,
            1 => texts.pop().map_or(Self::Null, Self::Text),
            _ => Self::Multivalue(texts),
        }
    }

    /// Whether the field is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As text; several values joined by a line feed, none for an absent value.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(format_number(*number)),
            Self::Text(text) => Some(text.clone()),
            Self::Multivalue(texts) => Some(texts.join("\n")),
        }
    }

    /// The values one by one.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Multivalue(texts) => texts.clone(),
            other => other.text().into_iter().collect(),
        }
    }

    /// As a number; texts that look like one are one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => parse_number(text),
            Self::Null | Self::Multivalue(_) => None,
        }
    }

    /// The type of column that holds it.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Null => ValueType::Null,
            Self::Integer(_) => ValueType::Integer,
            Self::Float(_) => ValueType::Float,
            Self::Text(_) => ValueType::Text,
            Self::Multivalue(_) => ValueType::Multivalue,
        }
    }

    /// The order of `sort`: numbers before texts, absent values last.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let (left, right) = (self.text(), other.text());
        let value = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::Text).number();
        match (value(&left), value(&right)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => sort_order(left.as_deref().map_or(Value::Null, Value::Text), right.as_deref().map_or(Value::Null, Value::Text)),
        }
    }

    /// Appends it to a column; what the column can not hold is absent.
    pub fn append_to(&self, builder: &mut ColumnBuilder) {
        match self {
            Self::Null => builder.append_null(),
            Self::Integer(number) => builder.append(Value::Integer(*number)),
            Self::Float(number) => builder.append(Value::Float(*number)),
            Self::Text(text) => builder.append(Value::Text(text)),
            Self::Multivalue(texts) => builder.append_values(texts),
        }
    }
}

/// Cells as a column; its type follows from them.
pub fn array(cells: &[Cell]) -> ArrayRef {
    let value_type = match cells.iter().fold(ValueType::Null, |kind, cell| kind.common(cell.value_type())) {
        ValueType::Null => ValueType::Text,
        other => other,
    };
    let mut builder = ColumnBuilder::new(value_type, cells.len());
    cells.iter().for_each(|cell| cell.append_to(&mut builder));
    builder.finish()
}

/// A table of cells: columns by name, each with one cell per row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: IndexMap<String, Vec<Cell>>,
    rows: usize,
}

impl Table {
    /// A table without columns.
    pub fn new(rows: usize) -> Self {
        Self { columns: IndexMap::new(), rows }
    }

    /// Runs a frame and takes all its columns but the ordinal, rows in order.
    pub async fn of(planner: &Planner, frame: Frame) -> Result<Self, Diagnostic> {
        let (schema, batches) = planner.collect(frame).await?;
        let mut table = Self::new(batches.iter().map(RecordBatch::num_rows).sum());
        for (place, field) in schema.fields().iter().enumerate().filter(|(_, field)| field.name() != ORDINAL) {
            let mut cells = Vec::with_capacity(table.rows);
            for batch in &batches {
                let column = Column::new(batch.column(place)).map_err(engine_error)?;
                cells.extend((0..batch.num_rows()).map(|row| Cell::of(column.value(row))));
            }
            table.columns.insert(field.name().clone(), cells);
        }
        Ok(table)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Names of the columns in order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.columns.keys()
    }

    /// The cells of a column.
    pub fn column(&self, name: &str) -> Option<&[Cell]> {
        self.columns.get(name).map(Vec::as_slice)
    }

    /// A cell; absent where there is no such column.
    pub fn cell(&self, row: usize, name: &str) -> &Cell {
        self.columns.get(name).and_then(|cells| cells.get(row)).unwrap_or(&Cell::Null)
    }

    /// Adds a row without values; its number.
    pub fn add_row(&mut self) -> usize {
        for cells in self.columns.values_mut() {
            cells.push(Cell::Null);
        }
        self.rows += 1;
        self.rows - 1
    }

    /// Adds a column without values, unless there is one of this name.
    pub fn add_column(&mut self, name: &str) {
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), vec![Cell::Null; self.rows]);
        }
    }

    /// Sets a cell of a row that there is; a new name makes a column.
    pub fn set(&mut self, row: usize, name: &str, cell: Cell) {
        self.add_column(name);
        if let Some(place) = self.columns.get_mut(name).and_then(|cells| cells.get_mut(row)) {
            *place = cell;
        }
    }

    /// The table as a frame; the type of a column follows from its cells.
    pub fn frame(self, planner: &Planner) -> Result<Frame, Diagnostic> {
        let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (name, cells) in &self.columns {
            let array = array(cells);
            fields.push(Field::new(name, array.data_type().clone(), true));
            columns.push(array);
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch =
            RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|error| engine_error(error.into()))?;
        planner.from_batches(schema, vec![batch])
    }
}
