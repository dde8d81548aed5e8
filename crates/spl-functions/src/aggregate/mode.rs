//! `mode`: the most frequent value of a field.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::Result;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::extremes::single;
use super::input::IdReader;
use super::lists::{GroupedIds, list, list_type, texts_type};
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::{ColumnBuilder, ValueType};
use crate::interner::Interner;
use crate::value::{Value, sort_order};

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[AggregateSpec {
    name: "mode",
    aliases: &[],
    category: "Aggregate functions",
    syntax: "mode(<value>)",
    summary: "The most frequent value; of several the one that sorts first",
    parameter: false,
    inputs: Inputs::Value,
    returns: single,
    create: |call| Ok(Box::new(Mode::new(call.returns))),
    status: Status::Full,
}];

/// How often each group has each value.
#[derive(Debug)]
struct Mode {
    returns: ValueType,
    reader: IdReader,
    counts: HashMap<(u32, u32), i64, FxBuildHasher>,
    /// The best of each group when results were last read: a window is read after each event.
    best: Option<Vec<Best>>,
    /// What was counted since.
    counted: Vec<(u32, u32)>,
}

/// The most frequent value of a group so far, and how frequent it is.
type Best = Option<(i64, u32)>;

impl Mode {
    fn new(returns: ValueType) -> Self {
        Self { returns, reader: IdReader::default(), counts: HashMap::default(), best: None, counted: Vec::new() }
    }
}

impl Mode {
    fn forget_best(&mut self) {
        self.best = None;
        self.counted.clear();
    }
}

/// Puts a value in place of the best of its group when it is better: more frequent, or as frequent and before it in order.
fn improve(slot: &mut Best, id: u32, frequency: i64, interner: &Interner) {
    let better = slot.is_none_or(|(most, old)| match frequency.cmp(&most) {
        Ordering::Equal => {
            let (new, old) = (interner.text(id), interner.text(old));
            sort_order(Value::Text(new), Value::Text(old)).then_with(|| new.cmp(old)) == Ordering::Less
        }
        order => order == Ordering::Greater,
    });
    if better {
        *slot = Some((frequency, id));
    }
}

impl GroupedState for Mode {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, _total: usize) -> Result<()> {
        let (counts, counted, is_read) = (&mut self.counts, &mut self.counted, self.best.is_some());
        self.reader.each(&values[0], groups, filter, |_, group, id| {
            *counts.entry((group as u32, id)).or_insert(0) += 1;
            if is_read {
                counted.push((group as u32, id));
            }
        })
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], _total: usize) -> Result<()> {
        self.forget_best();
        let counts = &mut self.counts;
        let frequencies = states[1].as_list::<i32>();
        let numbers = frequencies.values().as_primitive::<Int64Type>();
        // The values of one row come one after the other, as their frequencies do.
        let mut next: Vec<usize> = frequencies.value_offsets().iter().map(|&offset| offset as usize).collect();
        self.reader.each_state(&states[0], groups, |row, group, id| {
            *counts.entry((group as u32, id)).or_insert(0) += numbers.value(next[row]);
            next[row] += 1;
        })
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        let interner = &self.reader.interner;
        let best = match self.best.take() {
            Some(mut best) if best.len() >= count => {
                for key in std::mem::take(&mut self.counted) {
                    if let (Some(slot), Some(frequency)) = (best.get_mut(key.0 as usize), self.counts.get(&key)) {
                        improve(slot, key.1, *frequency, interner);
                    }
                }
                best
            }
            _ => {
                self.counted.clear();
                let mut best: Vec<Best> = vec![None; count];
                for (&(group, id), &frequency) in &self.counts {
                    if let Some(slot) = best.get_mut(group as usize) {
                        improve(slot, id, frequency, interner);
                    }
                }
                best
            }
        };
        let mut builder = ColumnBuilder::new(self.returns, count);
        for slot in best.iter().take(count) {
            match slot {
                Some((_, id)) => builder.append(parsed(interner.text(*id), self.returns)),
                None => builder.append_null(),
            }
        }
        self.best = Some(best);
        Ok(builder.finish())
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        let mut entries: Vec<(u32, u32, i64)> = self
            .counts
            .iter()
            .filter(|((group, _), _)| (*group as usize) < count)
            .map(|(&(group, id), &frequency)| (group, id, frequency))
            .collect();
        entries.sort_unstable();
        let mut grouped = GroupedIds::new();
        let mut entry = 0;
        for group in 0..count as u32 {
            while entry < entries.len() && entries[entry].0 == group {
                grouped.ids.push(entries[entry].1);
                entry += 1;
            }
            grouped.close();
        }
        let frequencies = Int64Array::from_iter_values(entries.iter().map(|entry| entry.2));
        let texts = grouped.state(&self.reader.interner)?;
        Ok(vec![texts, list(&grouped.offsets, Arc::new(frequencies), None)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![texts_type(), list_type(DataType::Int64)]
    }

    fn discard(&mut self, count: usize) {
        self.forget_best();
        let kept = std::mem::take(&mut self.counts);
        self.counts = kept
            .into_iter()
            .filter_map(|((group, id), frequency)| Some(((group.checked_sub(count as u32)?, id), frequency)))
            .collect();
    }

    fn size(&self) -> usize {
        let best = self.best.as_ref().map_or(0, |best| best.capacity() * size_of::<Best>());
        self.counts.capacity() * 17 + best + self.counted.capacity() * size_of::<(u32, u32)>() + self.reader.size()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Box::new(Self::new(self.returns))
    }
}

/// A value of a numeric column back from its text.
fn parsed(text: &str, returns: ValueType) -> Value<'_> {
    match returns {
        ValueType::Integer => text.parse().map_or(Value::Text(text), Value::Integer),
        _ => Value::Text(text),
    }
}
