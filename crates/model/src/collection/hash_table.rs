//! A persistent hash table: a copy is one reference count, an insertion copies one bucket of about
//! a hundred entries. It grows a bucket at a time (linear hashing), so no insertion ever pays for
//! all the others.

use super::Tree;
use std::sync::Arc;

/// Entries for each bucket on average, over which the table grows by one. A change copies a bucket,
/// so this is what a change costs; fewer would mean more pointers to follow and to hold.
const AVERAGE: usize = 96;
/// Buckets that one change copies the pointers of.
const PAGE: usize = 16;

/// What stands in a [`HashTable`]: a few plain words, one of them the number that is looked for.
pub trait Entry: Copy + PartialEq {
    /// Stands where nothing does: the entry of number 0, which no noun has.
    const EMPTY: Self;
    /// What is found.
    fn number(&self) -> u32;
    /// The hash under which it is filed, the same each time. Its low bits choose the bucket, its
    /// high bits the place therein.
    fn hash(&self) -> u64;
}

/// Finds numbers by the hash of what they are known by.
#[derive(Clone)]
pub struct HashTable<E> {
    buckets: Tree<Bucket<E>, PAGE>,
    /// Covers the numbers of all buckets: a power of two less one.
    mask: usize,
    len: usize,
}

/// Open addressing in a slice of any length: an entry stands at its place or the next free one.
#[derive(Clone)]
struct Bucket<E> {
    entries: Arc<[E]>,
    used: u32,
}

impl<E> Default for HashTable<E> {
    fn default() -> Self {
        HashTable { buckets: Tree::new(), mask: 0, len: 0 }
    }
}

impl<E: Entry> HashTable<E> {
    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of the first entry near `hash` for which `is_meant` holds; it may be asked about
    /// entries of other hashes.
    #[inline]
    pub fn find(&self, hash: u64, is_meant: impl FnMut(&E) -> bool) -> Option<u32> {
        self.buckets.get(self.bucket(hash))?.find(hash, is_meant)
    }

    /// Files an entry; filing the same twice is once.
    pub fn insert(&mut self, entry: E) {
        if self.buckets.is_empty() {
            self.buckets.push(Bucket::of(&[]));
        }
        let at = self.bucket(entry.hash());
        if self.buckets.get_mut(at).is_some_and(|bucket| bucket.insert(entry)) {
            self.len += 1;
        }
        if self.len > self.buckets.len() * AVERAGE {
            self.split();
        }
    }

    /// Files many entries. When they are many beside those that are there, the table is laid out
    /// anew in one go, which takes a tenth of the time.
    pub fn extend(&mut self, entries: Vec<E>) {
        if entries.len() * 4 < self.len {
            return entries.into_iter().for_each(|entry| self.insert(entry));
        }
        let mut all = entries;
        all.extend(self.iter().copied());
        *self = Self::lay_out(&all);
    }

    /// Takes an entry away, if it is there.
    pub fn remove(&mut self, entry: &E) {
        let at = self.bucket(entry.hash());
        if self.buckets.get(at).is_some_and(|bucket| bucket.holds(entry)) {
            let left =
                |bucket: &Bucket<E>| Bucket::of(&bucket.iter().filter(|e| *e != entry).copied().collect::<Vec<E>>());
            if let Some(bucket) = self.buckets.get_mut(at) {
                *bucket = left(bucket);
                self.len -= 1;
            }
        }
    }

    /// About how many bytes it occupies; what is shared with copies is counted whole.
    pub fn heap_bytes(&self) -> usize {
        let counts = 2 * size_of::<usize>();
        let entries = self.buckets.iter().map(|bucket| counts + size_of_val(&*bucket.entries));
        self.buckets.heap_bytes() + entries.sum::<usize>()
    }

    fn iter(&self) -> impl Iterator<Item = &E> {
        self.buckets.iter().flat_map(Bucket::iter)
    }

    /// Which bucket a hash belongs to.
    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        bucket(hash, self.buckets.len(), self.mask)
    }

    /// Adds a bucket, which takes its share of the one before it in turn.
    fn split(&mut self) {
        let count = self.buckets.len();
        let parted = count & (mask(count + 1) >> 1);
        let Some(entries) = self.buckets.get(parted).map(|bucket| bucket.iter().copied().collect::<Vec<E>>()) else {
            return;
        };
        self.mask = mask(count + 1);
        let stays = |entry: &E| bucket(entry.hash(), count + 1, self.mask) == parted;
        let (staying, moving): (Vec<E>, Vec<E>) = entries.into_iter().partition(stays);
        if let Some(place) = self.buckets.get_mut(parted) {
            *place = Bucket::of(&staying);
        }
        self.buckets.push(Bucket::of(&moving));
    }

    /// A table of these entries, sorted into their buckets by counting.
    fn lay_out(entries: &[E]) -> Self {
        let count = entries.len().div_ceil(AVERAGE).max(1);
        let mask = mask(count);
        let mut ends = vec![0_usize; count + 1];
        for entry in entries {
            ends[bucket(entry.hash(), count, mask) + 1] += 1;
        }
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        let mut next = ends.clone();
        let mut sorted = vec![E::EMPTY; entries.len()];
        for entry in entries {
            let at = bucket(entry.hash(), count, mask);
            sorted[next[at]] = *entry;
            next[at] += 1;
        }
        let slices = ends.windows(2).map(|ends| sorted.get(ends[0]..ends[1]).unwrap_or_default());
        let buckets: Tree<Bucket<E>, PAGE> = slices.map(Bucket::of).collect();
        let len = buckets.iter().map(|bucket| bucket.used as usize).sum();
        HashTable { buckets, mask, len }
    }
}

