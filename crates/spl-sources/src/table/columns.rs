//! The columns of the event table, each made of what the parts have of it.

use std::sync::Arc;

use arrow::array::builder::make_view;
use arrow::array::{Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow::error::ArrowError;
use rayon::prelude::*;

use super::interner::Interner;
use super::scatter::Scatter;
use super::{ColumnParts, Positions};
use crate::chunk::{Cells, ChunkColumn, ColumnKind, Span};
use crate::number::fits_float;
use crate::role::Defaults;

pub(super) struct Join {
    /// First row of each part.
    pub(super) bases: Vec<usize>,
    pub(super) rows: usize,
    /// Rows of a batch, but for the last one.
    pub(super) batch_rows: usize,
    /// Text and arena of each part.
    pub(super) texts: Vec<(Buffer, Buffer)>,
    pub(super) part_rows: Vec<u32>,
    pub(super) defaults: Vec<Arc<Defaults>>,
    pub(super) positions: Positions,
    pub(super) no_values: NoValues,
}

/// The arrays without any value, shared by all columns and batches.
pub(super) struct NoValues {
    text: ArrayRef,
    keys: Int32Array,
    integers: ArrayRef,
    floats: ArrayRef,
    lists: ArrayRef,
}

impl NoValues {
    pub(super) fn new(rows: usize) -> Self {
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

impl Join {
    /// First row and number of rows of each batch.
    pub(super) fn batches(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, batch) = (self.rows, self.batch_rows);
        (0..rows).step_by(batch).map(move |start| (start, batch.min(rows - start)))
    }

    pub(super) fn times(&self, times: &[f64]) -> Vec<ArrayRef> {
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

    pub(super) fn column(&self, column: ColumnParts) -> Result<(Field, Vec<ArrayRef>), ArrowError> {
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
        let distinct = interner.len();
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
