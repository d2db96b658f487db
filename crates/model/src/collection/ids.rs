//! Opaque ids to numbers. An entry has a part of the id; the record has the whole.

use super::hash_table::{Entry, HashTable};

/// Finds numbers by opaque id. A lookup neither allocates nor locks.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    table: HashTable<Id>,
}

/// Eight bytes an id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Id {
    tag: u32,
    number: u32,
}

impl Id {
    /// The entry of an opaque id's bits. They are random, so any of them are hash enough.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are the tag")]
    pub const fn of(bits: u128, number: u32) -> Self {
        Id { tag: bits as u32, number }
    }
}

impl Entry for Id {
    const EMPTY: Self = Id { tag: 0, number: 0 };

    fn number(&self) -> u32 {
        self.number
    }

    fn hash(&self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.tag)
    }
}

impl Ids {
    /// The number of this id for which `is_meant` holds.
    #[inline]
    pub fn find(&self, bits: u128, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        let wanted = Id::of(bits, 0);
        self.table.find(wanted.hash(), |id| id.tag == wanted.tag && is_meant(id.number))
    }

    /// Files an id; twice is once.
    pub fn insert(&mut self, id: Id) {
        self.table.insert(id);
    }

    /// Files many ids.
    pub fn extend(&mut self, ids: Vec<Id>) {
        self.table.extend(ids);
    }

    /// Takes an id away, if it is there.
    pub fn remove(&mut self, id: &Id) {
        self.table.remove(id);
    }

    /// About how many bytes they occupy.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }
}
