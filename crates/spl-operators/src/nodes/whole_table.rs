//! The row operator of commands that need all rows before they can give the first: `concurrency`, `outlier`.

use std::fmt::Debug;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::held::HeldRows;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// What happens to the rows together.
pub trait TableStep: Clone + Debug + Serialize + Send + Sync + 'static {
    /// The command.
    fn command(&self) -> &'static str;
    /// Columns that come out.
    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef>;
    /// All rows in order to the rows that come out.
    fn apply(&self, rows: RecordBatch, output: &SchemaRef) -> Result<RecordBatch>;
}

/// Gathers all rows, then takes a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WholeTable<S>(pub S);

impl<S: TableStep> Operator for WholeTable<S> {
    fn name(&self) -> &'static str {
        self.0.command()
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        self.0.schema(input)
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { step: self.0.clone(), output: output.clone(), held: HeldRows::default() })
    }
}

struct State<S> {
    step: S,
    output: SchemaRef,
    held: HeldRows,
}

impl<S: TableStep> OperatorState for State<S> {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        self.held.push(batch);
        Ok(None)
    }

    fn size(&self) -> usize {
        self.held.size()
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let Some(rows) = self.held.take()? else { return Ok(None) };
        self.step.apply(rows, &self.output).map(Some)
    }
}
