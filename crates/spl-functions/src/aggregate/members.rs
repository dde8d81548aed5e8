//! Sets of value ids per group: bits while they are dense, one hash set of (group, id) pairs otherwise.

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::lists::GroupedIds;

/// Which ids each group has.
#[derive(Debug, Default)]
pub(super) struct Members {
    storage: Storage,
    counts: Vec<i64>,
    total: usize,
}

#[derive(Debug)]
enum Storage {
    /// A row of `words` words per group.
    Bits { words: usize, bits: Vec<u64> },
    /// Group in the upper half, id in the lower.
    Pairs(HashSet<u64, FxBuildHasher>),
}

impl Default for Storage {
    fn default() -> Self {
        Storage::Bits { words: 1, bits: Vec::new() }
    }
}

/// Bits may take this many words whatever the number of members: half a megabyte.
const SMALL: usize = 1 << 16;

impl Members {
    /// Makes room for groups.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.counts.len() {
            self.counts.resize(groups, 0);
            if let Storage::Bits { words, bits } = &mut self.storage {
                let needed = groups * *words;
                if *words == 1 || affordable(needed, self.total) {
                    bits.resize(needed, 0);
                } else {
                    self.use_pairs();
                }
            }
        }
    }

    /// Adds an id to a group.
    #[inline]
    pub(super) fn insert(&mut self, group: usize, id: u32) {
        let fresh = match &mut self.storage {
            Storage::Bits { words, bits } => {
                let word = (id >> 6) as usize;
                if word >= *words {
                    return self.widen(group, id);
                }
                let slot = &mut bits[group * *words + word];
                let bit = 1u64 << (id & 63);
                let fresh = *slot & bit == 0;
                *slot |= bit;
                fresh
            }
            Storage::Pairs(pairs) => pairs.insert(pair(group, id)),
        };
        self.counts[group] += i64::from(fresh);
        self.total += usize::from(fresh);
    }

    #[cold]
    fn widen(&mut self, group: usize, id: u32) {
        if let Storage::Bits { words, bits } = &mut self.storage {
            let wider = ((id >> 6) as usize + 1).next_power_of_two();
            let needed = self.counts.len() * wider;
            if affordable(needed, self.total) {
                let mut wide = vec![0; needed];
                for (row, narrow) in bits.chunks_exact(*words).enumerate() {
                    wide[row * wider..row * wider + *words].copy_from_slice(narrow);
                }
                (*words, *bits) = (wider, wide);
            } else {
                self.use_pairs();
            }
        }
        self.insert(group, id);
    }

    fn use_pairs(&mut self) {
        let mut pairs = HashSet::with_capacity_and_hasher(self.total * 2, FxBuildHasher);
        self.each(usize::MAX, |group, id| {
            pairs.insert(pair(group, id));
        });
        self.storage = Storage::Pairs(pairs);
    }

    fn each(&self, below: usize, mut each: impl FnMut(usize, u32)) {
        match &self.storage {
            Storage::Bits { words, bits } => {
                for (group, row) in bits.chunks_exact(*words).enumerate().take(below) {
                    for (word, &set) in row.iter().enumerate() {
                        let mut rest = set;
                        while rest != 0 {
                            each(group, (word as u32) << 6 | rest.trailing_zeros());
                            rest &= rest - 1;
                        }
                    }
                }
            }
            Storage::Pairs(pairs) => {
                for &pair in pairs {
                    let group = (pair >> 32) as usize;
                    if group < below {
                        each(group, pair as u32);
                    }
                }
            }
        }
    }

    /// Number of ids of each of the first groups.
    pub(super) fn counts(&self, groups: usize) -> Vec<i64> {
        let mut counts: Vec<i64> = self.counts.iter().copied().take(groups).collect();
        counts.resize(groups, 0);
        counts
    }

    /// The ids of the first groups, in no order.
    pub(super) fn ids(&self, groups: usize) -> GroupedIds {
        let mut offsets = Vec::with_capacity(groups + 1);
        let mut end = 0;
        offsets.push(0);
        for count in self.counts(groups) {
            end += count as usize;
            offsets.push(end);
        }
        let mut next = offsets.clone();
        let mut ids = vec![0; end];
        self.each(groups, |group, id| {
            ids[next[group]] = id;
            next[group] += 1;
        });
        GroupedIds { offsets, ids }
    }

    /// Forgets the first groups.
    pub(super) fn discard(&mut self, groups: usize) {
        let groups = groups.min(self.counts.len());
        let gone: i64 = self.counts.drain(..groups).sum();
        self.total -= gone as usize;
        match &mut self.storage {
            Storage::Bits { words, bits } => {
                bits.drain(..groups * *words);
            }
            Storage::Pairs(pairs) => {
                *pairs = pairs
                    .iter()
                    .filter(|&&pair| (pair >> 32) as usize >= groups)
                    .map(|&pair| pair - ((groups as u64) << 32))
                    .collect();
            }
        }
    }

    /// Bytes used.
    pub(super) fn size(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
            + match &self.storage {
                Storage::Bits { bits, .. } => bits.capacity() * 8,
                Storage::Pairs(pairs) => pairs.capacity() * 9,
            }
    }
}

/// A word of bits takes as much memory as a pair, so the limit is about one word per member.
fn affordable(words: usize, members: usize) -> bool {
    words <= SMALL + members * 2
}

#[inline]
fn pair(group: usize, id: u32) -> u64 {
    (group as u64) << 32 | u64::from(id)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Bits and pairs hold the same sets, also while they grow and after groups were emitted.
        #[test]
        fn members_are_sets_per_group(
            steps in prop::collection::vec((0usize..40, prop_oneof![0u32..70, 0u32..200_000]), 0..400),
            first in 0usize..45,
        ) {
            let mut members = Members::default();
            let mut expected = vec![BTreeSet::new(); 40];
            for (step, &(group, id)) in steps.iter().enumerate() {
                members.grow(if step > 200 { 40 } else { group + 1 });
                members.insert(group, id);
                expected[group].insert(id);
            }
            members.grow(40);
            let sets = |members: &Members, groups: usize| -> Vec<BTreeSet<u32>> {
                let grouped = members.ids(groups);
                grouped.offsets.windows(2).map(|pair| grouped.ids[pair[0]..pair[1]].iter().copied().collect()).collect()
            };
            prop_assert_eq!(&sets(&members, 40), &expected);
            let counts: Vec<i64> = expected.iter().map(|set| set.len() as i64).collect();
            prop_assert_eq!(members.counts(40), counts);
            let first = first.min(40);
            members.discard(first);
            prop_assert_eq!(&sets(&members, 40 - first)[..], &expected[first..]);
        }
    }
}
