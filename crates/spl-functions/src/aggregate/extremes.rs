//! `min` and `max`: of numbers when the column holds numbers, else by the order of sort, numbers before texts.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, StringViewBuilder};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion_common::Result;

use super::input::{Noted, dictionary_texts, each_row, present};
use super::state::GroupedState;
use super::{AggregateCall, AggregateSpec, Inputs, Status};
use crate::column::{Column, ValueType};
use crate::dictionary::PerDictionary;
use crate::value::{Value, parse_number};

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[
    AggregateSpec {
        name: "max",
        aliases: &[],
        category: "Aggregate functions",
        syntax: "max(<value>)",
        summary: "Largest value: numbers numerically, texts by code point, texts above numbers",
        parameter: false,
        inputs: Inputs::Value,
        returns: single,
        create: |call| Ok(create(call, Ordering::Greater)),
        status: Status::Full,
    },
    AggregateSpec {
        name: "min",
        aliases: &[],
        category: "Aggregate functions",
        syntax: "min(<value>)",
        summary: "Smallest value: numbers numerically, texts by code point, numbers below texts",
        parameter: false,
        inputs: Inputs::Value,
        returns: single,
        create: |call| Ok(create(call, Ordering::Less)),
        status: Status::Full,
    },
];

/// The type of one value of a column.
pub(super) fn single(value: ValueType) -> ValueType {
    match value {
        ValueType::Integer | ValueType::Float => value,
        _ => ValueType::Text,
    }
}

fn create(call: &AggregateCall, wanted: Ordering) -> Box<dyn GroupedState> {
    match (call.value, wanted) {
        (ValueType::Integer, Ordering::Greater) => Box::new(NumberExtreme::<Int64Type, true>::new(i64::MIN)),
        (ValueType::Integer, _) => Box::new(NumberExtreme::<Int64Type, false>::new(i64::MAX)),
        (ValueType::Float, Ordering::Greater) => Box::new(NumberExtreme::<Float64Type, true>::new(f64::NEG_INFINITY)),
        (ValueType::Float, _) => Box::new(NumberExtreme::<Float64Type, false>::new(f64::INFINITY)),
        _ => Box::new(TextExtreme { wanted, notes: PerDictionary::default(), best: Vec::new(), bytes: 0 }),
    }
}

/// The largest or smallest number.
#[derive(Debug)]
struct NumberExtreme<T: ArrowPrimitiveType, const LARGEST: bool> {
    best: Vec<T::Native>,
    seen: Vec<bool>,
    worst: T::Native,
}

impl<T: ArrowPrimitiveType, const LARGEST: bool> NumberExtreme<T, LARGEST> {
    fn new(worst: T::Native) -> Self {
        Self { best: Vec::new(), seen: Vec::new(), worst }
    }
}

impl<T: ArrowPrimitiveType + Debug, const LARGEST: bool> GroupedState for NumberExtreme<T, LARGEST> {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        if total > self.best.len() {
            self.best.resize(total, self.worst);
            self.seen.resize(total, false);
        }
        let cast;
        let array = match values[0].as_primitive_opt::<T>() {
            Some(array) => array,
            None => {
                cast = arrow::compute::cast(&values[0], &T::DATA_TYPE)?;
                cast.as_primitive::<T>()
            }
        };
        let present = present(array.nulls(), filter);
        let numbers: &[T::Native] = array.values();
        let (best, seen) = (&mut self.best, &mut self.seen);
        each_row(groups, present.as_ref(), |row, group| {
            let number = numbers[row];
            if if LARGEST { number > best[group] } else { number < best[group] } {
                best[group] = number;
            }
            seen[group] = true;
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update(states, groups, None, total)
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let best = (0..count).map(|group| match self.seen.get(group) {
            Some(true) => Some(self.best[group]),
            _ => None,
        });
        Ok(Arc::new(PrimitiveArray::<T>::from_iter(best)))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(count)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![T::DATA_TYPE]
    }

    fn discard(&mut self, count: usize) {
        let count = count.min(self.best.len());
        self.best.drain(..count);
        self.seen.drain(..count);
    }

    fn size(&self) -> usize {
        self.best.capacity() * size_of::<T::Native>() + self.seen.capacity()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::new(self.worst))
    }
}

