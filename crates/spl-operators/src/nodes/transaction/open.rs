//! The open transactions of `transaction`, found by the values that they have.
//!
//! Transactions may lack some of the fields, and so may events. Those that have the same fields are kept together, with an
//! index for each set of fields that events were compared in, so that a search costs the same however many are open.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

/// Where an event is: batch and row.
pub(super) type Place = (usize, usize);

/// The number of an open transaction; later ones have higher numbers.
pub(super) type Id = u64;

/// An event that looks for its transaction.
pub(super) struct Event {
    pub(super) place: Place,
    /// Epoch seconds.
    pub(super) time: Option<f64>,
    /// Numbers of the values of the fields; equal numbers are equal values.
    pub(super) values: Vec<Option<i32>>,
    pub(super) starts: bool,
    pub(super) ends: bool,
}

/// A transaction that can still grow.
#[derive(Default)]
pub(super) struct Open {
    pub(super) values: Vec<Option<i32>>,
    pub(super) events: Vec<Place>,
    pub(super) latest: Option<f64>,
    pub(super) earliest: Option<f64>,
    pub(super) has_start: bool,
    pub(super) has_end: bool,
    /// When the last event came; no two transactions have the same.
    touched: u64,
}

/// Which fields are there.
type Shape = Box<[bool]>;

/// Transactions by their values of some fields.
type Index = HashMap<Box<[i32]>, BTreeSet<Id>>;

/// Transactions that have the same fields.
#[derive(Default)]
struct Alike {
    ids: BTreeSet<Id>,
    /// The fields compared, and the transactions by their values.
    indexes: Vec<(Shape, Index)>,
}

/// All open transactions.
#[derive(Default)]
pub(super) struct OpenTransactions {
    open: BTreeMap<Id, Open>,
    by_touch: BTreeMap<u64, Id>,
    alike: HashMap<Shape, Alike>,
    next: Id,
    clock: u64,
    events: usize,
    /// Entries of all indexes.
    entries: usize,
}

fn shape(values: &[Option<i32>]) -> Shape {
    values.iter().map(Option::is_some).collect()
}

/// The values of the fields compared.
fn key(values: &[Option<i32>], compared: &[bool]) -> Box<[i32]> {
    values.iter().zip(compared).filter(|(_, compared)| **compared).filter_map(|(value, _)| *value).collect()
}

