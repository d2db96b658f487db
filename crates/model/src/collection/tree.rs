//! A persistent vector. A copy is one reference count; a change copies one leaf and the branches
//! above it, unless nobody else holds them, in which case it happens in place.

use arrayvec::ArrayVec;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// Children of a branch: 6 bits of the index a level.
const BRANCH: usize = 64;
const BRANCH_BITS: u32 = 6;

/// A persistent vector of `T` in leaves of `LEAF` (a power of two) items.
///
/// Small leaves make a change cheap when `T` owns memory; large ones make reading dense.
#[derive(Clone)]
pub struct Tree<T, const LEAF: usize = 16> {
    root: Option<Node<T, LEAF>>,
    depth: u32,
    len: usize,
}

#[derive(Clone)]
enum Node<T, const LEAF: usize> {
    Leaf(Arc<ArrayVec<T, LEAF>>),
    Branch(Arc<ArrayVec<Node<T, LEAF>, BRANCH>>),
}

impl<T, const LEAF: usize> Tree<T, LEAF> {
    const LEAF_BITS: u32 = LEAF.trailing_zeros();

    /// An empty vector.
    pub const fn new() -> Self {
        Tree { root: None, depth: 0, len: 0 }
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at `index`, if there is one. No allocation, no lock.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        let mut node = self.root.as_ref()?;
        let mut shift = Self::shift(self.depth);
        loop {
            match node {
                Node::Leaf(items) => {
                    return if index < self.len { items.get(index & (LEAF - 1)) } else { None };
                }
                Node::Branch(children) => {
                    node = children.get((index >> shift) & (BRANCH - 1))?;
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
            }
        }
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len.div_ceil(LEAF)).flat_map(move |leaf| self.leaf(leaf).iter())
    }

    /// The items of one leaf, counted from 0: the unit in which a scan reads memory.
    pub fn leaf(&self, leaf: usize) -> &[T] {
        let index = leaf * LEAF;
        if index >= self.len {
            return &[];
        }
        let mut shift = Self::shift(self.depth);
        let mut node = self.root.as_ref();
        loop {
            match node {
                Some(Node::Leaf(items)) => return items,
                Some(Node::Branch(children)) => {
                    node = children.get((index >> shift) & (BRANCH - 1));
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
                None => return &[],
            }
        }
    }

    /// How many bytes it occupies, without what the items own; what is shared is counted whole.
    pub const fn heap_bytes(&self) -> usize {
        // Reference counts stand before each node.
        let counts = 2 * size_of::<usize>();
        let mut nodes = self.len.div_ceil(LEAF);
        let mut bytes = nodes * (counts + size_of::<ArrayVec<T, LEAF>>());
        while nodes > 1 {
            nodes = nodes.div_ceil(BRANCH);
            bytes += nodes * (counts + size_of::<ArrayVec<Node<T, LEAF>, BRANCH>>());
        }
        bytes
    }

    /// Bits to the right of the part of an index that chooses a child at `depth`.
    const fn shift(depth: u32) -> u32 {
        Self::LEAF_BITS + BRANCH_BITS * depth.saturating_sub(1)
    }

    /// How many items fit below a node of `depth`.
    const fn capacity(depth: u32) -> usize {
        LEAF << (BRANCH_BITS * depth)
    }
}

impl<T: Clone, const LEAF: usize> Tree<T, LEAF> {
    /// The item at `index`, to be changed; copies what others share.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let mut shift = Self::shift(self.depth);
        let mut node = self.root.as_mut()?;
        loop {
            match node {
                Node::Leaf(items) => return Arc::make_mut(items).get_mut(index & (LEAF - 1)),
                Node::Branch(children) => {
                    node = Arc::make_mut(children).get_mut((index >> shift) & (BRANCH - 1))?;
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
            }
        }
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(LEAF) {
            let mut leaf = ArrayVec::new();
            leaf.push(item);
            self.push_leaf(leaf);
        } else if let Some(root) = &mut self.root {
            Self::push_below(root, self.depth, self.len, item);
            self.len += 1;
        }
    }

    fn push_below(node: &mut Node<T, LEAF>, depth: u32, index: usize, item: T) {
        match node {
            Node::Leaf(items) => Arc::make_mut(items).push(item),
            Node::Branch(children) => {
                let child = (index >> Self::shift(depth)) & (BRANCH - 1);
                if let Some(below) = Arc::make_mut(children).get_mut(child) {
                    Self::push_below(below, depth - 1, index, item);
                }
            }
        }
    }

    /// Adds a whole leaf behind leaves that are all full.
    fn push_leaf(&mut self, leaf: ArrayVec<T, LEAF>) {
        let count = leaf.len();
        self.push_leaf_node(Node::Leaf(Arc::new(leaf)), count);
    }

    fn push_leaf_node(&mut self, leaf: Node<T, LEAF>, count: usize) {
        let index = self.len;
        self.len += count;
        match self.root.take() {
            None => self.root = Some(leaf),
            Some(root) if index >= Self::capacity(self.depth) => {
                let mut children = ArrayVec::new();
                children.push(root);
                children.push(Self::path(self.depth, leaf));
                self.depth += 1;
                self.root = Some(Node::Branch(Arc::new(children)));
            }
            Some(mut root) => {
                Self::push_leaf_below(&mut root, self.depth, index, leaf);
                self.root = Some(root);
            }
        }
    }

