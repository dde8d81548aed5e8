//! The event table: the columns of all parts joined, rows in the order of a search.

use std::sync::Arc;

use arrow::array::builder::make_view;
use arrow::array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, RecordBatchOptions,
    StringViewArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};
use indexmap::IndexMap;
use rayon::prelude::*;
use std::hash::BuildHasher;

use crate::chunk::{Cells, Chunk, ChunkColumn, ColumnKind, Span};
use crate::number::fits_float;
use crate::role::Defaults;

/// Rows of a batch, unless most fields are absent from most events.
const BATCH_ROWS: usize = 1 << 15;
/// The fewest rows of a batch.
const LEAST_BATCH_ROWS: usize = 1 << 8;

/// Everything that was loaded as one wide table: rows in descending `_time`, equal times in the order of the input.
///
/// Columns: `_time` (Float64, epoch seconds), `_raw` when selected, `host`, `source`, `sourcetype`, `index`, then the
/// fields in the order of their first appearance, then `__ordinal` (Int64, from 0). Text is `Utf8View`, or
/// `Dictionary(Int32, Utf8View)` whose values are distinct and shared by all batches; numbers are `Int64` and `Float64`
/// where every value prints back to the same text; several values of a field in one event make it `List(Utf8View)`.
#[derive(Clone, Debug)]
pub struct EventTable {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows, about 32 thousand per batch, fewer where there are very many fields that most events lack; none when there
    /// are no events.
    pub batches: Vec<RecordBatch>,
}

impl EventTable {
    /// Number of events.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// A part that was read, and what its events have when they don't say otherwise.
#[derive(Debug)]
pub(crate) struct LoadedPart {
    pub(crate) chunk: Chunk,
    pub(crate) file: usize,
    pub(crate) defaults: Arc<Defaults>,
    /// The time of events before the first event with a time.
    pub(crate) fallback_time: f64,
}

/// The place of each row of the input in the table.
enum Positions {
    Same,
    Moved(Vec<u32>),
}

impl Positions {
    #[inline]
    fn of(&self, row: usize) -> usize {
        match self {
            Self::Same => row,
            Self::Moved(positions) => positions[row] as usize,
        }
    }
}

struct Join {
    /// First row of each part.
    bases: Vec<usize>,
    rows: usize,
    /// Rows of a batch, but for the last one.
    batch_rows: usize,
    /// Text and arena of each part.
    texts: Vec<(Buffer, Buffer)>,
    part_rows: Vec<u32>,
    defaults: Vec<Arc<Defaults>>,
    positions: Positions,
    no_values: NoValues,
}

/// The arrays without any value, shared by all columns and batches.
struct NoValues {
    text: ArrayRef,
    keys: Int32Array,
    integers: ArrayRef,
    floats: ArrayRef,
    lists: ArrayRef,
}

impl NoValues {
    fn new(rows: usize) -> Self {
        let item = list_item();
        Self {
            text: Arc::new(StringViewArray::new_null(rows)),
            keys: Int32Array::new_null(rows),
            integers: Arc::new(Int64Array::new_null(rows)),
            floats: Arc::new(Float64Array::new_null(rows)),
            lists: Arc::new(ListArray::new_null(item, rows)),
        }
    }
}

fn list_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8View, true))
}

/// The column of one name in the parts that have it.
struct ColumnParts {
    name: String,
    kind: ColumnKind,
    parts: Vec<(usize, ChunkColumn)>,
}

