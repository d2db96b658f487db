//! Memberships: a user in a group.

mod decide;

pub(crate) use decide::{end_source, join};

use crate::command::{Ref, SubjectRef};
use crate::id::{GroupId, PrincipalId};
use crate::provenance::{ProvenanceId, Source, Terms};
use serde::{Deserialize, Serialize};

/// That a user is in a group, as the user's record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// Since when, by whom, why, how long.
    pub provenance: ProvenanceId,
}

/// What somebody wants to do to a membership.
#[derive(Clone, Debug, PartialEq)]
pub enum MembershipCommand {
    /// Put a user into a group. Doing it again from another source adds the source; with other
    /// terms from the same source sets the terms; with the same terms changes nothing.
    Add(Ref, SubjectRef, Terms),
    /// Take a user out, as far as one source put it in (from all when none is named).
    Remove {
        /// The group.
        group: Ref,
        /// The user.
        user: SubjectRef,
        /// From which source only.
        source: Option<Source>,
        /// Whether it is no error that the user is not in it.
        quietly: bool,
    },
    /// Let a user's memberships follow what a sign-in provider says: in every group that one of the
    /// names maps to, out of those that none does and where only the provider put it. Memberships by
    /// hand are left alone.
    Sync {
        /// The user.
        user: SubjectRef,
        /// The provider.
        provider: Ref,
        /// The names of the user's groups there, compared to the letter.
        names: Vec<String>,
    },
}

/// What has happened to a membership.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipChange {
    /// A user joined a group.
    Added {
        /// The group.
        group: GroupId,
        /// The user.
        user: PrincipalId,
        /// On which terms.
        terms: Terms,
    },
    /// Its terms were changed.
    Changed {
        /// The group.
        group: GroupId,
        /// The user.
        user: PrincipalId,
        /// As they were.
        before: Terms,
        /// As they are.
        after: Terms,
    },
    /// A user left a group.
    Removed {
        /// The group.
        group: GroupId,
        /// The user.
        user: PrincipalId,
        /// The terms it had.
        terms: Terms,
    },
}
