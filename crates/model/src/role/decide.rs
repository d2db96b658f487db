//! The rules of roles.

use super::{Bindable, MOST_PERMITS, NewRole, Permit, PermitRef, Role, RoleChange, RoleCommand, RolePatch};
use crate::action::Level;
use crate::assignment::{Grant, Granted};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{RoleId, SlotId};
use crate::name::{LONGEST_TEXT, parse_name, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::{Kind, Refusal};
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_role(&mut self, command: RoleCommand) -> Result<(), Refusal> {
        match command {
            RoleCommand::Create(new) => self.create_role(new),
            RoleCommand::Change(target, patch) => self.change_role(&target, patch),
            RoleCommand::Permit(target, permits) => self.permit(&target, &permits),
            RoleCommand::Withdraw(target, permits) => self.withdraw(&target, &permits),
            RoleCommand::Delete(target) => self.delete_role(&target),
        }
    }

    fn create_role(&mut self, new: NewRole) -> Result<(), Refusal> {
        let name = parse_name(&new.name, "name")?;
        resolve::free_name(&self.org, &self.org.roles, &name, "role", None)?;
        let slot = slot(&self.org, new.slot.as_deref())?;
        let usual = if slot.is_some() { Bindable::Organization } else { Bindable::Anywhere };
        let role = Role {
            id: RoleId::at(self.org.roles.next_number(1)),
            name,
            description: parse_text(&new.description, "description", LONGEST_TEXT)?,
            bindable: new.bindable.unwrap_or(usual),
            slot,
            permits: permits(&self.org, &new.permits)?,
            predefined: false,
            attributes: new.attributes.into(),
        };
        require_sound(&self.org, &role)?;
        self.change(RoleChange::Created(role));
        Ok(())
    }

    fn change_role(&mut self, target: &Ref, patch: RolePatch) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        if let Some(name) = patch.name {
            after.name = parse_name(&name, "name")?;
            resolve::free_name(&self.org, &self.org.roles, &after.name, "role", Some(after.id.number()))?;
        }
        if let Some(description) = patch.description {
            after.description = parse_text(&description, "description", LONGEST_TEXT)?;
        }
        if let Some(wanted) = patch.permits {
            after.permits = permits(&self.org, &wanted)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        self.replace_role(before, after)
    }

    fn permit(&mut self, target: &Ref, more: &[PermitRef]) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        for permit in permits(&self.org, more)? {
            if !after.permits.contains(&permit) {
                after.permits.push(permit);
            }
        }
        self.replace_role(before, after)
    }

    fn withdraw(&mut self, target: &Ref, fewer: &[PermitRef]) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let gone = permits(&self.org, fewer)?;
        let mut after = before.clone();
        after.permits.retain(|permit| !gone.contains(permit));
        self.replace_role(before, after)
    }

    fn replace_role(&mut self, before: Role, after: Role) -> Result<(), Refusal> {
        if before != after {
            require_sound(&self.org, &after)?;
            self.change(RoleChange::Changed { before, after });
        }
        Ok(())
    }

    fn delete_role(&mut self, target: &Ref) -> Result<(), Refusal> {
        let role = own(&self.org, target)?;
        require_unused(&self.org, &role)?;
        self.change(RoleChange::Deleted(role));
        Ok(())
    }
}

fn slot(org: &Org, name: Option<&str>) -> Result<Option<SlotId>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    if let Some(slot) = org.slots.named(name, org.folds_names()) {
        return Ok(Some(slot.id));
    }
    let known = org.slots.iter().map(|slot| slot.name.as_str());
    Err(Refusal::unknown("slot", "slot", name, crate::name::nearest(name, known)))
}

fn own(org: &Org, target: &Ref) -> Result<Role, Refusal> {
    let id = resolve::role(org, target, "role").map_err(Refusal::of_target)?;
    match org.role(id) {
        Some(role) if role.predefined => Err(Refusal::predefined("role", &role.name)),
        Some(role) => Ok(role.value.clone()),
        None => Err(Refusal::new(Kind::Unknown, "role", "no such role").of_target()),
    }
}