    fn push_leaf_below(node: &mut Node<T, LEAF>, depth: u32, index: usize, leaf: Node<T, LEAF>) {
        let Node::Branch(children) = node else { return };
        let children = Arc::make_mut(children);
        match children.get_mut((index >> Self::shift(depth)) & (BRANCH - 1)) {
            Some(below) => Self::push_leaf_below(below, depth - 1, index, leaf),
            None => children.push(Self::path(depth - 1, leaf)),
        }
    }

    /// Some whole leaves, counted from 0, as a vector of their own that shares them.
    #[must_use]
    pub fn part(&self, leaves: std::ops::Range<usize>) -> Self {
        let mut part = Tree::new();
        for leaf in leaves {
            let Some(node) = self.leaf_node(leaf) else { break };
            part.push_leaf_node(node.clone(), self.leaf(leaf).len());
        }
        part
    }

    /// Adds the items of another vector; they are shared when this one's leaves are all full.
    pub fn append(&mut self, other: &Self) {
        if !self.len.is_multiple_of(LEAF) {
            return self.extend(other.iter().cloned());
        }
        for leaf in 0..other.len.div_ceil(LEAF) {
            let Some(node) = other.leaf_node(leaf) else { break };
            self.push_leaf_node(node.clone(), other.leaf(leaf).len());
        }
    }

    fn leaf_node(&self, leaf: usize) -> Option<&Node<T, LEAF>> {
        let mut shift = Self::shift(self.depth);
        let mut node = self.root.as_ref()?;
        while let Node::Branch(children) = node {
            node = children.get(((leaf * LEAF) >> shift) & (BRANCH - 1))?;
            shift = shift.saturating_sub(BRANCH_BITS);
        }
        Some(node)
    }

    /// A node of `depth` that holds just a leaf.
    fn path(depth: u32, leaf: Node<T, LEAF>) -> Node<T, LEAF> {
        let mut node = leaf;
        for _ in 0..depth {
            let mut children = ArrayVec::new();
            children.push(node);
            node = Node::Branch(Arc::new(children));
        }
        node
    }
}

impl<T, const LEAF: usize> Default for Tree<T, LEAF> {
    fn default() -> Self {
        Self::new()
    }
}

/// By whole leaves: a million items in a quarter of the time that pushing them takes.
impl<T: Clone, const LEAF: usize> Extend<T> for Tree<T, LEAF> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        let mut items = items.into_iter();
        while !self.len.is_multiple_of(LEAF) {
            let Some(item) = items.next() else { return };
            self.push(item);
        }
        loop {
            let leaf: ArrayVec<T, LEAF> = items.by_ref().take(LEAF).collect();
            if leaf.is_empty() {
                return;
            }
            self.push_leaf(leaf);
        }
    }
}

impl<T: Clone, const LEAF: usize> FromIterator<T> for Tree<T, LEAF> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut tree = Tree::new();
        tree.extend(items);
        tree
    }
}

impl<T: std::fmt::Debug, const LEAF: usize> std::fmt::Debug for Tree<T, LEAF> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq, const LEAF: usize> PartialEq for Tree<T, LEAF> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Serialize, const LEAF: usize> Serialize for Tree<T, LEAF> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len))?;
        for item in self.iter() {
            seq.serialize_element(item)?;
        }
        seq.end()
    }
}

impl<'de, T: Deserialize<'de> + Clone, const LEAF: usize> Deserialize<'de> for Tree<T, LEAF> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const LEAF: usize>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Clone, const LEAF: usize> Visitor<'de> for Items<T, LEAF> {
            type Value = Tree<T, LEAF>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a sequence")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut failed = None;
                let items = std::iter::from_fn(|| {
                    seq.next_element().unwrap_or_else(|error| {
                        failed = Some(error);
                        None
                    })
                });
                let tree = items.collect();
                failed.map_or(Ok(tree), Err)
            }
        }
        deserializer.deserialize_seq(Items(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_found_again_at_every_depth() {
        let tree: Tree<usize, 4> = (0..20_000).collect();
        assert_eq!(tree.len(), 20_000);
        assert!((0..20_000).all(|i| tree.get(i) == Some(&i)));
        assert_eq!(tree.get(20_000), None);
        assert!(tree.iter().copied().eq(0..20_000));
    }

    #[test]
    fn a_copy_keeps_its_items_while_the_other_changes() {
        let mut tree: Tree<usize, 4> = (0..1_000).collect();
        let before = tree.clone();
        for i in 0..1_000 {
            *tree.get_mut(i).unwrap() += 1;
        }
        tree.push(7);
        assert!(before.iter().copied().eq(0..1_000));
        assert_eq!(tree.get(999), Some(&1_000));
        assert_eq!((before.len(), tree.len()), (1_000, 1_001));
    }

    #[test]
    fn parts_put_together_again_are_the_whole() {
        for len in [0, 1, 4, 5, 63, 64, 65, 5_000] {
            let whole: Tree<usize, 4> = (0..len).collect();
            for leaves in [1, 3, 64, 100] {
                let mut again = Tree::new();
                for part in 0..len.div_ceil(4).div_ceil(leaves) {
                    again.append(&whole.part(part * leaves..(part + 1) * leaves));
                }
                assert_eq!(again, whole);
                assert!((0..=len).all(|at| again.get(at) == whole.get(at)));
            }
            let mut twice = whole.clone();
            twice.append(&whole);
            assert!(twice.iter().copied().eq((0..len).chain(0..len)));
        }
    }

    #[test]
    fn a_tree_survives_being_written_and_read() {
        let tree: Tree<u32, 16> = (0..100).collect();
        let bytes = postcard::to_stdvec(&tree).unwrap();
        assert_eq!(postcard::from_bytes::<Tree<u32, 16>>(&bytes).unwrap(), tree);
    }
}