/// Joins parts, in the order of their events, into a table.
pub(crate) fn join(parts: Vec<LoadedPart>, keeps_raw: bool) -> Result<EventTable, ArrowError> {
    let times = joined_times(&parts);
    let rows = times.len();
    if rows > i32::MAX as usize {
        return Err(ArrowError::InvalidArgumentError(format!("{rows} events are too many for one table")));
    }
    let positions = positions(&times);
    let mut named: IndexMap<String, ColumnParts> = IndexMap::new();
    let fixed = keeps_raw
        .then_some(("_raw", ColumnKind::Unique))
        .into_iter()
        .chain(["host", "source", "sourcetype", "index"].map(|name| (name, ColumnKind::Repeated)));
    for (name, kind) in fixed {
        named.insert(name.to_owned(), ColumnParts { name: name.to_owned(), kind, parts: Vec::new() });
    }
    let mut joined = Join {
        bases: Vec::with_capacity(parts.len()),
        rows,
        batch_rows: BATCH_ROWS,
        texts: Vec::with_capacity(parts.len()),
        part_rows: Vec::with_capacity(parts.len()),
        defaults: Vec::with_capacity(parts.len()),
        positions,
        no_values: NoValues::new(rows.min(BATCH_ROWS)),
    };
    let mut base = 0;
    for (index, part) in parts.into_iter().enumerate() {
        let chunk = part.chunk;
        joined.bases.push(base);
        joined.part_rows.push(chunk.rows);
        joined.texts.push((chunk.data.unwrap_or_default(), chunk.arena));
        joined.defaults.push(part.defaults);
        base += chunk.rows as usize;
        for column in chunk.columns {
            match named.get_mut(&column.name) {
                Some(parts) => parts.parts.push((index, column)),
                None => {
                    let parts = ColumnParts { name: column.name.clone(), kind: column.kind, parts: vec![(index, column)] };
                    named.insert(parts.name.clone(), parts);
                }
            }
        }
    }
    let columns: Vec<ColumnParts> = named.into_values().collect();
    joined.batch_rows = batch_rows(rows, columns.iter().map(|column| column.parts.iter().map(|(_, part)| part.rows.len()).sum()));
    let built: Vec<(Field, Vec<ArrayRef>)> =
        columns.into_par_iter().map(|column| joined.column(column)).collect::<Result<_, _>>()?;

    let mut fields = vec![Field::new("_time", DataType::Float64, true)];
    let mut arrays = vec![joined.times(&times)];
    for (field, array) in built {
        fields.push(field);
        arrays.push(array);
    }
    fields.push(Field::new("__ordinal", DataType::Int64, false));
    arrays.push(
        joined
            .batches()
            .map(|(start, rows)| Arc::new(Int64Array::from_iter_values(start as i64..(start + rows) as i64)) as ArrayRef)
            .collect(),
    );
    let schema = Arc::new(Schema::new(fields));
    let mut columns: Vec<_> = arrays.into_iter().map(Vec::into_iter).collect();
    let batches = joined
        .batches()
        .map(|(_, rows)| {
            let arrays = columns.iter_mut().filter_map(Iterator::next).collect();
            RecordBatch::try_new_with_options(schema.clone(), arrays, &RecordBatchOptions::new().with_row_count(Some(rows)))
        })
        .collect::<Result<_, _>>()?;
    Ok(EventTable { schema, batches })
}

/// How many rows a batch has. A batch holds a place for every row in each column that has any value there, so that columns
/// with few values take less room in small batches, while each batch costs something for each column.
fn batch_rows(rows: usize, values: impl Iterator<Item = usize> + Clone) -> usize {
    const PLACE: usize = 8;
    const ARRAY: usize = 16;
    let cost = |batch: usize| {
        let batches = rows.div_ceil(batch);
        values.clone().map(|values| batches * ARRAY + values.min(batches) * batch.min(rows) * PLACE).sum::<usize>()
    };
    let usual = cost(BATCH_ROWS);
    // What fits well is left as it is.
    if usual < 512 << 20 {
        return BATCH_ROWS;
    }
    let sizes = (LEAST_BATCH_ROWS.ilog2()..BATCH_ROWS.ilog2()).map(|power| 1 << power);
    sizes.min_by_key(|size| cost(*size)).filter(|size| cost(*size) * 2 < usual).unwrap_or(BATCH_ROWS)
}

