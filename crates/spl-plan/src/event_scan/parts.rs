//! Events that do not fit into memory at once: the part of a search that reads events runs over one part of the data after
//! the other, and what it finds is put together, in memory while there is room and on disk beyond it.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DictionaryArray, RecordBatch, UInt32Array, make_comparator};
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take};
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::datasource::provider_as_source;
use datafusion::execution::spill_file::SpillFile;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use indexmap::IndexMap;
use spl_functions::column::ValueType;
use spl_functions::dictionary::PerDictionary;
use spl_operators::compact::compact;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use super::{EventScan, ScannedColumns, planned};
use crate::context::PlanContext;
use crate::events::data::EventData;
use crate::events::parts::EventParts;
use crate::frame::scope::Typed;
use crate::frame::{Frame, FrameField, column, null, ordinal};
use crate::function_call;
use crate::rows::stages::order_of;
use crate::rows::union::concatenate_all;

/// The share of the memory limit that found events may take before the rest of them goes to disk.
const SHARE: usize = 8;

/// The name of a table of rows on disk.
const TABLE: &str = "stored";

/// Reads one part of the data after the other, and puts the rows of a scan over each together.
///
/// # Errors
/// What can't be planned, data that can't be read, a disk that is full.
pub(super) async fn scan(context: &PlanContext, parts: &dyn EventParts, scan: &EventScan) -> Result<Frame, Diagnostic> {
    let mut budget = context.memory_limit().map_or(usize::MAX, |limit| limit / SHARE);
    let mut parts = parts.parts();
    let mut frames = Vec::new();
    let mut listed = ListedFields::default();
    loop {
        // Reading takes all cores for a while.
        let read = tokio::task::spawn_blocking(move || (parts.next(), parts)).await;
        let next;
        (next, parts) = read.map_err(|error| Diagnostic::general("run/failed", error.to_string()))?;
        let Some(table) = next else { break };
        let table = table.map_err(|message| Diagnostic::general("run/data", message))?;
        let data = EventData::new(&table.schema, &table.batches, context.knowledge(), context.parsed(), context.threads())?;
        drop(table);
        let over_part = context.over_part(data);
        let planned = planned::scan(&over_part, scan)?;
        listed.add(scan, over_part.data(), planned.can_find);
        let (schema, batches) = over_part.collect(planned.frame).await?;
        let batches = in_order_of_time(&schema, compacted(&batches)?)?;
        let size = batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
        let frame = if size <= budget {
            budget -= size;
            context.from_batches_by(schema, batches, true)?
        } else {
            on_disk(context, &schema, &batches)?
        };
        frames.push(frame);
    }
    if frames.is_empty() {
        return Ok(planned::scan(context, scan)?.frame);
    }
    let frame = listed.of(context, concatenate_all(context, frames)?)?;
    let frame = match frame.field("_time") {
        Some(_) => frame.sorted(vec![column("_time").sort(false, false)], None)?,
        None => frame.numbered(vec![ordinal().sort(true, false)])?,
    };
    Ok(Frame::over(frame.into_plan()?, 0))
}

/// The fields that a scan lists over all parts: those over the loaded events. A part in which nothing can be found lists none
/// of its own, but its events have fields, and so do the events of all parts together.
#[derive(Default)]
struct ListedFields {
    /// What the events carry, in the order of the parts, and of which type.
    carried: IndexMap<String, ValueType>,
    /// Whether something can be found in one of the parts.
    can_find: bool,
}

impl ListedFields {
    fn add(&mut self, scan: &EventScan, events: &EventData, can_find: bool) {
        self.can_find |= can_find;
        let ScannedColumns::Required(required) = &scan.columns else { return };
        for field in events.schema().fields().iter().filter(|field| !field.name().starts_with("__")) {
            let (name, value_type) = (field.name(), ValueType::of(field.data_type()));
            if required.contains(name) || name == "_time" {
                let known = self.carried.entry(name.clone()).or_insert(ValueType::Null);
                *known = known.common(value_type);
            }
        }
    }

    /// The rows of all parts with these fields ahead of those that knowledge objects give.
    fn of(self, context: &PlanContext, frame: Frame) -> Result<Frame, Diagnostic> {
        let found: IndexMap<String, FrameField> =
            frame.all_fields().into_iter().map(|field| (field.name.clone(), field)).collect();
        let mut changes = false;
        let mut columns: Vec<(String, Expr)> = Vec::with_capacity(found.len());
        for (name, value_type) in &self.carried {
            let value = match found.get(name) {
                // A part in which nothing was found may have texts where the others have numbers.
                Some(field) if *value_type == ValueType::Text && field.value_type().is_number() => {
                    changes = true;
                    let typed = Typed::new(column(name), field.value_type()).known_to(field.precision);
                    function_call::convert(context, typed, ValueType::Text)?
                }
                Some(_) => column(name),
                None if self.can_find => null(ValueType::Text),
                None => continue,
            };
            columns.push((name.clone(), value));
        }
        let given = found.keys().filter(|name| !self.carried.contains_key(name.as_str()));
        columns.extend(given.map(|name| (name.clone(), column(name))));
        if !changes && columns.iter().map(|(name, _)| name).eq(found.keys()) { Ok(frame) } else { frame.select(columns) }
    }
}

