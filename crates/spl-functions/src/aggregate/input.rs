//! Reading a function's arguments: which events count, their values as numbers, texts or text ids.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion_common::Result;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::column::Column;
use crate::dictionary::PerDictionary;
use crate::interner::Interner;
use crate::value::{Value, format_number, parse_number};

/// The events that have a value and pass the filter; none = all of them.
pub(super) fn present(nulls: Option<&NullBuffer>, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    let passing = filter.map(|filter| match filter.nulls() {
        Some(known) => NullBuffer::new(filter.values() & known.inner()),
        None => NullBuffer::new(filter.values().clone()),
    });
    NullBuffer::union(nulls, passing.as_ref()).filter(|present| present.null_count() > 0)
}

/// Calls `each` with the row and group of every present event.
#[inline]
pub(super) fn each_row(groups: &[usize], present: Option<&NullBuffer>, mut each: impl FnMut(usize, usize)) {
    match present {
        None => {
            for (row, &group) in groups.iter().enumerate() {
                each(row, group);
            }
        }
        Some(present) => {
            for row in present.valid_indices() {
                each(row, groups[row]);
            }
        }
    }
}

/// A dictionary column's texts; other text types than `Utf8View` are cast.
pub(super) fn dictionary_texts(values: &ArrayRef) -> Result<StringViewArray> {
    match values.as_string_view_opt() {
        Some(texts) => Ok(texts.clone()),
        None => Ok(arrow::compute::cast(values, &DataType::Utf8View)?.as_string_view().clone()),
    }
}

fn is_text_dictionary(array: &dyn Array) -> bool {
    matches!(array.data_type(), DataType::Dictionary(key, _) if **key == DataType::Int32)
}

/// Numbers with the groups they belong to.
pub(super) struct Numbers<'a> {
    /// A number per entry; validity says which count.
    pub(super) values: Float64Array,
    /// Group per entry.
    pub(super) groups: Cow<'a, [usize]>,
}

impl Numbers<'_> {
    /// Calls `each` with the group and number of every entry that counts.
    #[inline]
    pub(super) fn each(&self, mut each: impl FnMut(usize, f64)) {
        let numbers: &[f64] = self.values.values();
        match self.values.nulls() {
            None => {
                for (&group, &number) in self.groups.iter().zip(numbers) {
                    each(group, number);
                }
            }
            Some(present) => {
                for row in present.valid_indices() {
                    each(self.groups[row], numbers[row]);
                }
            }
        }
    }
}

/// Reads values as numbers: numbers, texts that look like one, each value of a multivalue field; others are ignored.
#[derive(Debug, Default)]
pub(super) struct NumberReader {
    dictionaries: PerDictionary<Vec<Noted>>,
}

/// What is known about a text as a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noted {
    /// Not looked at.
    Blank,
    /// No number.
    Other,
    /// A number.
    Number(f64),
}

