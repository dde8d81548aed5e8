//! Comma-separated values (RFC 4180) with a header line; several values of a field are joined by line feeds.

use std::io::Write;

use spl_exec::Results;
use spl_functions::value::Value;

use super::{columns, shown_fields};
use crate::stop::Stop;

/// Writes the rows.
///
/// # Errors
/// A writer that fails.
pub fn write(writer: &mut impl Write, results: &Results) -> Result<(), Stop> {
    let fields = shown_fields(results);
    if fields.is_empty() {
        return Ok(());
    }
    let mut records = csv::WriterBuilder::new().from_writer(writer);
    records.write_record(&fields).map_err(stop)?;
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                let written = match column.value(row) {
                    Value::Text(text) => records.write_field(text),
                    value => records.write_field(value.text().unwrap_or_default().as_bytes()),
                };
                written.map_err(stop)?;
            }
            records.write_record(None::<&[u8]>).map_err(stop)?;
        }
    }
    Ok(records.flush()?)
}

fn stop(error: csv::Error) -> Stop {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Stop::Failed(format!("can't write CSV: {other:?}")),
    }
}
