//! Rows that an operator reads twice: held in memory, and written to disk when the memory is needed.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Int32Type;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::execution::TaskContext;
use datafusion::execution::spill_file::{SpillFile, SpillWriter};

use crate::compact::compact;
use crate::held::HeldRows;

/// Batches in the order in which they came. Those on disk are older than those in memory.
pub struct StoredRows {
    task: Arc<TaskContext>,
    held: HeldRows,
    writing: Option<Writing>,
    reading: Option<Reading>,
}

struct Writing {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<BufWriter<Box<dyn SpillWriter>>>,
}

/// What is still to be given back. The file is kept until its last batch was read.
struct Reading {
    file: Option<ReadFile>,
    held: std::vec::IntoIter<RecordBatch>,
}

type ReadFile = (Arc<dyn SpillFile>, StreamReader<BufReader<File>>);

impl StoredRows {
    /// No rows yet; the task says where its disk is.
    pub fn new(task: &Arc<TaskContext>) -> Self {
        Self { task: task.clone(), held: HeldRows::default(), writing: None, reading: None }
    }

    /// Adds a batch.
    pub fn push(&mut self, batch: RecordBatch) {
        self.held.push(batch);
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.held.size()
    }

    /// Writes what is in memory to disk; false when there is nothing.
    ///
    /// # Errors
    /// A disk that is full or not to be used.
    pub fn spill(&mut self) -> Result<bool> {
        let held = std::mem::take(&mut self.held);
        let Some(first) = held.batches().first() else { return Ok(false) };
        if self.writing.is_none() {
            let file = self.task.runtime_env().disk_manager.create_tmp_file("rows that are read again")?;
            let writer = StreamWriter::try_new(BufWriter::new(file.open_writer()?), &first.schema())?;
            self.writing = Some(Writing { file, writer });
        }
        if let Some(writing) = &mut self.writing {
            // Texts are written with all that they keep alive; a dictionary of many batches is written once.
            let mut as_it_is = |dictionary: &DictionaryArray<Int32Type>| Ok(Arc::new(dictionary.clone()) as ArrayRef);
            for batch in held.into_batches() {
                let columns = batch.columns().iter().map(|array| compact(array, &mut as_it_is)).collect::<Result<Vec<_>>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                writing.writer.write(&RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)?;
            }
        }
        Ok(true)
    }

    /// The next batch, from the first on; after it nothing can be added.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        if self.reading.is_none() {
            let file = match self.writing.take() {
                None => None,
                Some(Writing { file, mut writer }) => {
                    writer.finish()?;
                    let written = writer.into_inner()?.into_inner();
                    written.map_err(|error| DataFusionError::IoError(error.into_error()))?.finish()?;
                    let Some(path) = file.path() else { return exec_err!("rows on disk have no path") };
                    let reader = StreamReader::try_new(BufReader::new(File::open(path)?), None)?;
                    Some((file, reader))
                }
            };
            self.reading = Some(Reading { file, held: std::mem::take(&mut self.held).into_batches().into_iter() });
        }
        let Some(reading) = &mut self.reading else { return Ok(None) };
        if let Some((_, reader)) = &mut reading.file {
            if let Some(batch) = reader.next() {
                return Ok(Some(batch?));
            }
            reading.file = None;
        }
        Ok(reading.held.next())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringViewArray};
    use arrow::compute::cast;
    use arrow::datatypes::Int64Type;

    use super::*;
    use crate::distinct::dictionary_type;

    fn batch(from: i64) -> RecordBatch {
        let texts: Vec<String> = (from..from + 3).map(|number| format!("a text of number {number}")).collect();
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + 3));
        let texts = cast(&StringViewArray::from_iter_values(texts), &dictionary_type()).unwrap();
        RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap()
    }

    #[test]
    fn rows_come_back_in_order_from_disk_and_memory() {
        let mut rows = StoredRows::new(&Arc::new(TaskContext::default()));
        assert!(!rows.spill().unwrap());
        rows.push(batch(0));
        rows.push(batch(3));
        assert!(rows.size() > 0);
        assert!(rows.spill().unwrap());
        assert_eq!(rows.size(), 0);
        rows.push(batch(6));
        assert!(rows.spill().unwrap());
        rows.push(batch(9));
        let mut numbers = Vec::new();
        while let Some(next) = rows.next_batch().unwrap() {
            numbers.extend_from_slice(next.column(0).as_primitive::<Int64Type>().values());
            let first = next.column(0).as_primitive::<Int64Type>().value(0);
            assert_eq!(next, batch(first));
        }
        assert_eq!(numbers, (0..12).collect::<Vec<i64>>());
    }
}
