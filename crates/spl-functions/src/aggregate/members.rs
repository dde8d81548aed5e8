//! Sets of value ids per group: bits while they are dense, sorted (group, id) pairs otherwise.
//!
//! Pairs are gathered and sorted in large portions rather than hashed one by one: with millions of pairs that takes
//! half the time, and results are read group by group anyway.

use super::lists::GroupedIds;

/// Which ids each group has.
#[derive(Debug, Default)]
pub(super) struct Members {
    storage: Storage,
    groups: usize,
    /// Number of members; of pairs only those that are sorted.
    total: usize,
}

#[derive(Debug)]
enum Storage {
    /// A row of `words` words per group.
    Bits { words: usize, bits: Vec<u64> },
    /// Group in the upper half, id in the lower: distinct ones in order, and those that came since.
    Pairs { sorted: Vec<u64>, recent: Vec<u64> },
}

impl Default for Storage {
    fn default() -> Self {
        Storage::Bits { words: 1, bits: Vec::new() }
    }
}

/// Bits may take this many words whatever the number of members: four megabytes. Less in tests, so that they leave
/// the bits.
const SMALL: usize = if cfg!(test) { 1 << 10 } else { 1 << 19 };

/// Fewest pairs that are sorted at a time.
const PORTION: usize = if cfg!(test) { 1 << 5 } else { 1 << 16 };

impl Members {
    /// Makes room for groups.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.groups {
            self.groups = groups;
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
        match &mut self.storage {
            Storage::Bits { words, bits } => {
                let word = (id >> 6) as usize;
                if word >= *words {
                    return self.widen(group, id);
                }
                let slot = &mut bits[group * *words + word];
                let bit = 1u64 << (id & 63);
                if *slot & bit == 0 {
                    *slot |= bit;
                    self.total += 1;
                }
            }
            Storage::Pairs { sorted, recent } => {
                recent.push(pair(group, id));
                if recent.len() >= PORTION.max(sorted.len()) {
                    self.settle();
                    self.use_bits();
                }
            }
        }
    }

    #[cold]
    fn widen(&mut self, group: usize, id: u32) {
        if let Storage::Bits { words, bits } = &mut self.storage {
            let wider = ((id >> 6) as usize + 1).next_power_of_two();
            let needed = self.groups * wider;
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
        let mut sorted = Vec::with_capacity(self.total);
        self.each(usize::MAX, |group, id| sorted.push(pair(group, id)));
        self.storage = Storage::Pairs { sorted, recent: Vec::new() };
    }

    /// Goes back to bits when so many pairs came together that bits are smaller.
    fn use_bits(&mut self) {
        let Storage::Pairs { sorted, .. } = &self.storage else {
            return;
        };
        let highest = sorted.iter().fold(0, |highest, &pair| highest.max(pair as u32));
        let words = ((highest >> 6) as usize + 1).next_power_of_two();
        let needed = self.groups * words;
        if needed <= self.total {
            let mut bits = vec![0; needed];
            self.each(usize::MAX, |group, id| bits[group * words + (id >> 6) as usize] |= 1 << (id & 63));
            self.storage = Storage::Bits { words, bits };
        }
    }

    /// Sorts recent pairs in.
    #[cold]
    fn settle(&mut self) {
        if let Storage::Pairs { sorted, recent } = &mut self.storage
            && !recent.is_empty()
        {
            recent.sort_unstable();
            recent.dedup();
            sorted.append(recent);
            // Two sorted runs: the stable sort finds and merges them.
            sorted.sort();
            sorted.dedup();
            self.total = sorted.len();
        }
    }

    /// Calls `each` in order of groups, then of ids.
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
            Storage::Pairs { sorted, .. } => {
                for &pair in sorted {
                    let group = (pair >> 32) as usize;
                    if group >= below {
                        break;
                    }
                    each(group, pair as u32);
                }
            }
        }
    }

    /// Number of ids of each of the first groups.
    pub(super) fn counts(&mut self, groups: usize) -> Vec<i64> {
        self.settle();
        let mut counts = vec![0; groups];
        match &self.storage {
            Storage::Bits { words, bits } => {
                for (count, row) in counts.iter_mut().zip(bits.chunks_exact(*words)) {
                    *count = row.iter().map(|word| i64::from(word.count_ones())).sum();
                }
            }
            Storage::Pairs { .. } => self.each(groups, |group, _| counts[group] += 1),
        }
        counts
    }

    /// The ids of the first groups.
    pub(super) fn ids(&mut self, groups: usize) -> GroupedIds {
        self.settle();
        let mut grouped = GroupedIds::new();
        grouped.ids.reserve(self.total);
        self.each(groups, |group, id| {
            while grouped.offsets.len() <= group {
                grouped.close();
            }
            grouped.ids.push(id);
        });
        while grouped.offsets.len() <= groups {
            grouped.close();
        }
        grouped
    }

    /// Forgets the first groups.
    pub(super) fn discard(&mut self, groups: usize) {
        self.settle();
        let groups = groups.min(self.groups);
        self.groups -= groups;
        match &mut self.storage {
            Storage::Bits { words, bits } => {
                let gone: usize = bits.drain(..groups * *words).map(|word| word.count_ones() as usize).sum();
                self.total -= gone;
            }
            Storage::Pairs { sorted, .. } => {
                let first = (groups as u64) << 32;
                let gone = sorted.partition_point(|&pair| pair < first);
                sorted.drain(..gone);
                sorted.iter_mut().for_each(|pair| *pair -= first);
                self.total = sorted.len();
            }
        }
    }

    /// Bytes used.
    pub(super) fn size(&self) -> usize {
        8 * match &self.storage {
            Storage::Bits { bits, .. } => bits.capacity(),
            Storage::Pairs { sorted, recent } => sorted.capacity() + recent.capacity(),
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
            let sets = |members: &mut Members, groups: usize| -> Vec<BTreeSet<u32>> {
                let grouped = members.ids(groups);
                grouped.offsets.windows(2).map(|pair| grouped.ids[pair[0]..pair[1]].iter().copied().collect()).collect()
            };
            prop_assert_eq!(&sets(&mut members, 40), &expected);
            let counts: Vec<i64> = expected.iter().map(|set| set.len() as i64).collect();
            prop_assert_eq!(members.counts(40), counts);
            let first = first.min(40);
            members.discard(first);
            prop_assert_eq!(&sets(&mut members, 40 - first)[..], &expected[first..]);
        }
    }
}
