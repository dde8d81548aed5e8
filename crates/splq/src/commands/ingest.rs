//! `splq ingest`: writes events into a store, a folder of Parquet files for each day, of which only needed columns are read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Float64Type, Schema, SchemaRef};
use chrono::DateTime;
use indexmap::IndexMap;
use indicatif::{HumanBytes, HumanCount};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use spl_exec::EventParts;
use spl_sources::{EventTable, FieldSelection, STORE_KEY};

use crate::arguments::{IngestArguments, SettingOptions};
use crate::commands::query::duration;
use crate::loading::Loading;
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Bytes that are read at a time without a memory limit.
const PART: u64 = 256 << 20;
/// The share of a memory limit that is read at a time.
const SHARE: usize = 16;
/// Rows that are read as one when the store is loaded.
const ROW_GROUP: usize = 128 << 10;

/// Reads everything that the options name and writes it as a store.
///
/// # Errors
/// What [`Stop`] lists; a folder that has files already.
pub fn ingest(arguments: &IngestArguments, terminal: &Terminal) -> Result<(), Stop> {
    let started = Instant::now();
    let mut data = arguments.engine.data.clone();
    data.data.extend(arguments.paths.iter().cloned());
    refuse_options_of_searches(&arguments.engine.settings)?;
    let engine = session::engine_of(&arguments.engine, terminal)?;
    let settings = engine.settings();
    let Some(loading) = Loading::new(&data, settings, FieldSelection::All, terminal)? else {
        return Err(Stop::Usage("a file, folder or glob to read is needed".to_owned()));
    };
    let folder = &arguments.output;
    let failed = |error: std::io::Error| Stop::Failed(format!("can't write {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Stop::Failed(format!("{} is not empty: a store is written into a folder of its own", folder.display())));
    }
    let read = loading.bytes()?;
    let part = settings.memory_limit.map_or(PART, |limit| (limit / SHARE).max(1) as u64);
    let mut store = Store { folder, part: 0, events: 0, days: IndexMap::new(), bytes: 0 };
    for table in loading.knowing(&engine).in_parts(part, terminal).parts() {
        store.write(&table.map_err(Stop::Failed)?)?;
    }
    terminal.note(format_args!(
        "{} events of {} {}, {} read, {} written, {}",
        HumanCount(store.events),
        store.days.len(),
        if store.days.len() == 1 { "day" } else { "days" },
        HumanBytes(read),
        HumanBytes(store.bytes),
        duration(started.elapsed())
    ));
    Ok(())
}

/// A store holds all events, and no search runs.
fn refuse_options_of_searches(settings: &SettingOptions) -> Result<(), Stop> {
    let given = [
        (settings.earliest.is_some(), "--earliest"),
        (settings.latest.is_some(), "--latest"),
        (!settings.limit.is_empty(), "--limit"),
        (settings.geoip.is_some(), "--geoip"),
        (settings.csv_dir.is_some(), "--csv-dir"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, name)) => Err(Stop::Usage(format!("{name} is about searches; `splq ingest` takes all events"))),
        None => Ok(()),
    }
}

/// A folder per day, with a file for each part of the data.
struct Store<'a> {
    folder: &'a Path,
    part: usize,
    events: u64,
    days: IndexMap<String, u64>,
    bytes: u64,
}

impl Store<'_> {
    fn write(&mut self, table: &EventTable) -> Result<(), Stop> {
        self.part += 1;
        let failed = |error: arrow::error::ArrowError| Stop::Failed(format!("can't write the store: {error}"));
        let mut days: IndexMap<String, Vec<RecordBatch>> = IndexMap::new();
        for batch in &table.batches {
            for (day, rows) in rows_by_day(batch) {
                let taken = take_record_batch(batch, &UInt32Array::from(rows)).map_err(failed)?;
                days.entry(day).or_default().push(taken);
            }
        }
        for (day, batches) in days {
            let events = batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            self.events += events;
            *self.days.entry(day.clone()).or_default() += events;
            let folder = self.folder.join(&day);
            let path = folder.join(format!("{:05}.parquet", self.part));
            self.bytes += file(&folder, &path, &batches)
                .map_err(|message| Stop::Failed(format!("can't write {}: {message}", path.display())))?;
        }
        Ok(())
    }
}

/// The rows of each day, in UTC, in their order; those without a time under `no-time`.
fn rows_by_day(batch: &RecordBatch) -> IndexMap<String, Vec<u32>> {
    let times = batch.column_by_name("_time").and_then(|array| array.as_primitive_opt::<Float64Type>().cloned());
    let mut days: IndexMap<Option<i64>, Vec<u32>> = IndexMap::new();
    for row in 0..batch.num_rows() {
        let time = times.as_ref().filter(|times| times.is_valid(row)).map(|times| times.value(row));
        let day = time.map(|time| (time / 86_400.0).floor() as i64);
        days.entry(day).or_default().push(row as u32);
    }
    let name = |day: Option<i64>| {
        let start = day.and_then(|day| DateTime::from_timestamp(day.saturating_mul(86_400), 0));
        start.map_or_else(|| "no-time".to_owned(), |start| start.format("%Y-%m-%d").to_string())
    };
    let mut named: IndexMap<String, Vec<u32>> = IndexMap::new();
    for (day, rows) in days {
        named.entry(name(day)).or_default().extend(rows);
    }
    named
}

/// Writes a file of the store; its size.
///
/// # Errors
/// A disk that is full, a folder that can't be written.
pub fn file(folder: &Path, path: &PathBuf, batches: &[RecordBatch]) -> Result<u64, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    std::fs::create_dir_all(folder).map_err(|error| text(&error))?;
    let schema = stored_schema(batches);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_key_value_metadata(Some(vec![KeyValue::new(STORE_KEY.to_owned(), "1".to_owned())]))
        .build();
    let out = File::create(path).map_err(|error| text(&error))?;
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(|error| text(&error))?;
    let batches =
        batches.iter().map(|batch| stored(batch, &schema)).collect::<Result<Vec<_>, _>>().map_err(|error| text(&error))?;
    let whole = concat_batches(&schema, &batches).map_err(|error| text(&error))?;
    writer.write(&whole).map_err(|error| text(&error))?;
    writer.close().map_err(|error| text(&error))?;
    Ok(std::fs::metadata(path).map_err(|error| text(&error))?.len())
}

/// The columns that hold something, texts as plain texts, which Parquet encodes as dictionaries itself.
fn stored_schema(batches: &[RecordBatch]) -> SchemaRef {
    let Some(first) = batches.first() else { return Arc::new(Schema::empty()) };
    let holds = |place: usize| batches.iter().any(|batch| batch.column(place).logical_null_count() < batch.num_rows());
    let schema = first.schema();
    let fields = schema.fields().iter().enumerate().filter(|(place, field)| !field.name().starts_with("__") && holds(*place));
    let plain = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        other => other.clone(),
    };
    Arc::new(Schema::new(
        fields
            .map(|(_, field)| field.as_ref().clone().with_data_type(plain(field.data_type())).with_nullable(true))
            .collect::<Vec<_>>(),
    ))
}

fn stored(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let place = batch.schema().index_of(field.name())?;
            cast(batch.column(place), field.data_type())
        })
        .collect::<Result<Vec<ArrayRef>, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}
