//! CSV and TSV: events with a header line, and lookup files as tables of text.

use std::path::Path;
use std::sync::Arc;

use arrow::array::builder::StringViewBuilder;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema};

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::EventFinisher;
use crate::options::Format;
use crate::report::{LoadError, WarningKind};
use crate::role::{Role, Slots};
use crate::rules::IndexTimeRules;
use crate::timestamp::is_time_key;
use crate::{detect, input};

/// How a separated file is written.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    pub(crate) header_separator: u8,
    /// The names, when the settings say them and the file does not.
    pub(crate) names: Option<Vec<String>>,
    /// Lines before the header.
    skip: usize,
}

impl Dialect {
    /// By the settings of the sourcetype, else by the format and the first line.
    pub(crate) fn new(format: Format, settings: &IndexTimeRules, head: &[u8]) -> Self {
        let kind = settings.indexed_extractions.as_deref().map(str::to_ascii_lowercase);
        let usual = match (format, kind.as_deref()) {
            (Format::Tsv, _) | (_, Some("tsv")) => b'\t',
            (_, Some("psv")) => b'|',
            (_, Some("csv")) => b',',
            _ => {
                let (length, separator) = preamble(head);
                separator.unwrap_or_else(|| detect::separator(&head[length..]))
            }
        };
        let named = |text: &Option<String>| text.as_deref().and_then(named_separator);
        let separator = named(&settings.field_delimiter).unwrap_or(usual);
        let line = settings.header_field_line_number.and_then(|line| usize::try_from(line).ok()).unwrap_or(0);
        Self {
            separator,
            header_separator: named(&settings.header_field_delimiter).unwrap_or(separator),
            names: Some(settings.field_names.clone()).filter(|names| !names.is_empty()),
            skip: line.saturating_sub(1),
        }
    }

    /// Where the header begins, or the first record when the names are known.
    pub(crate) fn start(&self, text: &[u8]) -> usize {
        let mut start = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        start += preamble(&text[start..]).0;
        for _ in 0..self.skip {
            start = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end + 1);
        }
        start
    }
}

/// How long the lines before a header are that say how the file is written: `#TYPE` of PowerShell's Export-Csv and Excel's
/// `sep=;`, which names the separator.
pub(crate) fn preamble(text: &[u8]) -> (usize, Option<u8>) {
    let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let first = text[..line].trim_ascii_end();
    let next = (line + 1).min(text.len());
    if first.starts_with(b"#TYPE ") {
        return (next, None);
    }
    match first.strip_prefix(b"sep=").or(first.strip_prefix(b"\"sep=")) {
        Some([separator] | [separator, b'"']) => (next, Some(*separator)),
        _ => (0, None),
    }
}

/// A separator as props.conf writes it: one character, or its name.
fn named_separator(text: &str) -> Option<u8> {
    match text.trim_matches('"').to_ascii_lowercase().as_str() {
        "tab" | "\\t" => Some(b'\t'),
        "space" | "whitespace" => Some(b' '),
        "pipe" => Some(b'|'),
        "semicolon" => Some(b';'),
        "comma" => Some(b','),
        _ => text.bytes().find(|byte| *byte != b'"' && byte.is_ascii()),
    }
}

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
    // Where no name has a meaning of its own, a name that sounds like a time tells where numbers are times.
    let timed = roles.iter().flatten().any(|role| role.is_time() || *role == Role::Time);
    let times: Vec<bool> = names.iter().map(|name| !timed && is_time_key(name.as_bytes())).collect();
    let mut columns: Vec<Option<u32>> = vec![None; names.len()];
    let mut reader = reader(separator, text);
    let mut record = csv::ByteRecord::new();
    let mut slots = Slots::new();
    let mut stamps: Vec<(usize, String)> = Vec::new();
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
            if times[index] && finisher.column_time.is_none() && value[0].is_ascii_digit() {
                finisher.column_time = std::str::from_utf8(value).ok().and_then(|value| finisher.times.field(value.trim()));
            }
            if finisher.timestamp_fields().contains(&names[index]) {
                stamps.push((index, String::from_utf8_lossy(value).into_owned()));
            }
            if wanted[index] {
                let column = *columns[index].get_or_insert_with(|| builder.column(name, ColumnKind::Field));
                builder.append_text(column, std::str::from_utf8(value).unwrap_or_default());
            }
        }
        if !stamps.is_empty() {
            // In the order in which the settings name the fields.
            let order = |index: &usize| finisher.timestamp_fields().iter().position(|name| *name == names[*index]);
            stamps.sort_by_key(|(index, _)| order(index));
            let stamp = stamps.drain(..).map(|(_, value)| value).collect::<Vec<_>>().join(" ");
            finisher.known_time = finisher.time_of_fields(&stamp);
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
