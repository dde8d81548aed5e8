//! A limit that says when it cut something: rows up to a number pass, those after it are counted.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::physical_plan::metrics::Count;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// The metric that is above 0 after a run that had more rows. Not all rows beyond the limit are read, so that it is no more
/// than a least number.
pub const CUT_ROWS: &str = "cut_rows";

/// Passes the first rows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cut {
    /// How many.
    pub limit: usize,
    /// The number of the search's warning that holds when there were more.
    pub warning: usize,
}

impl Operator for Cut {
    fn name(&self) -> &'static str {
        "cut"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn start(&self, _: &SchemaRef, context: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { left: self.limit, cut_rows: context.counter(CUT_ROWS) })
    }
}

struct State {
    left: usize,
    cut_rows: Count,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let taken = batch.num_rows().min(self.left);
        self.left -= taken;
        self.cut_rows.add(batch.num_rows() - taken);
        Ok((taken > 0).then(|| batch.slice(0, taken)))
    }

    fn is_done(&self) -> bool {
        self.left == 0 && self.cut_rows.value() > 0
    }
}
