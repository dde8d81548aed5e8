//! The values of a column where they belong: by position, in batches.

use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::error::ArrowError;
use rayon::prelude::*;

/// The values of a column by batch; a batch without values takes no room.
pub(super) struct Scatter<T> {
    batches: Vec<(Vec<T>, Vec<u64>)>,
    rows: usize,
    batch_rows: usize,
}

impl<T: Copy + Default> Scatter<T> {
    pub(super) fn new(rows: usize, batch_rows: usize) -> Self {
        Self { batches: (0..rows.div_ceil(batch_rows)).map(|_| Default::default()).collect(), rows, batch_rows }
    }

    #[inline]
    pub(super) fn set(&mut self, position: usize, value: T) {
        let (batch, row) = (position / self.batch_rows, position % self.batch_rows);
        let (values, valid) = &mut self.batches[batch];
        if values.is_empty() {
            let rows = self.batch_rows.min(self.rows - batch * self.batch_rows);
            values.resize(rows, T::default());
            valid.resize(rows.div_ceil(64), 0);
        }
        values[row] = value;
        valid[row / 64] |= 1 << (row % 64);
    }

    /// Builds an array per batch; None where the batch has no value.
    pub(super) fn build<A: Send>(
        self,
        build: impl Fn(Vec<T>, Option<NullBuffer>) -> Result<A, ArrowError> + Sync,
    ) -> Result<Vec<Option<A>>, ArrowError>
    where
        T: Send,
    {
        let one = |(values, valid): (Vec<T>, Vec<u64>)| {
            if values.is_empty() {
                return Ok(None);
            }
            let nulls = NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, values.len()));
            build(values, (nulls.null_count() > 0).then_some(nulls)).map(Some)
        };
        // A column with values in a few batches only is not worth other threads.
        if self.batches.iter().filter(|(values, _)| !values.is_empty()).count() <= 2 {
            return self.batches.into_iter().map(one).collect();
        }
        self.batches.into_par_iter().map(one).collect()
    }
}
