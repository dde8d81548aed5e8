//! Sums and what is made of them: `sum`, `sumsq`, `avg`, `range`, `stdev`, `var` and their kin, `per_second` ...

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion_common::Result;

use super::input::NumberReader;
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::ValueType;

macro_rules! numeric {
    ($name:literal, $syntax:literal, $summary:literal, $fold:ty, $finish:expr) => {
        AggregateSpec {
            name: $name,
            aliases: &[],
            category: "Aggregate functions",
            syntax: $syntax,
            summary: $summary,
            parameter: false,
            inputs: Inputs::Value,
            returns: |_| ValueType::Float,
            create: |_| Ok(Box::new(Folded::<$fold>::new($finish))),
            status: Status::Full,
        }
    };
}

macro_rules! per_span {
    ($name:literal, $syntax:literal, $summary:literal, $seconds:literal) => {
        AggregateSpec {
            name: $name,
            aliases: &[],
            category: "Time functions",
            syntax: $syntax,
            summary: $summary,
            parameter: false,
            inputs: Inputs::ValueAndSpan,
            returns: |_| ValueType::Float,
            create: |_| Ok(Box::new(PerSpan::new($seconds))),
            status: Status::Full,
        }
    };
}

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[
    numeric!("sum", "sum(<value>)", "Sum of the numbers", Sum, |sum| sum.any().then_some(sum.sum)),
    numeric!("sumsq", "sumsq(<value>)", "Sum of the squares of the numbers", Squares, |sum| sum.0.any().then_some(sum.0.sum)),
    numeric!("avg", "avg(<value>)", "Mean of the numbers", Sum, Sum::mean),
    numeric!("mean", "mean(<value>)", "Mean of the numbers; the same as avg", Sum, Sum::mean),
    numeric!("range", "range(<value>)", "Largest number minus smallest number", Bounds, |bounds| {
        (bounds.low <= bounds.high).then_some(bounds.high - bounds.low)
    }),
    numeric!("stdev", "stdev(<value>)", "Standard deviation of a sample; 0 for a single number", Spread, |spread| {
        spread.sample().map(f64::sqrt)
    }),
    numeric!("stdevp", "stdevp(<value>)", "Standard deviation of a population", Spread, |spread| {
        spread.population().map(f64::sqrt)
    }),
    numeric!("var", "var(<value>)", "Variance of a sample; 0 for a single number", Spread, Spread::sample),
    numeric!("varp", "varp(<value>)", "Variance of a population", Spread, Spread::population),
    per_span!("per_second", "per_second(<value>)", "Sum divided by the seconds of the time span", 1.0),
    per_span!("per_minute", "per_minute(<value>)", "Sum divided by the minutes of the time span", 60.0),
    per_span!("per_hour", "per_hour(<value>)", "Sum divided by the hours of the time span", 3_600.0),
    per_span!("per_day", "per_day(<value>)", "Sum divided by the days of the time span", 86_400.0),
];

/// A few numbers that stand for all numbers of a group.
trait Fold: Clone + Copy + Default + Debug + Send + Sync + 'static {
    /// How many numbers.
    const WIDTH: usize;
    /// Takes in a number.
    fn add(&mut self, number: f64);
    /// Takes in what another one stands for.
    fn merge(&mut self, other: Self);
    /// One of the numbers.
    fn part(&self, place: usize) -> f64;
    /// From all the numbers.
    fn of(parts: impl Fn(usize) -> f64) -> Self;
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sum: f64,
    count: f64,
}

impl Sum {
    fn any(&self) -> bool {
        self.count > 0.0
    }

    fn mean(&self) -> Option<f64> {
        self.any().then(|| self.sum / self.count)
    }
}

impl Fold for Sum {
    const WIDTH: usize = 2;

