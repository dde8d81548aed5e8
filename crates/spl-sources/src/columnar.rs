//! Parquet files: rows become events with the same field names as nested JSON.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ColumnChunkMetaData;

use crate::chunk::{ChunkBuilder, ColumnKind};
use crate::content::Content;
use crate::event::EventFinisher;
use crate::report::WarningKind;
use crate::role::{Role, Slots};

/// The key of a file's metadata that says that `splq ingest` wrote it: columns are fields by their full names.
pub const STORE_KEY: &str = "splq.events";

/// The most rows that a row group is believed to have.
const MOST_ROWS: i64 = 1 << 31;

/// A Parquet file with its footer, which is read once for all row groups.
#[derive(Clone)]
pub(crate) struct ParquetInput {
    content: Content,
    metadata: ArrowReaderMetadata,
}

impl ParquetInput {
    /// Reads the footer, which may be damaged.
    ///
    /// # Errors
    /// A footer that can't be read, or that names places outside the file.
    pub(crate) fn open(content: Content) -> Result<Self, String> {
        let read = catch_unwind(AssertUnwindSafe(|| Self::open_trusting(content)));
        let input = read.unwrap_or_else(|_| Err("damaged footer of a Parquet file".to_owned()))?;
        let length = i64::try_from(input.len()).unwrap_or(i64::MAX);
        for (number, group) in input.metadata.metadata().row_groups().iter().enumerate() {
            let inside = |column: &ColumnChunkMetaData| {
                let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset()).min(column.data_page_offset());
                let end = start.checked_add(column.compressed_size());
                start >= 0 && column.compressed_size() >= 0 && column.num_values() >= 0 && end.is_some_and(|end| end <= length)
            };
            if group.num_rows() < 0 || group.num_rows() > MOST_ROWS || !group.columns().iter().all(inside) {
                return Err(format!("damaged footer of a Parquet file: row group {number} lies outside the file"));
            }
        }
        Ok(input)
    }

    fn open_trusting(content: Content) -> Result<Self, String> {
        let metadata = match &content {
            Content::File(path, _) => File::open(path)
                .map_err(|error| error.to_string())
                .and_then(|file| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())),
            Content::Memory(buffer) => {
                ArrowReaderMetadata::load(&bytes_of(buffer), ArrowReaderOptions::new()).map_err(|error| error.to_string())
            }
        };
        Ok(Self { metadata: metadata?, content })
    }

    /// Bytes of the file.
    pub(crate) fn len(&self) -> u64 {
        self.content.len()
    }

    /// The number of row groups.
    pub(crate) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of a row group.
    fn rows(&self, group: usize) -> usize {
        usize::try_from(self.metadata.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// Bytes of the values of a row group.
    pub(crate) fn group_bytes(&self, group: usize) -> u64 {
        u64::try_from(self.metadata.metadata().row_group(group).total_byte_size()).unwrap_or(0)
    }

    /// Whether `splq ingest` wrote the file.
    fn is_store(&self) -> bool {
        let pairs = self.metadata.metadata().file_metadata().key_value_metadata();
        pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.key == STORE_KEY))
    }

    /// The rows of a group, only those of its columns that events need.
    fn batches(&self, group: usize, finisher: &EventFinisher<'_>) -> Result<ParquetRecordBatchReader, String> {
        let schema = self.metadata.schema();
        // An event without a text is written anew from all its fields.
        let writes_lines = finisher.keeps_raw && schema.index_of("_raw").is_err();
        let wanted = |name: &str| {
            if name == "_raw" {
                // Fields are found in texts too; in a store they are columns already.
                return finisher.keeps_raw || !self.is_store();
            }
            writes_lines
                || if self.is_store() { Role::of(name).is_some_and(Role::is_meta) } else { Role::is_at_or_below(name) }
                || finisher.selection().contains(name)
                || finisher.selection().contains_below(name)
        };
        let places: Vec<usize> =
            schema.fields().iter().enumerate().filter(|(_, field)| wanted(field.name())).map(|(place, _)| place).collect();
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), places);
        let failed = |error: parquet::errors::ParquetError| error.to_string();
        let build = || match &self.content {
            Content::File(path, _) => {
                let file = File::open(path).map_err(|error| error.to_string())?;
                let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
                builder.with_projection(mask.clone()).with_row_groups(vec![group]).build().map_err(failed)
            }
            Content::Memory(buffer) => {
                let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes_of(buffer), self.metadata.clone());
                builder.with_projection(mask.clone()).with_row_groups(vec![group]).build().map_err(failed)
            }
        };
        catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(|_| Err("damaged pages of a Parquet file".to_owned()))
    }
}

