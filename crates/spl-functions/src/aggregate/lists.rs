//! Building list columns: multivalue results, and lists as states travel between partial and final aggregation.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, StringViewBuilder, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use datafusion_common::{Result, exec_datafusion_err};

use crate::interner::Interner;

/// Ids gathered group by group: `offsets` has one more entry than there are groups.
#[derive(Debug, Default)]
pub(super) struct GroupedIds {
    pub(super) offsets: Vec<usize>,
    pub(super) ids: Vec<u32>,
}

impl GroupedIds {
    /// Starts without groups.
    pub(super) fn new() -> Self {
        Self { offsets: vec![0], ids: Vec::new() }
    }

    /// Ends a group whose ids were pushed.
    pub(super) fn close(&mut self) {
        self.offsets.push(self.ids.len());
    }

    /// A multivalue column; a group without ids is absent.
    pub(super) fn multivalue(&self, interner: &Interner) -> Result<ArrayRef> {
        let nulls: NullBuffer = self.offsets.windows(2).map(|pair| pair[0] < pair[1]).collect();
        list(&self.offsets, self.items(interner)?, Some(nulls))
    }

    /// A column of lists of texts. Not of dictionary keys: a state that is spilled would carry its whole dictionary
    /// with every batch.
    pub(super) fn state(&self, interner: &Interner) -> Result<ArrayRef> {
        list(&self.offsets, self.items(interner)?, None)
    }

    fn items(&self, interner: &Interner) -> Result<ArrayRef> {
        if self.ids.len() * 2 < interner.len() {
            let mut builder = StringViewBuilder::with_capacity(self.ids.len());
            self.ids.iter().for_each(|&id| builder.append_value(interner.text(id)));
            return Ok(Arc::new(builder.finish()));
        }
        let keys = UInt32Array::from(self.ids.clone());
        Ok(arrow::compute::take(&interner.texts(), &keys, None)?)
    }
}

/// A list column from the items of all rows and where each row's begin.
pub(super) fn list(offsets: &[usize], items: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let offsets: Vec<i32> = offsets
        .iter()
        .map(|&offset| i32::try_from(offset))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| exec_datafusion_err!("more than 2147483647 values in one batch of results"))?;
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::new(offsets.into()), items, nulls)?))
}

/// The type of a state column that holds texts per group.
pub(super) fn texts_type() -> DataType {
    list_type(DataType::Utf8View)
}

/// The type of a state column that holds several values per group.
pub(super) fn list_type(items: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", items, true)))
}
