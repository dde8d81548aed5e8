//! The event table: the columns of all parts joined, rows in the order of a search.

mod columns;
mod interner;
mod scatter;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use indexmap::IndexMap;
use rayon::prelude::*;

use self::columns::{Join, NoValues};
use crate::chunk::{Chunk, ChunkColumn, ColumnKind};
use crate::role::Defaults;

/// Rows of a batch, unless most fields are absent from most events.
pub(crate) const BATCH_ROWS: usize = 1 << 15;

/// The column that holds the order.
pub(crate) const ORDINAL: &str = "__ordinal";
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
    fields.push(Field::new(ORDINAL, DataType::Int64, false));
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
