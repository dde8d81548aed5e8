//! The row operator of `stats` and its kin over many fields: one row per group, with the statistics of its rows.
//!
//! DataFusion's aggregation looks each of its expressions up among all columns, in each of its rules: the work grows with the
//! square of the statistics. This operator names them once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::aggregate::state::GroupedState;

use crate::columns::Places;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::streamstats::Statistic;
use crate::row_ids::RowIds;

/// The name of the node.
pub const NAME: &str = "stats";

/// What is computed of each group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupStatistics {
    /// The statistics.
    pub statistics: Vec<Statistic>,
    /// The by-fields; rows without one of them are in no group. Without by-fields all rows are one group.
    pub by: Vec<String>,
    /// A column that gets the number of rows of the group.
    pub rows: Option<String>,
    /// Leaves out a row that holds nothing.
    pub drops_nothing: bool,
}

impl Operator for GroupStatistics {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let places = Places::of(input);
        let mut fields: Vec<Arc<Field>> = Vec::with_capacity(self.by.len() + self.statistics.len() + 1);
        for name in &self.by {
            fields.push(input.fields()[places.place(name)?].clone());
        }
        for statistic in &self.statistics {
            fields.push(Arc::new(Field::new(&statistic.name, statistic.returns(&places).arrow(), true)));
        }
        fields.extend(self.rows.iter().map(|name| Arc::new(Field::new(name, DataType::Int64, false))));
        Ok(Arc::new(Schema::new(fields)))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            operator: self.clone(),
            output: output.clone(),
            states: None,
            row_ids: None,
            groups: 0,
            found: Vec::new(),
            counts: Vec::new(),
            keys: vec![Vec::new(); self.by.len()],
            size: 0,
        })
    }
}

struct State {
    operator: GroupStatistics,
    output: SchemaRef,
    /// One per statistic, once there are rows.
    states: Option<Vec<Box<dyn GroupedState>>>,
    row_ids: Option<RowIds>,
    /// One more than the highest group.
    groups: usize,
    /// The groups in the order in which they were met.
    found: Vec<u32>,
    /// Rows by group.
    counts: Vec<i64>,
    /// By by-field the values of the groups in `found`, batch by batch.
    keys: Vec<Vec<ArrayRef>>,
    /// Bytes of the keys.
    size: usize,
}

impl State {
    fn states(operator: &GroupStatistics, places: &Places<'_>) -> Result<Vec<Box<dyn GroupedState>>> {
        operator.statistics.iter().map(|statistic| statistic.create(places)).collect()
    }
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let schema = batch.schema();
        let places = Places::of(&schema);
        let row_ids = match &mut self.row_ids {
            Some(row_ids) => row_ids,
            none => none.insert(RowIds::new(&self.operator.by)?),
        };
        let ids = row_ids.of(&batch)?;
        let mut groups = Vec::with_capacity(ids.len());
        let mut first_rows: Vec<u32> = Vec::new();
        for (row, id) in ids.iter().enumerate() {
            groups.push(id.unwrap_or_default());
            let Some(group) = *id else { continue };
            self.groups = self.groups.max(group + 1);
            if self.counts.len() <= group {
                self.counts.resize(group + 1, 0);
            }
            if self.counts[group] == 0 {
                let too_many = |_| exec_datafusion_err!("there are too many groups");
                self.found.push(u32::try_from(group).map_err(too_many)?);
                first_rows.push(u32::try_from(row).map_err(too_many)?);
            }
            self.counts[group] += 1;
        }
        if !first_rows.is_empty() {
            let first_rows = UInt32Array::from(first_rows);
            for (name, keys) in self.operator.by.iter().zip(&mut self.keys) {
                let values = take(batch.column(places.place(name)?), &first_rows, None)?;
                self.size += values.get_array_memory_size();
                keys.push(values);
            }
        }
        let states = match &mut self.states {
            Some(states) => states,
            none => none.insert(Self::states(&self.operator, &places)?),
        };
        let any_absent = ids.iter().any(Option::is_none);
        let filter = any_absent.then(|| ids.iter().map(|id| Some(id.is_some())).collect::<BooleanArray>());
        if self.groups > 0 {
            for (statistic, state) in self.operator.statistics.iter().zip(states) {
                let arguments = statistic.arguments.iter();
                let columns: Vec<ArrayRef> =
                    arguments.map(|name| Ok(batch.column(places.place(name)?).clone())).collect::<Result<_>>()?;
                state.update(&columns, &groups, filter.as_ref(), self.groups)?;
            }
        }
        Ok(None)
    }

    fn size(&self) -> usize {
        let states: usize = self.states.iter().flatten().map(|state| state.size()).sum();
        let counts = self.counts.capacity() * (size_of::<i64>() + size_of::<u32>());
        states + counts + self.size + self.row_ids.as_ref().map_or(0, RowIds::size)
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        if self.operator.by.is_empty() {
            // Without by-fields there is one group, also of no rows.
            self.groups = 1;
            self.found = vec![0];
            self.counts.resize(1, 0);
        }
        if self.found.is_empty() {
            return Ok(None);
        }
        let mut states = match self.states.take() {
            Some(states) => states,
            None => Self::states(&self.operator, &Places::of(&Schema::empty()))?,
        };
        let order = UInt32Array::from(std::mem::take(&mut self.found));
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.output.fields().len());
        for keys in std::mem::take(&mut self.keys) {
            let keys: Vec<&dyn Array> = keys.iter().map(AsRef::as_ref).collect();
            columns.push(concat(&keys)?);
        }
        for state in &mut states {
            let results = take(&state.evaluate(self.groups)?, &order, None)?;
            let wanted = self.output.field(columns.len()).data_type();
            columns.push(if results.data_type() == wanted { results } else { cast(&results, wanted)? });
        }
        if self.operator.drops_nothing && order.len() == 1 && columns.iter().all(|column| column.is_null(0)) {
            return Ok(None);
        }
        if self.operator.rows.is_some() {
            let counts = order.values().iter().map(|group| self.counts[*group as usize]);
            columns.push(Arc::new(counts.collect::<arrow::array::Int64Array>()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(order.len()));
        Ok(Some(RecordBatch::try_new_with_options(self.output.clone(), columns, &options)?))
    }
}
