//! A published state of an organization: immutable, held by readers for as long as they like.

use rolecall_engine::Index;
use rolecall_model::Org;

/// An organization at one revision, ready to be asked.
pub struct View {
    index: Index,
}

impl View {
    pub(crate) fn new(index: Index) -> Self {
        View { index }
    }

    /// The nouns.
    pub fn org(&self) -> &Org {
        self.index.org()
    }

    /// The index that answers questions.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// The last entry applied.
    pub fn revision(&self) -> u64 {
        self.org().revision().0
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View(revision {})", self.revision())
    }
}
