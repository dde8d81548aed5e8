//! Loaded events as a table, each numbered by the knowledge that applies to it.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::datasource::MemTable;
use hashbrown::HashMap;
use spl_functions::column::Column;
use spl_functions::value::Precision;
use spl_knowledge::Knowledge;
use spl_knowledge::props::ResolvedProps;
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;

use crate::events::extractions::{Extractions, FILLED_PREFIX, KEYED_PREFIX};
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::events::profile::EventProfile;
use crate::events::statistics::ColumnStatistics;
use crate::events::{keyed_extraction, statistics};
use crate::frame::ordinal;

/// The hidden column with the number of the event's kind.
pub const KIND: &str = "__kind";

/// Sources beyond this number are not told apart when events are sorted into kinds.
const MOST_SOURCES: usize = 64;

/// Loaded events, ready to be searched.
#[derive(Clone)]
pub struct EventData {
    schema: SchemaRef,
    table: Arc<MemTable>,
    /// The kinds of events by number; events carry the number in a hidden column. Never empty.
    kinds: Vec<EventProfile>,
    /// The events again, for what is asked of whole columns.
    batches: Vec<RecordBatch>,
    /// The extractions of each kind.
    extractions: Arc<[Extractions]>,
    /// What is known of each column, for each kind; found out when it is first asked for.
    facts: Vec<OnceLock<Vec<ColumnStatistics>>>,
    /// Bytes of the events, once that was asked.
    size: OnceLock<usize>,
    /// Places of the columns by name: Arrow looks through all of them, and names them all where there is none of a name.
    places: Arc<HashMap<String, usize>>,
}

impl EventData {
    /// Prepares loaded events: `batches` have an ordinal column and are in its order.
    pub fn new(
        schema: &SchemaRef,
        batches: &[RecordBatch],
        knowledge: &Knowledge,
        parsed: &ParsedKnowledge,
        partitions: usize,
    ) -> Result<Self, Diagnostic> {
        let few_sources = batches.iter().all(|batch| match batch.column_by_name("source").map(|array| Column::new(array)) {
            Some(Ok(Column::Dictionary { values, .. })) => values.len() <= MOST_SOURCES,
            Some(_) => false,
            None => true,
        });
        let mut sorter = Sorter { knowledge, few_sources, kinds: Vec::new(), numbers: HashMap::new() };
        let numbers = batches.iter().map(|batch| sorter.number(batch)).collect::<Result<Vec<_>, _>>()?;
        let mut kinds = sorter.kinds;
        if kinds.is_empty() {
            kinds.push(EventProfile { props: ResolvedProps::default(), sourcetype: None, source: None });
        }
        let mut extractions: Vec<Extractions> = kinds.iter().map(|kind| Extractions::of(&kind.props, knowledge)).collect();
        extractions.iter_mut().for_each(|kind| kind.check_keyed(parsed));
        let extended = keyed_extraction::extend(schema, batches, &numbers, &extractions, parsed)?;
        let (schema, batches) = extended.as_ref().map_or((schema, batches), |keyed| (&keyed.schema, keyed.batches.as_slice()));
        let mut fields: Vec<Arc<Field>> = schema.fields().iter().map(written).collect();
        fields.push(Arc::new(Field::new(KIND, DataType::Int32, false)));
        let with_kind: SchemaRef = Arc::new(Schema::new(fields));
        let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions.max(1)];
        let mut whole = Vec::with_capacity(batches.len());
        for (index, (batch, numbered)) in batches.iter().zip(numbers).enumerate() {
            let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
            columns.push(numbered);
            let place = index % partitions.max(1);
            let batch = RecordBatch::try_new(with_kind.clone(), columns).map_err(|error| engine_error(error.into()))?;
            whole.push(batch.clone());
            parts[place].push(batch);
        }
        let table = MemTable::try_new(with_kind.clone(), parts)
            .map_err(engine_error)?
            .with_sort_order(vec![vec![ordinal().sort(true, false)]]);
        let facts = with_kind.fields().iter().map(|_| OnceLock::new()).collect();
        let places = with_kind.fields().iter().enumerate().map(|(place, field)| (field.name().clone(), place)).collect();
        let places = Arc::new(places);
        Ok(Self {
            schema: with_kind,
            table: Arc::new(table),
            kinds,
            batches: whole,
            extractions: extractions.into(),
            facts,
            size: OnceLock::new(),
            places,
        })
    }

    /// No events.
    pub fn empty(knowledge: &Knowledge) -> Result<Self, Diagnostic> {
        let schema: SchemaRef = Arc::new(Schema::new(vec![
            Field::new("_time", DataType::Float64, true),
            Field::new("_raw", DataType::Utf8View, true),
            Field::new(ORDINAL, DataType::Int64, false),
        ]));
        Self::new(&schema, &[], knowledge, &ParsedKnowledge::default(), 1)
    }

    /// The table.
    pub fn table(&self) -> Arc<MemTable> {
        self.table.clone()
    }

    /// A column's field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.places.get(name).map(|place| self.schema.field(*place))
    }

    /// Bytes of the events; memory that batches share counts once.
    pub fn size(&self) -> usize {
        *self.size.get_or_init(|| {
            let mut counter = RecordBatchMemoryCounter::default();
            for batch in &self.batches {
                counter.count_batch(batch);
            }
            counter.memory_usage()
        })
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The kinds of events; never empty.
    pub fn profiles(&self) -> &[EventProfile] {
        &self.kinds
    }

    /// The extractions of a kind of events.
    pub fn extractions(&self, kind: usize) -> Option<&Extractions> {
        self.extractions.get(kind)
    }

    /// Names of the fields that extractions found whose names stand in the events.
    pub fn keyed_names(&self) -> impl Iterator<Item = &str> {
        self.schema
            .fields()
            .iter()
            .filter_map(|field| [KEYED_PREFIX, FILLED_PREFIX].iter().find_map(|prefix| field.name().strip_prefix(prefix)))
    }

    /// A column's type and what is known of it among the events of a kind; none when the data has no such column.
    pub fn statistics(&self, name: &str, kind: usize) -> Option<(DataType, ColumnStatistics)> {
        let place = *self.places.get(name)?;
        let kinds_place = *self.places.get(KIND)?;
        let facts = self.facts[place].get_or_init(|| statistics::of_column(&self.batches, place, kinds_place, self.kinds.len()));
        Some((self.schema.field(place).data_type().clone(), facts.get(kind)?.clone()))
    }

    /// Whether each event has a value in this column.
    pub fn is_in_all_events(&self, name: &str) -> bool {
        (0..self.kinds.len()).all(|kind| self.statistics(name, kind).is_some_and(|(_, facts)| facts.always_present))
    }

    /// The time of the newest event, in epoch seconds; none without events that have one.
    pub fn newest_time(&self) -> Option<f64> {
        let place = self.schema.index_of("_time").ok()?;
        let times = self.batches.iter().filter_map(|batch| batch.column(place).as_primitive_opt::<Float64Type>());
        times.filter_map(arrow::compute::max).max_by(f64::total_cmp)
    }

    /// Names of the fields that the data carries.
    pub fn field_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).filter(|name| !name.starts_with("__")).collect()
    }
}

