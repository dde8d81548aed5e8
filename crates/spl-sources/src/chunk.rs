//! The columns of one part of a file while it is read: values as places in its text, repeated values once.

use std::borrow::Cow;
use std::hash::BuildHasher;

use arrow::buffer::Buffer;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::number::{exact_float, exact_integer, fits_float};
use crate::report::Warnings;

/// A text's place: in the part's own text or in the arena beside it, perhaps still with JSON's escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    bits: u32,
}

const ARENA: u32 = 1 << 31;
const ESCAPED: u32 = 1 << 30;
/// The longest text that a span can name.
pub(crate) const LONGEST: usize = (1 << 30) - 1;

impl Span {
    /// In the part's text; `escaped` when JSON's escapes are still to be resolved.
    pub(crate) fn data(start: usize, end: usize, escaped: bool) -> Self {
        let length = (end - start).min(LONGEST) as u32;
        Self { start: start as u32, bits: length | if escaped { ESCAPED } else { 0 } }
    }

    fn arena(start: usize, length: usize) -> Self {
        Self { start: start as u32, bits: length.min(LONGEST) as u32 | ARENA }
    }

    pub(crate) fn is_arena(self) -> bool {
        self.bits & ARENA != 0
    }

    fn is_escaped(self) -> bool {
        self.bits & ESCAPED != 0
    }

    pub(crate) fn len(self) -> usize {
        (self.bits & !(ARENA | ESCAPED)) as usize
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn bytes<'a>(self, data: &'a [u8], arena: &'a [u8]) -> &'a [u8] {
        let from = if self.is_arena() { arena } else { data };
        from.get(self.start()..self.start() + self.len()).unwrap_or_default()
    }
}

/// The rows that have a value, ascending; a repeated row has several values.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Rows 0 to n, one value each.
    Dense(u32),
    /// These rows.
    Sparse(Vec<u32>),
}

impl Rows {
    fn push(&mut self, row: u32) -> bool {
        match self {
            Self::Dense(next) if *next == row => {
                *next += 1;
                false
            }
            Self::Dense(next) => {
                let repeated = *next == row + 1;
                let mut rows: Vec<u32> = (0..*next).collect();
                rows.push(row);
                *self = Self::Sparse(rows);
                repeated
            }
            Self::Sparse(rows) => {
                let repeated = rows.last() == Some(&row);
                rows.push(row);
                repeated
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Dense(next) => *next as usize,
            Self::Sparse(rows) => rows.len(),
        }
    }

    pub(crate) fn last(&self) -> Option<u32> {
        match self {
            Self::Dense(next) => next.checked_sub(1),
            Self::Sparse(rows) => rows.last().copied(),
        }
    }

    /// How many values a row, the last one, has.
    fn count_last(&self, row: u32) -> usize {
        match self {
            Self::Dense(next) => usize::from(next.checked_sub(1) == Some(row)),
            Self::Sparse(rows) => rows.iter().rev().take_while(|last| **last == row).count(),
        }
    }

    fn pop(&mut self) {
        match self {
            Self::Dense(next) => *next = next.saturating_sub(1),
            Self::Sparse(rows) => {
                rows.pop();
            }
        }
    }

    /// Calls with the index of each value and its row.
    #[inline]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        match self {
            Self::Dense(next) => (0..*next as usize).for_each(|row| visit(row, row)),
            Self::Sparse(rows) => rows.iter().enumerate().for_each(|(index, &row)| visit(index, row as usize)),
        }
    }
}

/// The values of a column, in the order of its rows.
#[derive(Debug)]
pub(crate) enum Cells {
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    /// `keys` into `entries`, the distinct texts (by their spelling in the file).
    Dictionary {
        keys: Vec<u32>,
        entries: Vec<Span>,
        table: HashTable<u32>,
    },
    Plain(Vec<Span>),
}

impl Cells {
    fn dictionary() -> Self {
        Self::Dictionary { keys: Vec::new(), entries: Vec::new(), table: HashTable::new() }
    }
}

/// What a column may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Numbers or text, as its values are.
    Field,
    /// Text with few distinct values.
    Repeated,
    /// Text that hardly ever repeats.
    Unique,
}

