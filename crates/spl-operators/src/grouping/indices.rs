//! Numbers the groups of rows: combinations of codes and numbers to consecutive group indices, by table where codes are
//! small, by hash where they are not.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Most entries of a table that is indexed by the combination itself.
const LARGEST_TABLE: usize = 1 << 21;

/// The groups met so far, numbered from 0 in the order of their first rows.
#[derive(Debug)]
pub struct GroupIndices {
    columns: Vec<GroupColumn>,
}

#[derive(Debug)]
struct GroupColumn {
    slots: Slots,
    step: Step,
}

/// The distinct values of one column; slot 0 is the absent value.
#[derive(Debug)]
enum Slots {
    /// Small numbers from 0: the slot is the code and one.
    Codes { most: u32 },
    /// Any 64 bits, of integers or floats.
    Bits { known: HashMap<u64, u32, FxBuildHasher>, values: Vec<u64>, float: bool },
}

/// From a group over the columns so far and a slot of the next column to the group over both.
#[derive(Debug)]
struct Step {
    table: Table,
    /// What each group was made of: the group before and the slot.
    made_of: Vec<(u32, u32)>,
}

#[derive(Debug)]
enum Table {
    /// At `before << bits | slot` the group and one; 0 = none yet.
    Direct {
        bits: u32,
        groups: Vec<u32>,
    },
    Hashed(HashMap<u64, u32, FxBuildHasher>),
}

/// Whether a column of this type can be numbered.
pub fn is_supported(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int32 | DataType::Int64 | DataType::Float64)
}

impl GroupIndices {
    /// No groups yet, over columns of these types: `Int32` for codes from 0, `Int64` and `Float64` for any numbers.
    pub fn new<'t>(types: impl Iterator<Item = &'t DataType>) -> Result<Self> {
        let columns = types
            .map(|data_type| {
                let slots = match data_type {
                    DataType::Int32 => Slots::Codes { most: 0 },
                    DataType::Int64 | DataType::Float64 => {
                        Slots::Bits { known: HashMap::default(), values: Vec::new(), float: *data_type == DataType::Float64 }
                    }
                    other => return exec_err!("groups over {other} are not numbered by code"),
                };
                Ok(GroupColumn { slots, step: Step::new() })
            })
            .collect::<Result<_>>()?;
        Ok(Self { columns })
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.columns.last().map_or(0, |column| column.step.made_of.len())
    }

    /// Whether no group was met yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.columns.iter().map(GroupColumn::size).sum()
    }

    /// Writes the group of each row.
    pub fn number(&mut self, arrays: &[ArrayRef], groups: &mut Vec<usize>) -> Result<()> {
        let mut slots = Vec::with_capacity(arrays.first().map_or(0, |array| array.len()));
        let mut before_len = 1;
        for (place, (column, array)) in self.columns.iter_mut().zip(arrays).enumerate() {
            slots.clear();
            column.slots.of(array, &mut slots)?;
            if place == 0 {
                column.step.begin(groups, &slots, column.slots.len());
            } else {
                column.step.advance(groups, before_len, &slots, column.slots.len());
            }
            before_len = column.step.made_of.len();
        }
        Ok(())
    }

    /// The values of all groups, an array per column.
    pub fn values(&self) -> Vec<ArrayRef> {
        let mut groups: Vec<u32> = (0..self.len() as u32).collect();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in self.columns.iter().rev() {
            let slots = groups.iter().map(|group| column.step.made_of[*group as usize].1);
            arrays.push(column.slots.values(slots));
            groups.iter_mut().for_each(|group| *group = column.step.made_of[*group as usize].0);
        }
        arrays.reverse();
        arrays
    }
}

impl GroupColumn {
    fn size(&self) -> usize {
        let slots = match &self.slots {
            Slots::Codes { .. } => 0,
            Slots::Bits { known, values, .. } => known.capacity() * 16 + values.capacity() * size_of::<u64>(),
        };
        let table = match &self.step.table {
            Table::Direct { groups, .. } => groups.capacity() * size_of::<u32>(),
            Table::Hashed(known) => known.capacity() * 16,
        };
        slots + table + self.step.made_of.capacity() * size_of::<(u32, u32)>()
    }
}

