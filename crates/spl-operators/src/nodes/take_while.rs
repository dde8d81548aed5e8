//! `head (<condition>)`: rows up to the first for which the condition does not hold.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// Reads the condition from a Boolean column.
#[derive(Debug, Serialize, Deserialize)]
pub struct TakeWhile {
    /// The column with the condition.
    pub condition: String,
    /// A null condition counts as true.
    pub null_is_true: bool,
    /// The row that ends the output is kept.
    pub keep_last: bool,
    /// Most rows; none = no limit.
    pub limit: Option<usize>,
}

impl Operator for TakeWhile {
    fn name(&self) -> &'static str {
        "head"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            condition: self.condition.clone(),
            null_is_true: self.null_is_true,
            keep_last: self.keep_last,
            left: self.limit.unwrap_or(usize::MAX),
            done: false,
        })
    }
}

struct State {
    condition: String,
    null_is_true: bool,
    keep_last: bool,
    left: usize,
    done: bool,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        if self.done {
            return Ok(None);
        }
        let place = batch.schema().index_of(&self.condition)?;
        let condition = batch.column(place).as_boolean();
        let mut rows = 0;
        for row in 0..batch.num_rows() {
            if rows >= self.left {
                self.done = true;
                break;
            }
            let holds = if condition.is_null(row) { self.null_is_true } else { condition.value(row) };
            if !holds {
                self.done = true;
                rows += usize::from(self.keep_last);
                break;
            }
            rows += 1;
        }
        self.left -= rows.min(self.left);
        Ok(Some(batch.slice(0, rows)))
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
