//! Numbers for rows by the values of some of their columns: the keys of operators that keep something per by-field.

use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use spl_functions::aggregate::ValueIds;

use crate::grouping::indices::GroupIndices;

/// The combinations of values met so far. Values are the same when their texts are; a dictionary's texts are looked up once.
#[derive(Debug)]
pub struct RowIds {
    names: Vec<String>,
    columns: Vec<ValueIds>,
    indices: GroupIndices,
    numbers: Vec<usize>,
}

impl RowIds {
    /// No rows yet, by the columns of these names. By no columns all rows are one.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn new(names: &[String]) -> Result<Self> {
        Ok(Self {
            names: names.to_vec(),
            columns: names.iter().map(|_| ValueIds::default()).collect(),
            indices: GroupIndices::new(names.iter().map(|_| &DataType::Int32))?,
            numbers: Vec::new(),
        })
    }

    /// The number of each row, from 0 and without holes in sight; none where one of the columns is absent.
    ///
    /// # Errors
    /// A column that the rows lack.
    pub fn of(&mut self, rows: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let mut ids: Vec<Int32Array> = Vec::with_capacity(self.names.len());
        for (name, column) in self.names.iter().zip(&mut self.columns) {
            ids.push(column.of(rows.column(rows.schema().index_of(name)?))?);
        }
        let [only] = ids.as_slice() else { return self.combined(ids, rows.num_rows()) };
        Ok(only.iter().map(|id| id.and_then(|id| usize::try_from(id).ok())).collect())
    }

    fn combined(&mut self, ids: Vec<Int32Array>, rows: usize) -> Result<Vec<Option<usize>>> {
        if ids.is_empty() {
            return Ok(vec![Some(0); rows]);
        }
        let present: Vec<bool> = (0..rows).map(|row| ids.iter().all(|column| column.is_valid(row))).collect();
        let ids: Vec<ArrayRef> = ids.into_iter().map(|column| std::sync::Arc::new(column) as ArrayRef).collect();
        self.indices.number(&ids, &mut self.numbers)?;
        Ok(self.numbers.iter().zip(present).map(|(number, present)| present.then_some(*number)).collect())
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        let columns: usize = self.columns.iter().map(ValueIds::size).sum();
        columns + self.indices.size() + self.numbers.capacity() * size_of::<usize>()
    }
}
