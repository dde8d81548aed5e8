//! The step of `concurrency`: how many events are in progress when an event starts.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use spl_functions::column::Column;

use crate::columns::{with_columns, with_fields};
use crate::nodes::whole_table::TableStep;

/// Counts, for each row, the events in progress when its event starts, itself included.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Concurrency {
    /// The field with the length of an event in seconds.
    pub duration: String,
    /// The field with the start of an event.
    pub start: String,
    /// The field of the result.
    pub output: String,
}

impl TableStep for Concurrency {
    fn command(&self) -> &'static str {
        "concurrency"
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        Ok(with_fields(input, [(self.output.as_str(), DataType::Int64)]))
    }

    fn apply(&self, rows: RecordBatch, output: &SchemaRef) -> Result<RecordBatch> {
        let read = |name: &str| rows.column_by_name(name).map_or(Ok(Column::Null), |array| Column::new(array));
        let (starts, durations) = (read(&self.start)?, read(&self.duration)?);
        let spans: Vec<Option<(f64, f64)>> = (0..rows.num_rows())
            .map(|row| {
                let start = starts.value(row).number()?;
                Some((start, start + durations.value(row).number()?.max(0.0)))
            })
            .collect();
        let mut begins: Vec<f64> = spans.iter().flatten().map(|(start, _)| *start).collect();
        let mut ends: Vec<f64> = spans.iter().flatten().map(|(_, end)| *end).collect();
        begins.sort_by(f64::total_cmp);
        ends.sort_by(f64::total_cmp);
        let counts = spans.iter().map(|span| {
            let (start, end) = (*span)?;
            let begun = begins.partition_point(|begin| *begin <= start) as i64;
            let over = ends.partition_point(|end| *end <= start) as i64;
            // An event of no length is over when it starts, and counts for itself.
            Some(begun - over + i64::from(end <= start))
        });
        let counts: ArrayRef = Arc::new(Int64Array::from_iter(counts));
        with_columns(&rows, output, &[(self.output.clone(), counts)])
    }
}
