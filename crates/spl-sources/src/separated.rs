//! CSV and TSV: events with a header line, and lookup files as tables of text.

use std::path::Path;
use std::sync::Arc;

use arrow::array::builder::StringViewBuilder;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema};

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::{EventFinisher, Role, Slots};
use crate::input;
use crate::report::{LoadError, WarningKind};

/// The header of a separated file and where its first record begins.
pub(crate) fn header(text: &[u8], separator: u8) -> (Vec<String>, usize) {
    let mut reader = reader(separator, text);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => {
            let names = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
            (names, reader.position().byte() as usize)
        }
        _ => (Vec::new(), text.len()),
    }
}

fn reader(separator: u8, text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(text)
}

/// Where records begin about every `size` bytes, the first at `start`; line breaks inside quotes are no record's end.
pub(crate) fn split(text: &[u8], start: usize, size: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut begin = start;
    let mut quoted = false;
    let mut from = start;
    while begin + size < text.len() {
        let target = begin + size;
        quoted ^= memchr::memchr_iter(b'"', &text[from..target]).count() % 2 == 1;
        let mut at = target;
        while at < text.len() && (quoted || text[at] != b'\n') {
            quoted ^= text[at] == b'"';
            at += 1;
        }
        let end = (at + 1).min(text.len());
        parts.push((begin, end));
        begin = end;
        from = end;
    }
    if begin < text.len() {
        parts.push((begin, text.len()));
    }
    parts
}

/// Reads the records of a part (without the header) as events; an empty value is an absent field.
pub(crate) fn read_records(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>, names: &[String], separator: u8) {
    let text = builder.data();
    let roles: Vec<Option<Role>> = names.iter().map(|name| Role::of(name)).collect();
    let wanted: Vec<bool> = names
        .iter()
        .zip(&roles)
        .map(|(name, role)| !role.is_some_and(Role::is_meta) && !name.is_empty() && finisher.selection().contains(name))
        .collect();
    let mut columns: Vec<Option<u32>> = vec![None; names.len()];
    let mut reader = reader(separator, text);
    let mut record = csv::ByteRecord::new();
    let mut slots = Slots::new();
    let mut start = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => continue,
        }
        let end = reader.position().byte() as usize;
        let begin = start + text[start..end].iter().take_while(|byte| byte.is_ascii_whitespace() && **byte != separator).count();
        let length = text[begin..end].iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        start = end;
        builder.lines = reader.position().line();
        if record.len() != names.len() {
            let example = String::from_utf8_lossy(&text[begin..end.min(begin + 400)]);
            let line = builder.lines;
            builder.warnings.add(
                WarningKind::BadCsv,
                line,
                &format!("{} values, {} in the header: {example}", record.len(), names.len()),
            );
        }
        for (index, value) in record.iter().enumerate() {
            let Some(name) = names.get(index) else {
                // Values beyond the header keep their place in a name of their own.
                let name = format!("EXTRA_FIELD_{}", index + 1);
                if !value.is_empty() && finisher.selection().contains(&name) {
                    let column = builder.column(&name, ColumnKind::Field);
                    builder.append_text(column, &String::from_utf8_lossy(value));
                }
                continue;
            };
            if value.is_empty() {
                continue;
            }
            if let Some(role) = roles[index] {
                let span = builder.store(value);
                slots.set(role, span);
            }
            if wanted[index] {
                let column = *columns[index].get_or_insert_with(|| builder.column(name, ColumnKind::Field));
                builder.append_text(column, std::str::from_utf8(value).unwrap_or_default());
            }
        }
        finisher.finish(builder, &mut slots, Some(Span::data(begin, end - length, false)));
    }
}

/// Reads a lookup file (CSV with a header, gz allowed) as one batch of text columns named by the header; an empty
/// value is null, rows keep the file's order, a repeated column name keeps its first column.
pub fn read_csv_table(path: impl AsRef<Path>) -> Result<RecordBatch, LoadError> {
    let path = path.as_ref();
    let failed = |message: String| LoadError::Io {
        path: path.display().to_string(),
        error: std::io::Error::new(std::io::ErrorKind::InvalidData, message),
    };
    let input = input::open(path, None)?.into_iter().next().ok_or_else(|| failed("no content".to_owned()))?;
    if let Some(error) = input.error {
        return Err(failed(error));
    }
    let bytes = input.content.read().map_err(|error| LoadError::Io { path: path.display().to_string(), error })?;
    csv_table(&bytes).map_err(LoadError::from)
}

fn csv_table(bytes: &[u8]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let (names, start) = header(text, b',');
    let mut reader = reader(b',', &text[start..]);
    let mut record = csv::ByteRecord::new();
    let mut builders: Vec<StringViewBuilder> =
        names.iter().map(|_| StringViewBuilder::new().with_deduplicate_strings()).collect();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        for (index, builder) in builders.iter_mut().enumerate() {
            match record.get(index) {
                Some(value) if !value.is_empty() => builder.append_value(String::from_utf8_lossy(value)),
                _ => builder.append_null(),
            }
        }
        rows += 1;
    }
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (index, (name, mut builder)) in names.iter().zip(builders).enumerate() {
        if !name.is_empty() && !names[..index].contains(name) {
            fields.push(Field::new(name, DataType::Utf8View, true));
            columns.push(Arc::new(builder.finish()));
        }
    }
    RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns,
        &RecordBatchOptions::new().with_row_count(Some(rows)),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    #[test]
    fn lookups_are_text() {
        let table = csv_table(b"\xEF\xBB\xBFid,name,\"a b\"\r\n007,\"x, \"\"y\"\"\",\r\n2\r\n").unwrap();
        assert_eq!(table.num_rows(), 2);
        assert_eq!(table.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>(), ["id", "name", "a b"]);
        assert_eq!(table.column(0).as_string_view().value(0), "007");
        assert_eq!(table.column(1).as_string_view().value(0), "x, \"y\"");
        assert!(table.column(2).is_null(0));
        assert!(table.column(1).is_null(1));
    }

    #[test]
    fn parts_end_with_records() {
        let text = b"a,\"b\nc\"\n1,2\n3,\"4\n\n5\"\n6,7\n";
        for size in 1..text.len() {
            let parts = split(text, 0, size);
            let mut rows = 0;
            for (start, end) in &parts {
                rows += reader(b',', &text[*start..*end]).byte_records().filter(|record| record.is_ok()).count();
            }
            assert_eq!(rows, 4, "{size} {parts:?}");
        }
    }
}
