//! The row operator of `dedup`: the first rows with the same values, of all rows or of rows that follow each other.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::columns::{with_columns, with_fields};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::row_ids::RowIds;
use crate::same_rows::{Comparison, LastRow, comparable};

/// Passes the first rows of their kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dedup {
    /// The fields compared.
    pub fields: Vec<String>,
    /// How many of equal rows are kept.
    pub keep: usize,
    /// Rows without one of the fields are kept.
    pub keep_empty: bool,
    /// Only rows that follow each other are compared.
    pub consecutive: bool,
    /// Keeps all rows: this Boolean column says of each whether it is one of the first with its values, or lacks one of the
    /// fields.
    pub mark: Option<String>,
}

impl Operator for Dedup {
    fn name(&self) -> &'static str {
        "dedup"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        Ok(match &self.mark {
            None => input.clone(),
            Some(mark) => with_fields(input, [(mark.as_str(), DataType::Boolean)]),
        })
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            operator: self.clone(),
            output: output.clone(),
            last: LastRow::default(),
            repeated: 0,
            row_ids: None,
            counts: Vec::new(),
        })
    }
}

struct State {
    operator: Dedup,
    output: SchemaRef,
    /// The last row that has all fields, and how often it was there.
    last: LastRow,
    repeated: usize,
    /// The values met, and how often; once there are rows.
    row_ids: Option<RowIds>,
    counts: Vec<usize>,
}

impl State {
    /// For each row whether it is among the first of its kind; none where a field is absent.
    fn first_of_all(&mut self, batch: &RecordBatch) -> Result<Vec<Option<bool>>> {
        let mut row_ids = match self.row_ids.take() {
            Some(row_ids) => row_ids,
            None => RowIds::new(&self.operator.fields)?,
        };
        let found = row_ids.of(batch)?;
        self.row_ids = Some(row_ids);
        let (counts, keep) = (&mut self.counts, self.operator.keep);
        let mut is_first = |id: usize| {
            if counts.len() <= id {
                counts.resize(id + 1, 0);
            }
            counts[id] += 1;
            counts[id] <= keep
        };
        Ok(found.into_iter().map(|id| id.map(&mut is_first)).collect())
    }

    /// The same among rows that follow each other.
    fn first_in_a_row(&mut self, batch: &RecordBatch) -> Result<Vec<Option<bool>>> {
        let schema = batch.schema();
        let fields = self.operator.fields.iter();
        let columns: Vec<ArrayRef> =
            fields.map(|field| Ok(comparable(batch.column(schema.index_of(field)?)))).collect::<Result<_>>()?;
        let absent: Vec<NullBuffer> = columns.iter().filter_map(|column| column.logical_nulls()).collect();
        let comparison = Comparison::new(&columns, &self.last)?;
        let mut before: Option<usize> = None;
        let mut first = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            if absent.iter().any(|nulls| nulls.is_null(row)) {
                first.push(None);
                continue;
            }
            self.repeated = if comparison.is_same(before, row) { self.repeated + 1 } else { 1 };
            before = Some(row);
            first.push(Some(self.repeated <= self.operator.keep));
        }
        if let Some(row) = before {
            self.last.set(&columns, row)?;
        }
        Ok(first)
    }
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let first = if self.operator.consecutive { self.first_in_a_row(&batch)? } else { self.first_of_all(&batch)? };
        let Some(mark) = &self.operator.mark else {
            let kept: BooleanArray = first.into_iter().map(|first| Some(first.unwrap_or(self.operator.keep_empty))).collect();
            let kept = filter_record_batch(&batch, &kept)?;
            return Ok((kept.num_rows() > 0).then_some(kept));
        };
        let first: BooleanArray = first.into_iter().map(|first| Some(first.unwrap_or(true))).collect();
        let first: ArrayRef = Arc::new(first);
        with_columns(&batch, &self.output, &[(mark.clone(), first)]).map(Some)
    }

    fn size(&self) -> usize {
        self.last.size() + self.row_ids.as_ref().map_or(0, RowIds::size) + self.counts.capacity() * size_of::<usize>()
    }
}