/// A field of the data. A column of numbers prints as the data has them, so that they are known to the decimals that they print.
fn written(field: &Arc<Field>) -> Arc<Field> {
    match field.data_type() {
        DataType::Float64 => Arc::new(field.as_ref().clone().with_metadata(Precision::Written.metadata())),
        _ => field.clone(),
    }
}

/// Sorts events into kinds; few combinations of sourcetype, source and host repeat over many events.
struct Sorter<'k> {
    knowledge: &'k Knowledge,
    few_sources: bool,
    kinds: Vec<EventProfile>,
    numbers: HashMap<[Option<String>; 3], i32>,
}

impl Sorter<'_> {
    fn number(&mut self, batch: &RecordBatch) -> Result<ArrayRef, Diagnostic> {
        let read = |name: &str| -> Result<Column, Diagnostic> {
            match batch.column_by_name(name) {
                Some(array) => Column::new(array).map_err(engine_error),
                None => Ok(Column::Null),
            }
        };
        let columns = [read("sourcetype")?, read("source")?, read("host")?];
        let mut by_keys: HashMap<[i32; 3], i32> = HashMap::new();
        let mut result = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let keys = key_triple(&columns, row);
            if let Some(number) = keys.and_then(|keys| by_keys.get(&keys)) {
                result.push(*number);
                continue;
            }
            let number =
                self.kind_of([0, 1, 2].map(|place: usize| columns[place].value(row).text().map(|text| text.into_owned())));
            if let Some(keys) = keys {
                by_keys.insert(keys, number);
            }
            result.push(number);
        }
        Ok(Arc::new(Int32Array::from(result)))
    }

    fn kind_of(&mut self, names: [Option<String>; 3]) -> i32 {
        if let Some(number) = self.numbers.get(&names) {
            return *number;
        }
        let [sourcetype, source, host] = &names;
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        let kind = EventProfile {
            props: self.knowledge.props_for(&text(sourcetype), &text(source), &text(host)),
            // A sourcetype that is renamed has its new name in every search (Splunk admin manual, props.conf, rename).
            sourcetype: sourcetype.as_deref().map(|name| self.knowledge.search_time_sourcetype(name).to_owned()),
            source: source.clone().filter(|_| self.few_sources),
        };
        let place = self.kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        let number = i32::try_from(place).unwrap_or(i32::MAX);
        self.numbers.insert(names, number);
        number
    }
}

fn key_triple(columns: &[Column; 3], row: usize) -> Option<[i32; 3]> {
    let mut keys = [-1; 3];
    for (place, column) in columns.iter().enumerate() {
        match column {
            Column::Null => {}
            Column::Dictionary { keys: column_keys, .. } => {
                if column_keys.is_valid(row) {
                    keys[place] = column_keys.value(row);
                }
            }
            _ => return None,
        }
    }
    Some(keys)
}
