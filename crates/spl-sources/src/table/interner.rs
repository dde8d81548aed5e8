//! The distinct texts of a column, which become the values of its dictionary.

use std::hash::BuildHasher;

use arrow::array::StringViewArray;
use arrow::array::builder::make_view;
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct texts, numbered.
pub(super) struct Interner {
    texts: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    pub(super) fn new() -> Self {
        Self { texts: Vec::new(), ends: Vec::new(), table: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    fn text<'t>(texts: &'t [u8], ends: &[u32], key: u32) -> &'t [u8] {
        let start = key.checked_sub(1).map_or(0, |before| ends[before as usize]);
        &texts[start as usize..ends[key as usize] as usize]
    }

    /// The number of a text; None when there is no room for more.
    pub(super) fn intern(&mut self, text: &[u8]) -> Option<i32> {
        let Self { texts, ends, table, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(&key) = table.find(hash, |&key| Self::text(texts, ends, key) == text) {
            return Some(key as i32);
        }
        let end = u32::try_from(texts.len() + text.len()).ok().filter(|&end| end < u32::MAX)?;
        let key = ends.len() as u32;
        texts.extend_from_slice(text);
        ends.push(end);
        table.insert_unique(hash, key, |&key| hasher.hash_one(Self::text(texts, ends, key)));
        i32::try_from(key).ok()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn finish(self) -> Result<StringViewArray, ArrowError> {
        let views: Vec<u128> = (0..self.ends.len() as u32)
            .map(|key| {
                let start = key.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
                make_view(Self::text(&self.texts, &self.ends, key), 0, start)
            })
            .collect();
        StringViewArray::try_new(ScalarBuffer::from(views), vec![Buffer::from_vec(self.texts)], None)
    }
}
