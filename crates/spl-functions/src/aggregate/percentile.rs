//! `perc<number>`, `exactperc<number>`, `upperperc<number>` and `median`.
//!
//! Splunk takes the value at rank floor(percentile * count / 100), counted from 0, of the sorted numbers; its
//! approximation for many distinct values is replaced by the exact value, which lies within the bounds it promises.
//! Splunk search reference, Aggregate functions; limits.conf, perc_method.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion_common::{Result, plan_datafusion_err};

use super::input::NumberReader;
use super::lists::{list, list_type};
use super::state::GroupedState;
use super::{AggregateCall, AggregateSpec, Inputs, Status};
use crate::column::ValueType;

const fn percentile(
    name: &'static str,
    aliases: &'static [&'static str],
    syntax: &'static str,
    summary: &'static str,
) -> AggregateSpec {
    AggregateSpec {
        name,
        aliases,
        category: "Aggregate functions",
        syntax,
        summary,
        parameter: true,
        inputs: Inputs::Value,
        returns: |_| ValueType::Float,
        create,
        status: Status::Full,
    }
}

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[
    percentile("perc", &["p", "percentile"], "perc<number>(<value>) or p<number>(<value>)", "Percentile of the numbers"),
    percentile("exactperc", &[], "exactperc<number>(<value>)", "Exact percentile of the numbers"),
    percentile("upperperc", &[], "upperperc<number>(<value>)", "Upper bound of a percentile; here the exact percentile"),
    AggregateSpec {
        name: "median",
        aliases: &[],
        category: "Aggregate functions",
        syntax: "median(<value>)",
        summary: "The middle number; of an even number of numbers the higher one of the two in the middle",
        parameter: false,
        inputs: Inputs::Value,
        returns: |_| ValueType::Float,
        create: |_| Ok(Percentile::boxed(50.0)),
        status: Status::Full,
    },
];

fn create(call: &AggregateCall) -> Result<Box<dyn GroupedState>> {
    let number = call.parameter.ok_or_else(|| plan_datafusion_err!("a percentile function needs a number in its name"))?;
    Ok(Percentile::boxed(number))
}

/// All numbers with their groups, in order of arrival.
#[derive(Debug)]
struct Percentile {
    percentile: f64,
    reader: NumberReader,
    groups: Vec<u32>,
    numbers: Vec<f64>,
}

impl Percentile {
    fn boxed(percentile: f64) -> Box<dyn GroupedState> {
        Box::new(Self { percentile, reader: NumberReader::default(), groups: Vec::new(), numbers: Vec::new() })
    }

    /// The numbers of the first `count` groups, group by group.
    fn gathered(&self, count: usize) -> (Vec<usize>, Vec<f64>) {
        let mut offsets = vec![0usize; count + 1];
        for &group in &self.groups {
            if (group as usize) < count {
                offsets[group as usize + 1] += 1;
            }
        }
        for group in 0..count {
            offsets[group + 1] += offsets[group];
        }
        let mut next = offsets.clone();
        let mut numbers = vec![0.0; offsets[count]];
        for (&group, &number) in self.groups.iter().zip(&self.numbers) {
            if let Some(place) = next.get_mut(group as usize).filter(|_| (group as usize) < count) {
                numbers[*place] = number;
                *place += 1;
            }
        }
        (offsets, numbers)
    }
}

/// The percentile of numbers in any order; they are moved around.
fn nearest_rank(numbers: &mut [f64], percentile: f64) -> Option<f64> {
    let rank = rank(percentile, numbers.len())?;
    Some(*numbers.select_nth_unstable_by(rank, f64::total_cmp).1)
}

/// The place of a percentile, counted from 0, among so many sorted numbers; none of no numbers.
pub fn rank(percentile: f64, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(((percentile * count as f64 / 100.0).floor() as usize).min(last))
}

impl GroupedState for Percentile {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, _total: usize) -> Result<()> {
        let numbers = self.reader.read(&values[0], groups, filter)?;
        self.groups.reserve(numbers.groups.len());
        self.numbers.reserve(numbers.groups.len());
        numbers.each(|group, number| {
            self.groups.push(group as u32);
            self.numbers.push(number);
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], _total: usize) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        let numbers: &[f64] = lists.values().as_primitive::<Float64Type>().values();
        for (row, &group) in groups.iter().enumerate() {
            if lists.is_valid(row) {
                let items = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
                self.groups.extend(items.clone().map(|_| group as u32));
                self.numbers.extend_from_slice(&numbers[items]);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let (offsets, mut numbers) = self.gathered(count);
        let results = offsets.windows(2).map(|group| nearest_rank(&mut numbers[group[0]..group[1]], self.percentile));
        Ok(Arc::new(Float64Array::from_iter(results)))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let (offsets, numbers) = self.gathered(count);
        Ok(vec![list(&offsets, Arc::new(Float64Array::from(numbers)), None)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![list_type(DataType::Float64)]
    }

    fn discard(&mut self, count: usize) {
        let mut kept = 0;
        for entry in 0..self.groups.len() {
            if let Some(group) = (self.groups[entry] as usize).checked_sub(count) {
                self.groups[kept] = group as u32;
                self.numbers[kept] = self.numbers[entry];
                kept += 1;
            }
        }
        self.groups.truncate(kept);
        self.numbers.truncate(kept);
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<u32>() + self.numbers.capacity() * size_of::<f64>() + self.reader.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Self::boxed(self.percentile)
    }
}
