//! A persistent index from hashes to numbers. It stores no text: who looks up says, for each
//! candidate number, whether that is the one meant, by looking at the record itself.

use std::sync::Arc;

/// Entries in a leaf before it splits: a change copies at most this many.
const LEAF: usize = 256;
const FAN: usize = 64;
const FAN_BITS: u32 = 6;
/// Below this depth all bits of a tag are used up and leaves only grow.
const DEEPEST: u32 = 4;

/// Finds numbers by the hash of a name.
#[derive(Clone, Default)]
pub struct HashIndex {
    root: Node,
    len: usize,
}

#[derive(Clone)]
enum Node {
    /// Sorted pairs of (tag, number).
    Leaf(Arc<Vec<(u32, u32)>>),
    Branch(Arc<[Node; FAN]>),
}

impl Default for Node {
    fn default() -> Self {
        Node::Leaf(Arc::default())
    }
}

impl HashIndex {
    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first number filed under `hash` for which `is_meant` holds.
    #[inline]
    pub fn find(&self, hash: u64, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let mut node = &self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Branch(children) => {
                    node = children.get(child(tag, depth))?;
                    depth += 1;
                }
                Node::Leaf(entries) => {
                    let start = entries.partition_point(|entry| entry.0 < tag);
                    return entries
                        .get(start..)?
                        .iter()
                        .take_while(|entry| entry.0 == tag)
                        .find(|entry| is_meant(entry.1))
                        .map(|entry| entry.1);
                }
            }
        }
    }

    /// Files `number` under `hash`; filing it twice is once.
    pub fn insert(&mut self, hash: u64, number: u32) {
        if insert(&mut self.root, tag(hash), 0, number) {
            self.len += 1;
        }
    }

    /// Takes `number` away from `hash`, if it is there.
    pub fn remove(&mut self, hash: u64, number: u32) {
        let tag = tag(hash);
        let mut node = &mut self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Branch(children) => {
                    node = &mut Arc::make_mut(children)[child(tag, depth)];
                    depth += 1;
                }
                Node::Leaf(entries) => {
                    if let Ok(at) = entries.binary_search(&(tag, number)) {
                        Arc::make_mut(entries).remove(at);
                        self.len -= 1;
                    }
                    return;
                }
            }
        }
    }
}

/// The part of a hash that is kept. Two names that share it cost a second look at a record, no more.
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Which child of a branch at `depth` a tag belongs to: six bits a level, from the top.
const fn child(tag: u32, depth: u32) -> usize {
    (tag.rotate_left(FAN_BITS * (depth + 1)) as usize) & (FAN - 1)
}

fn insert(node: &mut Node, tag: u32, depth: u32, number: u32) -> bool {
    match node {
        Node::Branch(children) => insert(&mut Arc::make_mut(children)[child(tag, depth)], tag, depth + 1, number),
        Node::Leaf(entries) => {
            let Err(at) = entries.binary_search(&(tag, number)) else { return false };
            Arc::make_mut(entries).insert(at, (tag, number));
            if entries.len() > LEAF && depth < DEEPEST {
                let mut leaves: [Vec<(u32, u32)>; FAN] = std::array::from_fn(|_| Vec::new());
                for entry in entries.iter() {
                    leaves[child(entry.0, depth)].push(*entry);
                }
                *node = Node::Branch(Arc::new(leaves.map(|leaf| Node::Leaf(Arc::new(leaf)))));
            }
            true
        }
    }
}

impl std::fmt::Debug for HashIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HashIndex({})", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn what_is_filed_is_found_and_what_is_removed_is_not() {
        let hasher = foldhash::fast::FixedState::default();
        let mut index = HashIndex::default();
        for number in 0..50_000_u32 {
            index.insert(hasher.hash_one(number), number);
        }
        let before = index.clone();
        for number in (0..50_000_u32).step_by(2) {
            index.remove(hasher.hash_one(number), number);
        }
        assert_eq!((before.len(), index.len()), (50_000, 25_000));
        for number in 0..50_000_u32 {
            let found = index.find(hasher.hash_one(number), |n| n == number);
            assert_eq!(found.is_some(), number % 2 == 1);
            assert_eq!(before.find(hasher.hash_one(number), |n| n == number), Some(number));
        }
    }

    #[test]
    fn names_that_share_a_hash_are_told_apart_by_their_records() {
        let mut index = HashIndex::default();
        for number in 0..2_000 {
            index.insert(7 << 32, number);
        }
        assert_eq!(index.find(7 << 32, |n| n == 1_234), Some(1_234));
    }
}
