//! The row operator of `eventstats`: the statistics of a row's group, added to the row.
//!
//! All rows are read before the first one comes out. Of each row only the number of its group is kept in any case; the rows
//! themselves go to disk when memory is short.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::aggregate::state::GroupedState;

use crate::columns::{Places, with_columns, with_fields};
use crate::held::{ListLengths, MostListed};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::streamstats::Statistic;
use crate::row_ids::RowIds;
use crate::stored_rows::StoredRows;

/// The limit of the values of the lists that rows get.
pub const LISTS_LIMIT: &str = "eventstats_maxvalues";

/// What `eventstats` does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventStatistics {
    /// The statistics. Their arguments are columns of their own, which do not come out.
    pub statistics: Vec<Statistic>,
    /// The by-fields; rows without one of them get no results.
    pub by: Vec<String>,
    /// Most values of the lists that the rows get; 0 = no bound.
    pub most_listed: usize,
}

impl EventStatistics {
    /// The places of the columns that come out.
    fn kept(&self, input: &Schema) -> Vec<usize> {
        let arguments: HashSet<&str> = self.statistics.iter().flat_map(|one| one.arguments.iter().map(String::as_str)).collect();
        (0..input.fields().len()).filter(|place| !arguments.contains(input.field(*place).name().as_str())).collect()
    }
}

impl Operator for EventStatistics {
    fn name(&self) -> &'static str {
        "eventstats"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let kept = Arc::new(input.project(&self.kept(input))?);
        let places = Places::of(input);
        let set = self.statistics.iter().map(|statistic| (statistic.name.as_str(), statistic.returns(&places).arrow()));
        Ok(with_fields(&kept, set))
    }

    fn start(&self, output: &SchemaRef, context: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            operator: self.clone(),
            output: output.clone(),
            states: Vec::new(),
            row_ids: None,
            groups: 0,
            group_of_row: Vec::new(),
            rows: StoredRows::new(context.task()),
            results: None,
            given: 0,
            rest: None,
            listed: MostListed::new("eventstats", LISTS_LIMIT, self.most_listed),
        })
    }
}

struct State {
    operator: EventStatistics,
    output: SchemaRef,
    /// One per statistic, once there are rows.
    states: Vec<Box<dyn GroupedState>>,
    row_ids: Option<RowIds>,
    /// One more than the highest group.
    groups: usize,
    /// [`NO_GROUP`] for a row without one of the by-fields.
    group_of_row: Vec<u32>,
    rows: StoredRows,
    /// The results of all groups, once all rows were read.
    results: Option<Vec<(String, ArrayRef)>>,
    /// Rows that came out.
    given: usize,
    /// Rows of the batch that is given in pieces.
    rest: Option<RecordBatch>,
    listed: MostListed,
}

const NO_GROUP: u32 = u32::MAX;

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let schema = batch.schema();
        let places = Places::of(&schema);
        let mut row_ids = match self.row_ids.take() {
            Some(row_ids) => row_ids,
            None => {
                self.states =
                    self.operator.statistics.iter().map(|statistic| statistic.create(&places)).collect::<Result<_>>()?;
                RowIds::new(&self.operator.by)?
            }
        };
        let found = row_ids.of(&batch)?;
        self.row_ids = Some(row_ids);
        let mut groups = Vec::with_capacity(found.len());
        let mut any_absent = false;
        for group in &found {
            any_absent |= group.is_none();
            groups.push(group.unwrap_or_default());
            let number = match group {
                None => NO_GROUP,
                Some(group) => {
                    self.groups = self.groups.max(group + 1);
                    u32::try_from(*group).map_err(|_| exec_datafusion_err!("`eventstats` has too many groups"))?
                }
            };
            self.group_of_row.push(number);
        }
        let filter = any_absent.then(|| found.iter().map(|group| Some(group.is_some())).collect::<BooleanArray>());
        if found.iter().any(Option::is_some) {
            for (statistic, state) in self.operator.statistics.iter().zip(&mut self.states) {
                let arguments = statistic.arguments.iter();
                let columns: Vec<ArrayRef> =
                    arguments.map(|name| Ok(batch.column(places.place(name)?).clone())).collect::<Result<_>>()?;
                state.update(&columns, &groups, filter.as_ref(), self.groups)?;
            }
        }
        self.rows.push(batch.project(&self.operator.kept(&schema))?);
        Ok(None)
    }

    fn size(&self) -> usize {
        let states: usize = self.states.iter().map(|state| state.size()).sum();
        let row_ids = self.row_ids.as_ref().map_or(0, RowIds::size);
        states + row_ids + self.group_of_row.capacity() * size_of::<u32>() + self.rows.size()
    }

    fn spill(&mut self) -> Result<bool> {
        self.rows.spill()
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let mut results = Vec::with_capacity(self.states.len());
        let output = self.output.clone();
        let written = Places::of(&output);
        for (statistic, mut state) in self.operator.statistics.iter().zip(std::mem::take(&mut self.states)) {
            let array = state.evaluate(self.groups)?;
            let wanted = output.field(written.place(&statistic.name)?).data_type();
            let array = if array.data_type() == wanted { array } else { cast(&array, wanted)? };
            results.push((statistic.name.clone(), array));
        }
        let lists = ListLengths::of(results.iter().map(|(_, results)| results));
        if !lists.is_empty() {
            let lengths: Vec<usize> = (0..self.groups).map(|group| lists.of_row(group)).collect();
            let of_group = |group: &u32| lengths.get(*group as usize).copied().unwrap_or_default();
            self.listed.expect(self.group_of_row.iter().map(of_group).fold(0, usize::saturating_add));
        }
        self.results = Some(results);
        self.row_ids = None;
        self.more()
    }

    fn more(&mut self) -> Result<Option<RecordBatch>> {
        let next = match self.rest.take() {
            Some(rest) => Some(rest),
            None => self.rows.next_batch()?,
        };
        let Some(mut batch) = next else { return Ok(None) };
        let rows = self.group_of_row.get(self.given..self.given + batch.num_rows()).unwrap_or_default();
        let lists = ListLengths::of(self.results.iter().flatten().map(|(_, results)| results));
        let piece = lists.piece(rows.iter().map(|group| (*group != NO_GROUP).then_some(*group as usize)));
        if piece < batch.num_rows() {
            self.rest = Some(batch.slice(piece, batch.num_rows() - piece));
            batch = batch.slice(0, piece);
        }
        let end = self.given + batch.num_rows();
        let groups = self.group_of_row.get(self.given..end).unwrap_or_default();
        if !lists.is_empty() {
            let given = groups.iter().filter(|group| **group != NO_GROUP).map(|group| lists.of_row(*group as usize));
            self.listed.take(given.sum())?;
        }
        let groups: UInt32Array = groups.iter().map(|group| (*group != NO_GROUP).then_some(*group)).collect();
        self.given = end;
        let set = self.results.iter().flatten();
        let set: Vec<(String, ArrayRef)> =
            set.map(|(name, results)| Ok((name.clone(), take(results, &groups, None)?))).collect::<Result<_>>()?;
        with_columns(&batch, &self.output, &set).map(Some)
    }
}
