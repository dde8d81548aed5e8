//! The running state of `streamstats`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use spl_functions::aggregate::state::GroupedState;
use spl_functions::column::{Column, ValueType};

use crate::held::text_size;
use crate::node::OperatorState;

use super::window::{Arguments, Counted, Gathering, Group, ROW_OF_COLUMN, row_size, summary_size};
use super::*;

pub(super) struct State {
    pub(super) operator: StreamStatistics,
    pub(super) output: SchemaRef,
    /// Empty states; none for statistics that only count.
    pub(super) empty: Vec<Option<Box<dyn GroupedState>>>,
    pub(super) ids: HashMap<String, usize>,
    pub(super) groups: Vec<Group>,
    /// The groups of the rows in a window over all groups.
    pub(super) window: VecDeque<(usize, Option<f64>)>,
    pub(super) last_key: Option<String>,
    /// Bytes of the groups, as last measured, and of their keys.
    pub(super) size: usize,
    /// Groups to measure anew.
    pub(super) changed: Vec<usize>,
}

const ONE_ROW: [usize; 1] = [0];

impl State {
    fn slides(&self) -> bool {
        self.operator.window > 0 || self.operator.time_window.is_some()
    }

    fn prepare(&mut self, input: &Schema) -> Result<()> {
        if !self.empty.is_empty() {
            return Ok(());
        }
        for statistic in &self.operator.statistics {
            let single = !matches!(statistic.value_type(input), ValueType::Multivalue | ValueType::Boolean);
            let counts = match statistic.spec.name {
                "count" => self.slides() || single,
                "distinct_count" | "estdc" => self.slides(),
                _ => false,
            };
            self.empty.push(if counts { None } else { Some(statistic.create(input)?) });
        }
        Ok(())
    }

    fn fresh(&self) -> Vec<Gathering> {
        self.empty
            .iter()
            .map(|empty| match empty {
                None => Gathering::Count(0),
                Some(empty) => Gathering::State(empty.fresh()),
            })
            .collect()
    }

    fn group(&mut self, key: &str) -> usize {
        if let Some(&id) = self.ids.get(key) {
            return id;
        }
        let id = self.groups.len();
        let slides = self.slides();
        let counted = self
            .empty
            .iter()
            .zip(&self.operator.statistics)
            .map(|(empty, statistic)| {
                let distinct = statistic.spec.name != "count";
                (slides && empty.is_none()).then(|| Counted { distinct, ..Counted::default() })
            })
            .collect();
        let newer = self.fresh();
        self.groups.push(Group {
            counted,
            older: Vec::new(),
            newer,
            newer_rows: Vec::new(),
            times: VecDeque::new(),
            measured: 0,
            window_size: 0,
            changed: false,
        });
        self.size += text_size(key) + size_of::<usize>();
        self.ids.insert(key.to_owned(), id);
        id
    }

    fn forget(&mut self) {
        self.ids.clear();
        self.groups.clear();
        self.window.clear();
        self.changed.clear();
        self.size = 0;
    }

    /// Notes that a group is to be measured anew at the end of the batch.
    fn touch(&mut self, group: usize) {
        if !std::mem::replace(&mut self.groups[group].changed, true) {
            self.changed.push(group);
        }
    }

    fn measure(&mut self) {
        for group in std::mem::take(&mut self.changed) {
            let entry = &mut self.groups[group];
            entry.changed = false;
            let size = entry.size();
            self.size = (self.size + size).saturating_sub(std::mem::replace(&mut entry.measured, size));
        }
    }

    fn enter(&mut self, group: usize, arguments: &[Arguments], row: usize, time: Option<f64>) -> Result<()> {
        self.touch(group);
        let slides = self.slides();
        let (global, entry) = (self.operator.global, &mut self.groups[group]);
        let mut kept = Vec::new();
        for (place, (gathering, arguments)) in entry.newer.iter_mut().zip(arguments).enumerate() {
            let mut values: Vec<ArrayRef> = Vec::new();
            match gathering {
                Gathering::Count(count) => match &mut entry.counted[place] {
                    Some(counted) => counted.enter(arguments.first.value(row)),
                    None => *count += i64::from(!arguments.first.value(row).is_null()),
                },
                Gathering::State(state) => {
                    values.extend(arguments.columns.iter().map(|column| column.slice(row, 1)));
                    state.update(&values, &ONE_ROW, None, 1)?;
                }
            }
            if slides {
                kept.push(values);
            }
        }
        if slides {
            entry.newer_rows.push(kept);
            entry.window_size += row_size(arguments);
            if global {
                self.window.push_back((group, time));
            } else {
                entry.times.push_back(time);
            }
        }
        Ok(())
    }

