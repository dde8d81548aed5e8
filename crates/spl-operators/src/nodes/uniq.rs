//! The row operator of `uniq`: of equal rows that follow each other the first one.

use arrow::array::{BooleanBuilder, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::Column;

use crate::held::text_size;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

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
        Box::new(State { last: None })
    }
}

struct State {
    last: Option<Vec<Vec<String>>>,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let schema = batch.schema();
        let columns: Vec<Column> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| !field.name().starts_with("__"))
            .map(|(_, array)| Column::new(array))
            .collect::<Result<_>>()?;
        let mut kept = BooleanBuilder::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let values = columns
                .iter()
                .map(|column| column.value(row).each_text().into_iter().map(|text| text.into_owned()).collect())
                .collect::<Vec<Vec<String>>>();
            let same = self.last.as_ref() == Some(&values);
            kept.append_value(!same);
            self.last = Some(values);
        }
        Ok(Some(filter_record_batch(&batch, &kept.finish())?))
    }

    fn size(&self) -> usize {
        self.last.iter().flatten().flatten().map(|text| text_size(text)).sum()
    }
}
