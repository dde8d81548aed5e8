//! A limit that says when it cut something: rows up to a number pass, the next one raises a flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;

use crate::node::{Operator, OperatorContext, OperatorState};

/// Passes the first rows.
#[derive(Debug)]
pub struct Cut {
    /// How many.
    pub limit: usize,
    /// Raised when there were more.
    pub was_cut: Arc<AtomicBool>,
}

impl Operator for Cut {
    fn name(&self) -> &'static str {
        "cut"
    }

    fn parameters(&self) -> String {
        format!("limit={}", self.limit)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        Ok(input.clone())
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { left: self.limit, was_cut: self.was_cut.clone() })
    }
}

struct State {
    left: usize,
    was_cut: Arc<AtomicBool>,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let taken = batch.num_rows().min(self.left);
        self.left -= taken;
        if taken < batch.num_rows() {
            self.was_cut.store(true, Ordering::Relaxed);
        }
        Ok((taken > 0).then(|| batch.slice(0, taken)))
    }

    fn is_done(&self) -> bool {
        self.left == 0 && self.was_cut.load(Ordering::Relaxed)
    }
}
