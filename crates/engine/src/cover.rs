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
        let Scope {
            project,
            environment,
        } = scope;
        let wider = [
            Scope::new(project, None),
            Scope::new(None, environment),
            Scope::ORGANIZATION,
        ];
        wider
            .into_iter()
            .any(|wider| wider != scope && self.0.contains(&wider))
    }

    /// The fewest scopes that cover the same places, sorted.
    pub(crate) fn minimal(&self) -> Vec<Scope> {
        self.0
            .iter()
            .copied()
            .filter(|scope| !self.covers_widely(*scope))
            .collect()
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
