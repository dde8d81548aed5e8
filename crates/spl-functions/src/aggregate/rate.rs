//! How fast a counter grows: `rate`, `rate_avg`, `rate_sum`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion_common::Result;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::input::{IdReader, NumberReader, present};
use super::lists::{GroupedIds, list, list_type, texts_type};
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::ValueType;

macro_rules! rate {
    ($name:literal, $summary:literal, $inputs:expr, $average:literal) => {
        AggregateSpec {
            name: $name,
            aliases: &[],
            category: "Time functions",
            syntax: concat!($name, "(<value>)"),
            summary: $summary,
            parameter: false,
            inputs: $inputs,
            returns: |_| ValueType::Float,
            create: |_| Ok(Rate::boxed($average)),
            status: Status::Full,
        }
    };
}

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[
    rate!(
        "rate",
        "Latest minus earliest number, divided by the seconds between them; absent when they are at the same time",
        Inputs::ValueAndTime,
        false
    ),
    rate!("rate_avg", "Mean of the rates of the metric time series", Inputs::ValueTimeAndSeries, true),
    rate!("rate_sum", "Sum of the rates of the metric time series", Inputs::ValueTimeAndSeries, false),
];

/// The earliest and the latest number of a series.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first_time: f64,
    first: f64,
    last_time: f64,
    last: f64,
}

impl Ends {
    fn merge(&mut self, other: Ends) {
        // Of equal times the one that comes first is the later one, as everywhere in search results.
        if other.first_time <= self.first_time {
            (self.first_time, self.first) = (other.first_time, other.first);
        }
        if other.last_time > self.last_time {
            (self.last_time, self.last) = (other.last_time, other.last);
        }
    }

    fn rate(&self) -> Option<f64> {
        (self.last_time > self.first_time).then(|| (self.last - self.first) / (self.last_time - self.first_time))
    }

    fn parts(&self) -> [f64; 4] {
        [self.first_time, self.first, self.last_time, self.last]
    }
}

/// The ends of each series of each group; all events are one series when none is named.
#[derive(Debug)]
struct Rate {
    average: bool,
    numbers: NumberReader,
    times: NumberReader,
    series: IdReader,
    ends: HashMap<(u32, u32), Ends, FxBuildHasher>,
}

impl Rate {
    fn boxed(average: bool) -> Box<dyn GroupedState> {
        Box::new(Self {
            average,
            numbers: NumberReader::default(),
            times: NumberReader::default(),
            series: IdReader::default(),
            ends: HashMap::default(),
        })
    }

    fn sorted(&self, count: usize) -> Vec<((u32, u32), Ends)> {
        let mut entries: Vec<_> =
            self.ends.iter().filter(|((group, _), _)| (*group as usize) < count).map(|(&key, &ends)| (key, ends)).collect();
        entries.sort_unstable_by_key(|entry| entry.0);
        entries
    }
}

fn offer(ends: &mut HashMap<(u32, u32), Ends, FxBuildHasher>, key: (u32, u32), new: Ends) {
    ends.entry(key).and_modify(|old| old.merge(new)).or_insert(new);
}

impl GroupedState for Rate {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, _total: usize) -> Result<()> {
        let numbers = self.numbers.column(&values[0], filter)?;
        let times = self.times.column(&values[1], None)?;
        let both = present(numbers.nulls(), None);
        let both = arrow::buffer::NullBuffer::union(both.as_ref(), times.nulls());
        let mut series = vec![None; groups.len()];
        match values.get(2) {
            Some(names) => self.series.each(names, groups, None, |row, _, id| series[row] = Some(id))?,
            None => {
                let id = self.series.interner.id("")?;
                series.fill(Some(id));
            }
        }
        for (row, &group) in groups.iter().enumerate() {
            if both.as_ref().is_none_or(|both| both.is_valid(row))
                && let Some(id) = series[row]
            {
                let (time, number) = (times.value(row), numbers.value(row));
                let new = Ends { first_time: time, first: number, last_time: time, last: number };
                offer(&mut self.ends, (group as u32, id), new);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], _total: usize) -> Result<()> {
        let part = |place: usize| states[place + 1].as_list::<i32>().values().as_primitive::<Float64Type>();
        let mut next: Vec<usize> = states[1].as_list::<i32>().value_offsets().iter().map(|&offset| offset as usize).collect();
        let ends = &mut self.ends;
        self.series.each_state(&states[0], groups, |row, group, id| {
            let item = next[row];
            next[row] += 1;
            let [first_time, first, last_time, last] = [0, 1, 2, 3].map(|place| part(place).value(item));
            offer(ends, (group as u32, id), Ends { first_time, first, last_time, last });
        })
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let mut sums = vec![(0.0, 0.0); count];
        for ((group, _), ends) in self.sorted(count) {
            if let Some(rate) = ends.rate() {
                let (sum, series) = &mut sums[group as usize];
                *sum += rate;
                *series += 1.0;
            }
        }
        let average = self.average;
        let rates = sums.into_iter().map(|(sum, series)| (series > 0.0).then(|| if average { sum / series } else { sum }));
        Ok(Arc::new(Float64Array::from_iter(rates)))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let entries = self.sorted(count);
        let mut grouped = GroupedIds::new();
        let mut entry = 0;
        for group in 0..count as u32 {
            while entry < entries.len() && entries[entry].0.0 == group {
                grouped.ids.push(entries[entry].0.1);
                entry += 1;
            }
            grouped.close();
        }
        let mut columns = vec![grouped.state(&self.series.interner)?];
        for place in 0..4 {
            let numbers = Float64Array::from_iter_values(entries.iter().map(|(_, ends)| ends.parts()[place]));
            columns.push(list(&grouped.offsets, Arc::new(numbers), None)?);
        }
        Ok(columns)
    }

    fn state_types(&self) -> Vec<DataType> {
        let mut types = vec![texts_type()];
        types.resize(5, list_type(DataType::Float64));
        types
    }

    fn discard(&mut self, count: usize) {
        let kept = std::mem::take(&mut self.ends);
        self.ends =
            kept.into_iter().filter_map(|((group, id), ends)| Some(((group.checked_sub(count as u32)?, id), ends))).collect();
    }

    fn size(&self) -> usize {
        self.ends.capacity() * (size_of::<((u32, u32), Ends)>() + 1)
            + self.numbers.size()
            + self.times.size()
            + self.series.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Self::boxed(self.average)
    }
}