    /// The oldest row of a group leaves the window.
    fn leave(&mut self, group: usize) -> Result<()> {
        self.touch(group);
        self.groups[group].counted.iter_mut().flatten().for_each(Counted::leave);
        if self.groups[group].older.is_empty() {
            let mut states = self.fresh();
            let rows = std::mem::take(&mut self.groups[group].newer_rows);
            let mut older = Vec::with_capacity(rows.len());
            for row in rows.iter().rev() {
                let mut summary = Vec::with_capacity(row.len());
                for (gathering, values) in states.iter_mut().zip(row) {
                    summary.push(match gathering {
                        Gathering::Count(_) => Vec::new(),
                        Gathering::State(state) => {
                            state.update(values, &ONE_ROW, None, 1)?;
                            state.state(1)?
                        }
                    });
                }
                older.push(summary);
            }
            let fresh = self.fresh();
            let entry = &mut self.groups[group];
            entry.window_size = older.iter().map(|summary| summary_size(summary)).sum();
            entry.older = older;
            entry.newer = fresh;
        }
        let entry = &mut self.groups[group];
        if let Some(gone) = entry.older.pop() {
            entry.window_size = entry.window_size.saturating_sub(summary_size(&gone));
        }
        Ok(())
    }

    /// Rows that are too old for a row at this time leave.
    fn leave_by_time(&mut self, group: usize, now: Option<f64>) -> Result<()> {
        let Some((_, span)) = self.operator.time_window else { return Ok(()) };
        let Some(now) = now else { return Ok(()) };
        // A row without a time must not keep the rows behind it.
        let too_old = |time: Option<f64>| time.is_none_or(|time| (now - time).abs() >= span);
        if self.operator.global {
            while let Some(&(oldest, time)) = self.window.front() {
                if !too_old(time) {
                    break;
                }
                self.window.pop_front();
                self.leave(oldest)?;
            }
        } else {
            while let Some(&time) = self.groups[group].times.front() {
                if !too_old(time) {
                    break;
                }
                self.groups[group].times.pop_front();
                self.leave(group)?;
            }
        }
        Ok(())
    }

    /// Rows beyond the window's length leave.
    fn leave_by_count(&mut self, group: usize) -> Result<()> {
        let most = self.operator.window;
        if most == 0 {
            return Ok(());
        }
        if self.operator.global {
            while self.window.len() > most {
                if let Some((oldest, _)) = self.window.pop_front() {
                    self.leave(oldest)?;
                }
            }
        } else {
            while self.groups[group].times.len() > most {
                self.groups[group].times.pop_front();
                self.leave(group)?;
            }
        }
        Ok(())
    }

    fn results(&mut self, group: usize) -> Result<Vec<ArrayRef>> {
        let empty = &self.empty;
        let entry = &mut self.groups[group];
        let mut results = Vec::with_capacity(empty.len());
        for (place, gathering) in entry.newer.iter_mut().enumerate() {
            results.push(match gathering {
                Gathering::Count(count) => {
                    let count = entry.counted[place].as_ref().map_or(*count, Counted::result);
                    Arc::new(Int64Array::from(vec![count])) as ArrayRef
                }
                Gathering::State(state) => match (entry.older.last().and_then(|older| older.get(place)), &empty[place]) {
                    (Some(older), Some(empty)) => {
                        let mut whole = empty.fresh();
                        whole.merge(older, &ONE_ROW, 1)?;
                        if !entry.newer_rows.is_empty() {
                            whole.merge(&state.state(1)?, &ONE_ROW, 1)?;
                        }
                        whole.evaluate(1)?
                    }
                    _ => state.evaluate(1)?,
                },
            });
        }
        Ok(results)
    }

    /// The key of each row; none where a by-field is absent.
    fn keys(&self, batch: &RecordBatch) -> Result<Vec<Option<String>>> {
        let columns: Vec<Column> = self
            .operator
            .by
            .iter()
            .map(|name| Column::new(batch.column(batch.schema().index_of(name)?)))
            .collect::<Result<_>>()?;
        Ok((0..batch.num_rows()).map(|row| row_key(&columns, row)).collect())
    }
}

