//! Who gave a right or a membership, when, why and for how long.

use crate::collection::Tree;
use crate::id::PrincipalId;
use crate::moment::Actor;
use crate::name::Text;
use crate::organization::Revision;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a grant or membership comes from. It ends when its last source is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Somebody gave it by hand.
    Manual,
    /// The catalog prescribes it.
    Catalog,
    /// A SCIM client manages it.
    Scim,
    /// A sign-in provider of this name manages it.
    Sso(Text),
}

/// The conditions under which something was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// Where it comes from: sorted, without repeats, never empty once kept.
    pub sources: Vec<Source>,
    /// When it begins to count; none means at once.
    pub from: Option<Timestamp>,
    /// When it stops to count (at that instant it no longer does); none means never.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Option<Text>,
    /// Who approved it.
    pub approver: Option<PrincipalId>,
}

impl Terms {
    /// Without conditions, from one source.
    pub fn of(source: Source) -> Self {
        Terms { sources: vec![source], ..Terms::default() }
    }

    /// Whether it counts at `instant`.
    pub fn in_force(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.until.is_none_or(|until| instant < until)
    }

    /// Whether it has a start or an end at all.
    pub const fn is_timed(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// An interned record of terms together with the entry that set them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// The conditions.
    pub terms: Terms,
    /// The entry that set them.
    pub revision: Revision,
    /// When that was.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
}

/// The number of an interned [`Provenance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProvenanceId(pub(crate) u32);

/// All provenances of an organization. Equal ones of one entry are kept once, so an import of a
/// million grants has one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenances {
    rows: Tree<Provenance>,
}

impl Provenances {
    /// The provenance of this number.
    pub fn get(&self, id: ProvenanceId) -> Option<&Provenance> {
        self.rows.get(id.0 as usize)
    }

    /// How many are kept.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// About how many bytes they occupy; `own` says what each has beside itself.
    pub(crate) fn heap_bytes(&self, own: impl Fn(&Provenance) -> usize) -> usize {
        self.rows.heap_bytes() + self.rows.iter().map(own).sum::<usize>()
    }

    /// Keeps a provenance and answers with its number.
    pub(crate) fn intern(&mut self, provenance: Provenance) -> ProvenanceId {
        // Only the newest few can be of the same entry; looking further back finds nothing.
        let len = self.rows.len();
        for index in (len.saturating_sub(8)..len).rev() {
            if self.rows.get(index) == Some(&provenance) {
                return ProvenanceId(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        self.rows.push(provenance);
        ProvenanceId(u32::try_from(len).unwrap_or(u32::MAX))
    }
}
