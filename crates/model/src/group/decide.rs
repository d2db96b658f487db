//! The rules of groups.

use super::{Group, GroupChange, GroupCommand, GroupPatch, GroupProfile, MOST_SSO_NAMES, NewGroup};
use crate::command::{Ref, SubjectRef};
use crate::decide::Draft;
use crate::id::{GroupId, GroupSubject, Holder, PrincipalId};
use crate::membership::MembershipChange;
use crate::moment::Actor;
use crate::name::{LONGEST_IDENTIFIER, LONGEST_TEXT, Text, parse_name, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::provenance::{Source, Terms};
use crate::refusal::{Kind, Refusal};
use crate::user::scim_text;
use crate::{assignment, membership, resolve};

impl Draft<'_> {
    pub(crate) fn decide_group(&mut self, command: GroupCommand) -> Result<(), Refusal> {
        match command {
            GroupCommand::Create(new) => self.create_group(new),
            GroupCommand::Change(target, patch) => self.change_group(&target, patch),
            GroupCommand::Delete(target) => self.delete_group(&target),
        }
    }

    fn create_group(&mut self, new: NewGroup) -> Result<(), Refusal> {
        let name = parse_group_name(&new.name)?;
        resolve::free_name(&self.org, &self.org.groups, &name, "group", None)?;
        let profile = GroupProfile {
            name,
            description: parse_text(&new.description, "description", LONGEST_TEXT)?,
            sso_names: sso_names(&new.sso_names)?,
            attributes: new.attributes.into(),
            scim: new.scim.as_deref().map(|text| scim_text(text, "scim")).transpose()?,
        };
        let members = self.members(&new.members)?;
        let id = GroupId::at(self.org.groups.next_number(1));
        let subject: GroupSubject = self.moment.opaque();
        self.change(GroupChange::Created { id, subject, profile });
        for (index, grant) in new.grants.iter().enumerate() {
            assignment::grant(self, Holder::Group(id), grant, &new.terms, &format!("grants[{index}]"))?;
        }
        for member in members {
            membership::join(self, id, member, &new.terms)?;
        }
        Ok(())
    }

    fn change_group(&mut self, target: &Ref, patch: GroupPatch) -> Result<(), Refusal> {
        let id = resolve::group(&self.org, target, "group").map_err(Refusal::of_target)?;
        let Some(before) = self.org.group(id).map(|group| group.profile()) else { return Ok(()) };
        let mut after = before.clone();
        if let Some(scim) = &patch.scim {
            after.scim = scim.as_deref().map(|text| scim_text(text, "scim")).transpose()?;
        }
        if let Some(name) = patch.name {
            after.name = parse_group_name(&name)?;
            resolve::free_name(&self.org, &self.org.groups, &after.name, "group", Some(id.number()))?;
        }
        if let Some(description) = patch.description {
            after.description = parse_text(&description, "description", LONGEST_TEXT)?;
        }
        if let Some(names) = patch.sso_names {
            after.sso_names = sso_names(&names)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        let members = patch.members.map(|members| self.members(&members)).transpose()?;
        let present = self.org.group(id).map(|group| group.members.clone());
        let moves = members.is_some() && members != present;
        if before.scim.is_some() && after.scim.is_some() && (before.name != after.name || moves) {
            self.require_scim("group", &before.name)?;
        }
        if before != after {
            self.change(GroupChange::Changed { id, before, after });
        }
        if let Some(members) = members {
            self.replace_members(id, members);
        }
        Ok(())
    }

    /// Makes the members be these, in this order. Who stays keeps its provenance.
    fn replace_members(&mut self, group: GroupId, wanted: Vec<PrincipalId>) {
        let present = self.org.group(group).map(|group| group.members.clone()).unwrap_or_default();
        let staying: std::collections::HashSet<_> = wanted.iter().copied().collect();
        let there: std::collections::HashSet<_> = present.iter().copied().collect();
        for user in present.iter().filter(|user| !staying.contains(user)) {
            if let Some(terms) = self.org.membership_terms(group, *user) {
                self.change(MembershipChange::Removed { group, user: *user, terms });
            }
        }
        for user in wanted.iter().filter(|user| !there.contains(user)) {
            let by_scim = matches!(self.moment.actor, Actor::Scim(_));
            let terms = Terms::of(if by_scim { Source::Scim } else { Source::Manual });
            self.change(MembershipChange::Added { group, user: *user, terms });
        }
        let before = self.org.group(group).map(|group| group.members.clone()).unwrap_or_default();
        if before != wanted {
            self.change(GroupChange::Ordered { id: group, before, after: wanted });
        }
    }

    fn members(&self, wanted: &[SubjectRef]) -> Result<Vec<PrincipalId>, Refusal> {
        let mut seen = std::collections::HashSet::new();
        let mut members = Vec::with_capacity(wanted.len());
        for (index, user) in wanted.iter().enumerate() {
            let (id, _) = resolve::user(&self.org, user, &format!("members[{index}]"))?;
            if seen.insert(id) {
                members.push(id);
            }
        }
        Ok(members)
    }

    fn delete_group(&mut self, target: &Ref) -> Result<(), Refusal> {
        let id = resolve::group(&self.org, target, "group").map_err(Refusal::of_target)?;
        if let Some((subject, profile)) = self.org.group(id).map(|group| (group.subject, group.profile())) {
            self.change(GroupChange::Deleted { id, subject, profile });
        }
        Ok(())
    }
}

/// A group's name: not like an opaque id, or a look-up could find another group.
fn parse_group_name(raw: &str) -> Result<Text, Refusal> {
    let name = parse_name(raw, "name")?;
    if name.starts_with(GroupSubject::PREFIX) {
        return Err(Refusal::invalid("name", "a group's name must not begin with \"grp_\", which only opaque ids do"));
    }
    Ok(name)
}

fn sso_names(wanted: &[String]) -> Result<Vec<Text>, Refusal> {
    if wanted.len() > MOST_SSO_NAMES {
        let message = format!("a group has at most {MOST_SSO_NAMES} SSO names; these are {}", wanted.len());
        return Err(Refusal::new(Kind::TooMany, "sso_names", message));
    }
    let mut names = Vec::new();
    for (index, raw) in wanted.iter().enumerate() {
        let name = parse_text(raw, &format!("sso_names[{index}]"), LONGEST_IDENTIFIER)?;
        if name.is_empty() {
            return Err(Refusal::invalid(format!("sso_names[{index}]"), "an SSO name must not be empty"));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

impl Org {
    pub(crate) fn apply_group(&mut self, change: &GroupChange, stamp: &Stamp, touched: &mut Touched) {
        let folded = self.folds_names();
        let id = match change {
            GroupChange::Created { id, subject, profile } => {
                let GroupProfile { name, description, sso_names, attributes, scim } = profile.clone();
                let (members, assignments) = (Vec::new(), Vec::new());
                let group = Group {
                    id: *id,
                    subject: *subject,
                    name,
                    description,
                    sso_names,
                    members,
                    assignments,
                    attributes,
                    scim,
                };
                self.file_group_subject(*subject, *id);
                self.groups.put(group, stamp.revision, folded);
                *id
            }
            GroupChange::Changed { id, after, .. } => {
                if let Some(mut group) = self.group(*id).map(|row| row.value.clone()) {
                    group.name.clone_from(&after.name);
                    group.description.clone_from(&after.description);
                    group.sso_names.clone_from(&after.sso_names);
                    group.attributes = after.attributes.clone();
                    group.scim.clone_from(&after.scim);
                    self.groups.put(group, stamp.revision, folded);
                }
                *id
            }
            GroupChange::Ordered { id, after, .. } => {
                self.groups.change(id.number(), stamp.revision, |group| group.members.clone_from(after));
                *id
            }
            GroupChange::Deleted { id, subject, .. } => {
                self.delete_group(*id, *subject, stamp, touched);
                *id
            }
        };
        touched.groups.push(id);
    }

    fn delete_group(&mut self, id: GroupId, subject: GroupSubject, stamp: &Stamp, touched: &mut Touched) {
        let Some(group) = self.group(id).map(|row| row.value.clone()) else { return };
        for member in &group.members {
            if let Some(principal) = self.principal_mut(*member, stamp.revision) {
                principal.memberships.retain(|m| m.group != id);
            }
            touched.principals.push(*member);
        }
        self.forget_holder(Holder::Group(id), &group.assignments);
        self.forget_group_subject(subject, id);
        self.groups.remove(id.number(), self.folds_names());
    }
}