impl Slots {
    /// One more than the largest slot.
    fn len(&self) -> usize {
        match self {
            Self::Codes { most } => *most as usize + 1,
            Self::Bits { values, .. } => values.len() + 1,
        }
    }

    fn of(&mut self, array: &ArrayRef, slots: &mut Vec<u32>) -> Result<()> {
        match self {
            Self::Codes { most } => {
                let Some(codes) = array.as_primitive_opt::<Int32Type>() else {
                    return exec_err!("codes of groups are {} instead of Int32", array.data_type());
                };
                if codes.null_count() == 0 {
                    slots.extend(codes.values().iter().map(|code| *code as u32 + 1));
                } else {
                    slots.extend(codes.iter().map(|code| code.map_or(0, |code| code as u32 + 1)));
                }
                *most = slots.iter().copied().fold(*most, u32::max);
                Ok(())
            }
            Self::Bits { known, values, float } => {
                // Times come in order, so that bins of them come in runs.
                let (mut last, mut slot) = (0, 0);
                let mut slot_of = |bits: u64| {
                    if bits != last || slot == 0 {
                        last = bits;
                        slot = *known.entry(bits).or_insert_with(|| {
                            values.push(bits);
                            values.len() as u32
                        });
                    }
                    slot
                };
                if *float {
                    let Some(numbers) = array.as_primitive_opt::<Float64Type>() else {
                        return exec_err!("groups of floats are {}", array.data_type());
                    };
                    if numbers.null_count() == 0 {
                        slots.extend(numbers.values().iter().map(|number| slot_of(number.to_bits())));
                    } else {
                        slots.extend(numbers.iter().map(|number| number.map_or(0, |number| slot_of(number.to_bits()))));
                    }
                } else {
                    let Some(numbers) = array.as_primitive_opt::<Int64Type>() else {
                        return exec_err!("groups of integers are {}", array.data_type());
                    };
                    slots.extend(numbers.iter().map(|number| number.map_or(0, |number| slot_of(number.cast_unsigned()))));
                }
                Ok(())
            }
        }
    }

    fn values(&self, slots: impl Iterator<Item = u32>) -> ArrayRef {
        match self {
            Self::Codes { .. } => Arc::new(slots.map(|slot| slot.checked_sub(1).map(u32::cast_signed)).collect::<Int32Array>()),
            Self::Bits { values, float, .. } => {
                let bits = slots.map(|slot| slot.checked_sub(1).map(|place| values[place as usize]));
                if *float {
                    Arc::new(bits.map(|bits| bits.map(f64::from_bits)).collect::<Float64Array>())
                } else {
                    Arc::new(bits.map(|bits| bits.map(u64::cast_signed)).collect::<Int64Array>())
                }
            }
        }
    }
}

impl Step {
    fn new() -> Self {
        Self { table: Table::Direct { bits: 0, groups: Vec::new() }, made_of: Vec::new() }
    }

    /// Gives each row the group of its slot alone; all slots are below `slots_len`.
    fn begin(&mut self, groups: &mut Vec<usize>, slots: &[u32], slots_len: usize) {
        groups.clear();
        self.fit(1, slots_len);
        let made_of = &mut self.made_of;
        if let Table::Direct { groups: known, .. } = &mut self.table {
            groups.extend(slots.iter().map(|slot| {
                let entry = &mut known[*slot as usize];
                if *entry == 0 {
                    made_of.push((0, *slot));
                    *entry = made_of.len() as u32;
                }
                *entry as usize - 1
            }));
        } else {
            groups.resize(slots.len(), 0);
            self.advance(groups, 1, slots, slots_len);
        }
    }

    /// Replaces each row's group by the group that it is in together with its slot; groups are below `before_len`, slots
    /// below `slots_len`.
    fn advance(&mut self, groups: &mut [usize], before_len: usize, slots: &[u32], slots_len: usize) {
        self.fit(before_len, slots_len);
        let made_of = &mut self.made_of;
        match &mut self.table {
            Table::Direct { bits, groups: known } => {
                for (group, slot) in groups.iter_mut().zip(slots) {
                    let entry = &mut known[*group << *bits | *slot as usize];
                    if *entry == 0 {
                        made_of.push((*group as u32, *slot));
                        *entry = made_of.len() as u32;
                    }
                    *group = *entry as usize - 1;
                }
            }
            Table::Hashed(known) => {
                for (group, slot) in groups.iter_mut().zip(slots) {
                    let key = packed(*group as u32, *slot);
                    let found = *known.entry(key).or_insert_with(|| {
                        made_of.push((*group as u32, *slot));
                        made_of.len() as u32 - 1
                    });
                    *group = found as usize;
                }
            }
        }
    }

