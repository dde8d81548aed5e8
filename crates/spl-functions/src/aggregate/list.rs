//! `list`: the values of a field in the order of events, at most 100 unless a limit says otherwise.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::Result;

use super::input::IdReader;
use super::lists::{GroupedIds, list, list_type, texts_type};
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status, ValueLimit};
use crate::column::ValueType;

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[AggregateSpec {
    name: "list",
    aliases: &[],
    category: "Multivalue stats and chart functions",
    syntax: "list(<value>)",
    summary: "The values as a multivalue field in the order of events, the first 100 of them",
    parameter: false,
    inputs: Inputs::ValueAndOrder,
    returns: |_| ValueType::Multivalue,
    create: |call| Ok(Box::new(List::new(call.limit.clone()))),
    status: Status::Full,
}];

/// The values of each group in order.
#[derive(Debug)]
struct List {
    limit: ValueLimit,
    reader: IdReader,
    groups: Vec<Vec<(i64, u32)>>,
    /// Number of values of all groups; counted along, since DataFusion asks for the size after each batch.
    held: usize,
    /// Order of events that come without one.
    arrived: i64,
}

impl List {
    fn new(limit: ValueLimit) -> Self {
        Self { limit, reader: IdReader::default(), groups: Vec::new(), held: 0, arrived: 0 }
    }

    fn grow(&mut self, total: usize) {
        if total > self.groups.len() {
            self.groups.resize(total, Vec::new());
        }
    }
}

impl ValueLimit {
    /// Puts a value behind those of the same or an earlier place; says by how much the list has grown.
    fn insert(&self, list: &mut Vec<(i64, u32)>, order: i64, id: u32) -> usize {
        let before = list.len();
        match list.last() {
            Some(last) if last.0 > order => {
                let place = list.partition_point(|entry| entry.0 <= order);
                list.insert(place, (order, id));
                if list.len() > self.most {
                    list.truncate(self.most);
                    self.was_cut.store(true, Ordering::Relaxed);
                }
            }
            _ if list.len() < self.most => list.push((order, id)),
            _ => self.was_cut.store(true, Ordering::Relaxed),
        }
        list.len() - before
    }

    fn is_full(&self, list: &[(i64, u32)], order: i64) -> bool {
        list.len() == self.most && list.last().is_none_or(|last| last.0 <= order)
    }
}

impl GroupedState for List {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.grow(total);
        let given = values.get(1).and_then(|order| order.as_primitive_opt::<Int64Type>());
        let arrived = self.arrived;
        self.arrived += groups.len() as i64;
        let order = |row: usize| match given {
            Some(order) if order.is_valid(row) => order.value(row),
            _ => arrived + row as i64,
        };
        // Lists are mostly full after a while; then values need not be looked at.
        let (lists, held, limit) = (&mut self.groups, &mut self.held, &self.limit);
        let present = values[0].logical_nulls();
        let wanted: BooleanArray = groups
            .iter()
            .enumerate()
            .map(|(row, &group)| {
                let passes = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
                let full = passes && limit.is_full(&lists[group], order(row));
                if full && present.as_ref().is_none_or(|present| present.is_valid(row)) {
                    limit.was_cut.store(true, Ordering::Relaxed);
                }
                Some(passes && !full)
            })
            .collect();
        if !wanted.has_true() {
            return Ok(());
        }
        self.reader.each(&values[0], groups, Some(&wanted), |row, group, id| {
            *held += limit.insert(&mut lists[group], order(row), id);
        })
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let orders = states[1].as_list::<i32>();
        let numbers = orders.values().as_primitive::<Int64Type>();
        let mut next: Vec<usize> = orders.value_offsets().iter().map(|&offset| offset as usize).collect();
        let (lists, held, limit) = (&mut self.groups, &mut self.held, &self.limit);
        self.reader.each_state(&states[0], groups, |row, group, id| {
            *held += limit.insert(&mut lists[group], numbers.value(next[row]), id);
            next[row] += 1;
        })
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        self.gathered(count).0.multivalue(&self.reader.interner)
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let (grouped, orders) = self.gathered(count);
        let texts = grouped.state(&self.reader.interner)?;
        Ok(vec![texts, list(&grouped.offsets, Arc::new(Int64Array::from(orders)), None)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![texts_type(), list_type(DataType::Int64)]
    }

    fn discard(&mut self, count: usize) {
        self.held -= self.groups.drain(..count.min(self.groups.len())).map(|list| list.len()).sum::<usize>();
    }

    fn size(&self) -> usize {
        // Vectors have up to twice the room that they need.
        self.groups.capacity() * size_of::<Vec<(i64, u32)>>() + self.held * 2 * size_of::<(i64, u32)>() + self.reader.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::new(self.limit.clone()))
    }
}

impl List {
    fn gathered(&self, count: usize) -> (GroupedIds, Vec<i64>) {
        let mut grouped = GroupedIds::new();
        let mut orders = Vec::new();
        for group in 0..count {
            for &(order, id) in self.groups.get(group).into_iter().flatten() {
                grouped.ids.push(id);
                orders.push(order);
            }
            grouped.close();
        }
        (grouped, orders)
    }
}
