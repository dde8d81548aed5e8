//! The value of one event per group: `first`, `last`, `earliest`, `latest`, `earliest_time`, `latest_time`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::Result;

use super::extremes::single;
use super::input::{IdReader, NumberReader, each_row, present};
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::{Column, ColumnBuilder, ValueType};
use crate::interner::Interner;
use crate::value::Value;

macro_rules! chosen {
    ($name:literal, $category:literal, $summary:literal, $inputs:expr, $returns:expr, $choice:expr) => {
        AggregateSpec {
            name: $name,
            aliases: &[],
            category: $category,
            syntax: concat!($name, "(<value>)"),
            summary: $summary,
            parameter: false,
            inputs: $inputs,
            returns: $returns,
            create: |call| Ok(Chosen::boxed($choice, call.returns)),
            status: Status::Full,
        }
    };
}

macro_rules! by_order {
    ($name:literal, $summary:literal, $place:expr) => {
        chosen!(
            $name,
            "Event order functions",
            $summary,
            Inputs::ValueAndOrder,
            single,
            Choice { time: false, place: $place, yields_time: false }
        )
    };
}

macro_rules! by_time {
    ($name:literal, $summary:literal, $place:expr) => {
        chosen!(
            $name,
            "Time functions",
            $summary,
            Inputs::ValueAndTime,
            single,
            Choice { time: true, place: $place, yields_time: false }
        )
    };
}

macro_rules! time_of {
    ($name:literal, $summary:literal, $place:expr) => {
        chosen!(
            $name,
            "Time functions",
            $summary,
            Inputs::ValueAndTime,
            |_| ValueType::Float,
            Choice { time: true, place: $place, yields_time: true }
        )
    };
}

/// Functions of this family. Of a multivalue field `first` and `latest` take the first value, `last` and `earliest`
/// the last one, as if each value were an event of its own.
pub const FUNCTIONS: &[AggregateSpec] = &[
    by_order!("first", "The first value in the order of events", Place::Front),
    by_order!("last", "The last value in the order of events", Place::Back),
    by_time!("earliest", "The value with the smallest _time", Place::Back),
    time_of!("earliest_time", "The smallest _time of an event that has the field", Place::Back),
    by_time!("latest", "The value with the largest _time", Place::Front),
    time_of!("latest_time", "The largest _time of an event that has the field", Place::Front),
];

/// Which event is taken. Search results are in descending time, so the latest one is in front.
#[derive(Clone, Copy, Debug)]
struct Choice {
    time: bool,
    place: Place,
    yields_time: bool,
}

/// The end of the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Front,
    Back,
}

impl Choice {
    /// Whether an event is to be taken instead of the one taken so far.
    #[inline]
    fn prefers(self, new: Key, old: Key) -> bool {
        match self.place {
            Place::Front => new.time > old.time || (new.time == old.time && new.order < old.order),
            Place::Back => new.time < old.time || (new.time == old.time && new.order >= old.order),
        }
    }
}

/// Where an event is: time is 0 when only order counts.
#[derive(Clone, Copy, Debug)]
struct Key {
    time: f64,
    order: i64,
}

/// The taken value per group.
#[derive(Debug)]
struct Chosen {
    choice: Choice,
    returns: ValueType,
    reader: NumberReader,
    texts: IdReader,
    keys: Vec<Option<Key>>,
    values: Values,
    /// Row + 1 of the event taken in the current batch.
    rows: Vec<u32>,
    /// Order of events that come without one.
    arrived: i64,
    /// Bytes of texts, at most; counted along, since DataFusion asks after each batch.
    bytes: usize,
}

/// Taken values, by result type.
#[derive(Debug)]
enum Values {
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Vec<Taken>),
}

/// A taken text.
#[derive(Clone, Debug)]
enum Taken {
    /// A text of a dictionary, kept once for all groups.
    Id(u32),
    /// Any other text.
    Own(String),
}

impl Values {
    fn new(returns: ValueType) -> Self {
        match returns {
            ValueType::Integer => Self::Integers(Vec::new()),
            ValueType::Float => Self::Floats(Vec::new()),
            _ => Self::Texts(Vec::new()),
        }
    }

    fn grow(&mut self, total: usize) {
        match self {
            Self::Integers(values) => values.resize(total, 0),
            Self::Floats(values) => values.resize(total, 0.0),
            Self::Texts(values) => values.resize(total, Taken::Id(0)),
        }
    }

    /// Sets a group's value; says by how many bytes its text has grown.
    fn set(&mut self, group: usize, value: Value<'_>, place: Place) -> usize {
        match (self, value) {
            (Self::Integers(values), Value::Integer(number)) => values[group] = number,
            (Self::Floats(values), value) => values[group] = value.number().unwrap_or(f64::NAN),
            (Self::Texts(values), value) => {
                let mut text = match std::mem::replace(&mut values[group], Taken::Id(0)) {
                    Taken::Own(text) => text,
                    Taken::Id(_) => String::new(),
                };
                let before = text.capacity();
                text.clear();
                match value {
                    Value::Text(value) => text.push_str(value),
                    Value::Multivalue(items) => {
                        let item = if place == Place::Front { 0 } else { items.len().saturating_sub(1) };
                        text.push_str(items.get(item).unwrap_or_default());
                    }
                    other => text.push_str(&other.text().unwrap_or_default()),
                }
                let grown = text.capacity() - before;
                values[group] = Taken::Own(text);
                return grown;
            }
            (Self::Integers(_), _) => {}
        }
        0
    }

