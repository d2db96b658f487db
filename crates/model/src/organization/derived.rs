//! What is derived from the records, so that no change has to look at all of them: names, who has been
//! given a policy or role, which policies bind a role, whose a token is, and what can make somebody an
//! administrator.

use super::lookup::{granted_key, holder_key};
use super::{Org, Pairs, Revision};
use crate::action::Closure;
use crate::assignment::{Assignment, Granted};
use crate::collection::{Id, Ids, Names};
use crate::id::{Holder, PolicyId, PrincipalId, RoleId, TokenId};
use crate::operation;
use crate::parallel;
use crate::policy::Policy;
use crate::role::Role;
use crate::scope::Scope;
use crate::token::Token;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

impl Org {
    /// Derives what is not stored (indexes of names and holders, what actions include) from the
    /// records: after reading a checkpoint and after bulk changes.
    pub fn index(&mut self) {
        let folded = self.folds_names();
        self.actions.index_names(folded);
        self.roles.index_names(folded);
        self.policies.index_names(folded);
        self.environments.index_names(folded);
        self.projects.index_names(folded);
        self.groups.index_names(folded);
        self.slots.index_names(folded);
        self.resource_types.index_names(folded);
        self.providers.index_names(true);
        self.tokens.index_names(true);
        self.closure = Arc::new(Closure::of(&self.actions));
        self.group_subjects = Ids::default();
        self.group_subjects.extend(self.groups.iter().map(|g| Id::of(g.subject.bits(), g.id.number())).collect());
        (self.binders, self.owners) = (Pairs::default(), Pairs::default());
        self.binders.extend(self.policies.iter().flat_map(|policy| bindings_of(policy)).collect());
        self.owners.extend(self.tokens.iter().map(|token| owner(token)).collect());
        self.renew_escalating();
        (self.identifiers, self.subjects, self.holders) = (Names::default(), Ids::default(), Pairs::default());
        let all = 0..self.principals.len();
        let holdings = self.all_holdings();
        self.file(all, holdings);
    }

    fn all_holdings(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::with_capacity(self.principals.len() * 2);
        let mut file = |holder, assignments: &[Assignment]| {
            pairs.extend(assignments.iter().map(|a| Self::holding(a.grant.granted(), holder)));
        };
        for (id, principal) in self.principals() {
            file(Holder::Principal(id), &principal.assignments);
        }
        for group in self.groups.iter() {
            file(Holder::Group(group.id), &group.assignments);
        }
        file(Holder::Everyone, &self.everyone);
        pairs
    }

    /// Files the identifiers of new users and applications and what has been given to anybody, for
    /// those who place many: laid out in one go they take a tenth of the time.
    pub(crate) fn file(&mut self, placed: Range<usize>, holdings: Vec<(u32, u32)>) {
        let Org { principals, identifiers, subjects, holders, .. } = self;
        let enough = placed.len() > parallel::WORTH_A_THREAD;
        let names = || {
            let records = placed.filter_map(|number| {
                let id = PrincipalId::new(u32::try_from(number).ok()?)?;
                Some((id, principals.get(number)?.as_ref()?))
            });
            let (mut names, mut ids) = (Vec::new(), Vec::new());
            for (id, principal) in records {
                names.extend(principal.filed(id));
                ids.push(Id::of(principal.subject.bits(), id.number()));
            }
            identifiers.extend(names);
            subjects.extend(ids);
        };
        parallel::both(enough, names, || holders.extend(holdings));
    }

    /// What is filed of the fact that a holder has been given something.
    pub(crate) const fn holding(granted: Granted, holder: Holder) -> (u32, u32) {
        (granted_key(granted), holder_key(holder))
    }

    /// Puts many new policies in their places.
    pub(crate) fn put_policies(&mut self, policies: Vec<Policy>, revision: Revision) {
        let folded = self.folds_names();
        self.binders.extend(policies.iter().flat_map(bindings_of).collect());
        for policy in policies {
            self.policies.put(policy, revision, folded);
        }
        self.renew_escalating();
    }

    /// Puts a policy in its place.
    pub(crate) fn put_policy(&mut self, policy: Policy, revision: Revision) {
        self.forget_bindings(policy.id);
        bindings_of(&policy).for_each(|(role, id)| self.binders.insert(role, id));
        let escalates = self.escalates_by(&policy);
        self.set_escalating(Granted::Policy(policy.id), escalates);
        self.policies.put(policy, revision, self.folds_names());
    }