    /// Makes room for these groups and slots; a table that would be too large becomes hashed.
    fn fit(&mut self, before_len: usize, slots_len: usize) {
        let Table::Direct { bits, groups } = &mut self.table else { return };
        let wanted = slots_len.next_power_of_two().trailing_zeros().max(*bits);
        if wanted == *bits && groups.len() >= before_len << wanted {
            return;
        }
        let size = before_len.next_power_of_two() << wanted;
        if size > LARGEST_TABLE {
            let mut known = HashMap::with_capacity_and_hasher(self.made_of.len(), FxBuildHasher);
            known.extend(self.made_of.iter().zip(0..).map(|((before, slot), group)| (packed(*before, *slot), group)));
            self.table = Table::Hashed(known);
            return;
        }
        let mut larger = vec![0; size];
        for ((before, slot), group) in self.made_of.iter().zip(1..) {
            larger[(*before as usize) << wanted | *slot as usize] = group;
        }
        *bits = wanted;
        *groups = larger;
    }
}

/// Both numbers as one key.
fn packed(before: u32, slot: u32) -> u64 {
    // The hash only mixes upwards, so what varies most stands low.
    u64::from(before) << 32 | u64::from(slot)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn codes(values: &[Option<i32>]) -> ArrayRef {
        Arc::new(values.iter().copied().collect::<Int32Array>())
    }

    #[test]
    fn groups_over_batches() {
        let types = [DataType::Float64, DataType::Int32];
        let mut indices = GroupIndices::new(types.iter()).unwrap();
        let mut groups = Vec::new();
        let floats = |values: &[Option<f64>]| -> ArrayRef { Arc::new(values.iter().copied().collect::<Float64Array>()) };
        let first = [floats(&[Some(1.0), Some(1.0), None, Some(2.0)]), codes(&[Some(0), Some(7), Some(0), None])];
        indices.number(&first, &mut groups).unwrap();
        assert_eq!(groups, [0, 1, 2, 3]);
        let second = [floats(&[Some(2.0), Some(1.0), Some(3.0)]), codes(&[None, Some(7), Some(900_000)])];
        indices.number(&second, &mut groups).unwrap();
        assert_eq!(groups, [3, 1, 4]);
        assert_eq!(indices.len(), 5);
        let values = indices.values();
        assert_eq!(&values[0], &floats(&[Some(1.0), Some(1.0), None, Some(2.0), Some(3.0)]));
        assert_eq!(&values[1], &codes(&[Some(0), Some(7), Some(0), None, Some(900_000)]));
    }

    #[test]
    fn a_table_that_grows_too_large_is_hashed() {
        let types = [DataType::Int32, DataType::Int64, DataType::Int32];
        let mut indices = GroupIndices::new(types.iter()).unwrap();
        let mut groups = Vec::new();
        let mut expected: HashMap<(i32, i64, i32), usize> = HashMap::new();
        for round in 0..40_i32 {
            let rows: Vec<(i32, i64, i32)> = (0..5_000)
                .map(|row| (row % 97, i64::from((row * 31 + round) % 1_009) - 500, (row * row + round) % 50_021))
                .collect();
            let arrays: [ArrayRef; 3] = [
                Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.0))),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
                Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.2))),
            ];
            indices.number(&arrays, &mut groups).unwrap();
            for (row, group) in rows.iter().zip(&groups) {
                let next = expected.len();
                assert_eq!(*expected.entry(*row).or_insert(next), *group);
            }
        }
        assert_eq!(indices.len(), expected.len());
        assert!(indices.columns.iter().any(|column| matches!(column.step.table, Table::Hashed(_))));
        let values = indices.values();
        for (row, group) in expected {
            let found = (
                values[0].as_primitive::<Int32Type>().value(group),
                values[1].as_primitive::<Int64Type>().value(group),
                values[2].as_primitive::<Int32Type>().value(group),
            );
            assert_eq!(found, row);
        }
    }
}