/// The times of all rows; an event without one has the time of the event before it in its file.
fn joined_times(parts: &[LoadedPart]) -> Vec<f64> {
    let mut times = Vec::with_capacity(parts.iter().map(|part| part.chunk.rows as usize).sum());
    let mut last = (usize::MAX, 0.0);
    for part in parts {
        if last.0 != part.file {
            last = (part.file, part.fallback_time);
        }
        for &time in &part.chunk.times {
            if !time.is_nan() {
                last.1 = time;
            }
            times.push(last.1);
        }
    }
    times
}

fn positions(times: &[f64]) -> Positions {
    let pairs = || times.iter().zip(times.iter().skip(1));
    if pairs().all(|(first, second)| first >= second) {
        return Positions::Same;
    }
    let mut order: Vec<u32> = (0..times.len() as u32).collect();
    if pairs().all(|(first, second)| first <= second) {
        order.reverse();
        // Equal times keep the order of the input.
        for equal in order.chunk_by_mut(|&first, &second| times[first as usize] == times[second as usize]) {
            equal.reverse();
        }
    } else {
        order.par_sort_by(|&first, &second| times[second as usize].total_cmp(&times[first as usize]));
    }
    let mut positions = vec![0; times.len()];
    for (position, &row) in order.iter().enumerate() {
        positions[row as usize] = position as u32;
    }
    Positions::Moved(positions)
}

/// The values of a column by batch; a batch without values takes no room.
struct Scatter<T> {
    batches: Vec<(Vec<T>, Vec<u64>)>,
    rows: usize,
    batch_rows: usize,
}

impl<T: Copy + Default> Scatter<T> {
    fn new(rows: usize, batch_rows: usize) -> Self {
        Self { batches: (0..rows.div_ceil(batch_rows)).map(|_| Default::default()).collect(), rows, batch_rows }
    }

    #[inline]
    fn set(&mut self, position: usize, value: T) {
        let (batch, row) = (position / self.batch_rows, position % self.batch_rows);
        let (values, valid) = &mut self.batches[batch];
        if values.is_empty() {
            let rows = self.batch_rows.min(self.rows - batch * self.batch_rows);
            values.resize(rows, T::default());
            valid.resize(rows.div_ceil(64), 0);
        }
        values[row] = value;
        valid[row / 64] |= 1 << (row % 64);
    }

    /// Builds an array per batch; None where the batch has no value.
    fn build<A: Send>(
        self,
        build: impl Fn(Vec<T>, Option<NullBuffer>) -> Result<A, ArrowError> + Sync,
    ) -> Result<Vec<Option<A>>, ArrowError>
    where
        T: Send,
    {
        let one = |(values, valid): (Vec<T>, Vec<u64>)| {
            if values.is_empty() {
                return Ok(None);
            }
            let nulls = NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, values.len()));
            build(values, (nulls.null_count() > 0).then_some(nulls)).map(Some)
        };
        // A column with values in a few batches only is not worth other threads.
        if self.batches.iter().filter(|(values, _)| !values.is_empty()).count() <= 2 {
            return self.batches.into_iter().map(one).collect();
        }
        self.batches.into_par_iter().map(one).collect()
    }
}

/// Distinct texts, numbered.
struct Interner {
    texts: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    fn new() -> Self {
        Self { texts: Vec::new(), ends: Vec::new(), table: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    fn text<'t>(texts: &'t [u8], ends: &[u32], key: u32) -> &'t [u8] {
        let start = key.checked_sub(1).map_or(0, |before| ends[before as usize]);
        &texts[start as usize..ends[key as usize] as usize]
    }

    /// The number of a text; None when there is no room for more.
    fn intern(&mut self, text: &[u8]) -> Option<i32> {
        let Self { texts, ends, table, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(&key) = table.find(hash, |&key| Self::text(texts, ends, key) == text) {
            return Some(key as i32);
        }
        let end = u32::try_from(texts.len() + text.len()).ok().filter(|&end| end < u32::MAX)?;
        let key = ends.len() as u32;
        texts.extend_from_slice(text);
        ends.push(end);
        table.insert_unique(hash, key, |&key| hasher.hash_one(Self::text(texts, ends, key)));
        i32::try_from(key).ok()
    }

    fn finish(self) -> Result<StringViewArray, ArrowError> {
        let views: Vec<u128> = (0..self.ends.len() as u32)
            .map(|key| {
                let start = key.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
                make_view(Self::text(&self.texts, &self.ends, key), 0, start)
            })
            .collect();
        StringViewArray::try_new(ScalarBuffer::from(views), vec![Buffer::from_vec(self.texts)], None)
    }
}

impl Join {
    /// First row and number of rows of each batch.
    fn batches(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, batch) = (self.rows, self.batch_rows);
        (0..rows).step_by(batch).map(move |start| (start, batch.min(rows - start)))
    }

