//! The index: an organization compiled for questions. Immutable once made; the next one shares all
//! that no change touched.

mod advance;

use crate::line::{self, Key, Line, More};
use crate::reverse::Reverse;
use crate::rights::Rights;
use crate::vocabulary::Vocabulary;
use rolecall_model::Org;
use rolecall_model::collection::Tree;
use std::sync::Arc;

/// Lines in a leaf of a tree: a change copies so many.
pub(crate) const LINES: usize = 64;

/// An organization at one revision, ready for questions. A copy is a few reference counts; any
/// number of threads may ask at once.
#[derive(Clone)]
pub struct Index {
    pub(crate) org: Arc<Org>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) rights: Rights,
    /// By number.
    pub(crate) subjects: Tree<Line, LINES>,
    /// Groups and policies in one, so that a walk goes from a packed number straight to a line.
    pub(crate) bundles: Tree<Line, LINES>,
    /// What does not fit the lines.
    pub(crate) more: imbl::OrdMap<Key, Arc<More>>,
    /// What every active user and application has.
    pub(crate) everyone: Arc<More>,
    /// From projects and policies back to groups.
    pub(crate) reverse: Reverse,
}

impl Index {
    /// Compiles an organization. Takes time in proportion to it; for a changed one, see
    /// [`Index::advance`].
    pub fn build(org: Org) -> Index {
        let vocabulary = Vocabulary::of(&org);
        let mut index = Index {
            rights: Rights::of(&org, &vocabulary),
            vocabulary,
            everyone: Arc::new(line::of_everyone(&org)),
            reverse: Reverse::of(&org),
            org: Arc::new(org),
            subjects: Tree::new(),
            bundles: Tree::new(),
            more: imbl::OrdMap::new(),
        };
        index.compile_all();
        index
    }

    /// The organization that is asked about; names and numbers are looked up there.
    pub fn org(&self) -> &Org {
        &self.org
    }

    /// About how many bytes the index itself occupies, without the organization it keeps. Parts
    /// shared with other revisions are counted whole.
    pub fn heap_bytes(&self) -> usize {
        let lines = self.subjects.heap_bytes() + self.bundles.heap_bytes();
        let entry = size_of::<(Key, Arc<More>)>() + size_of::<More>();
        let more: usize = self.more.values().map(|more| entry + more.heap_bytes()).sum();
        let small = self.vocabulary.heap_bytes() + self.rights.heap_bytes() + self.everyone.heap_bytes();
        lines + more + small + self.reverse.heap_bytes()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index(revision {}, {} subjects)", self.org.revision(), self.subjects.len())
    }
}
