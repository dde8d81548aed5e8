//! The row operator of `transaction`: events that belong together become one row.
//!
//! Events come in descending time, so that a transaction is seen from its end: an event that meets the end condition
//! opens one, an event that meets the start condition closes it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;

use crate::held::{HeldRows, text_size};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::ordinal::ORDINAL;

/// The metadata key that keeps the delimiter of a multivalue field for its single-value form.
pub const DELIMITER: &str = "splq.delimiter";

/// Which fields keep all values in the order of events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Listed {
    /// None: the distinct values, sorted.
    Nothing,
    /// All.
    All,
    /// These.
    Fields(Vec<String>),
}

/// What makes and ends transactions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transactions {
    /// Fields whose values events of a transaction share.
    pub fields: Vec<String>,
    /// Seconds that a transaction must span less than.
    pub max_span: Option<f64>,
    /// Most seconds between two events.
    pub max_pause: Option<f64>,
    /// Most events.
    pub max_events: Option<usize>,
    /// Boolean column: the first event of a transaction.
    pub starts: Option<String>,
    /// Boolean column: the last event of a transaction.
    pub ends: Option<String>,
    /// An event shares a value with the transaction that it joins.
    pub connected: bool,
    /// Events that meet a condition have one of the fields too.
    pub unify_ends: bool,
    /// Keeps events that are in no transaction.
    pub keep_orphans: bool,
    /// Keeps transactions that were not completed.
    pub keep_evicted: bool,
    /// Most open transactions.
    pub max_open: Option<usize>,
    /// Most events in open transactions.
    pub max_open_events: Option<usize>,
    /// Fields that keep all values.
    pub listed: Listed,
    /// Between values in the single-value form.
    pub delimiter: String,
    /// Stands for absent values in lists.
    pub null_text: String,
    /// `_raw` is multivalue.
    pub raw_list: bool,
}

impl Transactions {
    fn is_listed(&self, name: &str) -> bool {
        match &self.listed {
            Listed::Nothing => false,
            Listed::All => true,
            Listed::Fields(names) => names.iter().any(|listed| listed == name),
        }
    }
}

impl Operator for Transactions {
    fn name(&self) -> &'static str {
        "transaction"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let mut fields: Vec<Field> = Vec::new();
        let made = ["duration", "eventcount", "closed_txn", "_txn_orphan"];
        for field in input.fields() {
            let name = field.name().as_str();
            if name.starts_with("__") || made.contains(&name) {
                continue;
            }
            let value_type = match name {
                "_time" => ValueType::Float,
                "_raw" if !self.raw_list => ValueType::Text,
                _ if self.is_listed(name) => ValueType::Multivalue,
                _ if self.fields.iter().any(|shared| shared == name) => match ValueType::of(field.data_type()) {
                    ValueType::Null => ValueType::Text,
                    other => other,
                },
                _ => ValueType::Multivalue,
            };
            let mut made = Field::new(name, value_type.arrow(), true);
            if value_type == ValueType::Multivalue {
                made.set_metadata([(DELIMITER.to_owned(), self.delimiter.clone())].into());
            }
            fields.push(made);
        }
        fields.push(Field::new("duration", DataType::Float64, true));
        fields.push(Field::new("eventcount", DataType::Int64, true));
        fields.push(Field::new("closed_txn", DataType::Int64, true));
        if self.keep_orphans {
            fields.push(Field::new("_txn_orphan", DataType::Int64, true));
        }
        fields.push(Field::new(ORDINAL, DataType::Int64, false));
        Ok(Arc::new(Schema::new(fields)))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            operator: self.clone(),
            output: output.clone(),
            held: HeldRows::default(),
            size: 0,
            open: HashMap::new(),
            index: HashMap::new(),
            next: 0,
            clock: 0,
            open_events: 0,
            finished: Vec::new(),
        })
    }
}

/// Where an event is: batch and row.
type Place = (usize, usize);

#[derive(Default)]
struct Open {
    values: Vec<Option<String>>,
    events: Vec<Place>,
    latest: Option<f64>,
    earliest: Option<f64>,
    has_start: bool,
    has_end: bool,
    touched: u64,
}

struct Finished {
    events: Vec<Place>,
    latest: Option<f64>,
    earliest: Option<f64>,
    closed: bool,
    orphan: bool,
}

struct State {
    operator: Transactions,
    output: SchemaRef,
    held: HeldRows,
    /// Bytes of open and finished transactions.
    size: usize,
    open: HashMap<u64, Open>,
    /// Open transactions by the values of their fields.
    index: HashMap<(usize, String), Vec<u64>>,
    next: u64,
    clock: u64,
    open_events: usize,
    finished: Vec<Finished>,
}

struct Event {
    place: Place,
    time: Option<f64>,
    values: Vec<Option<String>>,
    starts: bool,
    ends: bool,
}

/// Bytes of a value in an open transaction and in the index.
fn value_size(value: &str) -> usize {
    2 * text_size(value) + size_of::<(usize, Vec<u64>)>() + size_of::<u64>()
}

