//! Which subjects and roles a change can have affected.

use crate::index::Index;
use rolecall_model::Org;
use rolecall_model::assignment::Granted;
use rolecall_model::id::{ActionId, GroupId, Holder, PolicyId, PrincipalId, RoleId};
use rolecall_model::organization::Touched;
use std::collections::BTreeSet;

/// Subjects as bits, and the roles that give something else than before.
#[derive(Clone, Debug, Default)]
pub(super) struct Affected {
    words: Vec<u64>,
    roles: BTreeSet<u32>,
}

impl Affected {
    pub(super) fn of(before: &Index, after: &Index, touched: &Touched) -> Self {
        let bound = before.subjects.len().max(after.subjects.len());
        let mut affected = Affected { words: vec![0; bound.div_ceil(64)], roles: BTreeSet::new() };
        affected.add_roles(before, after, touched);
        if touched.all || touched.everyone {
            affected.words.fill(u64::MAX);
            return affected;
        }
        for id in &touched.principals {
            affected.add(*id);
        }
        affected.add_groups(before.org(), after.org(), touched);
        affected.add_policies(before.org(), after.org(), touched);
        for org in [before.org(), after.org()] {
            affected.add_holders_of_roles(org);
        }
        affected
    }

    pub(super) fn has_role(&self, role: u32) -> bool {
        self.roles.contains(&role)
    }

    pub(super) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The first subject of this number or above.
    pub(super) fn first_from(&self, number: usize) -> Option<PrincipalId> {
        let mut word = number / 64;
        let mut bits = self.words.get(word)? & (u64::MAX << (number % 64));
        while bits == 0 {
            word += 1;
            bits = *self.words.get(word)?;
        }
        let number = word * 64 + bits.trailing_zeros() as usize;
        u32::try_from(number).ok().and_then(PrincipalId::new)
    }

    fn add(&mut self, id: PrincipalId) {
        if let Some(word) = self.words.get_mut(id.index() / 64) {
            *word |= 1 << (id.index() % 64);
        }
    }

    fn add_roles(&mut self, before: &Index, after: &Index, touched: &Touched) {
        let bound = before.org().roles.bound().max(after.org().roles.bound());
        let numbers = 1..u32::try_from(bound).unwrap_or(u32::MAX);
        if touched.all {
            self.roles.extend(numbers);
            return;
        }
        let permits = |org: &Org, id: RoleId| org.role(id).map(|role| role.permits.clone());
        let changed = touched.roles.iter().filter(|id| permits(before.org(), **id) != permits(after.org(), **id));
        self.roles.extend(changed.map(|id| id.number()));
        let actions = changed_actions(before.org(), after.org(), touched);
        for index in [before, after] {
            let bits: Vec<_> = actions.iter().filter_map(|action| index.vocabulary.bit(*action)).collect();
            let gives = |role: &u32| bits.iter().any(|bit| index.rights.gives_anywhere(*role, *bit));
            self.roles.extend(numbers.clone().filter(gives));
        }
    }

    /// A member that joined or left was touched itself; the others only when the group gives
    /// something else.
    fn add_groups(&mut self, before: &Org, after: &Org, touched: &Touched) {
        for id in &touched.groups {
            if before.assignments_of(Holder::Group(*id)) != after.assignments_of(Holder::Group(*id)) {
                self.add_members(before, *id);
                self.add_members(after, *id);
            }
        }
    }

    fn add_policies(&mut self, before: &Org, after: &Org, touched: &Touched) {
        let bindings = |org: &Org, id: PolicyId| org.policy(id).map(|policy| policy.bindings.clone());
        for id in &touched.policies {
            if bindings(before, *id) != bindings(after, *id) {
                self.add_holders(before, Granted::Policy(*id));
                self.add_holders(after, Granted::Policy(*id));
            }
        }
    }

    fn add_holders_of_roles(&mut self, org: &Org) {
        if self.roles.is_empty() {
            return;
        }
        let roles: Vec<RoleId> = self.roles.iter().copied().filter_map(RoleId::new).collect();
        for role in roles {
            self.add_holders(org, Granted::Role(role));
        }
        for policy in org.policies.iter() {
            if policy.bindings.iter().any(|binding| self.has_role(binding.role.number())) {
                self.add_holders(org, Granted::Policy(policy.id));
            }
        }
    }

    fn add_holders(&mut self, org: &Org, granted: Granted) {
        for holder in org.holders_of(granted) {
            match holder {
                Holder::Principal(id) => self.add(id),
                Holder::Group(id) => self.add_members(org, id),
                Holder::Everyone => self.words.fill(u64::MAX),
            }
        }
    }

    fn add_members(&mut self, org: &Org, id: GroupId) {
        for member in org.group(id).iter().flat_map(|group| &group.members) {
            self.add(*member);
        }
    }
}

/// The actions that somebody may hold, or no longer hold, because an action came, went or includes
/// something else.
fn changed_actions(before: &Org, after: &Org, touched: &Touched) -> BTreeSet<ActionId> {
    let mut changed = BTreeSet::new();
    for id in &touched.actions {
        for org in [before, after] {
            changed.extend(org.closure().of_action(*id).iter().copied());
        }
    }
    changed
}