/// A buffer as the reader wants it, without a copy.
fn bytes_of(buffer: &Buffer) -> Bytes {
    struct Shared(Buffer);
    impl AsRef<[u8]> for Shared {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Shared(buffer.clone()))
}

/// Reads a row group as events.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>, input: &ParquetInput, group: usize) {
    let batches = match input.batches(group, finisher) {
        Ok(batches) => batches,
        Err(error) => {
            return builder.warnings.add(WarningKind::BadFile, 0, &error);
        }
    };
    // In a store fields that stand in a text are columns already.
    finisher.reads_own_text = !input.is_store();
    // A reader of damaged pages may give the same error again and again, more rows than the footer says, or panic.
    let mut left = input.rows(group);
    let mut batches = AssertUnwindSafe(batches);
    loop {
        let next = match catch_unwind(AssertUnwindSafe(|| batches.next())) {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(_) => return builder.warnings.add(WarningKind::BadFile, 0, "damaged pages of a Parquet file"),
        };
        let rows = next.as_ref().map_or(0, RecordBatch::num_rows);
        if let Err(error) = next.and_then(|batch| read_batch(builder, finisher, &batch, input.is_store())) {
            return builder.warnings.add(WarningKind::BadFile, 0, &error.to_string());
        }
        left = left.saturating_sub(rows.max(1));
        if left == 0 {
            break;
        }
    }
}

fn read_batch(
    builder: &mut ChunkBuilder<'_>,
    finisher: &mut EventFinisher<'_>,
    batch: &RecordBatch,
    is_store: bool,
) -> Result<(), ArrowError> {
    let schema = batch.schema();
    let fields: Vec<&Field> = schema.fields().iter().map(AsRef::as_ref).collect();
    let readers = fields
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| Reader::new(field.name(), field.name(), array, is_store, finisher));
    let readers: Vec<Reader> = readers.collect::<Result<_, _>>()?;
    let wants_line = finisher.keeps_raw && !fields.iter().any(|field| field.name() == "_raw");
    let mut slots = Slots::new();
    let mut line = String::new();
    for row in 0..batch.num_rows() {
        for reader in &readers {
            reader.read(row, builder, &mut slots)?;
        }
        let span = wants_line.then(|| {
            line.clear();
            write_object(&readers, row, &mut line);
            builder.store(line.as_bytes())
        });
        finisher.finish(builder, &mut slots, span);
    }
    Ok(())
}

/// A column of a batch, taken apart.
struct Reader {
    /// The name in its object.
    key: String,
    /// The field's full name.
    name: String,
    array: ArrayRef,
    kind: Kind,
    role: Option<Role>,
    wanted: bool,
}

enum Kind {
    Null,
    Integer,
    Float,
    Boolean,
    Text,
    Object(Vec<Reader>),
    List(Box<Reader>),
}