    #[inline]
    fn add(&mut self, number: f64) {
        self.sum += number;
        self.count += 1.0;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn part(&self, place: usize) -> f64 {
        if place == 0 { self.sum } else { self.count }
    }

    fn of(parts: impl Fn(usize) -> f64) -> Self {
        Self { sum: parts(0), count: parts(1) }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Squares(Sum);

impl Fold for Squares {
    const WIDTH: usize = Sum::WIDTH;

    #[inline]
    fn add(&mut self, number: f64) {
        self.0.add(number * number);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn part(&self, place: usize) -> f64 {
        self.0.part(place)
    }

    fn of(parts: impl Fn(usize) -> f64) -> Self {
        Self(Sum::of(parts))
    }
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    low: f64,
    high: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
}

impl Fold for Bounds {
    const WIDTH: usize = 2;

    #[inline]
    fn add(&mut self, number: f64) {
        self.low = self.low.min(number);
        self.high = self.high.max(number);
    }

    fn merge(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn part(&self, place: usize) -> f64 {
        if place == 0 { self.low } else { self.high }
    }

    fn of(parts: impl Fn(usize) -> f64) -> Self {
        Self { low: parts(0), high: parts(1) }
    }
}

/// Count, mean and sum of squared distances from the mean, kept by Welford's method and merged by Chan's, so that
/// large numbers close to each other lose no digits.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn sample(&self) -> Option<f64> {
        match self.count {
            0.0 => None,
            1.0 => Some(0.0),
            count => Some(self.squares / (count - 1.0)),
        }
    }

    fn population(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.squares / self.count)
    }
}

impl Fold for Spread {
    const WIDTH: usize = 3;

    #[inline]
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        let distance = number - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (number - self.mean);
    }

    fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        if other.count == 0.0 {
            return;
        }
        let distance = other.mean - self.mean;
        self.mean += distance * other.count / count;
        self.squares += other.squares + distance * distance * self.count * other.count / count;
        self.count = count;
    }

    fn part(&self, place: usize) -> f64 {
        match place {
            0 => self.count,
            1 => self.mean,
            _ => self.squares,
        }
    }

    fn of(parts: impl Fn(usize) -> f64) -> Self {
        Self { count: parts(0), mean: parts(1), squares: parts(2) }
    }
}

/// A fold per group.
#[derive(Debug)]
struct Folded<F: Fold> {
    reader: NumberReader,
    groups: Vec<F>,
    finish: fn(&F) -> Option<f64>,
}

impl<F: Fold> Folded<F> {
    fn new(finish: fn(&F) -> Option<f64>) -> Self {
        Self { reader: NumberReader::default(), groups: Vec::new(), finish }
    }

    fn grow(&mut self, total: usize) {
        if total > self.groups.len() {
            self.groups.resize(total, F::default());
        }
    }

    fn get(&self, group: usize) -> F {
        self.groups.get(group).copied().unwrap_or_default()
    }
}

impl<F: Fold> GroupedState for Folded<F> {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.grow(total);
        let numbers = self.reader.read(&values[0], groups, filter)?;
        if total == 1 {
            let mut only = self.groups[0];
            numbers.each(|_, number| only.add(number));
            self.groups[0] = only;
        } else {
            let folds = &mut self.groups;
            numbers.each(|group, number| folds[group].add(number));
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let parts: Vec<&Float64Array> = states.iter().map(|state| state.as_primitive::<Float64Type>()).collect();
        for (row, &group) in groups.iter().enumerate() {
            if parts[0].is_valid(row) {
                self.groups[group].merge(F::of(|place| parts[place].value(row)));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        Ok(Arc::new(Float64Array::from_iter((0..count).map(|group| (self.finish)(&self.get(group))))))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok((0..F::WIDTH)
            .map(|place| -> ArrayRef {
                Arc::new(Float64Array::from_iter_values((0..count).map(|group| self.get(group).part(place))))
            })
            .collect())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Float64; F::WIDTH]
    }

    fn discard(&mut self, count: usize) {
        self.groups.drain(..count.min(self.groups.len()));
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<F>() + self.reader.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::new(self.finish))
    }
}

/// A sum divided by the length of the group's time span. Splunk search reference, Time functions and timechart.
#[derive(Debug)]
struct PerSpan {
    sums: Folded<Sum>,
    spans: Folded<Bounds>,
    unit: f64,
}

impl PerSpan {
    fn new(unit: f64) -> Self {
        Self { sums: Folded::new(|sum| sum.any().then_some(sum.sum)), spans: Folded::new(|_| None), unit }
    }
}

impl GroupedState for PerSpan {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.sums.update(&values[..1], groups, filter, total)?;
        self.spans.update(&values[1..], groups, filter, total)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.sums.merge(&states[..Sum::WIDTH], groups, total)?;
        self.spans.merge(&states[Sum::WIDTH..], groups, total)
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        Ok(Arc::new(Float64Array::from_iter((0..count).map(|group| {
            let (sum, span) = (self.sums.get(group), self.spans.get(group).high);
            (sum.any() && span > 0.0).then(|| sum.sum / span * self.unit)
        }))))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let mut columns = self.sums.state(count)?;
        columns.extend(self.spans.state(count)?);
        Ok(columns)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Float64; Sum::WIDTH + Bounds::WIDTH]
    }

    fn discard(&mut self, count: usize) {
        self.sums.discard(count);
        self.spans.discard(count);
    }

    fn size(&self) -> usize {
        self.sums.size() + self.spans.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::new(self.unit))
    }
}