/// A column of one part.
#[derive(Debug)]
pub(crate) struct ChunkColumn {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    pub(crate) rows: Rows,
    pub(crate) cells: Cells,
    /// Whether a row has several values.
    pub(crate) multivalue: bool,
    last_key: u32,
}

/// A part of a file as columns.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) rows: u32,
    /// Epoch seconds; not a number where an event has no time of its own.
    pub(crate) times: Vec<f64>,
    pub(crate) columns: Vec<ChunkColumn>,
    pub(crate) data: Option<Buffer>,
    pub(crate) arena: Buffer,
    pub(crate) warnings: Warnings,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Events whose time was not found.
    pub(crate) without_time: u64,
    /// Times that name no zone.
    pub(crate) without_zone: u64,
}

/// Builds the columns of one part.
#[derive(Debug)]
pub(crate) struct ChunkBuilder<'a> {
    data: &'a [u8],
    arena: Vec<u8>,
    columns: Vec<ChunkColumn>,
    by_name: HashMap<String, u32>,
    row: u32,
    times: Vec<f64>,
    hasher: DefaultHashBuilder,
    pub(crate) warnings: Warnings,
    pub(crate) lines: u64,
}

/// Distinct values before a column may turn out not to repeat.
const DISTINCT_BEFORE_PLAIN: usize = 4096;

