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
    /// One more than an index, or 0. As many as a power of two, at most half of them taken.
    slots: Vec<u32>,
    lines: Lines,
    state: RandomState,
}

impl Ids {
    /// The index of an id.
    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.slots.get(self.slot(id)?)?.checked_sub(1)
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
        self.place(index);
    }

    fn get(&self, index: usize) -> Option<&str> {
        let start = index
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..*self.ends.get(index)?)
    }

    /// The slot that has an id, or the free one where it would be put; none while there is no slot.
    fn slot(&self, id: &str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = usize::try_from(self.state.hash_one(id) & mask as u64).unwrap_or(0);
        while let Some(index) = self.slots.get(slot)?.checked_sub(1) {
            if self.get(index as usize) == Some(id) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        Some(slot)
    }

    fn place(&mut self, index: u32) {
        let slot = self.get(index as usize).and_then(|id| self.slot(id));
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = index + 1;
        }
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        for index in 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX) {
            self.place(index);
        }
    }
}