    /// Takes a policy away.
    pub(crate) fn remove_policy(&mut self, id: PolicyId) {
        self.forget_bindings(id);
        self.set_escalating(Granted::Policy(id), false);
        self.policies.remove(id.number(), self.folds_names());
    }

    fn forget_bindings(&mut self, id: PolicyId) {
        let bound: Vec<(u32, u32)> = self.policy(id).into_iter().flat_map(|policy| bindings_of(policy)).collect();
        for (role, id) in bound {
            self.binders.remove(role, id);
        }
    }

    /// Puts a role in its place.
    pub(crate) fn put_role(&mut self, role: Role, revision: Revision) {
        let (id, escalates) = (role.id, self.escalates(&role));
        self.roles.put(role, revision, self.folds_names());
        if escalates != self.escalating.contains(&Granted::Role(id)) {
            self.renew_escalating();
        }
    }

    /// Takes a role away.
    pub(crate) fn remove_role(&mut self, id: RoleId) {
        self.roles.remove(id.number(), self.folds_names());
        self.set_escalating(Granted::Role(id), false);
    }

    /// Puts a token in its place.
    pub(crate) fn put_token(&mut self, token: Token, revision: Revision) {
        let (principal, id) = owner(&token);
        self.owners.insert(principal, id);
        self.tokens.put(token, revision, true);
    }

    /// Takes a token away.
    pub(crate) fn remove_token(&mut self, id: TokenId) {
        if let Some((principal, id)) = self.token(id).map(|token| owner(token)) {
            self.owners.remove(principal, id);
        }
        self.tokens.remove(id.number(), true);
    }

    /// The tokens of a user or application.
    pub fn tokens_of(&self, principal: PrincipalId) -> impl Iterator<Item = TokenId> + '_ {
        self.owners.of(principal.number()).filter_map(TokenId::new)
    }

    /// The policies that bind a role.
    pub fn policies_binding(&self, role: RoleId) -> impl Iterator<Item = PolicyId> + '_ {
        self.binders.of(role.number()).filter_map(PolicyId::new)
    }

    /// How many have been given a policy or role themselves, at whatever scope.
    pub fn holder_count(&self, granted: Granted) -> usize {
        self.holders.count(granted_key(granted))
    }

    /// Looks at every role and policy: after changes of many, or of what actions include.
    pub(crate) fn renew_escalating(&mut self) {
        let roles = self.roles.iter().filter(|role| self.escalates(role)).map(|role| Granted::Role(role.id));
        self.escalating = Arc::new(roles.collect());
        let policies = self.policies.iter().filter(|policy| self.escalates_by(policy));
        let policies: BTreeSet<Granted> = policies.map(|policy| Granted::Policy(policy.id)).collect();
        Arc::make_mut(&mut self.escalating).extend(policies);
    }

    fn set_escalating(&mut self, granted: Granted, escalates: bool) {
        if escalates == self.escalating.contains(&granted) {
            return;
        }
        let escalating = Arc::make_mut(&mut self.escalating);
        if escalates {
            escalating.insert(granted)
        } else {
            escalating.remove(&granted)
        };
    }

    /// Whether a role lets one give anything in the whole organization.
    fn escalates(&self, role: &Role) -> bool {
        let gives = |action| self.closure().includes(action, operation::ASSIGNMENTS_ESCALATE);
        role.permits.iter().any(|permit| permit.scope == Scope::ORGANIZATION && gives(permit.action))
    }

    fn escalates_by(&self, policy: &Policy) -> bool {
        let bound = policy.bindings.iter().filter(|binding| binding.scope == Scope::ORGANIZATION);
        bound.into_iter().any(|binding| self.escalating.contains(&Granted::Role(binding.role)))
    }
}

fn bindings_of(policy: &Policy) -> impl Iterator<Item = (u32, u32)> + '_ {
    policy.bindings.iter().map(|binding| (binding.role.number(), policy.id.number()))
}

fn owner(token: &Token) -> (u32, u32) {
    (token.principal.number(), token.id.number())
}

#[cfg(test)]
impl Org {
    /// Pairs, and what can make somebody an administrator, to be compared.
    pub(crate) fn derived(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let pairs = [&self.holders, &self.binders, &self.owners].map(Pairs::all);
        (pairs, BTreeSet::clone(&self.escalating))
    }
}
