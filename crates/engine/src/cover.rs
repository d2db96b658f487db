//! Sets of scopes as what they cover.

use rolecall_model::Scope;
use std::collections::BTreeSet;

/// Scopes of which only those matter that no other covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cover(BTreeSet<Scope>);

impl Cover {
    /// Whether one of the scopes covers `scope`.
    pub(crate) fn covers(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.covers_widely(scope)
    }

    /// Whether another, wider one of the scopes does.
    fn covers_widely(&self, scope: Scope) -> bool {
        let Scope { project, environment } = scope;
        let wider = [Scope::new(project, None), Scope::new(None, environment), Scope::ORGANIZATION];
        wider.into_iter().any(|wider| wider != scope && self.0.contains(&wider))
    }

    /// The fewest scopes that cover the same places, sorted.
    pub(crate) fn minimal(&self) -> Vec<Scope> {
        self.0.iter().copied().filter(|scope| !self.covers_widely(*scope)).collect()
    }

    /// What of `scope` these cover, as the fewest scopes.
    pub(crate) fn within(&self, scope: Scope) -> Vec<Scope> {
        let met: BTreeSet<Scope> = self.0.iter().filter_map(|held| held.meet(scope)).collect();
        Cover(met).minimal()
    }
}

impl FromIterator<Scope> for Cover {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Cover(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_model::id::{EnvironmentId, ProjectId};

    fn scope(project: u32, environment: u32) -> Scope {
        Scope::new(ProjectId::new(project), EnvironmentId::new(environment))
    }

    #[test]
    fn the_fewest_scopes_are_those_that_no_other_covers() {
        let cover: Cover = [scope(1, 1), scope(1, 0), scope(2, 2), scope(0, 2), scope(2, 1)].into_iter().collect();
        assert_eq!(cover.minimal(), [scope(0, 2), scope(1, 0), scope(2, 1)]);
        assert!(cover.covers(scope(9, 2)) && !cover.covers(scope(9, 1)) && !cover.covers(scope(2, 0)));
    }

    #[test]
    fn within_a_scope_only_the_part_inside_it_is_left() {
        let cover: Cover = [scope(1, 0), scope(0, 2)].into_iter().collect();
        assert_eq!(cover.within(scope(0, 1)), [scope(1, 1)]);
        assert_eq!(cover.within(scope(1, 2)), [scope(1, 2)]);
        assert_eq!(cover.within(scope(2, 1)), []);
    }
}