impl Reader {
    fn new(key: &str, name: &str, array: &ArrayRef, is_store: bool, finisher: &EventFinisher<'_>) -> Result<Self, ArrowError> {
        let role = Role::of(name);
        let wanted = !role.is_some_and(Role::is_meta) && finisher.selection().contains(name);
        let text = Kind::Text;
        let (array, kind) = match array.data_type() {
            DataType::Null => (array.clone(), Kind::Null),
            DataType::Boolean => (array.clone(), Kind::Boolean),
            DataType::UInt64 => (cast(array, &DataType::Utf8View)?, text),
            other if other.is_integer() => (cast(array, &DataType::Int64)?, Kind::Integer),
            other if other.is_floating() => (cast(array, &DataType::Float64)?, Kind::Float),
            DataType::Timestamp(_, zone) if name == "_time" || zone.is_some() || role.is_some() => {
                let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())))?;
                (text_of(&micros)?, text)
            }
            DataType::Struct(_) => {
                let parts = array.as_struct();
                let readers = parts.fields().iter().zip(parts.columns()).map(|(field, column)| {
                    Self::new(field.name(), &format!("{name}.{}", field.name()), column, is_store, finisher)
                });
                (array.clone(), Kind::Object(readers.collect::<Result<_, _>>()?))
            }
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                let list = cast(array, &DataType::List(item.clone()))?;
                // Tags and event types keep their plain names.
                let below = if is_store || matches!(name, "tag" | "eventtype") { name.to_owned() } else { format!("{name}{{}}") };
                let items = Self::new("", &below, list.as_list::<i32>().values(), is_store, finisher)?;
                (list, Kind::List(Box::new(items)))
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => (cast(array, &DataType::Utf8View)?, text),
            DataType::Dictionary(_, value) if value.is_string() => (cast(array, &DataType::Utf8View)?, text),
            _ => (text_of(array)?, text),
        };
        Ok(Self { key: key.to_owned(), name: name.to_owned(), array, kind, role, wanted })
    }

    fn read(&self, row: usize, builder: &mut ChunkBuilder<'_>, slots: &mut Slots) -> Result<(), ArrowError> {
        if self.array.is_null(row) {
            return Ok(());
        }
        match &self.kind {
            Kind::Null => {}
            Kind::Object(readers) => {
                for reader in readers {
                    reader.read(row, builder, slots)?;
                }
            }
            Kind::List(items) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                for item in offsets[row]..offsets[row + 1] {
                    items.read(item as usize, builder, slots)?;
                }
            }
            Kind::Text => self.add(self.array.as_string_view().value(row), builder, slots),
            Kind::Integer => self.add(&self.array.as_primitive::<Int64Type>().value(row).to_string(), builder, slots),
            Kind::Float => self.add(&self.array.as_primitive::<Float64Type>().value(row).to_string(), builder, slots),
            Kind::Boolean => self.add(if self.array.as_boolean().value(row) { "true" } else { "false" }, builder, slots),
        }
        Ok(())
    }

    fn add(&self, text: &str, builder: &mut ChunkBuilder<'_>, slots: &mut Slots) {
        if let Some(role) = self.role {
            let span = builder.store(text.as_bytes());
            slots.set(role, span);
        }
        if self.wanted {
            let column = builder.column(&self.name, ColumnKind::Field);
            builder.append_text(column, text);
        }
    }

    fn write(&self, row: usize, out: &mut String) {
        if self.array.is_null(row) {
            return out.push_str("null");
        }
        match &self.kind {
            Kind::Null => out.push_str("null"),
            Kind::Object(readers) => write_object(readers, row, out),
            Kind::List(items) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                out.push('[');
                for item in offsets[row]..offsets[row + 1] {
                    if item > offsets[row] {
                        out.push(',');
                    }
                    items.write(item as usize, out);
                }
                out.push(']');
            }
            Kind::Text => write_text(self.array.as_string_view().value(row), out),
            Kind::Integer => out.push_str(&self.array.as_primitive::<Int64Type>().value(row).to_string()),
            Kind::Float => {
                let number = self.array.as_primitive::<Float64Type>().value(row);
                if number.is_finite() { out.push_str(&number.to_string()) } else { out.push_str("null") }
            }
            Kind::Boolean => out.push_str(if self.array.as_boolean().value(row) { "true" } else { "false" }),
        }
    }
}

fn text_of(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::default().with_null("");
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let texts =
        (0..array.len()).map(|row| if array.is_null(row) { Ok(None) } else { formatter.value(row).try_to_string().map(Some) });
    let texts: Vec<Option<String>> = texts.collect::<Result<_, _>>()?;
    Ok(Arc::new(arrow::array::StringViewArray::from_iter(texts)))
}

fn write_object(readers: &[Reader], row: usize, out: &mut String) {
    out.push('{');
    let mut first = true;
    for reader in readers.iter().filter(|reader| !reader.array.is_null(row)) {
        if !first {
            out.push(',');
        }
        first = false;
        write_text(&reader.key, out);
        out.push(':');
        reader.write(row, out);
    }
    out.push('}');
}

fn write_text(text: &str, out: &mut String) {
    match serde_json::to_string(text) {
        Ok(quoted) => out.push_str(&quoted),
        Err(_) => out.push_str("\"\""),
    }
}
