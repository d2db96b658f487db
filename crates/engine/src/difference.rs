//! Who gains and who loses which action where, between two revisions: exact, subject by subject.

mod affected;

use crate::cover::Cover;
use crate::index::Index;
use crate::question::Place;
use crate::slot::Slot;
use crate::vocabulary::Actions;
use affected::Affected;
use rolecall_model::id::{ActionId, PrincipalId};
use rolecall_model::organization::Touched;
use rolecall_model::{Scope, Timestamp};
use std::collections::BTreeSet;

/// An action gained or lost by a subject at all places of a scope but those excepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delta {
    /// The user or application.
    pub subject: PrincipalId,
    /// The action.
    pub action: ActionId,
    /// Where.
    pub scope: Scope,
    /// Scopes within it where nothing changes: of a gain, where it was held before; of a loss,
    /// where it is still held.
    pub except: Vec<Scope>,
}

impl Delta {
    /// Whether the answer for a place changes.
    pub fn covers(&self, place: Place) -> bool {
        place.is_covered_by(self.scope) && !self.except.iter().any(|except| place.is_covered_by(*except))
    }
}

/// What one subject gains and loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectDifference {
    /// The user or application.
    pub subject: PrincipalId,
    /// By action, then scope.
    pub gains: Vec<Delta>,
    /// By action, then scope.
    pub losses: Vec<Delta>,
}

/// What everybody gains and loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// By subject, action, scope.
    pub gains: Vec<Delta>,
    /// By subject, action, scope.
    pub losses: Vec<Delta>,
}

/// Who gains and who loses what between two revisions, at one instant. `touched` must name all that
/// differs, as [`Org::apply`](rolecall_model::Org::apply) says it. For very many subjects, see
/// [`differences`].
pub fn difference(before: &Index, after: &Index, touched: &Touched, at: Timestamp) -> Difference {
    let mut difference = Difference::default();
    for each in differences(before, after, touched, at) {
        difference.gains.extend(each.gains);
        difference.losses.extend(each.losses);
    }
    difference
}

/// The same, subject by subject in order of number, found as they are asked for; subjects for whom
/// nothing changes are left out. Only subjects that the touched records can reach are looked at.
pub fn differences<'a>(before: &'a Index, after: &'a Index, touched: &Touched, at: Timestamp) -> Differences<'a> {
    Differences { before, after, at, affected: Affected::of(before, after, touched), next: 1 }
}

/// What subjects gain and lose, one after the other.
#[derive(Clone, Debug)]
pub struct Differences<'a> {
    before: &'a Index,
    after: &'a Index,
    at: Timestamp,
    affected: Affected,
    next: usize,
}

impl Differences<'_> {
    /// How many subjects are looked at in all: an upper bound of how many differ.
    pub fn candidates(&self) -> usize {
        self.affected.len()
    }

    /// The same, beginning after a subject.
    #[must_use]
    pub fn after(mut self, after: Option<PrincipalId>) -> Self {
        self.next = after.map_or(1, |id| id.index() + 1);
        self
    }

    fn of_subject(&self, subject: PrincipalId) -> Option<SubjectDifference> {
        let before: BTreeSet<Slot> = self.before.slots_of(subject, self.at).into_iter().collect();
        let after: BTreeSet<Slot> = self.after.slots_of(subject, self.at).into_iter().collect();
        let mut found = SubjectDifference { subject, gains: Vec::new(), losses: Vec::new() };
        for action in self.suspects(&before, &after) {
            let held = cover(self.before, &before, action);
            let holds = cover(self.after, &after, action);
            if held != holds {
                found.gains.extend(beyond(&holds, &held, subject, action));
                found.losses.extend(beyond(&held, &holds, subject, action));
            }
        }
        (!found.gains.is_empty() || !found.losses.is_empty()).then_some(found)
    }

    /// The actions that can differ: those of roles at scopes that came or went, and of roles that
    /// changed.
    fn suspects(&self, before: &BTreeSet<Slot>, after: &BTreeSet<Slot>) -> BTreeSet<ActionId> {
        let (mut lost, mut gained) = (Actions::default(), Actions::default());
        for slot in before.union(after) {
            let moved = !(before.contains(slot) && after.contains(slot));
            if moved || self.affected.has_role(slot.role) {
                self.before.rights.add_all(slot.role, &mut lost);
                self.after.rights.add_all(slot.role, &mut gained);
            }
        }
        let lost = self.before.vocabulary.actions(&lost);
        lost.chain(self.after.vocabulary.actions(&gained)).collect()
    }
}

impl Iterator for Differences<'_> {
    type Item = SubjectDifference;

    fn next(&mut self) -> Option<SubjectDifference> {
        while let Some(subject) = self.affected.first_from(self.next) {
            self.next = subject.index() + 1;
            if let Some(found) = self.of_subject(subject) {
                return Some(found);
            }
        }
        None
    }
}

fn cover(index: &Index, slots: &BTreeSet<Slot>, action: ActionId) -> Cover {
    let bit = index.vocabulary.bit(action);
    bit.map(|bit| index.cover(slots.iter().copied(), bit)).unwrap_or_default()
}

/// What `more` covers and `less` does not.
fn beyond(more: &Cover, less: &Cover, subject: PrincipalId, action: ActionId) -> Vec<Delta> {
    let scopes = more.minimal().into_iter().filter(|scope| !less.covers(*scope));
    scopes.map(|scope| Delta { subject, action, scope, except: less.within(scope) }).collect()
}
