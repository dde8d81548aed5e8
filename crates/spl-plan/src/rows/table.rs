//! Results in memory as a table of cells, for commands that turn rows into columns and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::Column;
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;

use crate::cells::cell::{Cell, array};
use crate::context::PlanContext;
use crate::frame::Frame;

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
    pub async fn of(context: &PlanContext, frame: Frame) -> Result<Self, Diagnostic> {
        let (schema, batches) = context.collect(frame).await?;
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

    /// Checks that a table may become so large, before it is made.
    ///
    /// # Errors
    /// More values than the limit `table_maxvalues`.
    pub fn check_size(context: &PlanContext, rows: usize, columns: usize) -> Result<(), Diagnostic> {
        let most = context.limits().get("table_maxvalues");
        if most == 0 || rows.saturating_mul(columns) as u64 <= most {
            return Ok(());
        }
        let message = format!("this makes a table of {rows} rows and {columns} columns: more than {most} values");
        Err(Diagnostic::general("run/too-large-table", message)
            .with_help("keep fewer of the values that become columns; the limit is `table_maxvalues`"))
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
    pub fn frame(self, context: &PlanContext) -> Result<Frame, Diagnostic> {
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
        context.from_batches(schema, vec![batch])
    }
}