impl Noted {
    /// Looks at the text unless that was done.
    #[inline]
    pub(super) fn number(&mut self, text: impl FnOnce() -> Option<f64>) -> Option<f64> {
        if let Noted::Blank = self {
            *self = text().map_or(Noted::Other, Noted::Number);
        }
        match self {
            Noted::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl NumberReader {
    /// One number per row, absent where there is none or where the event does not count; the first number of a
    /// multivalue field.
    pub(super) fn column(&mut self, array: &ArrayRef, filter: Option<&BooleanArray>) -> Result<Float64Array> {
        if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
            return Ok(match present(numbers.nulls(), filter) {
                same if filter.is_some() => Float64Array::new(numbers.values().clone(), same),
                _ => numbers.clone(),
            });
        }
        if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
            let values: Vec<f64> = numbers.values().iter().map(|&number| number as f64).collect();
            return Ok(Float64Array::new(values.into(), present(numbers.nulls(), filter)));
        }
        let passes = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        if is_text_dictionary(array) {
            let dictionary = array.as_dictionary::<Int32Type>();
            let texts = dictionary_texts(dictionary.values())?;
            let notes = self.dictionaries.notes(&texts, Noted::Blank);
            let keys = dictionary.keys();
            return Ok((0..keys.len())
                .map(|row| {
                    if keys.is_null(row) || !passes(row) {
                        return None;
                    }
                    let key = keys.value(row) as usize;
                    notes[key].number(|| if texts.is_null(key) { None } else { parse_number(texts.value(key)) })
                })
                .collect());
        }
        let column = Column::new(array)?;
        Ok((0..array.len())
            .map(|row| match column.value(row) {
                _ if !passes(row) => None,
                Value::Multivalue(values) => values.iter().find_map(parse_number),
                value => value.number(),
            })
            .collect())
    }

    /// All numbers of the events that count.
    pub(super) fn read<'a>(
        &mut self,
        array: &ArrayRef,
        groups: &'a [usize],
        filter: Option<&BooleanArray>,
    ) -> Result<Numbers<'a>> {
        if !matches!(array.data_type(), DataType::List(_) | DataType::LargeList(_)) {
            return Ok(Numbers { values: self.column(array, filter)?, groups: Cow::Borrowed(groups) });
        }
        let column = Column::new(array)?;
        let mut numbers = Vec::new();
        let mut owners = Vec::new();
        let present = present(array.nulls(), filter);
        each_row(groups, present.as_ref(), |row, group| {
            if let Value::Multivalue(values) = column.value(row) {
                for number in values.iter().filter_map(parse_number) {
                    numbers.push(number);
                    owners.push(group);
                }
            }
        });
        Ok(Numbers { values: Float64Array::new(numbers.into(), None), groups: Cow::Owned(owners) })
    }

    pub(super) fn size(&self) -> usize {
        self.dictionaries.notes_size()
    }
}

/// Reads values as ids of their texts: each distinct value is turned into text and hashed once where possible.
#[derive(Debug, Default)]
pub(super) struct IdReader {
    pub(super) interner: Interner,
    dictionaries: PerDictionary<Vec<u32>>,
    integers: HashMap<i64, u32, FxBuildHasher>,
    floats: HashMap<u64, u32, FxBuildHasher>,
    /// Ids of texts of states by their views; a view stands for a text as long as the buffers are the same.
    views: HashMap<u128, u32, FxBuildHasher>,
    buffers: Vec<Buffer>,
}

impl IdReader {
    const BLANK: u32 = u32::MAX;

    /// Calls `each` with the row, the group and the value's id of all values of the events that count.
    pub(super) fn each(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        each: impl FnMut(usize, usize, u32),
    ) -> Result<()> {
        match array.data_type() {
            DataType::List(_) => self.each_item(array, groups, filter, each),
            _ => self.each_single(array, groups, filter, each),
        }
    }

