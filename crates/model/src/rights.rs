//! What a subject holds, found by walking its record: for the rules that guard changes. Questions
//! from outside go to the engine, which answers them from an index.

use crate::assignment::{Assignment, Grant};
use crate::id::{ActionId, GroupId, Holder, PrincipalId, RoleId};
use crate::moment::Actor;
use crate::operation;
use crate::organization::Org;
use crate::provenance::Terms;
use crate::scope::Scope;
use crate::time::Timestamp;

/// Roles at scopes that a subject holds.
#[derive(Debug)]
pub struct Rights<'a> {
    org: &'a Org,
    bound: Vec<(RoleId, Scope)>,
    /// Where and what at most, when a token narrows the subject.
    narrowed: Option<(Scope, Option<&'a [ActionId]>)>,
    /// The installation itself holds everything.
    unlimited: bool,
}

impl<'a> Rights<'a> {
    /// What an actor holds at an instant.
    pub fn of_actor(org: &'a Org, actor: Actor, at: Timestamp) -> Self {
        match actor {
            Actor::System | Actor::Home | Actor::Provider(_) | Actor::Scim(_) => {
                Rights { org, bound: Vec::new(), narrowed: None, unlimited: true }
            }
            Actor::Principal { id, token } => {
                let mut rights = Rights::of_principal(org, id, |terms| terms.in_force(at));
                if !org.principal(id).is_some_and(|principal| principal.active) {
                    rights.bound.clear();
                }
                if let Some(token) = token {
                    match org.token(token) {
                        Some(token) if token.principal != id || !token.counts_at(at) => rights.bound.clear(),
                        Some(token) => rights.narrowed = Some((token.scope, token.actions.as_deref())),
                        None => rights.bound.clear(),
                    }
                }
                rights
            }
        }
    }

    /// What a user or application holds on terms that count, whether it is active or not.
    pub fn of_principal(org: &'a Org, id: PrincipalId, counts: impl Fn(&Terms) -> bool) -> Self {
        let mut rights = Rights { org, bound: Vec::new(), narrowed: None, unlimited: false };
        rights.add(org.everyone(), &counts);
        rights.add_own(id, &counts);
        rights
    }

    /// What a user or application holds beyond what everyone has.
    pub fn beyond_everyone(org: &'a Org, id: PrincipalId, counts: impl Fn(&Terms) -> bool) -> Self {
        let mut rights = Rights { org, bound: Vec::new(), narrowed: None, unlimited: false };
        rights.add_own(id, &counts);
        rights
    }

    /// What a group gives.
    pub fn of_group(org: &'a Org, id: GroupId, counts: impl Fn(&Terms) -> bool) -> Self {
        let mut rights = Rights { org, bound: Vec::new(), narrowed: None, unlimited: false };
        rights.add(org.assignments_of(Holder::Group(id)), &counts);
        rights
    }

    /// What a grant gives.
    pub fn of_grant(org: &'a Org, grant: Grant) -> Self {
        let mut rights = Rights { org, bound: Vec::new(), narrowed: None, unlimited: false };
        rights.add_grant(grant);
        rights
    }

    fn add_own(&mut self, id: PrincipalId, counts: &impl Fn(&Terms) -> bool) {
        let Some(principal) = self.org.principal(id) else { return };
        self.add(&principal.assignments, counts);
        for membership in &principal.memberships {
            let terms = self.org.provenances.get(membership.provenance);
            if terms.is_some_and(|provenance| counts(&provenance.terms)) {
                self.add(self.org.assignments_of(Holder::Group(membership.group)), counts);
            }
        }
    }

    fn add(&mut self, assignments: &[Assignment], counts: &impl Fn(&Terms) -> bool) {
        for assignment in assignments {
            let provenance = self.org.provenances.get(assignment.provenance);
            if provenance.is_some_and(|provenance| counts(&provenance.terms)) {
                self.add_grant(assignment.grant);
            }
        }
    }

    fn add_grant(&mut self, grant: Grant) {
        match grant {
            Grant::Role(binding) => self.bound.push((binding.role, binding.scope)),
            Grant::Policy(policy) => {
                let bindings = self.org.policy(policy).map(|row| row.bindings.as_slice()).unwrap_or_default();
                self.bound.extend(bindings.iter().map(|b| (b.role, b.scope)));
            }
        }
    }

    /// Every permit where it counts: an action (with all it includes) and a scope.
    pub fn permits(&self) -> impl Iterator<Item = (ActionId, Scope)> + '_ {
        self.bound.iter().flat_map(|(role, scope)| {
            let permits = self.org.role(*role).map(|row| row.permits.as_slice()).unwrap_or_default();
            permits.iter().filter_map(|p| Some((p.action, p.scope.meet(*scope)?)))
        })
    }

    /// Whether an action is held everywhere in a scope by one permit.
    pub fn holds(&self, action: ActionId, scope: Scope) -> bool {
        if self.unlimited {
            return true;
        }
        let closure = self.org.closure();
        if let Some((widest, actions)) = &self.narrowed {
            let within = actions.is_none_or(|actions| actions.iter().any(|a| closure.includes(*a, action)));
            if !widest.covers(scope) || !within {
                return false;
            }
        }
        self.permits().any(|(held, at)| at.covers(scope) && closure.includes(held, action))
    }

    /// Whether every one of Rolecall's own actions is held in the whole organization.
    pub fn are_an_administrators(&self) -> bool {
        operation::own().all(|action| self.holds(action, Scope::ORGANIZATION))
    }

    /// The first action of `permits` that these rights do not allow to give at its scope.
    pub fn missing_to_give(&self, permits: impl Iterator<Item = (ActionId, Scope)>) -> Option<(ActionId, Scope)> {
        if self.unlimited || self.holds(operation::ASSIGNMENTS_ESCALATE, Scope::ORGANIZATION) {
            return None;
        }
        let mut checked = std::collections::HashSet::new();
        for (action, scope) in permits {
            if !checked.insert((action, scope)) || self.holds(operation::ASSIGNMENTS_ESCALATE, scope) {
                continue;
            }
            let may_grant = self.holds(operation::ASSIGNMENTS_GRANT, scope);
            let closure = self.org.closure();
            let all = closure.includes_everything(action).then_some(operation::EVERYTHING);
            let included = closure.of_action(action).iter().copied();
            // What is given comes before what comes with it, so that a message names it.
            for each in std::iter::once(action).chain(all).chain(included) {
                let is_product =
                    each.number() < operation::EVERYTHING.number() || each.number() >= operation::FIRST_FREE_NUMBER;
                let may = is_product && may_grant;
                if !may && !self.holds(each, scope) {
                    return Some((each, scope));
                }
            }
        }
        None
    }
}
