//! The running state of `streamstats`.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use hashbrown::HashMap;
use spl_functions::aggregate::state::GroupedState;
use spl_functions::column::{Column, ValueType};

use crate::held::{MOST_LISTED, MOST_REMEMBERED};
use crate::node::OperatorState;
use crate::row_ids::RowIds;

use super::ordered::Ordered;
use super::window::{Apart, Arguments, Counted, Gathering, Group, Outcome, ROW_OF_COLUMN, column, row_size, summary_size};
use super::*;

pub(super) struct State {
    pub(super) operator: StreamStatistics,
    pub(super) output: SchemaRef,
    /// What each statistic begins with.
    pub(super) empty: Vec<Empty>,
    /// Numbers of the by-fields' values; none before the first row.
    pub(super) row_ids: Option<RowIds>,
    /// By such a number the turn in which it got its group, and the group.
    pub(super) places: Vec<Option<(u64, usize)>>,
    /// How often everything was forgotten.
    pub(super) turn: u64,
    pub(super) groups: Vec<Group>,
    /// The groups of the rows in a window over all groups.
    pub(super) window: VecDeque<(usize, Option<f64>)>,
    pub(super) last_row: Option<usize>,
    /// Bytes of the groups, as last measured.
    pub(super) size: usize,
    /// Groups to measure anew.
    pub(super) changed: Vec<usize>,
    /// Rows of the batch that is given in pieces.
    pub(super) rest: Option<RecordBatch>,
    pub(super) listed: MostListed,
}

/// What a statistic begins with.
pub(super) enum Empty {
    /// A count.
    Count,
    /// A percentile of numbers in order.
    Ordered(f64),
    /// The state that `stats` has too.
    State(Box<dyn GroupedState>),
}

const ONE_ROW: [usize; 1] = [0];

impl State {
    fn slides(&self) -> bool {
        self.operator.window > 0 || self.operator.time_window.is_some()
    }