/// Rows that are read from disk when they are needed.
fn on_disk(context: &PlanContext, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Frame, Diagnostic> {
    let (schema, batches) = crate::frame::ordinals::with_fresh_ordinal(schema.clone(), batches.to_vec())?;
    let file = context.runner().spill_file("events found in a part of the data")?;
    write(file.as_ref(), &schema, &batches).map_err(engine_error)?;
    let part = Arc::new(StoredPart { schema: schema.clone(), file });
    let table =
        StreamingTable::try_new(schema.clone(), vec![part]).map_err(engine_error)?.with_sort_order(order_of(&schema, true));
    let scan = LogicalPlanBuilder::scan(TABLE, provider_as_source(Arc::new(table)), None).map_err(engine_error)?;
    Frame::of_table(scan, TABLE)
}

/// Rows from the latest to the earliest, as the parts are put together: parts in order are merged, not sorted. Rows without
/// a `_time` come last.
fn in_order_of_time(schema: &SchemaRef, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Diagnostic> {
    let Ok(place) = schema.index_of("_time") else { return Ok(batches) };
    let latest_first = SortOptions { descending: true, nulls_first: false };
    let ordered = |batch: &RecordBatch| -> Result<bool> {
        let times = batch.column(place);
        let compare = make_comparator(times, times, latest_first)?;
        Ok((1..batch.num_rows()).all(|row| compare(row - 1, row).is_le()))
    };
    let follows = |pair: &[RecordBatch]| -> Result<bool> {
        let (Some(last), [before, after]) = (pair[0].num_rows().checked_sub(1), pair) else { return Ok(true) };
        Ok(make_comparator(before.column(place), after.column(place), latest_first)?(last, 0).is_le())
    };
    let sort = || -> Result<Vec<RecordBatch>> {
        let mut in_order = true;
        for batch in &batches {
            in_order &= ordered(batch)?;
        }
        for pair in batches.windows(2) {
            in_order &= follows(pair)?;
        }
        if in_order {
            return Ok(batches.clone());
        }
        let whole = concat_batches(&batches[0].schema(), &batches)?;
        let times = SortColumn { values: whole.column(place).clone(), options: Some(latest_first) };
        // The place decides between equal times.
        let places: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..whole.num_rows() as u32));
        let order = lexsort_to_indices(&[times, SortColumn { values: places, options: None }], None)?;
        let columns = whole.columns().iter().map(|column| take(column, &order, None)).collect::<Result<_, _>>()?;
        Ok(vec![RecordBatch::try_new(whole.schema(), columns)?])
    };
    sort().map_err(engine_error)
}

fn write(file: &dyn SpillFile, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<()> {
    let mut writer = StreamWriter::try_new(BufWriter::new(file.open_writer()?), schema)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    let mut writer = writer.into_inner()?.into_inner().map_err(|error| DataFusionError::IoError(error.into_error()))?;
    writer.finish()
}

/// Found events in a file of Arrow's stream format, which goes when nothing needs it any more.
struct StoredPart {
    schema: SchemaRef,
    file: Arc<dyn SpillFile>,
}

impl fmt::Debug for StoredPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPart").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for StoredPart {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let file = self.file.clone();
        let open = |file: &dyn SpillFile| match file.path() {
            Some(path) => Ok(StreamReader::try_new(BufReader::new(File::open(path)?), None)?),
            None => exec_err!("a stored part has no path"),
        };
        // The file is held until its last batch was read.
        let batches = futures::stream::try_unfold((file, None), move |(file, reader)| {
            let reader = match reader {
                None => open(file.as_ref()),
                Some(reader) => Ok(reader),
            };
            futures::future::ready(reader.and_then(|mut reader| match reader.next() {
                Some(batch) => Ok(Some((batch?, (file, Some(reader))))),
                None => Ok(None),
            }))
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches))
    }
}

/// Rows that no longer hold the part of the data that they are from; of a dictionary all texts stay.
fn compacted(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, Diagnostic> {
    let mut known: PerDictionary<ArrayRef> = PerDictionary::new(usize::MAX);
    let mut shared = |dictionary: &DictionaryArray<Int32Type>| -> Result<ArrayRef> {
        let texts = dictionary.values().as_string_view();
        let kept = known.get_or_insert_with(texts, || Arc::new(texts.gc())).clone();
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(dictionary.keys().clone(), kept)?))
    };
    let mut one = |batch: &RecordBatch| -> Result<RecordBatch> {
        let columns = batch.columns().iter().map(|array| compact(array, &mut shared)).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    };
    batches.iter().filter(|batch| batch.num_rows() > 0).map(|batch| one(batch).map_err(engine_error)).collect()
}
