//! `distinct_count`, `estdc`, `estdc_error` and `values`: the distinct values of a field as texts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow::datatypes::DataType;
use datafusion_common::Result;

use super::input::{IdReader, present};
use super::lists::{GroupedIds, list, texts_type};
use super::members::Members;
use super::state::GroupedState;
use super::{AggregateSpec, Inputs, Status};
use crate::column::ValueType;
use crate::interner::Interner;

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[
    AggregateSpec {
        name: "distinct_count",
        aliases: &["dc"],
        category: "Aggregate functions",
        syntax: "distinct_count(<value>) or dc(<value>)",
        summary: "Number of distinct values; values are compared as texts, with case",
        parameter: false,
        inputs: Inputs::Value,
        returns: |_| ValueType::Integer,
        create: |_| Ok(Distinct::boxed(Outcome::Count)),
        status: Status::Full,
    },
    AggregateSpec {
        name: "estdc",
        aliases: &[],
        category: "Aggregate functions",
        syntax: "estdc(<value>)",
        summary: "Estimated number of distinct values; here the exact number",
        parameter: false,
        inputs: Inputs::Value,
        returns: |_| ValueType::Integer,
        create: |_| Ok(Distinct::boxed(Outcome::Count)),
        status: Status::Full,
    },
    AggregateSpec {
        name: "estdc_error",
        aliases: &[],
        category: "Aggregate functions",
        syntax: "estdc_error(<value>)",
        summary: "Relative error of estdc; 0, since estdc is exact here",
        parameter: false,
        inputs: Inputs::Value,
        returns: |_| ValueType::Float,
        create: |_| Ok(Distinct::boxed(Outcome::Error)),
        status: Status::Full,
    },
    AggregateSpec {
        name: "values",
        aliases: &[],
        category: "Multivalue stats and chart functions",
        syntax: "values(<value>)",
        summary: "The distinct values as a multivalue field, in lexicographical order",
        parameter: false,
        inputs: Inputs::Value,
        returns: |_| ValueType::Multivalue,
        create: |_| Ok(Distinct::boxed(Outcome::Values)),
        status: Status::Full,
    },
];

/// What is made of the distinct values.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Count,
    Error,
    Values,
}

#[derive(Debug)]
struct Distinct {
    result: Outcome,
    reader: IdReader,
    members: Members,
    /// The ids of one group that all texts belong to, in the order of the texts: a window is read after each event.
    order: Vec<u32>,
}

impl Distinct {
    fn boxed(result: Outcome) -> Box<dyn GroupedState> {
        Box::new(Self { result, reader: IdReader::default(), members: Members::default(), order: Vec::new() })
    }
}

/// New texts up to this number are put into the order one by one.
const FEW: usize = 16;

impl Distinct {
    /// The values of the only group, which has all texts.
    fn only_group(&mut self) -> Result<ArrayRef> {
        let interner = &self.reader.interner;
        let known = self.order.len();
        if interner.len() - known <= FEW {
            for id in known as u32..interner.len() as u32 {
                let text = interner.text(id);
                let place = self.order.partition_point(|other| interner.text(*other) < text);
                self.order.insert(place, id);
            }
        } else {
            let mut grouped = GroupedIds { offsets: vec![0, interner.len()], ids: (0..interner.len() as u32).collect() };
            sort(&mut grouped, interner);
            self.order = grouped.ids;
        }
        let grouped = GroupedIds { offsets: vec![0, self.order.len()], ids: self.order.clone() };
        grouped.multivalue(interner)
    }
}

impl GroupedState for Distinct {
    fn update(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.members.grow(total);
        let members = &mut self.members;
        self.reader.each(&values[0], groups, filter, |_, group, id| members.insert(group, id))
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.members.grow(total);
        let members = &mut self.members;
        self.reader.each_state(&states[0], groups, |_, group, id| members.insert(group, id))
    }

    fn evaluate(&mut self, count: usize) -> Result<ArrayRef> {
        Ok(match self.result {
            Outcome::Count => Arc::new(Int64Array::from(self.members.counts(count))),
            Outcome::Error => Arc::new(Float64Array::from(vec![0.0; count])),
            Outcome::Values => {
                if count == 1
                    && self.members.counts(1).first().is_some_and(|members| *members == self.reader.interner.len() as i64)
                {
                    return self.only_group();
                }
                let mut grouped = self.members.ids(count);
                sort(&mut grouped, &self.reader.interner);
                grouped.multivalue(&self.reader.interner)?
            }
        })
    }

    fn state(&mut self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.members.ids(count).state(&self.reader.interner)?])
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![texts_type()]
    }

    fn discard(&mut self, count: usize) {
        self.members.discard(count);
        self.order.clear();
    }

    fn size(&self) -> usize {
        self.reader.size() + self.members.size() + self.order.capacity() * size_of::<u32>()
    }

    fn fresh(&self) -> Box<dyn GroupedState> {
        Self::boxed(self.result)
    }

    /// A text column only needs to be wrapped: one text per event.
    fn convert(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let array = &values[0];
        let rows = array.len();
        if ValueType::of(array.data_type()) != ValueType::Text {
            let groups: Vec<usize> = (0..rows).collect();
            let mut state = self.fresh();
            state.update(values, &groups, filter, rows)?;
            return state.state(rows);
        }
        let items = arrow::compute::cast(array, &DataType::Utf8View)?;
        let offsets: Vec<usize> = (0..=rows).collect();
        let present = present(items.logical_nulls().as_ref(), filter);
        Ok(vec![list(&offsets, items, present)?])
    }
}

/// Puts each group's ids into the order of their texts, by code point.
fn sort(grouped: &mut GroupedIds, interner: &Interner) {
    let GroupedIds { offsets, ids } = grouped;
    let by_text = |left: &u32, right: &u32| interner.text(*left).cmp(interner.text(*right));
    if ids.len() < interner.len() * 2 {
        for group in offsets.windows(2) {
            ids[group[0]..group[1]].sort_unstable_by(by_text);
        }
        return;
    }
    // Values that occur in several groups are compared once for all of them.
    let mut order: Vec<(u64, u32)> = (0..interner.len() as u32).map(|id| (prefix(interner.text(id)), id)).collect();
    order.sort_unstable_by(|left, right| left.0.cmp(&right.0).then_with(|| by_text(&left.1, &right.1)));
    let mut ranks = vec![0u32; order.len()];
    for (rank, &(_, id)) in order.iter().enumerate() {
        ranks[id as usize] = rank as u32;
    }
    for group in offsets.windows(2) {
        let ids = &mut ids[group[0]..group[1]];
        ids.iter_mut().for_each(|id| *id = ranks[*id as usize]);
        ids.sort_unstable();
        ids.iter_mut().for_each(|rank| *rank = order[*rank as usize].1);
    }
}

/// The first eight bytes, so that their order as a number is the order of the texts.
fn prefix(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}