    fn times(&self, times: &[f64]) -> Vec<ArrayRef> {
        let mut sorted = vec![0.0; times.len()];
        for (row, &time) in times.iter().enumerate() {
            sorted[self.positions.of(row)] = time;
        }
        sorted
            .chunks(self.batch_rows)
            .map(|times| Arc::new(Float64Array::from_iter_values(times.iter().copied())) as ArrayRef)
            .collect()
    }

    fn text(&self, part: usize, span: Span) -> &[u8] {
        let (data, arena) = &self.texts[part];
        span.bytes(data, arena)
    }

    /// Calls with each value's position and index in its part's column.
    #[inline]
    fn place(&self, part: usize, column: &ChunkColumn, mut visit: impl FnMut(usize, usize)) {
        let base = self.bases[part];
        column.rows.for_each(|index, row| visit(self.positions.of(base + row), index));
    }

    fn fill<A: Array + Clone + 'static>(&self, arrays: Vec<Option<A>>, no_values: &ArrayRef) -> Vec<ArrayRef> {
        // Batches of the same length share one array without values.
        let mut shared: Option<ArrayRef> = None;
        let mut empty = |rows: usize| match &shared {
            Some(array) if array.len() == rows => array.clone(),
            _ => shared.insert(no_values.slice(0, rows)).clone(),
        };
        let filled = arrays.into_iter().zip(self.batches());
        filled.map(|(array, (_, rows))| array.map_or_else(|| empty(rows), |array| Arc::new(array) as ArrayRef)).collect()
    }

    fn column(&self, column: ColumnParts) -> Result<(Field, Vec<ArrayRef>), ArrowError> {
        let (data_type, arrays) = self.arrays(&column)?;
        Ok((Field::new(column.name, data_type, true), arrays))
    }

    fn arrays(&self, column: &ColumnParts) -> Result<(DataType, Vec<ArrayRef>), ArrowError> {
        let parts = &column.parts;
        if parts.iter().any(|(_, part)| part.multivalue) && column.kind == ColumnKind::Field {
            return self.lists(column);
        }
        let all_numbers = column.kind == ColumnKind::Field
            && parts.iter().all(|(_, part)| matches!(part.cells, Cells::Integers(_) | Cells::Floats(_)));
        if all_numbers {
            if parts.iter().all(|(_, part)| matches!(part.cells, Cells::Integers(_))) {
                return self.integers(column);
            }
            let fit = parts.iter().all(|(_, part)| match &part.cells {
                Cells::Integers(values) => values.iter().all(|&value| fits_float(value)),
                _ => true,
            });
            if fit {
                return self.floats(column);
            }
        }
        let values: usize = parts.iter().map(|(_, part)| part.rows.len()).sum();
        let plain: usize =
            parts.iter().filter(|(_, part)| matches!(part.cells, Cells::Plain(_))).map(|(_, part)| part.rows.len()).sum();
        let repeats = match column.kind {
            ColumnKind::Unique => false,
            ColumnKind::Repeated => true,
            ColumnKind::Field => plain * 2 <= values,
        };
        if repeats && let Some(arrays) = self.dictionary(column, values)? {
            return Ok(arrays);
        }
        self.texts(column)
    }

    fn integers(&self, column: &ColumnParts) -> Result<(DataType, Vec<ArrayRef>), ArrowError> {
        let mut scatter = Scatter::new(self.rows, self.batch_rows);
        for (part, cells) in &column.parts {
            if let Cells::Integers(values) = &cells.cells {
                self.place(*part, cells, |position, index| scatter.set(position, values[index]));
            }
        }
        let arrays = scatter.build(|values, nulls| Int64Array::try_new(values.into(), nulls))?;
        Ok((DataType::Int64, self.fill(arrays, &self.no_values.integers)))
    }

    fn floats(&self, column: &ColumnParts) -> Result<(DataType, Vec<ArrayRef>), ArrowError> {
        let mut scatter = Scatter::new(self.rows, self.batch_rows);
        for (part, cells) in &column.parts {
            match &cells.cells {
                Cells::Floats(values) => self.place(*part, cells, |position, index| scatter.set(position, values[index])),
                Cells::Integers(values) => {
                    self.place(*part, cells, |position, index| scatter.set(position, values[index] as f64))
                }
                _ => {}
            }
        }
        let arrays = scatter.build(|values, nulls| Float64Array::try_new(values.into(), nulls))?;
        Ok((DataType::Float64, self.fill(arrays, &self.no_values.floats)))
    }

    /// A dictionary column; None when its values turn out to hardly repeat.
    #[allow(clippy::type_complexity)]
    fn dictionary(&self, column: &ColumnParts, values: usize) -> Result<Option<(DataType, Vec<ArrayRef>)>, ArrowError> {
        let mut interner = Interner::new();
        let mut scatter: Scatter<i32> = Scatter::new(self.rows, self.batch_rows);
        for (part, defaults) in self.defaults.iter().enumerate() {
            let Some((_, default)) = defaults.columns().into_iter().find(|(name, _)| *name == column.name) else {
                break;
            };
            let complete = column
                .parts
                .iter()
                .any(|(with, cells)| *with == part && cells.rows.len() == self.part_rows[part] as usize && !cells.multivalue);
            if complete {
                continue;
            }
            let Some(key) = interner.intern(default.as_bytes()) else {
                return Ok(None);
            };
            for row in 0..self.part_rows[part] as usize {
                scatter.set(self.positions.of(self.bases[part] + row), key);
            }
        }
        for (part, cells) in &column.parts {
            let keys: Option<Vec<i32>> = match &cells.cells {
                Cells::Dictionary { keys, entries, .. } => {
                    let entries: Option<Vec<i32>> =
                        entries.iter().map(|&entry| interner.intern(self.text(*part, entry))).collect();
                    let Some(entries) = entries else {
                        return Ok(None);
                    };
                    self.place(*part, cells, |position, index| scatter.set(position, entries[keys[index] as usize]));
                    continue;
                }
                Cells::Plain(spans) => spans.iter().map(|&span| interner.intern(self.text(*part, span))).collect(),
                Cells::Integers(values) => values.iter().map(|value| interner.intern(value.to_string().as_bytes())).collect(),
                Cells::Floats(values) => values.iter().map(|value| interner.intern(value.to_string().as_bytes())).collect(),
            };
            let Some(keys) = keys else { return Ok(None) };
            self.place(*part, cells, |position, index| scatter.set(position, keys[index]));
        }
        let distinct = interner.ends.len();
        if column.kind == ColumnKind::Field && distinct > 4096 && distinct * 2 > values {
            return Ok(None);
        }
        let texts: ArrayRef = Arc::new(interner.finish()?);
        let arrays = scatter.build(|keys, nulls| {
            DictionaryArray::<Int32Type>::try_new(Int32Array::try_new(keys.into(), nulls)?, texts.clone())
        })?;
        let rows = self.rows.min(self.batch_rows);
        let no_values: ArrayRef = Arc::new(DictionaryArray::try_new(self.no_values.keys.slice(0, rows), texts.clone())?);
        let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        Ok(Some((data_type, self.fill(arrays, &no_values))))
    }

    /// Calls with the place of each value of a part's column as a view, and collects the buffers that views point into.
    fn views(&self, part: usize, cells: &ChunkColumn, buffers: &mut Vec<Buffer>, mut visit: impl FnMut(usize, u128)) {
        let (data, arena) = &self.texts[part];
        let first = buffers.len() as u32;
        let span_view = |span: Span| make_view(span.bytes(data, arena), first + u32::from(span.is_arena()), span.start() as u32);
        let mut numbers = Vec::new();
        match &cells.cells {
            Cells::Plain(spans) => {
                buffers.extend([data.clone(), arena.clone()]);
                self.place(part, cells, |position, index| visit(position, span_view(spans[index])));
            }
            Cells::Dictionary { keys, entries, .. } => {
                buffers.extend([data.clone(), arena.clone()]);
                let entries: Vec<u128> = entries.iter().map(|&entry| span_view(entry)).collect();
                self.place(part, cells, |position, index| visit(position, entries[keys[index] as usize]));
            }
            Cells::Integers(_) | Cells::Floats(_) => {
                self.place(part, cells, |position, index| {
                    let text = match &cells.cells {
                        Cells::Integers(values) => values[index].to_string(),
                        Cells::Floats(values) => values[index].to_string(),
                        _ => String::new(),
                    };
                    let start = numbers.len() as u32;
                    numbers.extend_from_slice(text.as_bytes());
                    visit(position, make_view(text.as_bytes(), first, start));
                });
                buffers.push(Buffer::from_vec(numbers));
            }
        }
    }

    fn texts(&self, column: &ColumnParts) -> Result<(DataType, Vec<ArrayRef>), ArrowError> {
        let mut scatter: Scatter<u128> = Scatter::new(self.rows, self.batch_rows);
        let mut buffers = Vec::new();
        for (part, cells) in &column.parts {
            self.views(*part, cells, &mut buffers, |position, view| scatter.set(position, view));
        }
        let buffers: Arc<[Buffer]> = buffers.into();
        let arrays = scatter.build(|views, nulls| StringViewArray::try_new(ScalarBuffer::from(views), buffers.clone(), nulls))?;
        Ok((DataType::Utf8View, self.fill(arrays, &self.no_values.text)))
    }

    fn lists(&self, column: &ColumnParts) -> Result<(DataType, Vec<ArrayRef>), ArrowError> {
        let mut batches: Vec<Vec<(u32, u128)>> = vec![Vec::new(); self.rows.div_ceil(self.batch_rows)];
        let mut buffers = Vec::new();
        for (part, cells) in &column.parts {
            self.views(*part, cells, &mut buffers, |position, view| {
                batches[position / self.batch_rows].push(((position % self.batch_rows) as u32, view))
            });
        }
        let item = list_item();
        let buffers: Arc<[Buffer]> = buffers.into();
        let arrays = batches.into_par_iter().zip(self.batches().collect::<Vec<_>>()).map(|(mut values, (_, rows))| {
            if values.is_empty() {
                return Ok(self.no_values.lists.slice(0, rows));
            }
            values.sort_by_key(|(row, _)| *row);
            let mut lengths = vec![0_usize; rows];
            for (row, _) in &values {
                lengths[*row as usize] += 1;
            }
            let nulls = NullBuffer::from_iter(lengths.iter().map(|&length| length > 0));
            let items: Vec<u128> = values.into_iter().map(|(_, view)| view).collect();
            let items = StringViewArray::try_new(ScalarBuffer::from(items), buffers.clone(), None)?;
            let offsets = OffsetBuffer::from_lengths(lengths);
            Ok(Arc::new(ListArray::try_new(item.clone(), offsets, Arc::new(items), Some(nulls))?) as ArrayRef)
        });
        let arrays = arrays.collect::<Result<_, ArrowError>>()?;
        Ok((DataType::List(item.clone()), arrays))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_small_where_fields_are_absent() {
        // A million events of a hundred fields, and those with one field of their own each.
        assert_eq!(batch_rows(1_000_000, std::iter::repeat_n(1_000_000, 100)), BATCH_ROWS);
        assert!(batch_rows(100_000, std::iter::repeat_n(1, 100_000)) <= 1024);
        assert_eq!(batch_rows(100, std::iter::repeat_n(1, 100_000)), BATCH_ROWS);
    }
}
