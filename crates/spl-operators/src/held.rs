//! Rows that an operator holds, and the bytes that they take.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::common::Result;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;

/// Bytes from which on what an operator remembers only to be faster is forgotten.
pub const MOST_REMEMBERED: usize = 8 << 20;

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