impl<'a> ChunkBuilder<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            arena: Vec::new(),
            columns: Vec::new(),
            by_name: HashMap::new(),
            row: 0,
            times: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            warnings: Warnings::default(),
            lines: 0,
        }
    }

    pub(crate) fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The row of the event being read.
    pub(crate) fn row(&self) -> u32 {
        self.row
    }

    /// The column of this name, made when it is new.
    pub(crate) fn column(&mut self, name: &str, kind: ColumnKind) -> u32 {
        if let Some(&column) = self.by_name.get(name) {
            return column;
        }
        let column = self.columns.len() as u32;
        let cells = match kind {
            ColumnKind::Field => Cells::Integers(Vec::new()),
            ColumnKind::Repeated => Cells::dictionary(),
            ColumnKind::Unique => Cells::Plain(Vec::new()),
        };
        self.columns.push(ChunkColumn {
            name: name.to_owned(),
            kind,
            rows: Rows::Dense(0),
            cells,
            multivalue: false,
            last_key: u32::MAX,
        });
        self.by_name.insert(name.to_owned(), column);
        column
    }

    /// Whether the event being read has a value in a column of this name.
    pub(crate) fn has_value(&self, name: &str) -> bool {
        self.by_name
            .get(name)
            .and_then(|&column| self.columns.get(column as usize))
            .is_some_and(|column| column.rows.last() == Some(self.row))
    }

    /// The last value that the event being read has in a column of this name.
    pub(crate) fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        let column = self.columns.get(*self.by_name.get(name)? as usize)?;
        (column.rows.last() == Some(self.row)).then(|| self.last_text(column, 0)).flatten()
    }

    /// The values of the event being read with their names, in the order of the columns.
    pub(crate) fn row_values(&self) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for column in &self.columns {
            let count = column.rows.count_last(self.row);
            let texts = (0..count).rev().filter_map(|back| self.last_text(column, back));
            values.extend(texts.map(|text| (column.name.clone(), text.into_owned())));
        }
        values
    }

    /// The text of the value so many places before a column's last one.
    fn last_text(&self, column: &ChunkColumn, back: usize) -> Option<Cow<'_, str>> {
        let at = |length: usize| length.checked_sub(back + 1);
        Some(match &column.cells {
            Cells::Integers(values) => Cow::Owned(values.get(at(values.len())?)?.to_string()),
            Cells::Floats(values) => Cow::Owned(values.get(at(values.len())?)?.to_string()),
            Cells::Dictionary { keys, entries, .. } => self.text(*entries.get(*keys.get(at(keys.len())?)? as usize)?),
            Cells::Plain(spans) => self.text(*spans.get(at(spans.len())?)?),
        })
    }

    /// Takes the values of the event being read in a column of this name back.
    pub(crate) fn clear_field(&mut self, name: &str) {
        if let Some(column) = self.by_name.get(name).and_then(|&column| self.columns.get_mut(column as usize)) {
            column.clear_row(self.row);
        }
    }

    /// Copies a text beside the part's own.
    pub(crate) fn store(&mut self, text: &[u8]) -> Span {
        store(&mut self.arena, text)
    }

    /// The place of a text: where it stands in the part's own text when it is a piece of that, else stored.
    pub(crate) fn place(&mut self, text: &str) -> Span {
        let data = self.data.as_ptr_range();
        let bytes = text.as_bytes().as_ptr_range();
        if data.start <= bytes.start && bytes.end <= data.end {
            let start = bytes.start as usize - data.start as usize;
            return Span::data(start, start + text.len(), false);
        }
        self.store(text.as_bytes())
    }

    /// The text at a place, without JSON's escapes.
    pub(crate) fn text(&self, span: Span) -> Cow<'_, str> {
        let bytes = span.bytes(self.data, &self.arena);
        if span.is_escaped() {
            let mut text = Vec::with_capacity(bytes.len());
            unescape(bytes, &mut text);
            Cow::Owned(String::from_utf8_lossy(&text).into_owned())
        } else {
            String::from_utf8_lossy(bytes)
        }
    }

    /// Adds a value of the event being read, found in the part's text or stored before.
    #[inline]
    pub(crate) fn append(&mut self, column: u32, span: Span) {
        if let Some(column) = self.columns.get_mut(column as usize) {
            column.push(Texts { data: self.data, arena: &mut self.arena, hasher: &self.hasher }, self.row, Value::Place(span));
        }
    }

    /// Adds a value as [`append`](Self::append) does, unless the event has the same text there already.
    pub(crate) fn append_new(&mut self, column: u32, span: Span) {
        let repeated = self.columns.get(column as usize).is_some_and(|column| {
            column.rows.last() == Some(self.row) && {
                let bytes = span.bytes(self.data, &self.arena);
                match &column.cells {
                    Cells::Integers(values) => values.last().is_some_and(|value| value.to_string().as_bytes() == bytes),
                    Cells::Floats(values) => values.last().is_some_and(|value| value.to_string().as_bytes() == bytes),
                    Cells::Dictionary { entries, .. } => {
                        let last = entries.get(column.last_key as usize);
                        last.is_some_and(|last| !last.is_escaped() && last.bytes(self.data, &self.arena) == bytes)
                    }
                    Cells::Plain(spans) => spans.last().is_some_and(|last| last.bytes(self.data, &self.arena) == bytes),
                }
            }
        });
        if !repeated {
            self.append(column, span);
        }
    }

    /// Adds a value of the event being read; copied when it is new to the column.
    pub(crate) fn append_text(&mut self, column: u32, text: &str) {
        if let Some(column) = self.columns.get_mut(column as usize) {
            column.push(
                Texts { data: self.data, arena: &mut self.arena, hasher: &self.hasher },
                self.row,
                Value::Text(text.as_bytes()),
            );
        }
    }

    /// Ends the event.
    pub(crate) fn finish_row(&mut self, time: f64) {
        self.times.push(time);
        self.row += 1;
    }

    /// Takes back every value of the event being read.
    pub(crate) fn clear_row(&mut self) {
        for column in &mut self.columns {
            column.clear_row(self.row);
        }
    }

    /// The finished part. With `keep` the spans go on pointing into it (the part's text itself), else texts are copied
    /// into the arena and the part's text is no longer needed.
    pub(crate) fn finish(mut self, keep: Option<Buffer>) -> Chunk {
        let data = self.data;
        let arena = &mut self.arena;
        let copy_all = keep.is_none();
        let mut settle = |span: &mut Span| {
            if span.is_escaped() {
                let start = arena.len();
                let bytes = data.get(span.start()..span.start() + span.len()).unwrap_or_default();
                unescape(bytes, arena);
                *span = Span::arena(start, arena.len() - start);
            } else if copy_all && !span.is_arena() {
                let bytes = data.get(span.start()..span.start() + span.len()).unwrap_or_default();
                *span = store(arena, bytes);
            }
        };
        for column in &mut self.columns {
            match &mut column.cells {
                Cells::Dictionary { entries, table, .. } => {
                    *table = HashTable::new();
                    entries.iter_mut().for_each(&mut settle);
                }
                Cells::Plain(spans) => spans.iter_mut().for_each(&mut settle),
                Cells::Integers(_) | Cells::Floats(_) => {}
            }
        }
        self.columns.retain(|column| column.rows.len() > 0);
        Chunk {
            rows: self.row,
            times: self.times,
            columns: self.columns,
            data: keep,
            arena: Buffer::from_vec(self.arena),
            warnings: self.warnings,
            lines: self.lines,
            bytes: data.len() as u64,
            without_time: 0,
            without_zone: 0,
        }
    }
}

