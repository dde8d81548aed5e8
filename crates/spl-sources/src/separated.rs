//! CSV and TSV: events with a header line, and lookup files as tables of text.

use std::path::Path;
use std::sync::Arc;

use arrow::array::builder::StringViewBuilder;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema};
use spl_functions::pattern::Pattern;

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::EventFinisher;
use crate::format::Format;
use crate::report::{LoadError, WarningKind};
use crate::role::{Role, Slots};
use crate::rules::IndexTimeRules;
use crate::timestamp::is_time_key;
use crate::{delimiter, input};

/// How a separated file is written.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    header_separator: u8,
    /// What values stand in that hold the separator; none when nothing quotes.
    quote: Option<u8>,
    header_quote: Option<u8>,
    /// Whether any number of blanks is one separator.
    blanks: bool,
    /// The names, when the settings say them and the file does not.
    names: Option<Vec<String>>,
    /// Lines before the header.
    skip: usize,
    /// Lines before the header that it matches are left out.
    preamble: Option<Arc<Pattern>>,
    /// What stands before the header in its line.
    header: Option<Arc<Pattern>>,
    /// Characters of names, besides letters, digits and blanks, that stay; none when all do.
    acceptable: Option<String>,
}

impl Dialect {
    /// By the settings of the sourcetype, else by the format and the first line.
    pub(crate) fn new(format: Format, settings: &IndexTimeRules, head: &[u8], problems: &mut Vec<String>) -> Self {
        let kind = settings.indexed_extractions.as_deref().map(str::to_ascii_lowercase);
        let mut regex = |setting: &str, text: &Option<String>| {
            let compiled = text.as_deref().map(Pattern::new)?;
            let place = settings.origins.get(setting).map(|origin| format!("{origin}: ")).unwrap_or_default();
            compiled.map(Arc::new).map_err(|message| problems.push(format!("{place}`{setting}`: {message}"))).ok()
        };
        let preamble = regex("PREAMBLE_REGEX", &settings.preamble_regex);
        let header = regex("FIELD_HEADER_REGEX", &settings.field_header_regex);
        let usual = match (format, kind.as_deref()) {
            (Format::Tsv, _) | (_, Some("tsv")) => b'\t',
            (_, Some("psv")) => b'|',
            (_, Some("csv")) => b',',
            _ => {
                let (length, separator) = delimiter::preamble(head);
                separator.unwrap_or_else(|| delimiter::separator(&head[length..]))
            }
        };
        let named = |text: &Option<String>| text.as_deref().and_then(named_character);
        let separator = named(&settings.field_delimiter).unwrap_or(usual);
        let quote = quote(&settings.field_quote, Some(b'"'));
        let line = settings.header_field_line_number.and_then(|line| usize::try_from(line).ok()).unwrap_or(0);
        let is_blank = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "whitespace" | "ws"))
        };
        Self {
            separator,
            header_separator: named(&settings.header_field_delimiter).unwrap_or(separator),
            quote,
            header_quote: self::quote(&settings.header_field_quote, quote),
            blanks: is_blank(&settings.field_delimiter),
            names: Some(settings.field_names.clone()).filter(|names| !names.is_empty()),
            skip: line.saturating_sub(1),
            preamble,
            header,
            acceptable: kind.is_some().then(|| settings.acceptable_special_characters.clone().unwrap_or_default()),
        }
    }

    /// The names of the fields, and where the first record begins.
    pub(crate) fn header(&self, text: &[u8]) -> (Vec<String>, usize) {
        let start = self.start(text);
        if let Some(names) = &self.names {
            return (names.clone(), start);
        }
        let mut reader = reader(self.header_separator, self.header_quote, &text[start..]);
        let mut record = csv::ByteRecord::new();
        if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
            return (Vec::new(), text.len());
        }
        let names = record.iter().filter(|name| !(self.blanks && name.is_empty()));
        let names = names.map(|name| self.name(String::from_utf8_lossy(name).trim())).collect();
        (names, start + reader.position().byte() as usize)
    }

    /// A name as it is indexed.
    pub(crate) fn name(&self, name: &str) -> String {
        let Some(acceptable) = &self.acceptable else {
            return name.to_owned();
        };
        let keeps = |c: char| c.is_alphanumeric() || c == ' ' || !c.is_ascii() || acceptable.contains(c);
        name.chars().map(|c| if keeps(c) { c } else { '_' }).collect()
    }

    /// Where the header begins, or the first record when the names are known.
    fn start(&self, text: &[u8]) -> usize {
        let mut start = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        start += delimiter::preamble(&text[start..]).0;
        let line = |start: usize| {
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end);
            (String::from_utf8_lossy(&text[start..end]), (end + 1).min(text.len()))
        };
        if let Some(header) = &self.header {
            let mut at = start;
            while at < text.len() {
                let (found, next) = line(at);
                let mut begin = None;
                // The header is what follows the match, or what the expression has in its group.
                header.each_match(&found, 1, |groups| {
                    begin = groups.get(1).copied().flatten().map(|(start, _)| start).or(groups[0].map(|(_, end)| end));
                });
                if let Some(begin) = begin {
                    let blanks = found[begin..].len() - found[begin..].trim_start_matches(' ').len();
                    return at + begin + blanks;
                }
                at = next;
            }
        }
        for _ in 0..self.skip {
            start = line(start).1;
        }
        if let Some(preamble) = &self.preamble {
            while start < text.len() {
                let (found, next) = line(start);
                if !preamble.is_match(found.trim_end_matches('\r')).unwrap_or(false) {
                    break;
                }
                start = next;
            }
        }
        start
    }

    /// Where records begin about every `size` bytes.
    pub(crate) fn split(&self, text: &[u8], start: usize, size: usize) -> Vec<(usize, usize)> {
        split(text, start, size, self.quote)
    }
}

