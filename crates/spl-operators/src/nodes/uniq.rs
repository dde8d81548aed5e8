//! The row operator of `uniq`: of equal rows that follow each other the first one.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::same_rows::{Comparison, LastRow, comparable};

/// Compares all fields of a row with those of the row before; absent values are equal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Uniq;

impl Operator for Uniq {
    fn name(&self) -> &'static str {
        "uniq"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State::default())
    }
}

#[derive(Default)]
struct State {
    last: LastRow,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let Some(end) = batch.num_rows().checked_sub(1) else { return Ok(None) };
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| !field.name().starts_with("__"));
        let columns: Vec<ArrayRef> = fields.map(|(_, array)| comparable(array)).collect();
        let comparison = Comparison::new(&columns, &self.last)?;
        let kept: BooleanArray = (0..batch.num_rows()).map(|row| Some(!comparison.is_same(row.checked_sub(1), row))).collect();
        self.last.set(&columns, end)?;
        Ok(Some(filter_record_batch(&batch, &kept)?))
    }

    fn size(&self) -> usize {
        self.last.size()
    }
}
