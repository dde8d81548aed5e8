//! A Markdown table for reports and issue threads.

use std::fmt::Write as _;
use std::io::Write;

use spl_exec::Results;

use super::table::{cell_text, is_number_column};
use super::{Layout, columns, shown_fields};
use crate::stop::Stop;

/// Writes the rows; numbers stand right, times are human, line breaks become `<br>`.
///
/// # Errors
/// A writer that fails.
pub fn write(writer: &mut impl Write, results: &Results, layout: Layout) -> Result<(), Stop> {
    let fields = shown_fields(results);
    if fields.is_empty() {
        return Ok(());
    }
    let mut text = String::from("|");
    for field in &fields {
        text.push(' ');
        push_escaped(&mut text, field);
        text.push_str(" |");
    }
    text.push_str("\n|");
    for field in &fields {
        text.push_str(if is_number_column(results, field) { " ---: |" } else { " --- |" });
    }
    text.push('\n');
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        for row in 0..batch.num_rows() {
            text.push('|');
            for (column, field) in columns.iter().zip(&fields) {
                text.push(' ');
                push_escaped(&mut text, &cell_text(column.value(row), *field == "_time", layout.time_zone));
                text.push_str(" |");
            }
            text.push('\n');
            if text.len() > 1 << 16 {
                writer.write_all(text.as_bytes())?;
                text.clear();
            }
        }
    }
    Ok(writer.write_all(text.as_bytes())?)
}

fn push_escaped(target: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '|' => target.push_str("\\|"),
            '\n' => target.push_str("<br>"),
            '\r' => {}
            '<' => target.push_str("&lt;"),
            '&' => target.push_str("&amp;"),
            control if control.is_control() => {
                // A write to memory does not fail.
                let _ = write!(target, "{}", control.escape_unicode());
            }
            other => target.push(other),
        }
    }
}
