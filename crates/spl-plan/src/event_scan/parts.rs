//! Events that do not fit into memory at once: the part of a search that reads events runs over one part of the data after
//! the other, and what it finds is put together, in memory while there is room and on disk beyond it.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, ListArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::datasource::provider_as_source;
use datafusion::execution::spill_file::SpillFile;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use spl_functions::dictionary::PerDictionary;
use spl_operators::distinct::dictionary_type;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use super::{EventScan, planned};
use crate::context::PlanContext;
use crate::events::data::EventData;
use crate::events::parts::EventParts;
use crate::frame::ordinals::unqualified;
use crate::frame::{Frame, column, ordinal};
use crate::rows::union::concatenate_all;

/// The share of the memory limit that found events may take before the rest of them goes to disk.
const SHARE: usize = 8;

/// Reads one part of the data after the other, and puts the rows of a scan over each together.
///
/// # Errors
/// What can't be planned, data that can't be read, a disk that is full.
pub(super) async fn scan(context: &PlanContext, parts: &dyn EventParts, scan: &EventScan) -> Result<Frame, Diagnostic> {
    let mut budget = context.memory_limit().map_or(usize::MAX, |limit| limit / SHARE);
    let mut parts = parts.parts();
    let mut frames = Vec::new();
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
        let (schema, batches) = over_part.collect(planned::scan(&over_part, scan)?).await?;
        let batches = compacted(&batches)?;
        let size = batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
        let frame = if size <= budget {
            budget -= size;
            context.from_batches(schema, batches)?
        } else {
            on_disk(context, &schema, &batches)?
        };
        frames.push(frame);
    }
    if frames.is_empty() {
        return planned::scan(context, scan);
    }
    let frame = concatenate_all(context, frames)?;
    let frame = match frame.field("_time") {
        Some(_) => frame.sorted(vec![column("_time").sort(false, false)], None)?,
        None => frame.numbered(vec![ordinal().sort(true, false)])?,
    };
    Ok(Frame::over(frame.plan, 0))
}

/// Rows that are read from disk when they are needed.
fn on_disk(context: &PlanContext, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Frame, Diagnostic> {
    let (schema, batches) = crate::frame::ordinals::with_fresh_ordinal(schema.clone(), batches.to_vec())?;
    let file = context.runner().spill_file("events found in a part of the data")?;
    write(file.as_ref(), &schema, &batches).map_err(engine_error)?;
    let part = Arc::new(StoredPart { schema: schema.clone(), file });
    let table = StreamingTable::try_new(schema.clone(), vec![part])
        .map_err(engine_error)?
        .with_sort_order(vec![ordinal().sort(true, false)]);
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let plan = LogicalPlanBuilder::scan("stored", provider_as_source(Arc::new(table)), None)
        .and_then(|scan| scan.project(unqualified("stored", &names)))
        .and_then(LogicalPlanBuilder::build)
        .map_err(engine_error)?;
    Ok(Frame::new(plan))
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
    let mut dictionaries = PerDictionary::new(usize::MAX);
    let one = |batch: &RecordBatch, dictionaries: &mut _| -> Result<RecordBatch> {
        let columns = batch.columns().iter().map(|array| compact(array, dictionaries)).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    };
    batches.iter().filter(|batch| batch.num_rows() > 0).map(|batch| one(batch, &mut dictionaries).map_err(engine_error)).collect()
}

fn compact(array: &ArrayRef, dictionaries: &mut PerDictionary<ArrayRef>) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8View => Ok(Arc::new(array.as_string_view().gc())),
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            // A slice keeps all values of the whole.
            let taken = arrow::compute::take(list, &arrow::array::UInt32Array::from_iter_values(0..list.len() as u32), None)?;
            let list = taken.as_list::<i32>();
            let values = compact(list.values(), dictionaries)?;
            Ok(Arc::new(ListArray::try_new(item.clone(), list.offsets().clone(), values, list.nulls().cloned())?))
        }
        data_type if *data_type == dictionary_type() => {
            let dictionary = array.as_dictionary::<Int32Type>();
            let values = dictionary.values();
            let texts = values.as_string_view();
            let kept = dictionaries.get_or_insert_with(texts, || Arc::new(texts.gc())).clone();
            Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(dictionary.keys().clone(), kept)?))
        }
        // Numbers of a slice are few bytes, but those of the whole are not.
        _ => Ok(arrow::compute::take(array, &arrow::array::UInt32Array::from_iter_values(0..array.len() as u32), None)?),
    }
}
