//! Rows compared by their values: arrays in which equal values are equal texts, and rows compared with the row before.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DynComparator, Float64Array, ListArray, UInt32Array, make_comparator};
use arrow::buffer::NullBuffer;
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;

/// The array in a form in which Arrow compares as SPL does: minus zero is zero, and a list without values is absent.
pub fn comparable(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float64 => {
            let numbers: Float64Array = array.as_primitive::<Float64Type>().unary(|number| match number {
                number if number.is_nan() => f64::NAN,
                number => number + 0.0,
            });
            Arc::new(numbers)
        }
        DataType::List(item) => {
            let lists = array.as_list::<i32>();
            let filled = |row: usize| lists.is_valid(row) && lists.value_length(row) > 0;
            let validity: NullBuffer = (0..lists.len()).map(filled).collect();
            let made = ListArray::try_new(item.clone(), lists.offsets().clone(), lists.values().clone(), Some(validity));
            made.map_or_else(|_| array.clone(), |lists| Arc::new(lists))
        }
        _ => array.clone(),
    }
}

/// One row that outlives its batch.
#[derive(Debug, Default)]
pub struct LastRow {
    columns: Option<Vec<ArrayRef>>,
}

impl LastRow {
    /// Remembers a row of these columns.
    ///
    /// # Errors
    /// A row that they do not have.
    pub fn set(&mut self, columns: &[ArrayRef], row: usize) -> Result<()> {
        let row = UInt32Array::from_iter_values(u32::try_from(row));
        let copies = columns.iter().map(|column| Ok(take(column, &row, None)?)).collect::<Result<Vec<_>>>()?;
        self.columns = Some(copies);
        Ok(())
    }

    /// Bytes held. A dictionary is that of the rows that follow, and does not count.
    pub fn size(&self) -> usize {
        let size = |column: &ArrayRef| match column.data_type() {
            DataType::Dictionary(..) => size_of::<i32>(),
            _ => column.get_array_memory_size(),
        };
        self.columns.iter().flatten().map(size).sum()
    }
}

/// The rows of a batch, to be compared with each other and with a row before them. Absent values are equal.
pub struct Comparison {
    within: Vec<DynComparator>,
    before: Option<Vec<DynComparator>>,
}

impl Comparison {
    /// Compares rows of these columns, which are [`comparable`].
    ///
    /// # Errors
    /// A type that Arrow does not compare; columns of another type than those of the row before.
    pub fn new(columns: &[ArrayRef], last: &LastRow) -> Result<Self> {
        let comparator = |left: &ArrayRef, right: &ArrayRef| Ok(make_comparator(left, right, SortOptions::default())?);
        let within = columns.iter().map(|column| comparator(column, column)).collect::<Result<_>>()?;
        let before = last
            .columns
            .as_ref()
            .map(|last| last.iter().zip(columns).map(|(last, column)| comparator(last, column)).collect::<Result<Vec<_>>>());
        Ok(Self { within, before: before.transpose()? })
    }

    /// Whether a row equals another one: one of the batch, or the row before; false when there is no row before.
    pub fn is_same(&self, other: Option<usize>, row: usize) -> bool {
        match (other, &self.before) {
            (Some(other), _) => self.within.iter().all(|compare| compare(other, row) == Ordering::Equal),
            (None, Some(before)) => before.iter().all(|compare| compare(0, row) == Ordering::Equal),
            (None, None) => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{Int64Array, ListBuilder, StringViewArray, StringViewBuilder};
    use arrow::compute::cast;

    use super::*;
    use crate::distinct::dictionary_type;

    #[test]
    fn rows_are_the_same_when_their_texts_are() {
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        lists.append_null();
        lists.append(true);
        lists.values().append_value("a");
        lists.append(true);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Float64Array::from(vec![0.0, -0.0, 0.0])),
            Arc::new(Int64Array::from(vec![None, None, Some(1)])),
            Arc::new(lists.finish()),
        ];
        let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect();
        let mut last = LastRow::default();
        let comparison = Comparison::new(&columns, &last).unwrap();
        assert!(comparison.is_same(Some(0), 1));
        assert!(!comparison.is_same(Some(1), 2));
        assert!(!comparison.is_same(None, 0));
        last.set(&columns, 1).unwrap();
        let comparison = Comparison::new(&columns, &last).unwrap();
        assert!(comparison.is_same(None, 0));
        assert!(!comparison.is_same(None, 2));
        assert!(last.size() > 0);
    }

    #[test]
    fn rows_of_other_dictionaries_are_compared_by_text() {
        let column = |texts: Vec<&str>| cast(&StringViewArray::from(texts), &dictionary_type()).unwrap();
        let mut last = LastRow::default();
        last.set(&[column(vec!["x", "b"])], 1).unwrap();
        let next = [column(vec!["b", "a"])];
        let comparison = Comparison::new(&next, &last).unwrap();
        assert!(comparison.is_same(None, 0));
        assert!(!comparison.is_same(None, 1));
    }
}