    fn prepare(&mut self, input: &Places<'_>) -> Result<()> {
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
            let percentile = match statistic.spec.name {
                "median" => Some(50.0),
                "perc" | "exactperc" | "upperperc" => statistic.parameter,
                _ => None,
            };
            self.empty.push(match percentile {
                _ if counts => Empty::Count,
                Some(percentile) => Empty::Ordered(percentile),
                None => Empty::State(statistic.create(input)?),
            });
        }
        Ok(())
    }

    fn fresh(&self) -> Vec<Gathering> {
        self.empty
            .iter()
            .map(|empty| match empty {
                Empty::Count | Empty::Ordered(_) => Gathering::Count(0),
                Empty::State(empty) => Gathering::State(empty.fresh()),
            })
            .collect()
    }

    /// Whether a statistic keeps the rows of a window.
    fn keeps_rows(&self) -> bool {
        self.slides() && self.empty.iter().any(|empty| matches!(empty, Empty::State(_)))
    }

    /// The group of a number of the by-fields' values.
    fn group(&mut self, row_id: usize) -> usize {
        if let Some(Some((turn, id))) = self.places.get(row_id)
            && *turn == self.turn
        {
            return *id;
        }
        let id = self.groups.len();
        let slides = self.slides();
        let apart = self
            .empty
            .iter()
            .zip(&self.operator.statistics)
            .map(|(empty, statistic)| match empty {
                Empty::Count => slides.then(|| {
                    let distinct = statistic.spec.name != "count";
                    Apart::Counted(Counted { distinct, ..Counted::default() })
                }),
                Empty::Ordered(percentile) => Some(Apart::Ordered(Ordered::new(*percentile, slides))),
                Empty::State(_) => None,
            })
            .collect();
        let newer = self.fresh();
        self.groups.push(Group {
            apart,
            older: Vec::new(),
            newer,
            newer_rows: Vec::new(),
            times: VecDeque::new(),
            measured: 0,
            window_size: 0,
            changed: false,
        });
        if self.places.len() <= row_id {
            self.places.resize(row_id + 1, None);
        }
        self.places[row_id] = Some((self.turn, id));
        id
    }

    fn forget(&mut self) {
        self.turn += 1;
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
        let keeps_rows = self.keeps_rows();
        let (global, entry) = (self.operator.global, &mut self.groups[group]);
        let mut kept = Vec::new();
        for (place, (gathering, arguments)) in entry.newer.iter_mut().zip(arguments).enumerate() {
            let mut values: Vec<ArrayRef> = Vec::new();
            match gathering {
                Gathering::Count(count) => match &mut entry.apart[place] {
                    Some(apart) => apart.enter(arguments.first.value(row)),
                    None => *count += i64::from(!arguments.first.value(row).is_null()),
                },
                Gathering::State(state) => {
                    values.extend(arguments.columns.iter().map(|column| column.slice(row, 1)));
                    state.update(&values, &ONE_ROW, None, 1)?;
                }
            }
            if keeps_rows {
                kept.push(values);
            }
        }
        if keeps_rows {
            entry.newer_rows.push(kept);
            entry.window_size += row_size(arguments);
        }
        if slides {
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
        self.groups[group].apart.iter_mut().flatten().for_each(Apart::leave);
        if !self.keeps_rows() {
            return Ok(());
        }
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

    fn results(&mut self, group: usize) -> Result<Vec<Outcome>> {
        let empty = &self.empty;
        let entry = &mut self.groups[group];
        let mut results = Vec::with_capacity(empty.len());
        for (place, gathering) in entry.newer.iter_mut().enumerate() {
            results.push(match gathering {
                Gathering::Count(count) => entry.apart[place].as_ref().map_or(Outcome::Integer(*count), Apart::result),
                Gathering::State(state) => match (entry.older.last().and_then(|older| older.get(place)), &empty[place]) {
                    (Some(older), Empty::State(empty)) => {
                        let mut whole = empty.fresh();
                        whole.merge(older, &ONE_ROW, 1)?;
                        if !entry.newer_rows.is_empty() {
                            whole.merge(&state.state(1)?, &ONE_ROW, 1)?;
                        }
                        Outcome::Array(whole.evaluate(1)?)
                    }
                    _ => Outcome::Array(state.evaluate(1)?),
                },
            });
        }
        Ok(results)
    }

    /// The number of each row's by-fields; none where one of them is absent.
    fn row_ids(&mut self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        // After everything was forgotten the numbers of what came before are worth nothing.
        let worthless = self.groups.is_empty() && self.row_ids.as_ref().is_some_and(|ids| ids.size() > MOST_REMEMBERED);
        let mut row_ids = match self.row_ids.take().filter(|_| !worthless) {
            Some(row_ids) => row_ids,
            None => {
                self.places.clear();
                self.last_row = None;
                RowIds::new(&self.operator.by)?
            }
        };
        let found = row_ids.of(batch);
        self.row_ids = Some(row_ids);
        found
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
        let read = Places::of(&schema);
        self.prepare(&read)?;
        let mut arguments: Vec<Arguments> = Vec::new();
        for statistic in &self.operator.statistics {
            let mut columns = Vec::new();
            for name in &statistic.arguments {
                let column = batch.column(read.place(name)?);
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
        let row_ids = self.row_ids(&batch)?;
        let times: Option<Column> = match &self.operator.time_window {
            Some((name, _)) => Some(Column::new(batch.column(schema.index_of(name)?))?),
            None => None,
        };
        let reset_before = is_true(&batch, self.operator.reset_before.as_ref())?;
        let reset_after = is_true(&batch, self.operator.reset_after.as_ref())?;
        let nothing = vec![Outcome::Absent; self.operator.statistics.len()];
        let mut results: Vec<Vec<Outcome>> = (0..nothing.len()).map(|_| Vec::with_capacity(rows)).collect();
        let mut listed = 0_usize;
        let mut given = 0;
        for row in 0..rows {
            given += 1;
            if reset_before.as_ref().is_some_and(|reset| reset[row]) {
                self.forget();
            }
            let found = match row_ids[row] {
                None => nothing.clone(),
                Some(row_id) => {
                    if self.operator.reset_on_change {
                        if self.last_row.is_some_and(|last| last != row_id) {
                            self.forget();
                        }
                        self.last_row = Some(row_id);
                    }
                    let group = self.group(row_id);
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
                if let Outcome::Array(array) = &value {
                    if let Some(list) = array.as_list_opt::<i32>() {
                        self.listed.take(list.values().len())?;
                    }
                    listed += array.get_array_memory_size();
                }
                column.push(value);
            }
            if listed > MOST_LISTED {
                break;
            }
        }
        self.rest = (given < rows).then(|| batch.slice(given, rows - given));
        let batch = batch.slice(0, given);
        let mut set: HashMap<&str, usize> = HashMap::with_capacity(self.operator.statistics.len());
        for (place, statistic) in self.operator.statistics.iter().enumerate() {
            set.entry(statistic.name.as_str()).or_insert(place);
        }
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.output.fields().len());
        for field in self.output.fields() {
            columns.push(match set.get(field.name().as_str()) {
                Some(place) => column(&results[*place], field.data_type())?,
                None => batch.column(read.place(field.name())?).clone(),
            });
        }
        drop(set);
        self.measure();
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }

    fn pending(&mut self) -> Result<Option<RecordBatch>> {
        match self.rest.take() {
            Some(rest) => self.push(rest),
            None => Ok(None),
        }
    }

    fn size(&self) -> usize {
        let places = self.places.capacity() * size_of::<Option<(u64, usize)>>();
        let window = self.window.capacity() * size_of::<(usize, Option<f64>)>();
        self.size + self.row_ids.as_ref().map_or(0, RowIds::size) + places + window
    }
}

impl State {
    /// Whether the row with its results meets the condition of `reset_after`.
    fn result_resets(&self, batch: &RecordBatch, row: usize, results: &[Outcome]) -> Result<bool> {
        let Some(condition) = &self.operator.reset_after_result else { return Ok(false) };
        let mut columns = Vec::with_capacity(condition.columns.len());
        let mut fields = Vec::with_capacity(condition.columns.len());
        for name in &condition.columns {
            let place = self.operator.statistics.iter().position(|statistic| statistic.name == *name);
            let column = match place {
                Some(place) => {
                    let place_of_field = self.output.index_of(name)?;
                    results[place].array(self.output.field(place_of_field).data_type())
                }
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
