//! Where a right holds: a project or all, an environment or all.

use crate::id::{EnvironmentId, ProjectId};
use serde::{Deserialize, Serialize};

/// A pair of a project or all and an environment or all. Both missing is the whole organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The project; none means every project.
    pub project: Option<ProjectId>,
    /// The environment; none means every environment.
    pub environment: Option<EnvironmentId>,
}

impl Scope {
    /// The whole organization.
    pub const ORGANIZATION: Scope = Scope { project: None, environment: None };

    /// A project in all its environments.
    pub const fn project(project: ProjectId) -> Self {
        Scope { project: Some(project), environment: None }
    }

    /// An environment in all projects.
    pub const fn environment(environment: EnvironmentId) -> Self {
        Scope { project: None, environment: Some(environment) }
    }

    /// One project in one environment.
    pub const fn new(project: Option<ProjectId>, environment: Option<EnvironmentId>) -> Self {
        Scope { project, environment }
    }

    /// Whether every place of `other` is a place of this scope.
    pub fn covers(self, other: Scope) -> bool {
        (self.project.is_none() || self.project == other.project)
            && (self.environment.is_none() || self.environment == other.environment)
    }

    /// The places that both scopes have; none when there are no such places.
    pub fn meet(self, other: Scope) -> Option<Scope> {
        Some(Scope {
            project: narrower(self.project, other.project)?,
            environment: narrower(self.environment, other.environment)?,
        })
    }
}

#[expect(clippy::option_option, reason = "nothing in common, or all of it, or one")]
fn narrower<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(Some(a)),
        (a, b) => Some(a.or(b)),
    }
}

/// A scope as somebody names it, its parts not yet looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRef {
    /// The project's name or number; none means every project.
    pub project: Option<crate::command::Ref>,
    /// The environment's name or number; none means every environment.
    pub environment: Option<crate::command::Ref>,
}

impl ScopeRef {
    /// The whole organization.
    pub const ORGANIZATION: ScopeRef = ScopeRef { project: None, environment: None };

    /// Whether it is the whole organization.
    pub const fn is_organization(&self) -> bool {
        self.project.is_none() && self.environment.is_none()
    }
}

impl From<Scope> for ScopeRef {
    fn from(scope: Scope) -> Self {
        ScopeRef {
            project: scope.project.map(|id| crate::command::Ref::Number(id.number())),
            environment: scope.environment.map(|id| crate::command::Ref::Number(id.number())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_small_scope() -> Vec<Scope> {
        let parts = [0, 1, 2];
        let pairs = parts.iter().flat_map(|p| parts.iter().map(move |e| (*p, *e)));
        pairs.map(|(p, e)| Scope::new(ProjectId::new(p), EnvironmentId::new(e))).collect()
    }

    #[test]
    fn the_meet_of_two_scopes_is_the_widest_that_both_cover() {
        let scopes = every_small_scope();
        for a in &scopes {
            for b in &scopes {
                let both: Vec<_> = scopes.iter().filter(|s| a.covers(**s) && b.covers(**s)).collect();
                match a.meet(*b) {
                    Some(meet) => assert!(both.iter().all(|s| meet.covers(**s)) && both.contains(&&meet)),
                    None => assert!(both.is_empty()),
                }
                assert_eq!(a.meet(*b), b.meet(*a));
            }
        }
    }
}
