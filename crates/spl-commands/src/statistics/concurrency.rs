//! Planning of `concurrency`: how many events are in progress when an event starts, itself included.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use spl_functions::column::Column;
use spl_operators::nodes::whole_table::{TableStep, WholeTable, with_columns, with_fields};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let option = |name: &str| call.option(name).map(|option| option.value.value.clone());
    let duration = option("duration")
        .ok_or_else(|| Diagnostic::error("plan/argument", "`concurrency` needs `duration=<field>`", call.span))?;
    let step = Concurrency {
        duration,
        start: option("start").unwrap_or_else(|| "_time".to_owned()),
        output: option("output").unwrap_or_else(|| "concurrency".to_owned()),
    };
    frame.operate(WholeTable(Arc::new(step)))
}

#[derive(Debug)]
struct Concurrency {
    duration: String,
    start: String,
    output: String,
}

impl TableStep for Concurrency {
    fn command(&self) -> &'static str {
        "concurrency"
    }

    fn schema(&self, input: &SchemaRef) -> datafusion::common::Result<SchemaRef> {
        Ok(with_fields(input, &[(&self.output, DataType::Int64)]))
    }

    fn apply(&self, rows: RecordBatch, output: &SchemaRef) -> datafusion::common::Result<RecordBatch> {
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
