//! A way in which a role at a scope reaches a subject. The terms of each step are kept by number
//! and read from the organization.

use rolecall_model::assignment::{Assignment, Grant};
use rolecall_model::id::{Holder, PolicyId};
use rolecall_model::membership::Membership;
use rolecall_model::policy::Binding;
use rolecall_model::provenance::{Provenance, ProvenanceId, Terms};
use rolecall_model::role::Permit;
use rolecall_model::{Org, Scope, Timestamp};

/// One way: a holder, how the subject belongs to it, what the holder was given, and the binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Who was given something: the subject itself, a group, or everyone.
    pub holder: Holder,
    /// The subject's membership when the holder is a group (none in a miss of membership).
    pub membership: Option<Membership>,
    /// What the holder was given, and the number of its terms.
    pub assignment: Assignment,
    /// The role and where it is bound; with a policy, one of its bindings.
    pub binding: Binding,
}

impl Path {
    /// The policy in between, if there is one.
    pub const fn policy(&self) -> Option<PolicyId> {
        match self.assignment.grant {
            Grant::Policy(policy) => Some(policy),
            Grant::Role(_) => None,
        }
    }

    /// Who gave the assignment, when and on which terms.
    pub fn assignment_provenance<'a>(&self, org: &'a Org) -> Option<&'a Provenance> {
        org.provenances.get(self.assignment.provenance)
    }

    /// Who made the subject a member, when and on which terms.
    pub fn membership_provenance<'a>(&self, org: &'a Org) -> Option<&'a Provenance> {
        org.provenances.get(self.membership?.provenance)
    }

    /// When the whole path counts.
    pub fn window(&self, org: &Org) -> Window {
        let assignment = window_of(org, self.assignment.provenance);
        match self.membership {
            Some(membership) => assignment.meet(window_of(org, membership.provenance)),
            None => assignment,
        }
    }
}

/// A permit of a role that reaches a subject, and where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The way to the role.
    pub path: Path,
    /// The permit: its action is, or includes, the one spoken of.
    pub permit: Permit,
    /// Where binding and permit meet.
    pub scope: Scope,
}

/// From when (inclusive) until when (exclusive) something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// When it begins to count; none means it always has.
    pub from: Option<Timestamp>,
    /// When it stops; none means never.
    pub until: Option<Timestamp>,
}

impl Window {
    /// Without start and end.
    pub const ALWAYS: Window = Window { from: None, until: None };

    /// The window of these terms.
    pub const fn of(terms: &Terms) -> Self {
        Window { from: terms.from, until: terms.until }
    }

    /// Whether there is no start and no end.
    pub const fn is_always(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether `instant` lies within.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.until.is_none_or(|until| instant < until)
    }

    /// Whether no instant lies within.
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if until <= from)
    }

    /// When both count.
    #[must_use]
    pub fn meet(self, other: Window) -> Window {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Window { from: self.from.max(other.from), until }
    }
}

/// The window of an interned record of terms; what is not there counts never.
pub(crate) fn window_of(org: &Org, id: ProvenanceId) -> Window {
    let never = Window { from: Some(Timestamp::from_micros(i64::MAX)), until: Some(Timestamp::from_micros(i64::MIN)) };
    org.provenances.get(id).map_or(never, |provenance| Window::of(&provenance.terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_windows_count_together_only_when_both_do() {
        let second = |seconds| Timestamp::from_micros(0).plus_seconds(seconds);
        let ends = [None, Some(second(1)), Some(second(2))];
        let all = ends.iter().flat_map(|from| ends.iter().map(|until| Window { from: *from, until: *until }));
        let all: Vec<Window> = all.collect();
        for a in &all {
            for b in &all {
                let both = a.meet(*b);
                for instant in (0..4).map(second) {
                    assert_eq!(both.contains(instant), a.contains(instant) && b.contains(instant));
                    assert!(!both.is_empty() || !both.contains(instant));
                }
            }
        }
    }
}
