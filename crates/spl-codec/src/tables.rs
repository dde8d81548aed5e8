//! Tables in memory as bytes: their rows in Arrow's stream format, one stream a partition.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::datasource::MemTable;
use datafusion::prelude::ident;
use spl_operators::ordinal::ORDINAL;

/// Bytes ahead of each stream: its length.
const LENGTH: usize = 8;

/// Writes a table: whether it is sorted by its ordinal, then the partitions.
///
/// # Errors
/// A table that is not in memory.
pub fn write(table: &dyn TableProvider, bytes: &mut Vec<u8>) -> Result<()> {
    let Some(table) = table.downcast_ref::<MemTable>() else {
        return plan_err!("a table that is not in memory can't be written");
    };
    let schema = table.schema();
    bytes.push(u8::from(!table.sort_order.lock().is_empty()));
    for partition in &table.batches {
        let batches = partition.try_read().map_err(|_| exec_datafusion_err!("a table is being changed"))?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        batches.iter().try_for_each(|batch| writer.write(batch))?;
        let stream = writer.into_inner()?;
        bytes.extend((stream.len() as u64).to_le_bytes());
        bytes.extend(stream);
    }
    Ok(())
}

/// Reads a table.
///
/// # Errors
/// Bytes that are of no table.
pub fn read(bytes: &[u8], schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
    let Some((sorted, mut rest)) = bytes.split_first() else { return plan_err!("a table without bytes") };
    let mut partitions: Vec<Vec<RecordBatch>> = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((stream, after)) = after.split_at_checked(length) else { return plan_err!("a table that is cut off") };
        partitions.push(StreamReader::try_new(stream, None)?.collect::<std::result::Result<_, _>>()?);
        rest = after;
    }
    if !rest.is_empty() || partitions.is_empty() {
        return plan_err!("a table that is cut off");
    }
    let mut table = MemTable::try_new(schema, partitions)?;
    if *sorted != 0 {
        table = table.with_sort_order(vec![vec![ident(ORDINAL).sort(true, false)]]);
    }
    Ok(Arc::new(table))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray, Int64Array, StringViewArray};
    use arrow::datatypes::{DataType, Field, Int32Type, Schema};

    use super::*;

    fn table() -> MemTable {
        let texts = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        let schema = Arc::new(Schema::new(vec![Field::new(ORDINAL, DataType::Int64, false), Field::new("text", texts, true)]));
        let batch = |text: &str| {
            let values: ArrayRef = Arc::new(StringViewArray::from(vec![text]));
            let dictionary = DictionaryArray::<Int32Type>::new(vec![Some(0), None].into(), values);
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2])), Arc::new(dictionary)];
            RecordBatch::try_new(schema.clone(), columns).unwrap()
        };
        MemTable::try_new(schema.clone(), vec![vec![batch("one"), batch("another")], Vec::new()])
            .unwrap()
            .with_sort_order(vec![vec![ident(ORDINAL).sort(true, false)]])
    }

    #[test]
    fn partitions_rows_and_order_are_kept() {
        let mut bytes = Vec::new();
        write(&table(), &mut bytes).unwrap();
        let read = read(&bytes, table().schema()).unwrap();
        let read = read.downcast_ref::<MemTable>().unwrap();
        assert!(!read.sort_order.lock().is_empty());
        let rows = |table: &MemTable| -> Vec<Vec<RecordBatch>> {
            table.batches.iter().map(|partition| partition.try_read().unwrap().clone()).collect()
        };
        assert_eq!(rows(read), rows(&table()));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let mut bytes = Vec::new();
        write(&table(), &mut bytes).unwrap();
        for length in [0, 1, 5, bytes.len() - 1] {
            assert!(read(&bytes[..length], table().schema()).is_err(), "{length}");
        }
    }
}