impl OpenTransactions {
    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// How many events they have.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        const ENTRY: usize = size_of::<(Box<[i32]>, BTreeSet<Id>)>() + 12 * size_of::<Id>();
        self.open.len() * (size_of::<(Id, Open)>() + 4 * size_of::<Id>())
            + self.events * size_of::<Place>()
            + self.entries * ENTRY
    }

    pub(super) fn get(&self, id: Id) -> Option<&Open> {
        self.open.get(&id)
    }

    /// The numbers of all, oldest first.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.open.keys().copied().collect()
    }

    /// The one whose last event is longest ago.
    pub(super) fn idlest(&self) -> Option<Id> {
        self.by_touch.first_key_value().map(|(_, id)| *id)
    }

    /// The latest transaction that an event with these values can join: they share a value, and none differs. Without
    /// `connected` one that has nothing to compare will do. An event without values joins what was touched last.
    pub(super) fn candidate(&mut self, values: &[Option<i32>], connected: bool) -> Option<Id> {
        if values.is_empty() {
            return self.open.last_key_value().map(|(id, _)| *id);
        }
        if values.iter().all(Option::is_none) {
            return self.by_touch.last_key_value().map(|(_, id)| *id);
        }
        let mut found: Option<Id> = None;
        let mut unrelated: Option<Id> = None;
        for (fields, alike) in &mut self.alike {
            let compared: Shape = fields.iter().zip(values).map(|(theirs, ours)| *theirs && ours.is_some()).collect();
            if !compared.contains(&true) {
                unrelated = unrelated.max(alike.ids.last().copied());
                continue;
            }
            let wanted = key(values, &compared);
            let place = match alike.indexes.iter().position(|(known, _)| *known == compared) {
                Some(place) => place,
                None => {
                    let mut index = Index::new();
                    for id in &alike.ids {
                        if let Some(open) = self.open.get(id) {
                            index.entry(key(&open.values, &compared)).or_default().insert(*id);
                        }
                    }
                    self.entries += alike.ids.len();
                    alike.indexes.push((compared, index));
                    alike.indexes.len() - 1
                }
            };
            let latest = alike.indexes[place].1.get(&wanted).and_then(|ids| ids.last().copied());
            found = found.max(latest);
        }
        if connected { found } else { found.or(unrelated) }
    }

    /// A new transaction, without events yet.
    pub(super) fn begin(&mut self, fields: usize) -> Id {
        let id = self.next;
        self.next += 1;
        self.clock += 1;
        let open = Open { values: vec![None; fields], touched: self.clock, ..Open::default() };
        self.by_touch.insert(open.touched, id);
        self.enlist(id, &open.values);
        self.open.insert(id, open);
        id
    }

    /// Adds an event to a transaction.
    pub(super) fn add(&mut self, id: Id, event: Event) {
        self.clock += 1;
        let Some(open) = self.open.get_mut(&id) else { return };
        self.by_touch.remove(&std::mem::replace(&mut open.touched, self.clock));
        self.by_touch.insert(self.clock, id);
        open.events.push(event.place);
        if let Some(time) = event.time {
            open.latest = Some(open.latest.map_or(time, |latest| latest.max(time)));
            open.earliest = Some(open.earliest.map_or(time, |earliest| earliest.min(time)));
        }
        open.has_start |= event.starts;
        open.has_end |= event.ends;
        self.events += 1;
        let more: Vec<Option<i32>> = open.values.iter().zip(event.values).map(|(known, value)| known.or(value)).collect();
        if more != open.values {
            let before = std::mem::replace(&mut open.values, more.clone());
            self.delist(id, &before);
            self.enlist(id, &more);
        }
    }

    /// Takes a transaction out.
    pub(super) fn remove(&mut self, id: Id) -> Option<Open> {
        let open = self.open.remove(&id)?;
        self.by_touch.remove(&open.touched);
        self.events -= open.events.len();
        self.delist(id, &open.values);
        Some(open)
    }

    fn enlist(&mut self, id: Id, values: &[Option<i32>]) {
        let alike = self.alike.entry(shape(values)).or_default();
        alike.ids.insert(id);
        for (compared, index) in &mut alike.indexes {
            index.entry(key(values, compared)).or_default().insert(id);
        }
        self.entries += 1 + alike.indexes.len();
    }

    fn delist(&mut self, id: Id, values: &[Option<i32>]) {
        let Some(alike) = self.alike.get_mut(&shape(values)) else { return };
        alike.ids.remove(&id);
        for (compared, index) in &mut alike.indexes {
            let key = key(values, compared);
            if let Some(ids) = index.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    index.remove(&key);
                }
            }
        }
        self.entries -= 1 + alike.indexes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(values: &[Option<i32>]) -> Event {
        Event { place: (0, 0), time: None, values: values.to_vec(), starts: false, ends: false }
    }

    /// What a look at all open transactions finds.
    fn by_looking(open: &OpenTransactions, values: &[Option<i32>], connected: bool) -> Option<Id> {
        let agrees = |open: &Open| {
            open.values.iter().zip(values).all(|(theirs, ours)| theirs.is_none() || ours.is_none() || theirs == ours)
        };
        let shares = |open: &Open| open.values.iter().zip(values).any(|(theirs, ours)| theirs.is_some() && theirs == ours);
        let agreeing = || open.open.iter().rev().filter(|(_, open)| agrees(open));
        let sharing = agreeing().find(|(_, open)| shares(open)).map(|(id, _)| *id);
        if connected { sharing } else { sharing.or_else(|| agreeing().next().map(|(id, _)| *id)) }
    }

    #[test]
    fn indexes_find_what_a_look_at_all_finds() {
        let mut state = 20_261_129_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for connected in [true, false] {
            let mut open = OpenTransactions::default();
            for step in 0..4_000 {
                let values: Vec<Option<i32>> =
                    (0..3).map(|_| (random(3) > 0).then(|| i32::try_from(random(6)).unwrap_or(0))).collect();
                if values.iter().all(Option::is_none) {
                    continue;
                }
                let found = open.candidate(&values, connected);
                assert_eq!(found, by_looking(&open, &values, connected), "{step} {values:?}");
                let id = match found {
                    Some(id) if random(4) > 0 => id,
                    _ => open.begin(3),
                };
                open.add(id, event(&values));
                if random(3) == 0
                    && let Some(id) = open.idlest()
                {
                    open.remove(id);
                }
            }
            for id in open.ids() {
                open.remove(id);
            }
            assert_eq!((open.len(), open.events(), open.entries, open.size()), (0, 0, 0, 0));
            assert!(open.by_touch.is_empty());
        }
    }
}
