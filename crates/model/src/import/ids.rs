//! Which ids a file has defined so far: a hash table of indexes, so that a million of them cost
//! little more than their letters.

use super::column::Lines;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Ids in the order in which they were defined.
#[derive(Default)]
pub(super) struct Ids {
    text: String,
    ends: Vec<usize>,
    /// A hash, and one more than an index, or 0. As many as a power of two, at most half of them
    /// taken. Hashes are kept so that another id's letters need hardly ever be looked at.
    slots: Vec<(u32, u32)>,
    lines: Lines,
    state: RandomState,
}

impl Ids {
    /// The index of an id.
    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.slots.get(self.slot(id, self.hash(id))?)?.1.checked_sub(1)
    }

    /// The line in which an id was defined.
    pub(super) fn line(&self, index: u32) -> u64 {
        self.lines.of(index).unwrap_or(0)
    }

    /// All ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|index| self.get(index))
    }

    /// Adds an id that is not there yet.
    pub(super) fn add(&mut self, id: &str, line: u64) {
        let index = u32::try_from(self.ends.len()).unwrap_or(u32::MAX - 1);
        if self.slots.len() <= self.ends.len() * 2 {
            self.grow();
        }
        self.text.push_str(id);
        self.ends.push(self.text.len());
        self.lines.note(index, line);
        let hash = self.hash(id);
        let slot = self.free_slot(hash);
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = (hash, index + 1);
        }
    }

    fn get(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..*self.ends.get(index)?)
    }

    fn hash(&self, id: &str) -> u32 {
        let bytes = self.state.hash_one(id).to_le_bytes();
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// The slot that has an id, or the free one where its search ends; none while there is no slot.
    fn slot(&self, id: &str, hash: u32) -> Option<usize> {
        self.search(hash, |index| self.get(index as usize) == Some(id))
    }

    /// The first free slot for a hash.
    fn free_slot(&self, hash: u32) -> Option<usize> {
        self.search(hash, |_| false)
    }

    fn search(&self, hash: u32, is_meant: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            let (other, index) = *self.slots.get(slot)?;
            if index == 0 || (other == hash && is_meant(index - 1)) {
                return Some(slot);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let larger = vec![(0, 0); (self.slots.len() * 2).max(64)];
        for taken in std::mem::replace(&mut self.slots, larger) {
            let slot = if taken.1 == 0 { None } else { self.free_slot(taken.0) };
            if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = taken;
            }
        }
    }
}
