//! Assignments: what a user, an application, a group or everyone has been given.

mod decide;

pub(crate) use decide::{grant, joined, known_grant, sound_terms};

use crate::command::{Ref, SubjectRef};
use crate::id::{Holder, PolicyId, RoleId};
use crate::policy::{Binding, BindingRef};
use crate::provenance::{ProvenanceId, Source, Terms};
use serde::{Deserialize, Serialize};

/// What is given: a policy, or a role at a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A policy: all its bindings.
    Policy(PolicyId),
    /// A role at a scope.
    Role(Binding),
}

impl Grant {
    /// The policy or role without its scope.
    pub const fn granted(self) -> Granted {
        match self {
            Grant::Policy(policy) => Granted::Policy(policy),
            Grant::Role(binding) => Granted::Role(binding.role),
        }
    }
}

/// A policy or a role, wherever it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granted {
    /// A policy.
    Policy(PolicyId),
    /// A role.
    Role(RoleId),
}

/// One thing given to one holder. Its identity is holder and grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// What.
    pub grant: Grant,
    /// Since when, by whom, why, how long.
    pub provenance: ProvenanceId,
}

/// What is given, as somebody names it.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantRef {
    /// A policy.
    Policy(Ref),
    /// A role at a scope.
    Role(BindingRef),
}

/// What somebody wants to do to an assignment.
#[derive(Clone, Debug, PartialEq)]
pub enum AssignmentCommand {
    /// Give something. Giving it again from another source adds the source; with other terms from
    /// the same source sets the terms; with the same terms changes nothing.
    Grant(SubjectRef, GrantRef, Terms),
    /// Take something from one source (from all when none is named). What is not there is passed
    /// over when `quietly`, else it is an error.
    End {
        /// From whom.
        subject: SubjectRef,
        /// What.
        grant: GrantRef,
        /// From which source only.
        source: Option<Source>,
        /// Whether it is no error that it is not there.
        quietly: bool,
    },
    /// Set the one role of a slot; none empties it (groups only).
    Slot {
        /// Whose.
        subject: SubjectRef,
        /// The slot's name.
        slot: String,
        /// The role.
        role: Option<Ref>,
        /// The conditions, without an end.
        terms: Terms,
    },
}

/// What has happened to an assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentChange {
    /// It was given.
    Granted {
        /// To whom.
        holder: Holder,
        /// What.
        grant: Grant,
        /// On which terms.
        terms: Terms,
    },
    /// Its terms were changed.
    Changed {
        /// Whose.
        holder: Holder,
        /// What.
        grant: Grant,
        /// As they were.
        before: Terms,
        /// As they are.
        after: Terms,
    },
    /// It ended.
    Ended {
        /// Whose.
        holder: Holder,
        /// What.
        grant: Grant,
        /// The terms it had.
        terms: Terms,
    },
}
