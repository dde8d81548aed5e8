//! The state that a statistical function keeps per group, and how DataFusion's three kinds of aggregation drive it.

use std::collections::VecDeque;
use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// What a function has gathered, group by group; groups are numbered from 0.
///
/// Reading (`evaluate`, `state`) changes no result, so that a running window can read after each event; `discard`
/// forgets groups that were emitted.
pub trait GroupedState: Debug + Send + Sync {
    /// Takes in events: the function's arguments, each event's group, which events count (all when there is no
    /// filter; true only counts), and the number of groups so far.
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()>;

    /// Takes in what [`GroupedState::state`] gave elsewhere: one row per group there, and its group here.
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()>;

    /// The results of the first `count` groups.
    fn evaluate(&mut self, count: usize) -> Result<ArrayRef>;

    /// The state of the first `count` groups, as columns of [`GroupedState::state_types`].
    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>>;

    /// Types of the state's columns.
    fn state_types(&self) -> Vec<DataType>;

    /// Forgets the first `count` groups; the others move down.
    fn discard(&mut self, count: usize);

    /// Bytes used.
    fn size(&self) -> usize;

    /// An empty state of the same function.
    fn fresh(&self) -> Box<dyn GroupedState>;

    /// The state of each event as if it were a group of its own.
    fn convert(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |array| array.len());
        let groups: Vec<usize> = (0..rows).collect();
        let mut state = self.fresh();
        state.update(values, &groups, filter, rows)?;
        state.state(rows)
    }
}

/// Aggregation by groups.
pub struct Groups {
    state: Box<dyn GroupedState>,
    groups: usize,
}

impl Groups {
    /// Starts without groups.
    pub fn new(state: Box<dyn GroupedState>) -> Self {
        Self { state, groups: 0 }
    }

    fn emit<T>(&mut self, emit_to: EmitTo, read: impl FnOnce(&mut dyn GroupedState, usize) -> Result<T>) -> Result<T> {
        let count = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(count) => count.min(self.groups),
        };
        let result = read(self.state.as_mut(), count)?;
        if count == self.groups {
            self.state = self.state.fresh();
        } else {
            self.state.discard(count);
        }
        self.groups -= count;
        Ok(result)
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        self.state.update(values, group_indices, opt_filter, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.emit(emit_to, |state, count| state.evaluate(count))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.emit(emit_to, |state, count| state.state(count))
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        self.state.merge(values, group_indices, total_num_groups)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.state.convert(values, opt_filter)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.state.size()
    }
}

/// Aggregation over everything: one group.
#[derive(Debug)]
pub struct OneGroup {
    state: Box<dyn GroupedState>,
    zeros: Vec<usize>,
}

impl OneGroup {
    /// Starts empty.
    pub fn new(state: Box<dyn GroupedState>) -> Self {
        Self { state, zeros: Vec::new() }
    }

    fn grow(&mut self, rows: usize) {
        if self.zeros.len() < rows {
            self.zeros.resize(rows, 0);
        }
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |array| array.len());
        self.grow(rows);
        if rows == 0 { Ok(()) } else { self.state.update(values, &self.zeros[..rows], None, 1) }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.state.evaluate(1)?, 0)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.zeros.capacity() * size_of::<usize>() + self.state.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.state.state(1)?.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |array| array.len());
        self.grow(rows);
        if rows == 0 { Ok(()) } else { self.state.merge(states, &self.zeros[..rows], 1) }
    }
}

/// Aggregation over a window whose start moves: keeps the window's events and reads them again for each result.
#[derive(Debug)]
pub struct SlidingWindow {
    empty: Box<dyn GroupedState>,
    events: VecDeque<Vec<ArrayRef>>,
}

impl SlidingWindow {
    /// Starts empty.
    pub fn new(empty: Box<dyn GroupedState>) -> Self {
        Self { empty, events: VecDeque::new() }
    }

    fn gathered(&self) -> Result<OneGroup> {
        let mut group = OneGroup::new(self.empty.fresh());
        for events in &self.events {
            group.update_batch(events)?;
        }
        Ok(group)
    }
}

impl Accumulator for SlidingWindow {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if values.first().is_some_and(|array| !array.is_empty()) {
            self.events.push_back(values.to_vec());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.gathered()?.evaluate()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.events.iter().flatten().map(|array| array.get_array_memory_size()).sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.gathered()?.state()
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        datafusion_common::internal_err!("a sliding window has no partial results")
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = values.first().map_or(0, |array| array.len());
        while leaving > 0 {
            let Some(front) = self.events.front_mut() else {
                break;
            };
            let rows = front.first().map_or(0, |array| array.len());
            if rows <= leaving {
                leaving -= rows;
                self.events.pop_front();
            } else {
                for column in front.iter_mut() {
                    *column = column.slice(leaving, rows - leaving);
                }
                leaving = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}