impl State {
    /// The open transaction that an event can join.
    fn candidate(&self, event: &Event) -> Option<u64> {
        if self.operator.fields.is_empty() {
            return self.open.keys().max().copied();
        }
        let agrees = |id: &u64| {
            self.open.get(id).is_some_and(|open| {
                open.values.iter().zip(&event.values).all(|(theirs, ours)| match (theirs, ours) {
                    (Some(theirs), Some(ours)) => theirs == ours,
                    _ => true,
                })
            })
        };
        if event.values.iter().all(Option::is_none) {
            return self.open.iter().max_by_key(|(_, open)| open.touched).map(|(id, _)| *id);
        }
        let mut found: Option<u64> = None;
        for (field, value) in event.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let Some(ids) = self.index.get(&(field, value.clone())) else { continue };
            found = found.max(ids.iter().copied().filter(|id| agrees(id)).max());
        }
        if found.is_none() && !self.operator.connected {
            found = self.open.keys().copied().filter(|id| agrees(id)).max();
        }
        found
    }

    fn take(&mut self, event: Event) {
        let no_field = !self.operator.fields.is_empty() && event.values.iter().all(Option::is_none);
        if no_field && (self.operator.unify_ends || !(event.starts || event.ends)) {
            if self.operator.keep_orphans {
                self.size += size_of::<Finished>() + size_of::<Place>();
                self.finished.push(Finished {
                    events: vec![event.place],
                    latest: event.time,
                    earliest: event.time,
                    closed: false,
                    orphan: true,
                });
            }
            return;
        }
        let mut joined = self.candidate(&event);
        if let Some(id) = joined
            && self.exceeds(id, event.time)
        {
            self.close(id, true);
            joined = None;
        }
        let has_end = joined.and_then(|id| self.open.get(&id)).is_some_and(|open| open.has_end);
        let completes = event.starts && joined.is_some() && (has_end || self.operator.ends.is_none() || !event.ends);
        if event.ends
            && !completes
            && let Some(id) = joined.take()
        {
            self.close(id, true);
        }
        let opens = joined.is_none();
        let id = joined.unwrap_or_else(|| self.begin());
        // A lone event that may be both stands for the end while a beginning can still come.
        let closes = event.starts && (completes || (opens && !event.ends));
        self.add(id, event);
        let full = self.operator.max_events.is_some_and(|most| self.open.get(&id).is_some_and(|open| open.events.len() >= most));
        if closes || full {
            self.close(id, true);
        }
        self.evict_beyond_limits();
    }

    fn exceeds(&self, id: u64, time: Option<f64>) -> bool {
        let Some(open) = self.open.get(&id) else { return false };
        let Some(time) = time else { return false };
        let pause = self.operator.max_pause.is_some_and(|most| open.earliest.is_some_and(|earliest| earliest - time > most));
        let span =
            self.operator.max_span.is_some_and(|most| open.latest.is_some_and(|latest| latest - time >= most && latest > time));
        pause || span
    }

    fn begin(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        self.size += size_of::<(u64, Open)>();
        self.open.insert(id, Open { values: vec![None; self.operator.fields.len()], ..Open::default() });
        id
    }

    fn add(&mut self, id: u64, event: Event) {
        self.clock += 1;
        let Some(open) = self.open.get_mut(&id) else { return };
        for (field, value) in event.values.into_iter().enumerate() {
            if let (None, Some(value)) = (&open.values[field], value) {
                self.size += value_size(&value);
                self.index.entry((field, value.clone())).or_default().push(id);
                open.values[field] = Some(value);
            }
        }
        open.events.push(event.place);
        self.size += size_of::<Place>();
        if let Some(time) = event.time {
            open.latest = Some(open.latest.map_or(time, |latest| latest.max(time)));
            open.earliest = Some(open.earliest.map_or(time, |earliest| earliest.min(time)));
        }
        open.has_start |= event.starts;
        open.has_end |= event.ends;
        open.touched = self.clock;
        self.open_events += 1;
    }

    /// Ends a transaction; one that is not complete is kept only on demand.
    fn close(&mut self, id: u64, closed: bool) {
        let Some(open) = self.open.remove(&id) else { return };
        self.size = self.size.saturating_sub(size_of::<(u64, Open)>());
        self.open_events -= open.events.len();
        for (field, value) in open.values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            self.size = self.size.saturating_sub(value_size(&value));
            let key = (field, value);
            if let Some(ids) = self.index.get_mut(&key) {
                ids.retain(|known| *known != id);
                if ids.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        let complete = (self.operator.starts.is_none() || open.has_start) && (self.operator.ends.is_none() || open.has_end);
        if complete || self.operator.keep_evicted {
            self.size += size_of::<Finished>();
            self.finished.push(Finished {
                events: open.events,
                latest: open.latest,
                earliest: open.earliest,
                closed: closed && complete,
                orphan: false,
            });
        } else {
            self.size = self.size.saturating_sub(open.events.len() * size_of::<Place>());
        }
    }

    fn evict_beyond_limits(&mut self) {
        let beyond = |state: &Self| {
            state.operator.max_open.is_some_and(|most| state.open.len() > most)
                || state.operator.max_open_events.is_some_and(|most| state.open_events > most)
        };
        while beyond(self) {
            let Some(id) = self.open.iter().min_by_key(|(_, open)| open.touched).map(|(id, _)| *id) else { return };
            let before = self.finished.len();
            self.close(id, false);
            if !self.operator.keep_evicted {
                for dropped in self.finished.drain(before..) {
                    let places = dropped.events.len() * size_of::<Place>();
                    self.size = self.size.saturating_sub(size_of::<Finished>() + places);
                }
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
        let fields: Vec<Column> = self.operator.fields.iter().map(|name| read(name)).collect::<Result<_>>()?;
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
            let values = fields
                .iter()
                .map(|column| {
                    let value = column.value(row);
                    (!value.is_null()).then(|| value.each_text().join("\u{1}"))
                })
                .collect();
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
        self.held.size() + self.size
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let mut left: Vec<u64> = self.open.keys().copied().collect();
        left.sort_unstable();
        for id in left {
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
