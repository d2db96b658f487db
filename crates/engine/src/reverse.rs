//! From a place back to the groups that have something there: only for the question which group a
//! denied subject might join. Who may do something is asked of the lines, not of this.

use crate::slot::Slot;
use imbl::OrdSet;
use rolecall_model::Org;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{GroupId, Holder, PolicyId};
use rolecall_model::organization::Touched;

/// Sorted, so that all of one project or policy stand together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reverse {
    /// Roles at scopes that groups were given directly, with the group. The role stands here so that
    /// a group need not be looked at when it gives nothing: there are hundreds in a busy project.
    groups: OrdSet<(Slot, u32)>,
    /// The same of policies.
    policies: OrdSet<(Slot, u32)>,
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
                Grant::Role(binding) => drop(self.groups.insert((Slot::of(binding), id.number()))),
                Grant::Policy(policy) => drop(self.holders.insert((policy.number(), id.number()))),
            }
        }
    }

    fn drop_group(&mut self, org: &Org, id: GroupId) {
        for assignment in org.assignments_of(Holder::Group(id)) {
            match assignment.grant {
                Grant::Role(binding) => drop(self.groups.remove(&(Slot::of(binding), id.number()))),
                Grant::Policy(policy) => drop(self.holders.remove(&(policy.number(), id.number()))),
            }
        }
    }

    fn add_policy(&mut self, org: &Org, id: PolicyId) {
        for binding in org.policy(id).iter().flat_map(|policy| &policy.bindings) {
            self.policies.insert((Slot::of(*binding), id.number()));
        }
    }

    fn drop_policy(&mut self, org: &Org, id: PolicyId) {
        for binding in org.policy(id).iter().flat_map(|policy| &policy.bindings) {
            self.policies.remove(&(Slot::of(*binding), id.number()));
        }
    }

    /// Roles at scopes in this project or in every one that groups have directly, with the group.
    pub(crate) fn groups_near(&self, project: u32) -> impl Iterator<Item = (Slot, u32)> + '_ {
        near(&self.groups, project)
    }

    /// The same of policies.
    pub(crate) fn policies_near(&self, project: u32) -> impl Iterator<Item = (Slot, u32)> + '_ {
        near(&self.policies, project)
    }

    /// The groups that were given a policy.
    pub(crate) fn groups_with(&self, policy: u32) -> impl Iterator<Item = u32> + '_ {
        self.holders.range((policy, 0)..=(policy, u32::MAX)).map(|(_, group)| *group)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (self.groups.len() + self.policies.len()) * size_of::<(Slot, u32)>()
            + self.holders.len() * size_of::<(u32, u32)>()
    }
}

/// Those of one project, then those of every project.
fn near(all: &OrdSet<(Slot, u32)>, project: u32) -> impl Iterator<Item = (Slot, u32)> + '_ {
    let of = move |project| {
        let first = Slot { project, environment: 0, role: 0 };
        let last = Slot { project, environment: u32::MAX, role: u32::MAX };
        all.range((first, 0)..=(last, u32::MAX)).copied()
    };
    of(project).chain(of(0))
}