fn permits(org: &Org, wanted: &[PermitRef]) -> Result<Vec<Permit>, Refusal> {
    if wanted.len() > MOST_PERMITS {
        let message = format!("a role has at most {MOST_PERMITS} permits; these are {}", wanted.len());
        return Err(Refusal::new(Kind::TooMany, "permits", message));
    }
    let mut seen = std::collections::HashSet::new();
    let mut permits = Vec::with_capacity(wanted.len());
    for (index, permit) in wanted.iter().enumerate() {
        let field = format!("permits[{index}]");
        let action = resolve::action(org, &permit.action, &format!("{field}.action"))?;
        let permit = Permit { action, scope: resolve::scope(org, &permit.scope, &field)? };
        if seen.insert(permit) {
            permits.push(permit);
        }
    }
    Ok(permits)
}

/// A role for projects holds no organization-level action and no permit narrowed to a project; a
/// role of a slot is for the organization.
fn require_sound(org: &Org, role: &Role) -> Result<(), Refusal> {
    if role.permits.len() > MOST_PERMITS {
        let message =
            format!("a role has at most {MOST_PERMITS} permits; with these it would have {}", role.permits.len());
        return Err(Refusal::new(Kind::TooMany, "permits", message));
    }
    if role.slot.is_some() && role.bindable != Bindable::Organization {
        return Err(Refusal::invalid(
            "bindable",
            "a role of a slot is held at the organization; leave \"bindable\" out",
        ));
    }
    if role.bindable != Bindable::Project {
        return Ok(());
    }
    for (index, permit) in role.permits.iter().enumerate() {
        let action = org.action(permit.action);
        if let Some(action) = action.filter(|action| action.level == Level::Organization) {
            let message =
                format!("\"{}\" is an action of the organization and cannot stand in a role for projects", action.name);
            return Err(Refusal::invalid(format!("permits[{index}].action"), message));
        }
        if permit.scope.project.is_some() {
            let message = "a role for projects counts where it is bound; leave the project out of its permits";
            return Err(Refusal::invalid(format!("permits[{index}].project"), message));
        }
    }
    Ok(())
}

fn require_unused(org: &Org, role: &Role) -> Result<(), Refusal> {
    let bound = org.policies_binding(role.id).filter_map(|policy| org.policy(policy));
    let mut uses: Vec<String> = bound.map(|policy| format!("policy \"{}\"", policy.name)).collect();
    let policies = uses.len();
    let holders = org.holder_count(Granted::Role(role.id));
    let named = org.holders_of(Granted::Role(role.id)).take(20);
    uses.extend(named.map(|holder| org.holder_words(holder)));
    if policies == 0 && holders == 0 {
        let uses = org.default_uses(|grant| matches!(grant, Grant::Role(binding) if binding.role == role.id));
        let Some(first) = uses.first() else { return Ok(()) };
        let message =
            format!("the role \"{}\" is given to new users by {first}; take it out of its defaults first", role.name);
        return Err(Refusal::new(Kind::InUse, "", message).with_details(uses));
    }
    let by = match (policies, holders) {
        (1, 0) => format!("is bound by {}", uses[0]),
        (_, 0) => format!("is bound by {policies} policies, {} among them", uses[0]),
        (0, 1) => format!("is held by {}", uses[0]),
        (0, _) => format!("is held by {holders} subjects, {} among them", uses[0]),
        _ => format!("is bound by {policies} policies and held by {holders} subjects, {} among them", uses[0]),
    };
    let message = format!("the role \"{}\" {by}; take it away there first", role.name);
    Err(Refusal::new(Kind::InUse, "", message).with_details(uses))
}

impl Org {
    pub(crate) fn apply_role(&mut self, change: &RoleChange, stamp: &Stamp, touched: &mut Touched) {
        let id = match change {
            RoleChange::Created(role) | RoleChange::Changed { after: role, .. } => {
                self.put_role(role.clone(), stamp.revision);
                role.id
            }
            RoleChange::Deleted(role) => {
                self.remove_role(role.id);
                role.id
            }
        };
        touched.roles.push(id);
    }
}
