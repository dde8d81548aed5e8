//! What is found out once per dictionary: batches of one table share their dictionary, so that a result per distinct text
//! serves all of them.

use arrow::array::{Array, StringViewArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Whether two arrays are the same texts in the same memory.
pub fn is_same_dictionary(left: &StringViewArray, right: &StringViewArray) -> bool {
    Identity::of(left) == Identity::of(right)
}

/// Which dictionary it is: where its texts lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    views: usize,
    texts: usize,
    validity: Option<(usize, usize)>,
    first_buffer: usize,
    buffers: usize,
}

impl Identity {
    fn of(texts: &StringViewArray) -> Self {
        Self {
            views: texts.views().as_ptr() as usize,
            texts: texts.len(),
            validity: texts.nulls().map(|nulls| (nulls.buffer().as_ptr() as usize, nulls.offset())),
            first_buffer: texts.data_buffers().first().map_or(0, |buffer| buffer.as_ptr() as usize),
            buffers: texts.data_buffers().len(),
        }
    }
}

/// Memory that stays taken as long as a dictionary is known, so that no other dictionary comes to lie there. It is not the
/// memory of long texts.
#[derive(Debug)]
struct Kept<T> {
    _views: ScalarBuffer<u128>,
    _validity: Option<NullBuffer>,
    value: T,
}

/// A value per dictionary, for the dictionaries that were met last.
#[derive(Debug)]
pub struct PerDictionary<T> {
    known: IndexMap<Identity, Kept<T>, FxBuildHasher>,
    most: usize,
}

impl<T> Default for PerDictionary<T> {
    /// For 16 dictionaries: those of a few loads, and of parts that are read one after the other.
    fn default() -> Self {
        Self::new(16)
    }
}

impl<T> PerDictionary<T> {
    /// For so many dictionaries; the one that was met first makes room.
    pub fn new(most: usize) -> Self {
        Self { known: IndexMap::default(), most: most.max(1) }
    }

    /// The value of a dictionary; none when it is not known.
    pub fn get(&self, texts: &StringViewArray) -> Option<&T> {
        self.known.get(&Identity::of(texts)).map(|kept| &kept.value)
    }

    /// The value of a dictionary, made when it is not known.
    pub fn get_or_insert_with(&mut self, texts: &StringViewArray, make: impl FnOnce() -> T) -> &mut T {
        let identity = Identity::of(texts);
        if self.known.len() >= self.most && !self.known.contains_key(&identity) {
            self.known.shift_remove_index(0);
        }
        let keep = || Kept { _views: texts.views().clone(), _validity: texts.nulls().cloned(), value: make() };
        &mut self.known.entry(identity).or_insert_with(keep).value
    }

    /// Forgets all dictionaries.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// The values of all dictionaries that are known.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.known.values().map(|kept| &kept.value)
    }
}

impl<T: Copy> PerDictionary<Vec<T>> {
    /// What is noted of each text of a dictionary; `blank` where nothing was noted yet.
    pub fn notes(&mut self, texts: &StringViewArray, blank: T) -> &mut [T] {
        self.get_or_insert_with(texts, || vec![blank; texts.len()])
    }

    /// Bytes of the notes.
    pub fn notes_size(&self) -> usize {
        self.values().map(|notes| notes.capacity() * size_of::<T>()).sum()
    }
}

/// Bytes that a known dictionary keeps from being freed.
pub fn kept_size(texts: &StringViewArray) -> usize {
    std::mem::size_of_val(&texts.views()[..]) + texts.nulls().map_or(0, |nulls| nulls.buffer().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> StringViewArray {
        StringViewArray::from(values.to_vec())
    }

    #[test]
    fn a_dictionary_is_known_by_its_memory() {
        let (one, other) = (texts(&["a", "b"]), texts(&["a", "b"]));
        assert!(is_same_dictionary(&one, &one.clone()));
        assert!(!is_same_dictionary(&one, &other));
        assert!(!is_same_dictionary(&one, &one.slice(0, 1)));
        let mut known = PerDictionary::default();
        known.notes(&one, 0)[1] = 7;
        assert_eq!(known.notes(&one.clone(), 0), [0, 7]);
        assert_eq!(known.notes(&other, 0), [0, 0]);
        assert_eq!(known.notes_size(), 4 * size_of::<i32>());
    }

    #[test]
    fn the_first_dictionary_makes_room() {
        let dictionaries = [texts(&["a"]), texts(&["b"]), texts(&["c"])];
        let mut known = PerDictionary::new(2);
        for (number, dictionary) in dictionaries.iter().enumerate() {
            known.get_or_insert_with(dictionary, || number);
        }
        let found: Vec<Option<usize>> = dictionaries.iter().map(|dictionary| known.get(dictionary).copied()).collect();
        assert_eq!(found, [None, Some(1), Some(2)]);
        known.clear();
        assert_eq!(known.values().count(), 0);
    }
}
