//! Names to numbers. A short name stands in the table itself, so finding it touches no record: that
//! is most of what a question in names costs. Of a longer one the table knows a hash, and the record
//! has the last word.

use super::hash_table::{Entry, HashTable};
use crate::name::{KEPT_WHOLE, NameKey};

/// Whether a kept name is meant in any case or only to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// `Dev` and `dev` are one.
    Folded,
    /// They are two.
    Exact,
}

impl Match {
    /// Folded if so.
    pub const fn folded(folded: bool) -> Self {
        if folded { Match::Folded } else { Match::Exact }
    }
}

/// Finds numbers by name. A lookup neither allocates nor locks.
#[derive(Clone, Debug, Default)]
pub struct Names {
    table: HashTable<Name>,
}

/// 24 bytes a name. The eight-byte entries that this replaced (a tag, then a look at the record)
/// took a third of the memory and three times as long at a million users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Name {
    /// A short name's bytes as they are compared; a long one's hash.
    words: [u64; 2],
    number: u32,
    /// Bytes of a short name; above [`KEPT_WHOLE`] for one that only its record tells.
    length: u16,
    exact: bool,
}

impl Name {
    /// The entry of a kept name.
    pub fn of(name: &str, matched: Match, number: u32) -> Self {
        let key = NameKey::of(name);
        let exact = matched == Match::Exact;
        Name { words: if exact { key.exact } else { key.folded }, number, length: key.length, exact }
    }

    /// Whether it is this name, as far as a key tells. Word by word and without a branch: compared
    /// as arrays, the key would be written to memory and read back wider than it was written, which
    /// stalls for longer than all the rest takes.
    #[inline]
    fn is(&self, key: &NameKey) -> bool {
        let differs = |words: [u64; 2]| (self.words[0] ^ words[0]) | (self.words[1] ^ words[1]);
        let (folded, exact) = (differs(key.folded), differs(key.exact));
        let differs = if self.exact { exact } else { folded };
        differs | u64::from(self.length ^ key.length) == 0
    }

    /// Whether it may be this name in another case.
    fn is_like(&self, key: &NameKey) -> bool {
        self.length == key.length && NameKey::folded_words(self.words, self.length) == key.folded
    }
}

impl Entry for Name {
    const EMPTY: Self = Name { words: [0; 2], number: 0, length: 0, exact: false };

    fn number(&self) -> u32 {
        self.number
    }

    fn hash(&self) -> u64 {
        NameKey::hash_of(self.words, self.length)
    }
}

impl Names {
    /// The number of this name. A name too long for the table is looked at by `is_meant`.
    #[inline]
    pub fn find(&self, key: &NameKey, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        self.table.find(key.hash, |name| name.is(key) && (key.length <= KEPT_WHOLE || is_meant(name.number)))
    }

    /// The number of a name that is this one but for case, however it is matched, and for which
    /// `is_meant` holds.
    pub fn find_folded(&self, key: &NameKey, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        self.table.find(key.hash, |name| name.is_like(key) && is_meant(name.number))
    }

    /// Files a name; twice is once.
    pub fn insert(&mut self, name: Name) {
        self.table.insert(name);
    }

    /// Files many names.
    pub fn extend(&mut self, names: Vec<Name>) {
        self.table.extend(names);
    }

    /// Takes a name away, if it is there.
    pub fn remove(&mut self, name: &Name) {
        self.table.remove(name);
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// About how many bytes they occupy.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }
}
