//! The walk of `transaction` over events: which of them open, join and close transactions, and the rows that come of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::Result;
use spl_functions::aggregate::ValueIds;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;

use super::Transactions;
use super::open::{Event, Id, OpenTransactions, Place};
use crate::held::HeldRows;
use crate::node::OperatorState;
use crate::ordinal::ORDINAL;

struct Finished {
    events: Vec<Place>,
    latest: Option<f64>,
    earliest: Option<f64>,
    closed: bool,
    orphan: bool,
}

pub(super) struct State {
    operator: Transactions,
    output: SchemaRef,
    held: HeldRows,
    /// Numbers of the values of each field.
    ids: Vec<ValueIds>,
    open: OpenTransactions,
    finished: Vec<Finished>,
    /// Bytes of the finished transactions.
    finished_size: usize,
}

impl State {
    pub(super) fn new(operator: Transactions, output: SchemaRef) -> Self {
        Self {
            ids: operator.fields.iter().map(|_| ValueIds::default()).collect(),
            operator,
            output,
            held: HeldRows::default(),
            open: OpenTransactions::default(),
            finished: Vec::new(),
            finished_size: 0,
        }
    }

    fn finish_one(&mut self, one: Finished) {
        self.finished_size += size_of::<Finished>() + one.events.len() * size_of::<Place>();
        self.finished.push(one);
    }

    fn take(&mut self, event: Event) {
        let no_field = !self.operator.fields.is_empty() && event.values.iter().all(Option::is_none);
        if no_field && (self.operator.unify_ends || !(event.starts || event.ends)) {
            if self.operator.keep_orphans {
                let (latest, earliest) = (event.time, event.time);
                self.finish_one(Finished { events: vec![event.place], latest, earliest, closed: false, orphan: true });
            }
            return;
        }
        let mut joined = self.open.candidate(&event.values, self.operator.connected);
        if let Some(id) = joined
            && self.exceeds(id, event.time)
        {
            self.close(id, true);
            joined = None;
        }
        let has_end = joined.and_then(|id| self.open.get(id)).is_some_and(|open| open.has_end);
        let completes = event.starts && joined.is_some() && (has_end || self.operator.ends.is_none() || !event.ends);
        if event.ends
            && !completes
            && let Some(id) = joined.take()
        {
            self.close(id, true);
        }
        let opens = joined.is_none();
        let id = joined.unwrap_or_else(|| self.open.begin(self.operator.fields.len()));
        // A lone event that may be both stands for the end while a beginning can still come.
        let closes = event.starts && (completes || (opens && !event.ends));
        self.open.add(id, event);
        let full = self.operator.max_events.is_some_and(|most| self.open.get(id).is_some_and(|open| open.events.len() >= most));
        if closes || full {
            self.close(id, true);
        }
        self.evict_beyond_limits();
    }

    fn exceeds(&self, id: Id, time: Option<f64>) -> bool {
        let Some(open) = self.open.get(id) else { return false };
        let Some(time) = time else { return false };
        let pause = self.operator.max_pause.is_some_and(|most| open.earliest.is_some_and(|earliest| earliest - time > most));
        let span =
            self.operator.max_span.is_some_and(|most| open.latest.is_some_and(|latest| latest - time >= most && latest > time));
        pause || span
    }

    /// Ends a transaction; one that is not complete is kept only on demand.
    fn close(&mut self, id: Id, closed: bool) {
        let Some(open) = self.open.remove(id) else { return };
        let complete = (self.operator.starts.is_none() || open.has_start) && (self.operator.ends.is_none() || open.has_end);
        if complete || self.operator.keep_evicted {
            self.finish_one(Finished {
                events: open.events,
                latest: open.latest,
                earliest: open.earliest,
                closed: closed && complete,
                orphan: false,
            });
        }
    }

    fn evict_beyond_limits(&mut self) {
        let beyond = |state: &Self| {
            state.operator.max_open.is_some_and(|most| state.open.len() > most)
                || state.operator.max_open_events.is_some_and(|most| state.open.events() > most)
        };
        while beyond(self) {
            let Some(id) = self.open.idlest() else { return };
            match self.operator.keep_evicted {
                true => self.close(id, false),
                false => drop(self.open.remove(id)),
            }
        }
    }