/// The extreme of texts, some or all of which may look like numbers. Of equal numbers written differently the one
/// that is first by code point is kept, so that the result does not depend on the order of events.
#[derive(Debug)]
struct TextExtreme {
    wanted: Ordering,
    notes: PerDictionary<Vec<Noted>>,
    best: Vec<Option<Best>>,
    /// Bytes of all texts; counted along, since DataFusion asks after each batch.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Best {
    number: Option<f64>,
    text: String,
}

/// Keeps the better one of what a group has and a text; adds to the bytes used.
#[inline]
fn offer(slot: &mut Option<Best>, number: Option<f64>, text: &str, wanted: Ordering, bytes: &mut usize) {
    let Some(best) = slot else {
        *bytes += text.len();
        *slot = Some(Best { number, text: text.to_owned() });
        return;
    };
    let order = match (number, best.number) {
        (Some(new), Some(old)) => match new.partial_cmp(&old).unwrap_or(Ordering::Equal) {
            Ordering::Equal if text < best.text.as_str() => wanted,
            Ordering::Equal => wanted.reverse(),
            other => other,
        },
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => text.cmp(best.text.as_str()),
    };
    if order == wanted {
        let before = best.text.capacity();
        best.number = number;
        best.text.clear();
        best.text.push_str(text);
        *bytes += best.text.capacity() - before;
    }
}

impl GroupedState for TextExtreme {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        if total > self.best.len() {
            self.best.resize(total, None);
        }
        let (array, best, wanted, bytes) = (&values[0], &mut self.best, self.wanted, &mut self.bytes);
        if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
            let texts = dictionary_texts(dictionary.values())?;
            let notes = self.notes.notes(&texts, Noted::Blank);
            let keys: &[i32] = dictionary.keys().values();
            let present = present(dictionary.keys().nulls(), filter);
            each_row(groups, present.as_ref(), |row, group| {
                let key = keys[row] as usize;
                if texts.is_valid(key) {
                    let text = texts.value(key);
                    offer(&mut best[group], notes[key].number(|| parse_number(text)), text, wanted, bytes);
                }
            });
            return Ok(());
        }
        let present = present(array.logical_nulls().as_ref(), filter);
        let column = Column::new(array)?;
        each_row(groups, present.as_ref(), |row, group| match column.value(row) {
            Value::Null => {}
            Value::Text(text) => offer(&mut best[group], parse_number(text), text, wanted, bytes),
            Value::Multivalue(values) => {
                values.iter().for_each(|text| offer(&mut best[group], parse_number(text), text, wanted, bytes));
            }
            other => {
                if let Some(text) = other.text() {
                    offer(&mut best[group], other.number(), &text, wanted, bytes);
                }
            }
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update(states, groups, None, total)
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let mut builder = StringViewBuilder::with_capacity(count);
        for group in 0..count {
            builder.append_option(self.best.get(group).and_then(Option::as_ref).map(|best| best.text.as_str()));
        }
        Ok(Arc::new(builder.finish()))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(count)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Utf8View]
    }

    fn discard(&mut self, count: usize) {
        let gone = self.best.drain(..count.min(self.best.len())).flatten();
        self.bytes = self.bytes.saturating_sub(gone.map(|best| best.text.capacity()).sum());
    }

    fn size(&self) -> usize {
        self.best.capacity() * size_of::<Option<Best>>() + self.bytes + self.notes.notes_size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self { wanted: self.wanted, notes: PerDictionary::default(), best: Vec::new(), bytes: 0 })
    }
}