    fn each_single(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, usize, u32),
    ) -> Result<()> {
        if is_text_dictionary(array) {
            return self.each_key(array, groups, filter, each);
        }
        let present = present(array.logical_nulls().as_ref(), filter);
        let present = present.as_ref();
        let mut failure = Ok(());
        if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
            each_row(groups, present, |row, group| {
                match self.integer(numbers.value(row)) {
                    Ok(id) => each(row, group, id),
                    Err(error) => failure = Err(error),
                };
            });
            return failure;
        }
        if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
            each_row(groups, present, |row, group| {
                match self.float(numbers.value(row)) {
                    Ok(id) => each(row, group, id),
                    Err(error) => failure = Err(error),
                };
            });
            return failure;
        }
        let column = Column::new(array)?;
        each_row(groups, present, |row, group| {
            let Some(text) = column.value(row).text() else {
                return;
            };
            match self.interner.id(&text) {
                Ok(id) => each(row, group, id),
                Err(error) => failure = Err(error),
            }
        });
        failure
    }

    /// The id of one event's text; none for other columns than dictionaries, and where the text is absent.
    pub(super) fn key_id(&mut self, array: &ArrayRef, row: usize) -> Result<Option<u32>> {
        let Some(dictionary) = array.as_dictionary_opt::<Int32Type>().filter(|dictionary| dictionary.keys().is_valid(row)) else {
            return Ok(None);
        };
        let Some(texts) = dictionary.values().as_string_view_opt() else {
            return Ok(None);
        };
        let key = dictionary.keys().value(row) as usize;
        if texts.is_null(key) {
            return Ok(None);
        }
        let slot = &mut self.dictionaries.notes(texts, Self::BLANK)[key];
        if *slot == Self::BLANK {
            *slot = self.interner.id(texts.value(key))?;
        }
        Ok(Some(*slot))
    }

    fn integer(&mut self, number: i64) -> Result<u32> {
        if let Some(&id) = self.integers.get(&number) {
            return Ok(id);
        }
        let id = self.interner.id(&number.to_string())?;
        self.integers.insert(number, id);
        Ok(id)
    }

    fn float(&mut self, number: f64) -> Result<u32> {
        if let Some(&id) = self.floats.get(&number.to_bits()) {
            return Ok(id);
        }
        let id = self.interner.id(&format_number(number))?;
        self.floats.insert(number.to_bits(), id);
        Ok(id)
    }

    fn each_key(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, usize, u32),
    ) -> Result<()> {
        let dictionary = array.as_dictionary::<Int32Type>();
        let texts = dictionary_texts(dictionary.values())?;
        let ids = self.dictionaries.notes(&texts, Self::BLANK);
        let interner = &mut self.interner;
        let keys: &[i32] = dictionary.keys().values();
        let present = present(dictionary.keys().nulls(), filter);
        let mut failure = Ok(());
        each_row(groups, present.as_ref(), |row, group| {
            let key = keys[row] as usize;
            let mut id = ids[key];
            if id == Self::BLANK {
                if texts.is_null(key) {
                    return;
                }
                match interner.id(texts.value(key)) {
                    Ok(fresh) => id = fresh,
                    Err(error) => {
                        failure = Err(error);
                        return;
                    }
                }
                ids[key] = id;
            }
            each(row, group, id);
        });
        failure
    }

    /// The values of a multivalue field.
    fn each_item(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, usize, u32),
    ) -> Result<()> {
        let items = Items::new(array, groups, filter)?;
        self.each_single(&items.values, &items.groups, None, |item, group, id| each(items.rows[item], group, id))
    }

    /// Calls `each` with the row, the group and the id of all texts of a state column. Equal texts of one partial
    /// result share their place in memory, so that each of them needs to be hashed only once.
    pub(super) fn each_state(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        mut each: impl FnMut(usize, usize, u32),
    ) -> Result<()> {
        let items = Items::new(array, groups, None)?;
        let Some(texts) = items.values.as_string_view_opt() else {
            return self.each_single(&items.values, &items.groups, None, |item, group, id| each(items.rows[item], group, id));
        };
        let buffers = texts.data_buffers();
        let same = self.buffers.len() == buffers.len()
            && self.buffers.iter().zip(buffers).all(|(kept, new)| kept.as_ptr() == new.as_ptr() && kept.len() == new.len());
        if !same {
            self.views.clear();
            self.buffers = buffers.to_vec();
        }
        for (item, view) in texts.views().iter().enumerate() {
            if texts.is_null(item) {
                continue;
            }
            let id = match self.views.get(view) {
                Some(&id) => id,
                None => {
                    let id = self.interner.id(texts.value(item))?;
                    self.views.insert(*view, id);
                    id
                }
            };
            each(items.rows[item], items.groups[item], id);
        }
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        self.interner.size()
            + self.dictionaries.notes_size()
            + (self.integers.capacity() + self.floats.capacity()) * 13
            + self.views.capacity() * 33
    }
}

/// The items of lists, with the row and the group of each.
struct Items {
    values: ArrayRef,
    rows: Vec<usize>,
    groups: Vec<usize>,
}

impl Items {
    fn new(array: &ArrayRef, groups: &[usize], filter: Option<&BooleanArray>) -> Result<Self> {
        let lists = array.as_list::<i32>();
        let present = present(lists.nulls(), filter);
        let offsets = lists.value_offsets();
        let (start, end) = (offsets[0] as usize, offsets[lists.len()] as usize);
        let mut owners = Vec::with_capacity(end - start);
        let mut rows = Vec::with_capacity(end - start);
        let mut places: Vec<i64> = Vec::new();
        each_row(groups, present.as_ref(), |row, group| {
            let items = offsets[row]..offsets[row + 1];
            owners.extend(items.clone().map(|_| group));
            rows.extend(items.clone().map(|_| row));
            if present.is_some() {
                places.extend(items.map(i64::from));
            }
        });
        let values = match present {
            None => lists.values().slice(start, end - start),
            Some(_) => arrow::compute::take(lists.values(), &Int64Array::from(places), None)?,
        };
        Ok(Self { values, rows, groups: owners })
    }
}
