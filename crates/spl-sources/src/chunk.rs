//! The columns of one part of a file while it is read: values as places in its text, repeated values once.

mod column;
mod escapes;
mod span;

use std::borrow::Cow;

use arrow::buffer::Buffer;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use self::column::{Texts, Value, store};
pub(crate) use self::escapes::unescape;
pub(crate) use self::span::{LONGEST, Span};
use crate::report::Warnings;

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
    /// Events that no search can find and that were not read.
    pub(crate) passed_over: u64,
    /// Whether the time of an event depends on the events before it.
    pub(crate) needs_those_before: bool,
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
    /// Events that were not read.
    pub(crate) passed_over: u64,
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
            passed_over: 0,
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

    /// The key of the value that the event being read has in a column of repeated texts; the largest number when it has none.
    pub(crate) fn repeated_key(&self, column: u32) -> u32 {
        let column = self.columns.get(column as usize).filter(|column| column.rows.last() == Some(self.row));
        column.map_or(u32::MAX, |column| column.last_key)
    }

    /// The value of that key.
    pub(crate) fn repeated_text(&self, column: u32) -> Option<Cow<'_, str>> {
        let column = self.columns.get(column as usize).filter(|column| column.rows.last() == Some(self.row))?;
        self.last_text(column, 0)
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
            passed_over: self.passed_over,
            needs_those_before: false,
        }
    }
}
