//! The row operator of `stats delim=`: rows pass as they are, multivalue fields remember how their single-value form is
//! written.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::transaction::DELIMITER;

/// Notes the delimiter of fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delimited {
    /// The fields.
    pub fields: Vec<String>,
    /// Between values in the single-value form.
    pub delimiter: String,
}

impl Operator for Delimited {
    fn name(&self) -> &'static str {
        "delimited"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let noted = input.fields().iter().map(|field| {
            if !self.fields.contains(field.name()) {
                return field.clone();
            }
            let metadata = [(DELIMITER.to_owned(), self.delimiter.clone())].into();
            Arc::new(field.as_ref().clone().with_metadata(metadata))
        });
        Ok(Arc::new(Schema::new(noted.collect::<Vec<_>>())))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { output: output.clone() })
    }
}

struct State {
    output: SchemaRef,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        Ok(Some(RecordBatch::try_new(self.output.clone(), batch.columns().to_vec())?))
    }
}