/// A Boolean column's rows that are true.
fn is_true(batch: &RecordBatch, name: Option<&String>) -> Result<Option<Vec<bool>>> {
    let Some(name) = name else { return Ok(None) };
    let flags = cast(batch.column(batch.schema().index_of(name)?), &DataType::Boolean)?;
    let flags = flags.as_boolean();
    Ok(Some((0..flags.len()).map(|row| flags.is_valid(row) && flags.value(row)).collect()))
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(None);
        }
        let schema = batch.schema();
        self.prepare(&schema)?;
        let mut arguments: Vec<Arguments> = Vec::new();
        for statistic in &self.operator.statistics {
            let mut columns = Vec::new();
            for name in &statistic.arguments {
                let column = batch.column(schema.index_of(name)?);
                // What functions note per dictionary would be noted per group.
                columns.push(match column.data_type() {
                    DataType::Dictionary(_, _) => cast(column, &DataType::Utf8View)?,
                    _ => column.clone(),
                });
            }
            let first = match columns.first() {
                Some(column) => Column::new(column)?,
                None => Column::Literal(Box::new(Column::Integer(Int64Array::from(vec![1])))),
            };
            let size: usize = columns.iter().map(|column| column.get_array_memory_size()).sum();
            let row_size = size / rows + columns.len() * (size_of::<ArrayRef>() + ROW_OF_COLUMN);
            arguments.push(Arguments { columns, first, row_size });
        }
        let keys = self.keys(&batch)?;
        let times: Option<Column> = match &self.operator.time_window {
            Some((name, _)) => Some(Column::new(batch.column(schema.index_of(name)?))?),
            None => None,
        };
        let reset_before = is_true(&batch, self.operator.reset_before.as_ref())?;
        let reset_after = is_true(&batch, self.operator.reset_after.as_ref())?;
        let nothing: Vec<ArrayRef> = self
            .operator
            .statistics
            .iter()
            .map(|statistic| {
                let place = self.output.index_of(&statistic.name)?;
                Ok(arrow::array::new_null_array(self.output.field(place).data_type(), 1))
            })
            .collect::<Result<_>>()?;
        let mut results: Vec<Vec<ArrayRef>> = (0..nothing.len()).map(|_| Vec::with_capacity(rows)).collect();
        for row in 0..rows {
            if reset_before.as_ref().is_some_and(|reset| reset[row]) {
                self.forget();
            }
            let found = match &keys[row] {
                None => nothing.clone(),
                Some(key) => {
                    if self.operator.reset_on_change && self.last_key.as_ref().is_some_and(|last| last != key) {
                        self.forget();
                    }
                    if self.operator.reset_on_change {
                        self.last_key = Some(key.clone());
                    }
                    let group = self.group(key);
                    let time = times.as_ref().and_then(|times| times.value(row).number());
                    self.leave_by_time(group, time)?;
                    if self.operator.current {
                        self.enter(group, &arguments, row, time)?;
                        self.leave_by_count(group)?;
                        self.results(group)?
                    } else {
                        let found = self.results(group)?;
                        self.enter(group, &arguments, row, time)?;
                        self.leave_by_count(group)?;
                        found
                    }
                }
            };
            if reset_after.as_ref().is_some_and(|reset| reset[row]) || self.result_resets(&batch, row, &found)? {
                self.forget();
            }
            for (column, value) in results.iter_mut().zip(found) {
                column.push(value);
            }
        }
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.output.fields().len());
        for field in self.output.fields() {
            let place = self.operator.statistics.iter().position(|statistic| statistic.name == *field.name());
            columns.push(match place {
                Some(place) => {
                    let parts: Vec<&dyn Array> = results[place].iter().map(AsRef::as_ref).collect();
                    let whole = concat(&parts)?;
                    if whole.data_type() == field.data_type() { whole } else { cast(&whole, field.data_type())? }
                }
                None => batch.column(schema.index_of(field.name())?).clone(),
            });
        }
        self.measure();
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }

    fn size(&self) -> usize {
        self.size + self.window.capacity() * size_of::<(usize, Option<f64>)>()
    }
}

impl State {
    /// Whether the row with its results meets the condition of `reset_after`.
    fn result_resets(&self, batch: &RecordBatch, row: usize, results: &[ArrayRef]) -> Result<bool> {
        let Some(condition) = &self.operator.reset_after_result else { return Ok(false) };
        let mut columns = Vec::with_capacity(condition.columns.len());
        let mut fields = Vec::with_capacity(condition.columns.len());
        for name in &condition.columns {
            let place = self.operator.statistics.iter().position(|statistic| statistic.name == *name);
            let column = match place {
                Some(place) => results[place].clone(),
                None => batch.column(batch.schema().index_of(name)?).slice(row, 1),
            };
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        }
        let one = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let met = condition.condition.evaluate(&one)?.into_array(1)?;
        Ok(met.as_boolean_opt().is_some_and(|met| met.is_valid(0) && met.value(0)))
    }
}