/// The texts that a part's spans point into.
struct Texts<'t> {
    data: &'t [u8],
    arena: &'t mut Vec<u8>,
    hasher: &'t DefaultHashBuilder,
}

#[derive(Clone, Copy)]
enum Value<'t> {
    Place(Span),
    Text(&'t [u8]),
}

fn store(arena: &mut Vec<u8>, text: &[u8]) -> Span {
    let text = &text[..text.len().min(LONGEST)];
    if arena.len() + text.len() > u32::MAX as usize {
        return Span::arena(0, 0);
    }
    let start = arena.len();
    arena.extend_from_slice(text);
    Span::arena(start, text.len())
}

impl ChunkColumn {
    /// Takes the values of a row, the last one, back.
    fn clear_row(&mut self, row: u32) {
        while self.rows.last() == Some(row) {
            self.rows.pop();
            match &mut self.cells {
                Cells::Integers(values) => drop(values.pop()),
                Cells::Floats(values) => drop(values.pop()),
                Cells::Dictionary { keys, .. } => drop(keys.pop()),
                Cells::Plain(spans) => drop(spans.pop()),
            }
        }
    }

    #[inline]
    fn push(&mut self, texts: Texts<'_>, row: u32, value: Value<'_>) {
        if !matches!(self.cells, Cells::Dictionary { .. } | Cells::Plain(_)) {
            if self.push_number(&texts, row, value) {
                return;
            }
            self.numbers_to_text(texts.arena);
        }
        self.multivalue |= self.rows.push(row);
        match &mut self.cells {
            Cells::Dictionary { keys, entries, table } => {
                let Texts { data, arena, hasher } = texts;
                let (bytes, escaped) = match value {
                    Value::Place(span) => (span.bytes(data, arena), span.is_escaped()),
                    Value::Text(text) => (text, false),
                };
                // Runs of the same value are common in logs.
                if let Some(last) = entries.get(self.last_key as usize)
                    && last.len() == bytes.len()
                    && last.is_escaped() == escaped
                    && last.bytes(data, arena) == bytes
                {
                    keys.push(self.last_key);
                    return;
                }
                let hash = hasher.hash_one(bytes);
                let same = |&key: &u32| {
                    let entry = entries[key as usize];
                    entry.len() == bytes.len() && entry.is_escaped() == escaped && entry.bytes(data, arena) == bytes
                };
                if let Some(&key) = table.find(hash, same) {
                    self.last_key = key;
                    keys.push(key);
                    return;
                }
                let key = entries.len() as u32;
                let span = match value {
                    Value::Place(span) => span,
                    Value::Text(text) => store(arena, text),
                };
                entries.push(span);
                table.insert_unique(hash, key, |&key| hasher.hash_one(entries[key as usize].bytes(data, arena)));
                self.last_key = key;
                keys.push(key);
                if self.kind == ColumnKind::Field
                    && entries.len() >= DISTINCT_BEFORE_PLAIN
                    && entries.len().is_multiple_of(1024)
                    && entries.len() > keys.len() / 2
                {
                    self.cells = Cells::Plain(keys.iter().map(|&key| entries[key as usize]).collect());
                }
            }
            Cells::Plain(spans) => spans.push(match value {
                Value::Place(span) => span,
                Value::Text(text) => store(texts.arena, text),
            }),
            Cells::Integers(_) | Cells::Floats(_) => {}
        }
    }