    /// The column of a field over the finished transactions; events of a transaction are latest first.
    fn column(&self, field: &Field) -> Result<ArrayRef> {
        let name = field.name().as_str();
        let mut built = ColumnBuilder::new(ValueType::of(field.data_type()), self.finished.len());
        let integers = |value: &dyn Fn(&Finished) -> Option<i64>| -> ArrayRef {
            Arc::new(Int64Array::from_iter(self.finished.iter().map(value)))
        };
        match name {
            "_time" => {
                for one in &self.finished {
                    match one.earliest {
                        Some(time) => built.append(Value::Float(time)),
                        None => built.append_null(),
                    }
                }
                return Ok(built.finish());
            }
            "duration" => {
                for one in &self.finished {
                    match one.latest.zip(one.earliest).filter(|_| !one.orphan) {
                        Some((latest, earliest)) => built.append(Value::Float(latest - earliest)),
                        None => built.append_null(),
                    }
                }
                return Ok(built.finish());
            }
            "eventcount" => return Ok(integers(&|one| (!one.orphan).then_some(one.events.len() as i64))),
            "closed_txn" => return Ok(integers(&|one| (!one.orphan).then_some(i64::from(one.closed)))),
            "_txn_orphan" => return Ok(integers(&|one| Some(i64::from(one.orphan)))),
            ORDINAL => return Ok(Arc::new(Int64Array::from_iter_values(0..self.finished.len() as i64))),
            _ => {}
        }
        let columns: Vec<Column> = self
            .held
            .batches()
            .iter()
            .map(|batch| batch.column_by_name(name).map_or(Ok(Column::Null), |array| Column::new(array)))
            .collect::<Result<_>>()?;
        let value = |place: &Place| columns[place.0].value(place.1);
        let listed = self.operator.is_listed(name) || name == "_raw";
        for one in &self.finished {
            if name == "_raw" && !self.operator.raw_list {
                let texts: Vec<_> = one.events.iter().rev().filter_map(|place| value(place).text()).collect();
                if texts.is_empty() { built.append_null() } else { built.append_text(&texts.join("\n")) }
            } else if listed {
                let mut texts: Vec<String> = Vec::new();
                for place in one.events.iter().rev() {
                    match value(place) {
                        Value::Null if name == "_raw" => {}
                        Value::Null => texts.push(self.operator.null_text.clone()),
                        value => texts.extend(value.each_text().into_iter().map(|text| text.into_owned())),
                    }
                }
                built.append_values(&texts);
            } else if built.value_type() == ValueType::Multivalue {
                let mut texts: BTreeSet<String> = BTreeSet::new();
                for place in &one.events {
                    texts.extend(value(place).each_text().into_iter().map(|text| text.into_owned()));
                }
                built.append_values(&texts);
            } else {
                let first = one.events.iter().map(value).find(|value| !value.is_null());
                built.append(first.unwrap_or(Value::Null));
            }
        }
        Ok(built.finish())
    }
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let read = |name: &str| batch.column_by_name(name).map_or(Ok(Column::Null), |array| Column::new(array));
        let mut fields: Vec<Int32Array> = Vec::with_capacity(self.ids.len());
        for (name, ids) in self.operator.fields.iter().zip(&mut self.ids) {
            let absent = || new_null_array(&DataType::Utf8View, batch.num_rows());
            fields.push(ids.of(&batch.column_by_name(name).cloned().unwrap_or_else(absent))?);
        }
        let times = read("_time")?;
        let flags = |name: &Option<String>| -> Result<Option<arrow::array::BooleanArray>> {
            let Some(array) = name.as_ref().and_then(|name| batch.column_by_name(name)) else { return Ok(None) };
            Ok(arrow::compute::cast(array, &DataType::Boolean)?.as_boolean_opt().cloned())
        };
        let (starts, ends) = (flags(&self.operator.starts)?, flags(&self.operator.ends)?);
        let holds = |flags: &Option<arrow::array::BooleanArray>, row: usize| {
            flags.as_ref().is_some_and(|flags| flags.is_valid(row) && flags.value(row))
        };
        let at = self.held.batches().len();
        self.held.push(batch.clone());
        for row in 0..batch.num_rows() {
            let values = fields.iter().map(|ids| ids.is_valid(row).then(|| ids.value(row))).collect();
            self.take(Event {
                place: (at, row),
                time: times.value(row).number(),
                values,
                starts: holds(&starts, row),
                ends: holds(&ends, row),
            });
        }
        Ok(None)
    }

    fn size(&self) -> usize {
        let values: usize = self.ids.iter().map(ValueIds::size).sum();
        self.held.size() + values + self.open.size() + self.finished_size
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        for id in self.open.ids() {
            self.close(id, false);
        }
        if self.finished.is_empty() {
            return Ok(None);
        }
        self.finished.sort_by(|a, b| match (a.earliest, b.earliest) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        let columns = self.output.fields().iter().map(|field| self.column(field)).collect::<Result<Vec<_>>>()?;
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }
}