    fn get<'a>(&'a self, group: usize, interner: &'a Interner) -> Value<'a> {
        match self {
            Self::Integers(values) => Value::Integer(values[group]),
            Self::Floats(values) => Value::Float(values[group]),
            Self::Texts(values) => Value::Text(match &values[group] {
                Taken::Id(id) => interner.text(*id),
                Taken::Own(text) => text,
            }),
        }
    }

    fn discard(&mut self, count: usize) {
        match self {
            Self::Integers(values) => drop(values.drain(..count)),
            Self::Floats(values) => drop(values.drain(..count)),
            Self::Texts(values) => drop(values.drain(..count)),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Integers(values) => values.capacity() * 8,
            Self::Floats(values) => values.capacity() * 8,
            Self::Texts(values) => values.capacity() * size_of::<Taken>(),
        }
    }
}

impl Chosen {
    fn boxed(choice: Choice, returns: ValueType) -> Box<dyn GroupedState> {
        Box::new(Self {
            choice,
            returns,
            reader: NumberReader::default(),
            texts: IdReader::default(),
            keys: Vec::new(),
            values: Values::new(returns),
            rows: Vec::new(),
            arrived: 0,
            bytes: 0,
        })
    }

    fn choose(
        &mut self,
        array: &ArrayRef,
        times: Option<&Float64Array>,
        order: Option<&Int64Array>,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        if total > self.keys.len() {
            self.keys.resize(total, None);
            self.rows.resize(total, 0);
            self.values.grow(total);
        }
        let mut present = present(array.logical_nulls().as_ref(), filter);
        if let Some(times) = times {
            present = arrow::buffer::NullBuffer::union(present.as_ref(), times.nulls());
        }
        let (choice, arrived, keys, rows) = (self.choice, self.arrived, &mut self.keys, &mut self.rows);
        let mut touched = Vec::new();
        each_row(groups, present.as_ref(), |row, group| {
            let key = Key {
                time: times.map_or(0.0, |times| times.value(row)),
                order: match order {
                    Some(order) if order.is_valid(row) => order.value(row),
                    _ => arrived + row as i64,
                },
            };
            if keys[group].is_none_or(|old| choice.prefers(key, old)) {
                keys[group] = Some(key);
                if rows[group] == 0 {
                    touched.push(group);
                }
                rows[group] = row as u32 + 1;
            }
        });
        self.arrived += groups.len() as i64;
        // Values are copied once per group and batch, not once per event that was best for a while.
        let column = if self.choice.yields_time { Column::Null } else { Column::new(array)? };
        for group in touched {
            let row = std::mem::take(&mut self.rows[group]) as usize - 1;
            if let Values::Texts(values) = &mut self.values
                && let Some(id) = self.texts.key_id(array, row)?
            {
                values[group] = Taken::Id(id);
                continue;
            }
            let value = match (self.choice.yields_time, self.keys[group]) {
                (true, Some(key)) => Value::Float(key.time),
                _ => column.value(row),
            };
            self.bytes += self.values.set(group, value, self.choice.place);
        }
        Ok(())
    }
}

impl GroupedState for Chosen {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        let times = match values.get(1).filter(|_| self.choice.time) {
            Some(times) => Some(self.reader.column(times, None)?),
            None => None,
        };
        let order = values.get(if self.choice.time { 2 } else { 1 });
        let order = order.and_then(|order| order.as_primitive_opt::<Int64Type>());
        self.choose(&values[0], times.as_ref(), order, groups, filter, total)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let times = self.reader.column(&states[1], None)?;
        self.choose(&states[0], Some(&times), states[2].as_primitive_opt::<Int64Type>(), groups, None, total)
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let mut builder = ColumnBuilder::new(self.returns, count);
        for group in 0..count {
            match self.keys.get(group) {
                Some(Some(_)) => builder.append(self.values.get(group, &self.texts.interner)),
                _ => builder.append_null(),
            }
        }
        Ok(builder.finish())
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let keys = || (0..count).map(|group| self.keys.get(group).copied().flatten());
        let times = Float64Array::from_iter(keys().map(|key| key.map(|key| key.time)));
        let order = Int64Array::from_iter(keys().map(|key| key.map(|key| key.order)));
        Ok(vec![self.evaluate(count)?, Arc::new(times), Arc::new(order)])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![self.returns.arrow(), DataType::Float64, DataType::Int64]
    }

    fn discard(&mut self, count: usize) {
        let count = count.min(self.keys.len());
        self.keys.drain(..count);
        self.rows.drain(..count);
        self.values.discard(count);
    }

    fn size(&self) -> usize {
        self.keys.capacity() * size_of::<Option<Key>>()
            + self.rows.capacity() * 4
            + self.values.size()
            + self.bytes
            + self.reader.size()
            + self.texts.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Self::boxed(self.choice, self.returns)
    }
}
