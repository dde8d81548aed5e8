//! `count`: how many events, or how many values of a field.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::Result;

use super::input::{each_row, present};
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::ValueType;

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[AggregateSpec {
    name: "count",
    aliases: &["c"],
    category: "Aggregate functions",
    syntax: "count(<value>) or c(<value>) or count",
    summary: "Number of values of a field; without a field the number of events",
    parameter: false,
    inputs: Inputs::Optional,
    returns: |_| ValueType::Integer,
    create: |_| Ok(Box::new(Count::default())),
    status: Status::Full,
}];

/// Counts per group. Each value of a multivalue field counts; of conditions those that are true.
#[derive(Debug, Default)]
struct Count {
    counts: Vec<i64>,
}

impl Count {
    fn grow(&mut self, total: usize) {
        if total > self.counts.len() {
            self.counts.resize(total, 0);
        }
    }
}

impl GroupedState for Count {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.grow(total);
        let counts = &mut self.counts;
        let Some(array) = values.first() else {
            let present = present(None, filter);
            each_row(groups, present.as_ref(), |_, group| counts[group] += 1);
            return Ok(());
        };
        let present = present(array.logical_nulls().as_ref(), filter);
        match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                each_row(groups, present.as_ref(), |row, group| counts[group] += i64::from(lists.value_length(row)));
            }
            DataType::Boolean => {
                let flags = array.as_boolean();
                each_row(groups, present.as_ref(), |row, group| counts[group] += i64::from(flags.value(row)));
            }
            _ if total == 1 => {
                counts[0] += (groups.len() - present.map_or(0, |present| present.null_count())) as i64;
            }
            _ => each_row(groups, present.as_ref(), |_, group| counts[group] += 1),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let counts = states[0].as_primitive::<Int64Type>();
        each_row(groups, counts.nulls(), |row, group| self.counts[group] += counts.value(row));
        Ok(())
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let counts = (0..count).map(|group| self.counts.get(group).copied().unwrap_or(0));
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(count)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn discard(&mut self, count: usize) {
        self.counts.drain(..count.min(self.counts.len()));
    }

    fn size(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::default())
    }
}
