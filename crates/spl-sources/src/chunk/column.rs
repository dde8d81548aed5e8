//! Values as they come into a column: numbers, repeated texts, or texts that do not repeat.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};

use super::span::{LONGEST, Span};
use super::{Cells, ChunkColumn, ColumnKind, DISTINCT_BEFORE_PLAIN, Rows};
use crate::number::{exact_float, exact_integer, fits_float};

/// The texts that a part's spans point into.
pub(super) struct Texts<'t> {
    pub(super) data: &'t [u8],
    pub(super) arena: &'t mut Vec<u8>,
    pub(super) hasher: &'t DefaultHashBuilder,
}

/// A value on its way into a column.
#[derive(Clone, Copy)]
pub(super) enum Value<'t> {
    Place(Span),
    Text(&'t [u8]),
}

/// Puts a text into the arena.
pub(super) fn store(arena: &mut Vec<u8>, text: &[u8]) -> Span {
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
    pub(super) fn clear_row(&mut self, row: u32) {
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
    pub(super) fn push(&mut self, texts: Texts<'_>, row: u32, value: Value<'_>) {
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
