//! The text of the events.

use std::io::Write;

use spl_exec::Results;

use super::columns;
use crate::stop::Stop;

/// Writes the `_raw` of each row as a line; a row without `_raw` is left out.
///
/// # Errors
/// Results without a `_raw` field, and a writer that fails.
pub fn write(writer: &mut impl Write, results: &Results) -> Result<(), Stop> {
    if !results.fields.iter().any(|field| field == "_raw") {
        return Err(Stop::Failed("the results have no _raw field, which --format raw prints; choose another format".to_owned()));
    }
    let mut buffer = Vec::with_capacity(1 << 16);
    for batch in &results.batches {
        let columns = columns(batch, &["_raw"])?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                if let Some(text) = column.value(row).text() {
                    buffer.extend_from_slice(text.as_bytes());
                    buffer.push(b'\n');
                }
            }
            if buffer.len() > 1 << 16 {
                writer.write_all(&buffer)?;
                buffer.clear();
            }
        }
    }
    Ok(writer.write_all(&buffer)?)
}
