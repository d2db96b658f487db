//! Carrying changes out. Total: whatever the log says has happened, has. The cascades of a deletion
//! are here, because a deletion is one word.

use super::{Org, OrganizationChange, Revision};
use crate::assignment::{Assignment, Grant, Granted};
use crate::change::Change;
use crate::collection::Id;
use crate::id::{ActionId, GroupId, Holder, PolicyId, PrincipalId, ProjectId, RoleId};
use crate::membership::Membership;
use crate::moment::Actor;
use crate::principal::Principal;
use crate::provenance::{Provenance, ProvenanceId, Terms};
use crate::time::Timestamp;
use std::sync::Arc;

/// The head of the entry whose changes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its revision.
    pub revision: Revision,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub actor: Actor,
}

/// Which records an entry changed, so that what is derived from them can be derived again. A record
/// may be named more than once, and may no longer be there.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// Users and applications whose own record changed (assignments, memberships, activity).
    pub principals: Vec<PrincipalId>,
    /// Groups whose profile, members or assignments changed.
    pub groups: Vec<GroupId>,
    /// Policies.
    pub policies: Vec<PolicyId>,
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Projects.
    pub projects: Vec<ProjectId>,
    /// Actions.
    pub actions: Vec<ActionId>,
    /// Whether environments were added, taken away or put in another order.
    pub environments: bool,
    /// Whether what everyone has changed.
    pub everyone: bool,
    /// Whether so much changed (founding, import) that everything is best derived anew.
    pub all: bool,
}

impl Org {
    /// Carries out the changes of one entry and says which records they touched.
    pub fn apply(&mut self, stamp: &Stamp, changes: &[Change]) -> Touched {
        let mut touched = Touched::default();
        self.apply_each(stamp, changes, &mut touched);
        self.finish(stamp);
        touched
    }

    /// Carries out some of an entry's changes; `finish` must follow the last of them.
    pub(crate) fn apply_each(&mut self, stamp: &Stamp, changes: &[Change], touched: &mut Touched) {
        for change in changes {
            match change {
                Change::Organization(change) => self.apply_organization(change, stamp, touched),
                Change::Action(change) => self.apply_action(change, stamp, touched),
                Change::Role(change) => self.apply_role(change, stamp, touched),
                Change::Policy(change) => self.apply_policy(change, stamp, touched),
                Change::Environment(change) => self.apply_environment(change, stamp, touched),
                Change::Project(change) => self.apply_project(change, stamp, touched),
                Change::Principal(change) => self.apply_principal(change, stamp, touched),
                Change::Group(change) => self.apply_group(change, stamp, touched),
                Change::Membership(change) => self.apply_membership(change, stamp, touched),
                Change::Assignment(change) => self.apply_assignment(change, stamp, touched),
                Change::Token(change) => self.apply_token(change, stamp),
                Change::ResourceType(change) => self.apply_resource_type(change, stamp),
                Change::Provider(change) => self.apply_provider(change, stamp, touched),
                Change::Imported(workload) => self.apply_import(workload, stamp, touched),
            }
        }
    }

    /// Closes an entry.
    pub(crate) fn finish(&mut self, stamp: &Stamp) {
        self.revision = stamp.revision;
        self.at = stamp.at;
        if !self.had_administrator {
            self.an_administrator = crate::invariant::user_administrator(self, stamp.at);
            self.had_administrator = self.an_administrator.is_some();
        }
    }

    fn apply_organization(&mut self, change: &OrganizationChange, stamp: &Stamp, touched: &mut Touched) {
        match change {
            OrganizationChange::Founded { id, name, title, catalog } => {
                crate::catalog::found(self, *id, name, title, catalog, stamp);
                self.index();
                touched.all = true;
            }
            OrganizationChange::Titled { after, .. } => {
                if let Some(settings) = &mut self.settings {
                    Arc::make_mut(settings).title.clone_from(after);
                }
            }
            OrganizationChange::SignInSet { after, .. } => {
                if let Some(settings) = &mut self.settings {
                    Arc::make_mut(settings).sign_in = *after;
                }
            }
        }
    }