/// What quotes values, when the settings say it.
fn quote(text: &Option<String>, usual: Option<u8>) -> Option<u8> {
    match text.as_deref() {
        None => usual,
        Some(none) if none.eq_ignore_ascii_case("none") => None,
        Some(text) => Some(match text {
            "\"" => b'"',
            text => named_character(text).unwrap_or(b'"'),
        }),
    }
}

/// A character as props.conf writes it: itself, its name, or its code as `\x14`.
fn named_character(text: &str) -> Option<u8> {
    let text = text.trim();
    let lower = text.trim_matches('"').to_ascii_lowercase();
    match lower.as_str() {
        "tab" | "\\t" => return Some(b'\t'),
        "space" | "whitespace" | "ws" => return Some(b' '),
        "pipe" => return Some(b'|'),
        "semicolon" => return Some(b';'),
        "comma" => return Some(b','),
        "fs" => return Some(0x1C),
        "gs" => return Some(0x1D),
        "rs" => return Some(0x1E),
        "us" => return Some(0x1F),
        _ => {}
    }
    if let Some(code) = lower.strip_prefix("\\x").and_then(|code| u8::from_str_radix(code, 16).ok()) {
        return Some(code);
    }
    text.bytes().find(|byte| *byte != b'"' && byte.is_ascii())
}

fn reader(separator: u8, quote: Option<u8>, text: &[u8]) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(separator).quote(quote.unwrap_or(b'"')).quoting(quote.is_some());
    builder.flexible(true).has_headers(false).from_reader(text)
}

/// Where records begin about every `size` bytes, the first at `start`; line breaks inside quotes are no record's end.
fn split(text: &[u8], start: usize, size: usize, quote: Option<u8>) -> Vec<(usize, usize)> {
    let mark = quote.unwrap_or(b'"');
    let quotes = |text: &[u8]| if quote.is_some() { memchr::memchr_iter(mark, text).count() } else { 0 };
    let mut parts = Vec::new();
    let mut begin = start;
    let mut quoted = false;
    let mut from = start;
    while begin + size < text.len() {
        let target = begin + size;
        quoted ^= quotes(&text[from..target]) % 2 == 1;
        let mut at = target;
        while at < text.len() && (quoted || text[at] != b'\n') {
            quoted ^= quote == Some(text[at]);
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
pub(crate) fn read_records(
    builder: &mut ChunkBuilder<'_>,
    finisher: &mut EventFinisher<'_>,
    names: &[String],
    dialect: &Dialect,
) {
    let separator = dialect.separator;
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
    let mut reader = reader(separator, dialect.quote, text);
    let mut record = csv::ByteRecord::new();
    let missing = finisher.missing_value();
    let stamp_names: Vec<String> = finisher.timestamp_fields().iter().map(|name| dialect.name(name)).collect();
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
        if dialect.blanks {
            record = record.iter().filter(|value| !value.is_empty()).collect();
        }
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
            let is_missing = |pattern: &Pattern| pattern.is_match(&String::from_utf8_lossy(value)).unwrap_or(false);
            if value.is_empty() || missing.is_some_and(is_missing) {
                continue;
            }
            if let Some(role) = roles[index] {
                let span = builder.store(value);
                slots.set(role, span);
            }
            if times[index] && finisher.column_time.is_none() && value[0].is_ascii_digit() {
                finisher.column_time = std::str::from_utf8(value).ok().and_then(|value| finisher.times.field(value.trim()));
            }
            if stamp_names.contains(&names[index]) {
                stamps.push((index, String::from_utf8_lossy(value).into_owned()));
            }
            if wanted[index] {
                let column = *columns[index].get_or_insert_with(|| builder.column(name, ColumnKind::Field));
                builder.append_text(column, std::str::from_utf8(value).unwrap_or_default());
            }
        }
        if !stamps.is_empty() {
            // In the order in which the settings name the fields.
            let order = |index: &usize| stamp_names.iter().position(|name| *name == names[*index]);
            stamps.sort_by_key(|(index, _)| order(index));
            let stamp = stamps.drain(..).map(|(_, value)| value).collect::<Vec<_>>().join(" ");
            finisher.stamped_time = finisher.time_of_fields(&stamp);
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
    let mut reader = reader(b',', Some(b'"'), text);
    let mut names = csv::ByteRecord::new();
    let _ = reader.read_byte_record(&mut names);
    let names: Vec<String> = names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
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
            let parts = split(text, 0, size, Some(b'"'));
            let mut rows = 0;
            for (start, end) in &parts {
                rows += reader(b',', Some(b'"'), &text[*start..*end]).byte_records().filter(|record| record.is_ok()).count();
            }
            assert_eq!(rows, 4, "{size} {parts:?}");
        }
    }
}
