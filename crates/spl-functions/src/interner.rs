//! Texts numbered in the order in which they are met, each kept once.

use std::hash::BuildHasher;

use arrow::array::{StringViewArray, StringViewBuilder};
use datafusion_common::{Result, internal_datafusion_err};
use hashbrown::{DefaultHashBuilder, HashTable};

/// The texts. DataFusion's `ArrowBytesViewMap` numbers whole arrays and gives its texts back only when it is given up;
/// states need single texts while they still gather.
#[derive(Debug, Default)]
pub struct Interner {
    table: HashTable<u32>,
    bytes: String,
    ends: Vec<usize>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    /// The id of a text: ids begin at 0 and fit into 31 bits, as they are keys of dictionaries.
    ///
    /// # Errors
    /// More texts than there are ids.
    pub fn id(&mut self, text: &str) -> Result<u32> {
        let Self { table, bytes, ends, hasher } = self;
        let kept = |id: u32| {
            let start = if id == 0 { 0 } else { ends[id as usize - 1] };
            &bytes[start..ends[id as usize]]
        };
        let hash = hasher.hash_one(text);
        if let Some(&id) = table.find(hash, |&id| kept(id) == text) {
            return Ok(id);
        }
        let id = i32::try_from(ends.len()).map_err(|_| internal_datafusion_err!("too many distinct values"))?.cast_unsigned();
        table.insert_unique(hash, id, |&id| hasher.hash_one(kept(id)));
        bytes.push_str(text);
        ends.push(bytes.len());
        Ok(id)
    }

    /// The text of an id.
    #[inline]
    pub fn text(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start..self.ends[id]]
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no text was met yet.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All texts, in the order of their ids.
    pub fn texts(&self) -> StringViewArray {
        let mut builder = StringViewBuilder::with_capacity(self.len());
        let mut start = 0;
        for &end in &self.ends {
            builder.append_value(&self.bytes[start..end]);
            start = end;
        }
        builder.finish()
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.table.capacity() * 5 + self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}