/// Which of `count` buckets a hash belongs to: its low bits, one fewer where a bucket that those
/// name is not there yet.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
const fn bucket(hash: u64, count: usize, mask: usize) -> usize {
    let at = hash as usize & mask;
    if at < count { at } else { at & (mask >> 1) }
}

/// The mask of so many buckets.
const fn mask(count: usize) -> usize {
    count.next_power_of_two() - 1
}

impl<E: Entry> Bucket<E> {
    /// A bucket of these entries, half full: most entries then stand at their own place, which the
    /// processor foresees. Seven tenths full, a third of the memory is saved and a name takes 5 ns
    /// more.
    fn of(entries: &[E]) -> Self {
        let room = 2 * entries.len() + 2;
        let mut places = vec![E::EMPTY; room];
        let mut used = 0;
        for entry in entries {
            used += u32::from(place(&mut places, *entry));
        }
        Bucket { entries: places.into(), used }
    }

    fn iter(&self) -> impl Iterator<Item = &E> {
        self.entries.iter().filter(|entry| entry.number() != 0)
    }

    /// Looks from the place of a hash on, around the end, up to the first free place. There always
    /// is one.
    #[inline]
    fn find(&self, hash: u64, mut is_meant: impl FnMut(&E) -> bool) -> Option<u32> {
        let mut at = start(hash, self.entries.len());
        loop {
            let entry = self.entries.get(at)?;
            if is_meant(entry) {
                return Some(entry.number()).filter(|number| *number != 0);
            }
            if entry.number() == 0 {
                return None;
            }
            at += 1;
            if at == self.entries.len() {
                at = 0;
            }
        }
    }

    fn holds(&self, entry: &E) -> bool {
        self.find(entry.hash(), |found| found == entry).is_some()
    }

    /// Whether the entry was not there yet.
    fn insert(&mut self, entry: E) -> bool {
        if self.holds(&entry) {
            return false;
        }
        if (self.used as usize + 1) * 4 > self.entries.len() * 3 {
            let mut all: Vec<E> = self.iter().copied().collect();
            all.push(entry);
            *self = Bucket::of(&all);
            return true;
        }
        self.used += 1;
        place(Arc::make_mut(&mut self.entries), entry)
    }
}

/// Puts an entry in the first free place from its own on; false when it stands there already.
fn place<E: Entry>(places: &mut [E], entry: E) -> bool {
    let (before, after) = places.split_at_mut(start(entry.hash(), places.len()));
    for place in after.iter_mut().chain(before) {
        if *place == entry {
            return false;
        }
        if place.number() == 0 {
            *place = entry;
            return true;
        }
    }
    false
}

/// Where in so many places an entry of this hash would like to stand: the high bits, scaled.
#[inline]
const fn start(hash: u64, places: usize) -> usize {
    (((hash >> 32) * places as u64) >> 32) as usize
}

impl<E> std::fmt::Debug for HashTable<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HashTable({})", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Filed(u64, u32);

    impl Entry for Filed {
        const EMPTY: Self = Filed(0, 0);
        fn number(&self) -> u32 {
            self.1
        }
        fn hash(&self) -> u64 {
            self.0
        }
    }

    fn filed(number: u32) -> Filed {
        Filed(foldhash::fast::FixedState::default().hash_one(number), number)
    }

    fn finds(table: &HashTable<Filed>, entry: Filed) -> bool {
        table.find(entry.0, |found| *found == entry) == Some(entry.1)
    }

    #[test]
    fn what_is_filed_is_found_and_what_is_removed_is_not() {
        let mut table = HashTable::default();
        for number in 1..=50_000 {
            table.insert(filed(number));
            table.insert(filed(number));
        }
        let before = table.clone();
        for number in (2..=50_000).step_by(2) {
            table.remove(&filed(number));
        }
        assert_eq!((before.len(), table.len()), (50_000, 25_000));
        for number in 1..=50_000 {
            assert_eq!(finds(&table, filed(number)), number % 2 == 1);
            assert!(finds(&before, filed(number)));
        }
    }

    #[test]
    fn a_table_laid_out_at_once_is_as_one_filled_slowly() {
        for count in [0, 1, 2, 3, 95, 96, 97, 1_000, 20_000] {
            let mut at_once = HashTable::default();
            at_once.extend((1..=count).chain(1..=count).map(filed).collect());
            at_once.extend((count + 1..=count + count / 9).map(filed).collect());
            let mut slowly = HashTable::default();
            (1..=count + count / 9).for_each(|number| slowly.insert(filed(number)));
            assert_eq!(at_once.len(), slowly.len());
            for number in 1..=count + count / 9 {
                assert!(finds(&at_once, filed(number)) && finds(&slowly, filed(number)), "{number} of {count}");
            }
            assert!(!finds(&at_once, filed(u32::MAX)) && !finds(&slowly, filed(u32::MAX)));
        }
    }

    #[test]
    fn entries_of_one_hash_are_told_apart() {
        let mut table = HashTable::default();
        (1..=2_000).for_each(|number| table.insert(Filed(7, number)));
        table.remove(&Filed(7, 1_000));
        assert!(finds(&table, Filed(7, 1_234)) && !finds(&table, Filed(7, 1_000)));
        assert_eq!(table.len(), 1_999);
    }
}
