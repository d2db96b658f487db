//! An organization in parts, for checkpoints: the users and applications, which are nearly all of it,
//! by some thousand at a time, so that they can be written and read by several threads at once.

use super::Org;
use crate::collection::Tree;
use crate::principal::Principal;
use serde::{Deserialize, Serialize};

/// Leaves of users and applications in a part, sixteen in each: one megabyte written down.
const LEAVES: usize = 512;
/// Items in a leaf, as [`Tree`] has them unless told otherwise.
const LEAF: usize = 16;

/// Some users and applications, by number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrincipalPart(Tree<Option<Principal>>);

impl Org {
    /// The organization without its users and applications.
    #[must_use]
    pub fn without_principals(&self) -> Org {
        Org { principals: Tree::new(), ..self.clone() }
    }

    /// Its users and applications in parts, which share them.
    pub fn principal_parts(&self) -> impl Iterator<Item = PrincipalPart> + '_ {
        let count = self.principals.len().div_ceil(LEAVES * LEAF);
        (0..count).map(|part| PrincipalPart(self.principals.part(part * LEAVES..(part + 1) * LEAVES)))
    }

    /// The organization with all of its parts in their order. [`Org::index`] must follow.
    #[must_use]
    pub fn with_principals(mut self, parts: impl IntoIterator<Item = PrincipalPart>) -> Org {
        self.principals = Tree::new();
        for part in parts {
            self.principals.append(&part.0);
        }
        self
    }
}
