//! A bound for commands that make many rows of few: a run that has more ends with an error that names the command.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_parser::Diagnostic;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// Passes rows up to a number, which each partition has for itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct MostRows {
    /// The command that makes the rows.
    pub command: String,
    /// How many.
    pub most: usize,
    /// The limit's name.
    pub limit: String,
}

impl Operator for MostRows {
    fn name(&self) -> &'static str {
        "most_rows"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn ordered(&self) -> bool {
        false
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        let error = Diagnostic::general("run/too-many-rows", format!("`{}` makes more than {} rows", self.command, self.most))
            .with_help(format!("the limit is `{}`; --limit {}=0 takes it away", self.limit, self.limit));
        Box::new(State { left: self.most, error })
    }
}

struct State {
    left: usize,
    error: Diagnostic,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        match self.left.checked_sub(batch.num_rows()) {
            Some(left) => self.left = left,
            None => return Err(DataFusionError::External(Box::new(self.error.clone()))),
        }
        Ok(Some(batch))
    }
}
