//! A stop for the optimiser: rows pass as they are, expressions on both sides are not merged.
//!
//! A chain of hundreds of assignments would otherwise be folded into one expression, whose simplification takes time
//! that grows with the square of its length.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// Passes rows on.
#[derive(Debug, Serialize, Deserialize)]
pub struct OptimizerFence {
    /// Keeps limits above, too: rows are read in order.
    pub ordered: bool,
}

impl Operator for OptimizerFence {
    fn name(&self) -> &'static str {
        "optimizer_fence"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn ordered(&self) -> bool {
        self.ordered
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(OptimizerFence { ordered: self.ordered })
    }
}

impl OperatorState for OptimizerFence {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        Ok(Some(batch))
    }
}