    pub(crate) fn file_group_subject(&mut self, subject: crate::id::GroupSubject, id: GroupId) {
        self.group_subjects.insert(Id::of(subject.bits(), id.number()));
    }

    pub(crate) fn forget_group_subject(&mut self, subject: crate::id::GroupSubject, id: GroupId) {
        self.group_subjects.remove(&Id::of(subject.bits(), id.number()));
    }

    /// Puts a new user or application in its place and files its identifiers.
    pub(crate) fn put_principal(&mut self, id: PrincipalId, principal: Principal) {
        principal.filed(id).for_each(|name| self.identifiers.insert(name));
        self.subjects.insert(Id::of(principal.subject.bits(), id.number()));
        while self.principals.len() <= id.index() {
            self.principals.push(None);
        }
        match principal.kind() {
            crate::principal::PrincipalKind::User => self.users += 1,
            crate::principal::PrincipalKind::Application => self.applications += 1,
        }
        if let Some(place) = self.principals.get_mut(id.index()) {
            *place = Some(principal);
        }
    }

    /// Takes a user or application out of its place.
    pub(crate) fn take_principal(&mut self, id: PrincipalId) -> Option<Principal> {
        let principal = self.principals.get_mut(id.index())?.take()?;
        principal.filed(id).for_each(|name| self.identifiers.remove(&name));
        self.subjects.remove(&Id::of(principal.subject.bits(), id.number()));
        match principal.kind() {
            crate::principal::PrincipalKind::User => self.users -= 1,
            crate::principal::PrincipalKind::Application => self.applications -= 1,
        }
        Some(principal)
    }

    /// The record of a user or application, to be changed except for its identifiers.
    pub(crate) fn principal_mut(&mut self, id: PrincipalId, revision: Revision) -> Option<&mut Principal> {
        let principal = self.principals.get_mut(id.index())?.as_mut()?;
        principal.changed = revision;
        Some(principal)
    }

    pub(crate) fn intern(&mut self, terms: &Terms, stamp: &Stamp) -> ProvenanceId {
        let Stamp { revision, at, actor } = *stamp;
        self.provenances.intern(Provenance { terms: terms.clone(), revision, at, actor })
    }

    fn assignments_mut(&mut self, holder: Holder, revision: Revision) -> Option<&mut Vec<Assignment>> {
        match holder {
            Holder::Principal(id) => Some(&mut self.principal_mut(id, revision)?.assignments),
            Holder::Everyone => Some(&mut self.everyone),
            // A group is changed through its table, see `change_assignments`.
            Holder::Group(_) => None,
        }
    }

    fn change_assignments(&mut self, holder: Holder, stamp: &Stamp, change: impl FnOnce(&mut Vec<Assignment>)) {
        if let Holder::Group(id) = holder {
            self.groups.change(id.number(), stamp.revision, |group| change(&mut group.assignments));
        } else if let Some(assignments) = self.assignments_mut(holder, stamp.revision) {
            change(assignments);
        }
    }

    /// Gives a holder something, or sets the terms of what it has.
    pub(crate) fn put_assignment(&mut self, holder: Holder, grant: Grant, terms: &Terms, stamp: &Stamp) {
        let is_there = match holder {
            Holder::Principal(id) => self.principal(id).is_some(),
            Holder::Group(id) => self.group(id).is_some(),
            Holder::Everyone => true,
        };
        if !is_there {
            return;
        }
        let provenance = self.intern(terms, stamp);
        let (granted, held_by) = Self::holding(grant.granted(), holder);
        self.holders.insert(granted, held_by);
        self.change_assignments(holder, stamp, |assignments| match assignments.iter_mut().find(|a| a.grant == grant) {
            Some(assignment) => assignment.provenance = provenance,
            None => assignments.push(Assignment { grant, provenance }),
        });
    }

