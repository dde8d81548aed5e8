//! JSON: one object per line, or an array of objects.

use std::io::Write;

use spl_exec::Results;
use spl_functions::column::Column;
use spl_functions::value::{Value, format_number, parse_number};

use super::{are_numbers, columns, shown_fields};
use crate::stop::Stop;

/// How much is collected before it is written.
const BLOCK: usize = 1 << 16;

/// Writes one object per row and line. A field without value in a row is left out.
///
/// # Errors
/// A writer that fails.
pub fn write_lines(writer: &mut impl Write, results: &Results) -> Result<(), Stop> {
    write_objects(writer, results, b"", b"\n", b"\n")
}

/// Writes an array with one object per line.
///
/// # Errors
/// A writer that fails.
pub fn write_array(writer: &mut impl Write, results: &Results) -> Result<(), Stop> {
    if results.rows() == 0 {
        return Ok(writer.write_all(b"[]\n")?);
    }
    write_objects(writer, results, b"[\n", b",\n", b"\n]\n")
}

/// Writes the rows as objects with text before, between and behind them.
fn write_objects(writer: &mut impl Write, results: &Results, before: &[u8], between: &[u8], behind: &[u8]) -> Result<(), Stop> {
    let fields = shown_fields(results);
    let keys: Vec<Vec<u8>> = fields
        .iter()
        .map(|field| {
            let mut key = Vec::new();
            push_text(&mut key, field);
            key.push(b':');
            key
        })
        .collect();
    let mut buffer = Vec::with_capacity(BLOCK + 4096);
    buffer.extend_from_slice(before);
    let mut first = true;
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        let numbers = are_numbers(batch, &fields);
        for row in 0..batch.num_rows() {
            if !first {
                buffer.extend_from_slice(between);
            }
            first = false;
            push_row(&mut buffer, row, &columns, &keys, &fields, &numbers);
            if buffer.len() >= BLOCK {
                writer.write_all(&buffer)?;
                buffer.clear();
            }
        }
    }
    if !first {
        buffer.extend_from_slice(behind);
    }
    writer.write_all(&buffer)?;
    Ok(())
}

fn push_row(buffer: &mut Vec<u8>, row: usize, columns: &[Column], keys: &[Vec<u8>], fields: &[&str], numbers: &[bool]) {
    buffer.push(b'{');
    let empty = buffer.len();
    for (((column, key), field), is_number) in columns.iter().zip(keys).zip(fields).zip(numbers) {
        let value = column.value(row);
        if value.is_null() {
            continue;
        }
        if buffer.len() > empty {
            buffer.push(b',');
        }
        buffer.extend_from_slice(key);
        match value {
            // Times are numbers, whatever column they came through.
            Value::Text(text) if *field == "_time" => match parse_number(text) {
                Some(number) => push_number(buffer, number),
                None => push_text(buffer, text),
            },
            // A rounded number keeps its zeros and stays a number.
            Value::Text(text) if *is_number && text.ends_with(|last: char| last.is_ascii_digit()) => {
                buffer.extend_from_slice(text.as_bytes());
            }
            other => push_value(buffer, other),
        }
    }
    buffer.push(b'}');
}

/// Appends a value as JSON.
fn push_value(buffer: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => buffer.extend_from_slice(b"null"),
        Value::Text(text) => push_field_text(buffer, text),
        Value::Integer(number) => push_integer(buffer, number),
        Value::Float(number) => push_number(buffer, number),
        Value::Boolean(_) => push_text(buffer, &value.text().unwrap_or_default()),
        // A field with one value is no multivalue field, even where others of its column are.
        Value::Multivalue(values) if values.len() == 1 => push_field_text(buffer, values.get(0).unwrap_or_default()),
        Value::Multivalue(values) => {
            buffer.push(b'[');
            for (position, text) in values.iter().enumerate() {
                if position > 0 {
                    buffer.push(b',');
                }
                push_field_text(buffer, text);
            }
            buffer.push(b']');
        }
    }
}

/// Appends a field's text: as a number where it is one that prints back to exactly this text, so that a value does not
/// change its form with the other values of its column; else in quotes (`007`, `1.50`, `+5`).
fn push_field_text(buffer: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let may_be_number = bytes.len() <= 20
        && matches!(bytes.first(), Some(b'0'..=b'9' | b'-'))
        && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
    let is_number = may_be_number
        && (text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
            || text.contains('.') && text.parse::<f64>().is_ok_and(|number| format_number(number) == text));
    if is_number { buffer.extend_from_slice(bytes) } else { push_text(buffer, text) }
}

fn push_integer(buffer: &mut Vec<u8>, number: i64) {
    // A write to memory does not fail.
    let _ = write!(buffer, "{number}");
}

/// Appends a number; what JSON has no number for is a text.
fn push_number(buffer: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        push_integer(buffer, number as i64);
    } else if number.is_finite() {
        buffer.extend_from_slice(format_number(number).as_bytes());
    } else {
        push_text(buffer, &format_number(number));
    }
}

/// Appends a text in quotes.
pub fn push_text(buffer: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    buffer.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        buffer.extend_from_slice(&bytes[copied..position]);
        copied = position + 1;
        match byte {
            b'"' | b'\\' => buffer.extend_from_slice(&[b'\\', byte]),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            _ => {
                buffer.extend_from_slice(b"\\u00");
                buffer.push(HEX[usize::from(byte >> 4)]);
                buffer.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    buffer.extend_from_slice(&bytes[copied..]);
    buffer.push(b'"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        for text in ["", "plain", "a\"b\\c", "tab\tline\nreturn\r", "\u{0}\u{1f}\u{7f}", "snow ☃ 😀"] {
            let mut buffer = Vec::new();
            push_text(&mut buffer, text);
            assert_eq!(serde_json::from_slice::<String>(&buffer).unwrap(), text);
        }
    }

    #[test]
    fn texts_of_fields_are_numbers_when_they_print_back() {
        for (text, expected) in [
            ("5", "5"),
            ("-1.5", "-1.5"),
            ("007", "\"007\""),
            ("1.50", "\"1.50\""),
            ("1e3", "\"1e3\""),
            ("-", "\"-\""),
            ("10.0.0.1", "\"10.0.0.1\""),
        ] {
            let mut buffer = Vec::new();
            push_field_text(&mut buffer, text);
            assert_eq!(String::from_utf8(buffer).unwrap(), expected);
        }
    }

    #[test]
    fn numbers() {
        let cases = [
            (3.0, "3"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e300, "1e+300"),
            (1_700_000_000.123_456, "1700000000.123456"),
            (f64::NAN, "\"nan\""),
        ];
        for (number, expected) in cases {
            let mut buffer = Vec::new();
            push_number(&mut buffer, number);
            assert_eq!(String::from_utf8(buffer).unwrap(), expected);
        }
    }
}
