//! `dedup consecutive=true`: of rows that follow each other with the same values, the first ones.

use arrow::array::{BooleanBuilder, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::Column;

use crate::held::text_size;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// Compares each row with the one before.
#[derive(Debug, Serialize, Deserialize)]
pub struct DedupConsecutive {
    /// The fields compared.
    pub fields: Vec<String>,
    /// How many of equal rows are kept.
    pub keep: usize,
    /// Rows without one of the fields are kept.
    pub keep_empty: bool,
}

impl Operator for DedupConsecutive {
    fn name(&self) -> &'static str {
        "dedup"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn start(&self, _: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            fields: self.fields.clone(),
            keep: self.keep,
            keep_empty: self.keep_empty,
            last: Vec::new(),
            repeated: 0,
        })
    }
}

struct State {
    fields: Vec<String>,
    keep: usize,
    keep_empty: bool,
    last: Vec<String>,
    repeated: usize,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let columns: Vec<Column> =
            self.fields.iter().map(|field| Column::new(batch.column(batch.schema().index_of(field)?))).collect::<Result<_>>()?;
        let mut kept = BooleanBuilder::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let values: Option<Vec<String>> =
                columns.iter().map(|column| column.value(row).text().map(|text| text.into_owned())).collect();
            let Some(values) = values else {
                kept.append_value(self.keep_empty);
                continue;
            };
            if values == self.last && self.repeated > 0 {
                self.repeated += 1;
            } else {
                self.last = values;
                self.repeated = 1;
            }
            kept.append_value(self.repeated <= self.keep);
        }
        Ok(Some(filter_record_batch(&batch, &kept.finish())?))
    }

    fn size(&self) -> usize {
        self.last.iter().map(|text| text_size(text)).sum()
    }
}