    /// Takes from a holder every assignment for which `goes` holds.
    pub(crate) fn drop_assignments(&mut self, holder: Holder, stamp: &Stamp, goes: impl Fn(Grant) -> bool) {
        let gone: Vec<Granted> =
            self.assignments_of(holder).iter().filter(|a| goes(a.grant)).map(|a| a.grant.granted()).collect();
        if gone.is_empty() {
            return;
        }
        self.change_assignments(holder, stamp, |assignments| assignments.retain(|a| !goes(a.grant)));
        for granted in gone {
            if !self.assignments_of(holder).iter().any(|a| a.grant.granted() == granted) {
                let (granted, held_by) = Self::holding(granted, holder);
                self.holders.remove(granted, held_by);
            }
        }
    }

    /// Forgets that a holder that goes away had anything.
    pub(crate) fn forget_holder(&mut self, holder: Holder, assignments: &[Assignment]) {
        for assignment in assignments {
            let (granted, held_by) = Self::holding(assignment.grant.granted(), holder);
            self.holders.remove(granted, held_by);
        }
    }

    /// Takes a policy from everybody who has it.
    pub(crate) fn drop_policy_everywhere(&mut self, policy: PolicyId, stamp: &Stamp, touched: &mut Touched) {
        let holders: Vec<Holder> = self.holders_of(Granted::Policy(policy)).collect();
        for holder in holders {
            self.drop_assignments(holder, stamp, |grant| grant == Grant::Policy(policy));
            touched.holder(holder);
        }
    }

    /// Takes every assignment at a project away. Looks at every holder: deleting a project is rare.
    pub(crate) fn drop_project_everywhere(&mut self, project: ProjectId, stamp: &Stamp, touched: &mut Touched) {
        let there = |grant: Grant| matches!(grant, Grant::Role(b) if b.scope.project == Some(project));
        let has = |assignments: &[Assignment]| assignments.iter().any(|a| there(a.grant));
        let mut holders: Vec<Holder> =
            self.principals().filter(|(_, p)| has(&p.assignments)).map(|(id, _)| Holder::Principal(id)).collect();
        let groups = self.groups.iter().filter(|group| has(&group.assignments));
        holders.extend(groups.map(|group| Holder::Group(group.id)));
        for holder in holders {
            self.drop_assignments(holder, stamp, there);
            touched.holder(holder);
        }
    }

    /// Puts a user into a group, or sets the terms of a membership.
    pub(crate) fn put_membership(&mut self, group: GroupId, user: PrincipalId, terms: &Terms, stamp: &Stamp) {
        if self.group(group).is_none() || self.principal(user).is_none() {
            return;
        }
        let provenance = self.intern(terms, stamp);
        let Some(principal) = self.principal_mut(user, stamp.revision) else { return };
        if let Some(membership) = principal.memberships.iter_mut().find(|m| m.group == group) {
            membership.provenance = provenance;
            return;
        }
        principal.memberships.push(Membership { group, provenance });
        self.groups.change(group.number(), stamp.revision, |group| group.members.push(user));
    }

    /// Takes a user out of a group.
    pub(crate) fn drop_membership(&mut self, group: GroupId, user: PrincipalId, stamp: &Stamp) {
        if let Some(principal) = self.principal_mut(user, stamp.revision) {
            principal.memberships.retain(|m| m.group != group);
        }
        self.groups.change(group.number(), stamp.revision, |group| group.members.retain(|m| *m != user));
    }
}

impl Touched {
    /// Adds what another entry touched.
    pub fn merge(&mut self, other: Touched) {
        self.principals.extend(other.principals);
        self.groups.extend(other.groups);
        self.policies.extend(other.policies);
        self.roles.extend(other.roles);
        self.projects.extend(other.projects);
        self.actions.extend(other.actions);
        self.environments |= other.environments;
        self.everyone |= other.everyone;
        self.all |= other.all;
    }

    pub(crate) fn holder(&mut self, holder: Holder) {
        match holder {
            Holder::Principal(id) => self.principals.push(id),
            Holder::Group(id) => self.groups.push(id),
            Holder::Everyone => self.everyone = true,
        }
    }
}
