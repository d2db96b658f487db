//! All that a subject may do, each right with its sources; and all that reaches it, in force or not.

use crate::cover::Cover;
use crate::index::Index;
use crate::path::{Path, Source};
use crate::slot::Reach;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{ActionId, GroupId, Holder, PrincipalId};
use rolecall_model::membership::Membership;
use rolecall_model::{Scope, Timestamp};
use std::collections::BTreeMap;
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
        let mut by_action: BTreeMap<ActionId, Vec<Source>> = BTreeMap::new();
        for path in self.grants_of(subject) {
            if path.window(&self.org).contains(at) {
                self.add_sources(path, &mut by_action);
            }
        }
        by_action.into_iter().flat_map(|(action, sources)| rights(action, &sources)).collect()
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

    fn add_sources(&self, path: Path, by_action: &mut BTreeMap<ActionId, Vec<Source>>) {
        for permit in self.org.role(path.binding.role).iter().flat_map(|role| &role.permits) {
            let Some(scope) = permit.scope.meet(path.binding.scope) else {
                continue;
            };
            for action in self.org.closure().of_action(permit.action) {
                let source = Source { path, permit: *permit, scope };
                by_action.entry(*action).or_default().push(source);
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

fn rights(action: ActionId, sources: &[Source]) -> Vec<Right> {
    let cover: Cover = sources.iter().map(|source| source.scope).collect();
    let scopes = cover.minimal().into_iter();
    let right = |scope: Scope| {
        let sources = sources.iter().filter(|source| source.scope.covers(scope)).copied().collect();
        Right { action, scope, sources }
    };
    scopes.map(right).collect()
}
