//! Rows that an operator holds, and the bytes that they take.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result};
use spl_parser::Diagnostic;

/// Bytes from which on what an operator remembers only to be faster is forgotten.
pub const MOST_REMEMBERED: usize = 8 << 20;

/// Bytes of lists from which on rows come out in pieces. Each row has a list of its own, however large the list is that
/// it shares with other rows.
pub const MOST_LISTED: usize = 64 << 20;

/// Bytes that an item takes in each list that it is in.
const ITEM: usize = 16;

/// How many values the lists that a command adds to rows may still have: each row has a list of its own.
pub struct MostListed {
    command: &'static str,
    limit: &'static str,
    most: usize,
    left: usize,
}

/// The values that a first piece of rows may have where all rows together have too many.
const FIRST_PIECE: usize = 8 << 20;

impl MostListed {
    /// Of a command, by the name of its limit; 0 is no bound.
    pub fn new(command: &'static str, limit: &'static str, most: usize) -> Self {
        Self { command, limit, most, left: if most == 0 { usize::MAX } else { most } }
    }

    /// Tells how many values all rows have together. Where they are too many, a first piece of rows is given, for a command that
    /// reads no more, and the error does not wait for the others.
    pub fn expect(&mut self, values: usize) {
        if self.most > 0 && values > self.most {
            self.left = self.left.min(FIRST_PIECE);
        }
    }

    /// Takes the values of a row off.
    ///
    /// # Errors
    /// More values than are left.
    pub fn take(&mut self, values: usize) -> Result<()> {
        match self.left.checked_sub(values) {
            Some(left) => self.left = left,
            None => {
                let message = format!("`{}` gives its rows lists of more than {} values together", self.command, self.most);
                let help = format!("the limit is `{limit}`; --limit {limit}=0 takes it away", limit = self.limit);
                let error = Diagnostic::general("run/too-many-values", message).with_help(help);
                return Err(DataFusionError::External(Box::new(error)));
            }
        }
        Ok(())
    }
}

/// How many items the lists of some columns have in a row, for rows that come out in pieces.
pub struct ListLengths {
    columns: Vec<ArrayRef>,
}

impl ListLengths {
    /// Of the lists among these columns.
    pub fn of<'a>(columns: impl IntoIterator<Item = &'a ArrayRef>) -> Self {
        let lists = columns.into_iter().filter(|column| column.as_list_opt::<i32>().is_some());
        Self { columns: lists.cloned().collect() }
    }

    /// Whether there are no lists.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// How many values the lists of a row have.
    pub fn of_row(&self, row: usize) -> usize {
        let lists = self.columns.iter().filter_map(|column| column.as_list_opt::<i32>());
        lists.map(|lists| if lists.is_valid(row) { lists.value_length(row) as usize } else { 0 }).sum()
    }

    /// How many of the rows that repeat rows of these columns come out together: at least one. A row without an index has no lists.
    pub fn piece(&self, rows: impl IntoIterator<Item = Option<usize>>) -> usize {
        if self.columns.is_empty() {
            return usize::MAX;
        }
        let bytes = |row: usize| self.of_row(row) * ITEM;
        let mut listed = 0_usize;
        for (piece, row) in rows.into_iter().enumerate() {
            listed = listed.saturating_add(row.map_or(0, bytes));
            if piece > 0 && listed > MOST_LISTED {
                return piece;
            }
        }
        usize::MAX
    }
}

/// Batches held back; memory that several batches share counts once.
#[derive(Default)]
pub struct HeldRows {
    batches: Vec<RecordBatch>,
    counter: RecordBatchMemoryCounter,
}

impl HeldRows {
    /// Holds a batch.
    pub fn push(&mut self, batch: RecordBatch) {
        self.counter.count_batch(&batch);
        self.batches.push(batch);
    }

    /// The batches in the order in which they came.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Bytes of the rows.
    pub fn size(&self) -> usize {
        self.counter.memory_usage() + self.batches.capacity() * size_of::<RecordBatch>()
    }

    /// The batches, which are no longer held.
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// All rows as one batch, which are no longer held; none when there was no batch.
    ///
    /// # Errors
    /// Batches of different schemas.
    pub fn take(&mut self) -> Result<Option<RecordBatch>> {
        let held = std::mem::take(self);
        let Some(first) = held.batches.first() else { return Ok(None) };
        Ok(Some(concat_batches(&first.schema(), &held.batches)?))
    }
}

/// Bytes of an owned text in a collection.
pub fn text_size(text: &str) -> usize {
    size_of::<String>() + text.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListBuilder, StringViewBuilder};

    use super::*;

    #[test]
    fn rows_with_long_lists_come_out_in_pieces() {
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        (0..MOST_LISTED / ITEM / 2).for_each(|_| lists.values().append_value("x"));
        lists.append(true);
        lists.append(false);
        let lists: ArrayRef = Arc::new(lists.finish());
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let lengths = ListLengths::of([&numbers, &lists]);
        assert_eq!(lengths.piece([Some(0), Some(1), None, Some(0), Some(0), Some(1)]), 4);
        assert_eq!(lengths.piece([Some(0), Some(0)]), usize::MAX);
        assert_eq!(ListLengths::of([&numbers]).piece([Some(0)]), usize::MAX);
    }
}
