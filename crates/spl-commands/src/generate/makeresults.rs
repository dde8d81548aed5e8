//! Planning of `makeresults`: rows out of nothing, or out of inline CSV or JSON.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_functions::json_path::flatten;
use spl_knowledge::LookupTable;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, null, text};
use spl_plan::rows::texts::{Row, rows_frame};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`makeresults` must be the first command", call.name.span));
        }
        match (call.option("format"), call.option("data")) {
            (Some(format), Some(data)) => {
                let rows = if format.value.value.eq_ignore_ascii_case("csv") {
                    csv_rows(&data.value.value)
                } else {
                    json_rows(&data.value.value)
                };
                let rows = rows.map_err(|message| Diagnostic::error("plan/data", message, data.value.span))?;
                return rows_frame(context, &rows);
            }
            (Some(given), None) | (None, Some(given)) => {
                return Err(Diagnostic::error("plan/argument", "`format` and `data` belong together", given.name.span));
            }
            (None, None) => {}
        }
        let rows = usize::try_from(call.count("count")?).unwrap_or(usize::MAX);
        const MOST: usize = 100_000_000;
        if rows > MOST {
            return Err(Diagnostic::error("plan/number", format!("`makeresults` makes at most {MOST} rows"), call.span));
        }
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("_time", ValueType::Float.arrow(), true)]));
        let times: ArrayRef = Arc::new(Float64Array::from(vec![context.now().floor(); rows]));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema.clone(), vec![times], &options)
            .map_err(|error| engine_error(error.into()))?;
        let frame = context.from_batches(schema, vec![batch])?;
        if call.flag("annotate") {
            let empty = |name: &str| (name.to_owned(), null(ValueType::Text));
            return frame.assign(vec![
                empty("_raw"),
                empty("host"),
                empty("source"),
                empty("sourcetype"),
                ("splunk_server".to_owned(), text("local")),
                ("splunk_server_group".to_owned(), null(ValueType::Text)),
            ]);
        }
        Ok(frame)
    })
}

fn csv_rows(data: &str) -> Result<Vec<Row>, String> {
    let table = LookupTable::parse(data.trim_start().as_bytes())?;
    Ok(table
        .rows
        .iter()
        .map(|row| {
            table
                .header
                .iter()
                .zip(row)
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.clone(), vec![value.clone()]))
                .collect()
        })
        .collect())
}

fn json_rows(data: &str) -> Result<Vec<Row>, String> {
    let value: serde_json::Value = serde_json::from_str(data).map_err(|error| format!("`data` is not JSON: {error}"))?;
    let members = match value {
        serde_json::Value::Array(members) => members,
        other => vec![other],
    };
    Ok(members
        .iter()
        .map(|member| {
            let mut row: Row = flatten(member).into_iter().collect();
            row.insert("_raw".to_owned(), vec![member.to_string()]);
            row
        })
        .collect())
}