    /// Adds the value as a number when the column is one and stays one.
    fn push_number(&mut self, texts: &Texts<'_>, row: u32, value: Value<'_>) -> bool {
        let bytes = match value {
            Value::Place(span) if span.is_escaped() => return false,
            Value::Place(span) => span.bytes(texts.data, texts.arena),
            Value::Text(text) => text,
        };
        if !bytes.first().is_some_and(|&first| first.is_ascii_digit() || first == b'-') {
            return false;
        }
        match &mut self.cells {
            Cells::Integers(values) => {
                if let Some(number) = exact_integer(bytes) {
                    values.push(number);
                } else {
                    let Some(number) = exact_float(bytes) else {
                        return false;
                    };
                    if !values.iter().all(|&value| fits_float(value)) {
                        return false;
                    }
                    let mut floats: Vec<f64> = values.iter().map(|&value| value as f64).collect();
                    floats.push(number);
                    self.cells = Cells::Floats(floats);
                }
            }
            Cells::Floats(values) => {
                let number = exact_float(bytes)
                    .or_else(|| exact_integer(bytes).filter(|&number| fits_float(number)).map(|number| number as f64));
                let Some(number) = number else { return false };
                values.push(number);
            }
            _ => return false,
        }
        self.multivalue |= self.rows.push(row);
        true
    }

    /// Turns the numbers read so far back into their texts.
    fn numbers_to_text(&mut self, arena: &mut Vec<u8>) {
        let texts: Vec<String> = match &self.cells {
            Cells::Integers(values) => values.iter().map(i64::to_string).collect(),
            Cells::Floats(values) => values.iter().map(f64::to_string).collect(),
            _ => return,
        };
        self.cells = Cells::dictionary();
        let rows = std::mem::replace(&mut self.rows, Rows::Dense(0));
        let hasher = DefaultHashBuilder::default();
        if let Cells::Dictionary { keys, entries, table } = &mut self.cells {
            // The table is keyed by the part's own hasher; only the entries are made here, so it stays empty and a
            // number met again costs one more entry, which merging removes.
            let mut known: HashMap<&str, u32> = HashMap::with_hasher(hasher);
            for text in &texts {
                let key = *known.entry(text.as_str()).or_insert_with(|| {
                    entries.push(store(arena, text.as_bytes()));
                    entries.len() as u32 - 1
                });
                keys.push(key);
            }
            debug_assert!(table.is_empty());
        }
        self.rows = rows;
    }
}

/// Resolves JSON's escapes; what is no valid escape stays as it is.
pub(crate) fn unescape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(&kind) = rest.get(at + 1) else {
            out.push(b'\\');
            return;
        };
        rest = &rest[at + 2..];
        let plain = match kind {
            b'"' | b'\\' | b'/' => kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let Some(unit) = hexadecimal(rest) else {
                    out.extend_from_slice(b"\\u");
                    continue;
                };
                rest = &rest[4..];
                let low = || rest.strip_prefix(b"\\u").and_then(hexadecimal).filter(|low| (0xDC00..0xE000).contains(low));
                let code = if (0xD800..0xDC00).contains(&unit) {
                    low().map(|low| 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
                } else {
                    Some(unit)
                };
                if code.is_some_and(|code| code >= 0x10000) {
                    rest = &rest[6..];
                }
                let character = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => {
                out.push(b'\\');
                other
            }
        };
        out.push(plain);
    }
    out.extend_from_slice(rest);
}

fn hexadecimal(bytes: &[u8]) -> Option<u32> {
    bytes.get(..4)?.iter().try_fold(0, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        for (escaped, plain) in [
            (r"C:\\Windows\\x", r"C:\Windows\x"),
            (r#"a\"b\/c\n\t\r\b\f"#, "a\"b/c\n\t\r\u{8}\u{c}"),
            (r"\u00e9\u20AC\ud83d\ude00", "é€😀"),
            (r"\ud83d x \ude00", "\u{fffd} x \u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\u12", r"\u12"),
            (r"\Users", r"\Users"),
        ] {
            let mut out = Vec::new();
            unescape(escaped.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), plain, "{escaped}");
        }
    }
}
