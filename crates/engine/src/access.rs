//! All that a subject may do, each right with its sources; and all that reaches it, in force or not.

use crate::cover::Cover;
use crate::index::Index;
use crate::path::{Path, Source};
use crate::slot::Reach;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{ActionId, GroupId, Holder, PrincipalId};
use rolecall_model::membership::Membership;
use rolecall_model::{Scope, Timestamp};
use std::ops::ControlFlow;

/// An action that a subject may do at a scope, and everything that gives it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The action.
    pub action: ActionId,
    /// Where: no other right to the action covers this one.
    pub scope: Scope,
    /// What gives it at the whole scope; never empty.
    pub sources: Vec<Source>,
}

impl Index {
    /// Every right of a subject at an instant, by action, then scope; included actions are spelled
    /// out. None when it is unknown or inactive.
    pub fn access_of(&self, subject: PrincipalId, at: Timestamp) -> Vec<Right> {
        if !self.is_active(subject) {
            return Vec::new();
        }
        let mut found = Found::default();
        for path in self.grants_of(subject) {
            if path.window(&self.org).contains(at) {
                self.add_sources(path, &mut found);
            }
        }
        found.into_rights()
    }

    /// Every role at a scope that reaches a subject, with its path: role by role what `access_of`
    /// says action by action. Those out of force are among them ([`Path::window`] tells), and so
    /// are those of an inactive subject.
    pub fn grants_of(&self, subject: PrincipalId) -> Vec<Path> {
        let mut paths = Vec::new();
        if self.org.principal(subject).is_some() {
            let _: ControlFlow<()> = self.walk(subject, None, &mut |reach| {
                paths.extend(self.path(reach, Some(subject)));
                ControlFlow::Continue(())
            });
        }
        paths
    }

    fn add_sources(&self, path: Path, found: &mut Found) {
        for permit in self.org.role(path.binding.role).iter().flat_map(|role| &role.permits) {
            if let Some(scope) = permit.scope.meet(path.binding.scope) {
                found.add(Source { path, permit: *permit, scope }, self.org.closure().of_action(permit.action));
            }
        }
    }

    /// The path of what reaches a subject (or, without one, would reach a group's member).
    pub(crate) fn path(&self, reach: Reach, subject: Option<PrincipalId>) -> Option<Path> {
        let binding = reach.slot.binding()?;
        let grant = reach.policy.map_or(Grant::Role(binding), Grant::Policy);
        let mut held = self.org.assignments_of(reach.holder).iter();
        let assignment = *held.find(|assignment| assignment.grant == grant)?;
        let membership = match (reach.holder, subject) {
            (Holder::Group(group), Some(subject)) => Some(self.membership(subject, group)?),
            _ => None,
        };
        Some(Path { holder: reach.holder, membership, assignment, binding })
    }

    pub(crate) fn membership(&self, subject: PrincipalId, group: GroupId) -> Option<Membership> {
        self.org.principal(subject)?.memberships.iter().find(|m| m.group == group).copied()
    }
}

/// What gives a subject something, each once, and which actions that is. Sorting pairs of numbers
/// takes half the time of a map from actions to lists.
#[derive(Default)]
struct Found {
    sources: Vec<Source>,
    /// (Action, place in `sources`).
    actions: Vec<(ActionId, usize)>,
}

impl Found {
    fn add(&mut self, source: Source, actions: &[ActionId]) {
        let place = self.sources.len();
        self.sources.push(source);
        self.actions.extend(actions.iter().map(|action| (*action, place)));
    }

    fn into_rights(mut self) -> Vec<Right> {
        self.actions.sort_unstable();
        let by_action = self.actions.chunk_by(|left, right| left.0 == right.0);
        by_action.flat_map(|same| self.rights(same)).collect()
    }

    /// The rights to one action.
    fn rights(&self, same: &[(ActionId, usize)]) -> Vec<Right> {
        let sources = || same.iter().filter_map(|(action, place)| Some((*action, *self.sources.get(*place)?)));
        let cover: Cover = sources().map(|(_, source)| source.scope).collect();
        let right = |scope: Scope| {
            let action = same.first()?.0;
            let sources = sources().map(|(_, source)| source).filter(|source| source.scope.covers(scope)).collect();
            Some(Right { action, scope, sources })
        };
        cover.minimal().into_iter().filter_map(right).collect()
    }
}
