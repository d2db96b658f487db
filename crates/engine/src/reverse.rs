//! From a place back to the groups that have something there: only for the question which group a
//! denied subject might join. Who may do something is asked of the lines, not of this.

use crate::slot::Slot;
use imbl::OrdSet;
use rolecall_model::Org;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{GroupId, Holder, PolicyId};
use rolecall_model::organization::Touched;

/// Sorted pairs, so that all of one project or policy stand together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reverse {
    /// (Project or 0 for every project, group), for roles given to groups directly.
    groups: OrdSet<(u32, u32)>,
    /// (Project or 0 for every project, policy).
    policies: OrdSet<(u32, u32)>,
    /// (Policy, group).
    holders: OrdSet<(u32, u32)>,
}

impl Reverse {
    pub(crate) fn of(org: &Org) -> Self {
        let mut reverse = Reverse::default();
        for group in org.groups.iter() {
            reverse.add_group(org, group.id);
        }
        for policy in org.policies.iter() {
            reverse.add_policy(org, policy.id);
        }
        reverse
    }

    pub(crate) fn advance(&mut self, before: &Org, after: &Org, touched: &Touched) {
        for id in &touched.groups {
            if before.assignments_of(Holder::Group(*id)) != after.assignments_of(Holder::Group(*id)) {
                self.drop_group(before, *id);
                self.add_group(after, *id);
            }
        }
        for id in &touched.policies {
            self.drop_policy(before, *id);
            self.add_policy(after, *id);
        }
    }

    fn add_group(&mut self, org: &Org, id: GroupId) {
        for assignment in org.assignments_of(Holder::Group(id)) {
            match assignment.grant {
                Grant::Role(binding) => self.groups.insert((Slot::of(binding).project, id.number())),
                Grant::Policy(policy) => self.holders.insert((policy.number(), id.number())),
            };
        }
    }

    fn drop_group(&mut self, org: &Org, id: GroupId) {
        for assignment in org.assignments_of(Holder::Group(id)) {
            match assignment.grant {
                Grant::Role(binding) => self.groups.remove(&(Slot::of(binding).project, id.number())),
                Grant::Policy(policy) => self.holders.remove(&(policy.number(), id.number())),
            };
        }
    }

    fn add_policy(&mut self, org: &Org, id: PolicyId) {
        for binding in org.policy(id).iter().flat_map(|policy| &policy.bindings) {
            self.policies.insert((Slot::of(*binding).project, id.number()));
        }
    }

    fn drop_policy(&mut self, org: &Org, id: PolicyId) {
        for binding in org.policy(id).iter().flat_map(|policy| &policy.bindings) {
            self.policies.remove(&(Slot::of(*binding).project, id.number()));
        }
    }

    /// Groups that have some role in every project or in this one. A group may come more than once.
    pub(crate) fn groups_near(&self, project: u32) -> impl Iterator<Item = GroupId> + '_ {
        let policies = seconds(&self.policies, project).chain(seconds(&self.policies, 0));
        let through = policies.flat_map(|policy| seconds(&self.holders, policy));
        let direct = seconds(&self.groups, project).chain(seconds(&self.groups, 0));
        direct.chain(through).filter_map(GroupId::new)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (self.groups.len() + self.policies.len() + self.holders.len()) * size_of::<(u32, u32)>()
    }
}

fn seconds(pairs: &OrdSet<(u32, u32)>, first: u32) -> impl Iterator<Item = u32> + '_ {
    pairs.range((first, 0)..=(first, u32::MAX)).map(|(_, second)| *second)
}
