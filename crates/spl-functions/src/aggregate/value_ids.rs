//! Numbers for the values of a column: two rows have the same number when their values are the same texts.

use arrow::array::{Array, ArrayRef, Int32Array};
use datafusion_common::{Result, internal_datafusion_err};
use hashbrown::HashMap;

use super::input::IdReader;

/// The values met so far. A text, a number that prints so, and a dictionary's text are the same value; a field with several
/// values is the sequence of them, which is another value than its only one. Columns of one field must have one type.
#[derive(Debug, Default)]
pub struct ValueIds {
    reader: IdReader,
    lists: HashMap<Box<[u32]>, i32>,
    lists_size: usize,
    /// One 0 per row, as values are read in groups.
    one_group: Vec<usize>,
}

impl ValueIds {
    /// The number of each row's value, from 0; null where the field is absent.
    ///
    /// # Errors
    /// More than 2147483647 distinct values.
    pub fn of(&mut self, array: &ArrayRef) -> Result<Int32Array> {
        self.one_group.resize(array.len(), 0);
        let several = matches!(array.data_type(), arrow::datatypes::DataType::List(_));
        if several {
            return self.of_lists(array);
        }
        let mut ids: Vec<Option<i32>> = vec![None; array.len()];
        self.reader.each(array, &self.one_group, None, |row, _, id| ids[row] = Some(id.cast_signed()))?;
        Ok(Int32Array::from(ids))
    }

    fn of_lists(&mut self, array: &ArrayRef) -> Result<Int32Array> {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); array.len()];
        self.reader.each(array, &self.one_group, None, |row, _, id| rows[row].push(id))?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(if row.is_empty() { None } else { Some(self.list(row)?) });
        }
        Ok(Int32Array::from(ids))
    }

    fn list(&mut self, items: Vec<u32>) -> Result<i32> {
        if let Some(&id) = self.lists.get(items.as_slice()) {
            return Ok(id);
        }
        let id = i32::try_from(self.lists.len()).map_err(|_| internal_datafusion_err!("too many distinct values"))?;
        self.lists_size += size_of_val(items.as_slice()) + size_of::<(Box<[u32]>, i32)>() + 1;
        self.lists.insert(items.into_boxed_slice(), id);
        Ok(id)
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.reader.size() + self.lists_size + self.one_group.capacity() * size_of::<usize>()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, ListBuilder, StringViewArray, StringViewBuilder};
    use arrow::compute::cast;
    use arrow::datatypes::DataType;

    use super::*;

    fn numbers(ids: &mut ValueIds, array: ArrayRef) -> Vec<Option<i32>> {
        ids.of(&array).unwrap().iter().collect()
    }

    #[test]
    fn equal_texts_have_equal_numbers() {
        let mut ids = ValueIds::default();
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("5"), None, Some(""), Some("5")]));
        assert_eq!(numbers(&mut ids, texts.clone()), [Some(0), None, Some(1), Some(0)]);
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        assert_eq!(numbers(&mut ids, cast(&texts, &dictionary).unwrap()), [Some(0), None, Some(1), Some(0)]);
        assert_eq!(numbers(&mut ids, Arc::new(Int64Array::from(vec![Some(5), None, Some(6)]))), [Some(0), None, Some(2)]);
        assert_eq!(numbers(&mut ids, Arc::new(Float64Array::from(vec![5.0, 0.0, -0.0]))), [Some(0), Some(3), Some(3)]);
    }

    #[test]
    fn lists_are_sequences() {
        let mut built = ListBuilder::new(StringViewBuilder::new());
        for row in [&["a", "b"][..], &["ab"], &[], &["b", "a"], &["a", "b"]] {
            row.iter().for_each(|text| built.values().append_value(text));
            built.append(true);
        }
        built.append_null();
        let mut ids = ValueIds::default();
        assert_eq!(numbers(&mut ids, Arc::new(built.finish())), [Some(0), Some(1), None, Some(2), Some(0), None]);
        assert!(ids.size() > 0);
    }
}
