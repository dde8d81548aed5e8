//! Statistics of the columns of loaded events, for each kind of event: what is known of them before a search runs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringViewArray};
use arrow::compute::interleave;
use arrow::datatypes::Int32Type;
use spl_functions::dictionary::is_same_dictionary;

/// Columns with more distinct texts than this are only known to be absent or present.
pub const MOST_TEXTS: usize = 2_048;

/// Multivalue columns with more distinct lists than this are only known to be absent or present.
const MOST_LISTS: usize = 32;

/// A column among the events of one kind.
#[derive(Clone, Debug)]
pub struct ColumnStatistics {
    /// Whether each event lacks it.
    pub always_absent: bool,
    /// Whether each event has it.
    pub always_present: bool,
    /// Each value that it may have, absent ones left out, as an array of the column's type; none when they are many.
    pub values: Option<ArrayRef>,
}

/// The facts of one column, for each kind of event.
pub fn of_column(batches: &[RecordBatch], place: usize, kinds_place: usize, kinds: usize) -> Vec<ColumnStatistics> {
    let mut counts = vec![Counted::default(); kinds.max(1)];
    let mut texts = SharedTexts::of(batches, place);
    let mut lists = Lists::default();
    for (number, batch) in batches.iter().enumerate() {
        let array = batch.column(place);
        let nulls = array.logical_nulls();
        let absent = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if kinds <= 1 {
            counts[0].rows += batch.num_rows();
            counts[0].absent += nulls.as_ref().map_or(0, |nulls| nulls.null_count());
        } else {
            for (row, kind) in batch.column(kinds_place).as_primitive::<Int32Type>().values().iter().enumerate() {
                let counted = &mut counts[*kind as usize];
                counted.rows += 1;
                counted.absent += usize::from(absent(row));
            }
        }
        if let (Some(texts), true) = (&mut texts, kinds > 1) {
            let kinds = batch.column(kinds_place).as_primitive::<Int32Type>();
            for (key, kind) in array.as_dictionary::<Int32Type>().keys().iter().zip(kinds.values()) {
                if let Some(key) = key {
                    texts.see(*kind as usize, key as usize);
                }
            }
        }
        if let (Some(array), true) = (array.as_list_opt::<i32>(), lists.few) {
            lists.see(number, array);
        }
    }
    let lists = lists.values(batches, place);
    counts
        .into_iter()
        .enumerate()
        .map(|(kind, counted)| ColumnStatistics {
            // Of no events nothing is known.
            always_absent: counted.rows > 0 && counted.rows == counted.absent,
            always_present: counted.rows > 0 && counted.absent == 0,
            values: match &texts {
                Some(texts) => texts.values(kind, kinds),
                None => lists.clone(),
            },
        })
        .collect()
}

#[derive(Clone, Default)]
struct Counted {
    rows: usize,
    absent: usize,
}

/// The texts of a dictionary that all batches share, and which of them each kind of event has.
struct SharedTexts {
    values: StringViewArray,
    seen: Vec<Vec<bool>>,
}

impl SharedTexts {
    fn of(batches: &[RecordBatch], place: usize) -> Option<Self> {
        let dictionary =
            |batch: &RecordBatch| batch.column(place).as_dictionary_opt::<Int32Type>().map(|array| array.values().clone());
        let first = dictionary(batches.first()?)?;
        let texts = first.as_string_view_opt()?.clone();
        let shared = |values: ArrayRef| values.as_string_view_opt().is_some_and(|other| is_same_dictionary(other, &texts));
        (texts.len() <= MOST_TEXTS && batches.iter().all(|batch| dictionary(batch).is_some_and(shared)))
            .then(|| Self { values: texts, seen: Vec::new() })
    }

    fn see(&mut self, kind: usize, key: usize) {
        if self.seen.len() <= kind {
            self.seen.resize(kind + 1, Vec::new());
        }
        let seen = &mut self.seen[kind];
        if seen.is_empty() {
            seen.resize(self.values.len(), false);
        }
        seen[key] = true;
    }

    /// With one kind all texts count as seen: that is never wrong, only less exact.
    fn values(&self, kind: usize, kinds: usize) -> Option<ArrayRef> {
        let keys: Int32Array = if kinds <= 1 {
            (0..self.values.len()).map(|key| i32::try_from(key).ok()).collect()
        } else {
            let seen = self.seen.get(kind).map(Vec::as_slice).unwrap_or_default();
            seen.iter().enumerate().filter(|(_, seen)| **seen).map(|(key, _)| i32::try_from(key).ok()).collect()
        };
        let dictionary = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(self.values.clone())).ok()?;
        Some(Arc::new(dictionary))
    }
}

/// The distinct lists of a multivalue column, by where they were seen first.
struct Lists {
    few: bool,
    seen: Vec<(usize, usize, ArrayRef)>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { few: true, seen: Vec::new() }
    }
}

impl Lists {
    fn see(&mut self, batch: usize, array: &ListArray) {
        let Some(items) = array.values().as_string_view_opt() else {
            self.few = false;
            return;
        };
        let offsets = array.value_offsets();
        let same = |row: usize, known: &StringViewArray| {
            let (from, until) = (offsets[row] as usize, offsets[row + 1] as usize);
            known.len() == until - from && (from..until).zip(known.iter()).all(|(place, item)| Some(items.value(place)) == item)
        };
        let mut last = usize::MAX;
        for row in 0..array.len() {
            if array.is_null(row) {
                continue;
            }
            let known = |(_, _, list): &(usize, usize, ArrayRef)| list.as_string_view_opt().is_some_and(|list| same(row, list));
            if self.seen.get(last).is_some_and(known) {
                continue;
            }
            match self.seen.iter().position(known) {
                Some(place) => last = place,
                None if self.seen.len() < MOST_LISTS => {
                    last = self.seen.len();
                    self.seen.push((batch, row, array.value(row)));
                }
                None => {
                    self.few = false;
                    return;
                }
            }
        }
    }

    fn values(self, batches: &[RecordBatch], place: usize) -> Option<ArrayRef> {
        if !self.few || self.seen.is_empty() {
            return None;
        }
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
        let places: Vec<(usize, usize)> = self.seen.iter().map(|(batch, row, _)| (*batch, *row)).collect();
        interleave(&arrays, &places).ok()
    }
}
