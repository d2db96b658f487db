//! What a catalog's roles, slots and policies must obey, and what it gives to everyone, to creators
//! and to the first administrator.

use super::Check;
use crate::action::Level;
use crate::catalog::{CatalogAdministrator, CatalogBinding, CatalogPermit, CatalogRole};
use crate::name::{LONGEST_TEXT, Text};
use crate::policy::MOST_BINDINGS;
use crate::refusal::shown;
use crate::role::{Bindable, MOST_PERMITS};
use std::collections::HashSet;

type Place = Option<Option<usize>>;

impl<'a> Check<'a> {
    pub(super) fn slots(&mut self) {
        let catalog = self.catalog;
        for (index, slot) in catalog.slots.iter().enumerate() {
            self.name(&format!("slots[{index}].name"), &slot.name);
            let path = format!("slots[{index}].default");
            if let Some(role) = self.role(&path, &slot.default)
                && role.slot.as_ref().and_then(|name| self.slots.find(name)) != Some(index)
            {
                let message = format!(
                    "the role \"{}\" is not of this slot; write \"slot: {}\" there or name another here",
                    shown(&role.name),
                    shown(&slot.name)
                );
                self.fault(path, message);
            }
        }
        self.unique("slots", "slot", catalog.slots.iter().map(|slot| &slot.name));
    }

    pub(super) fn roles(&mut self) {
        let catalog = self.catalog;
        for (index, role) in catalog.roles.iter().enumerate() {
            let path = format!("roles[{index}]");
            self.name(&format!("{path}.name"), &role.name);
            self.text(&format!("{path}.description"), &role.description, LONGEST_TEXT);
            self.role_slot(&path, role);
            self.permits(&path, role);
        }
        self.unique("roles", "role", catalog.roles.iter().map(|role| &role.name));
        let numbers: Vec<_> = catalog.roles.iter().map(|role| role.number).collect();
        let names: Vec<_> = catalog.roles.iter().map(|role| role.name.as_str()).collect();
        self.numbers("roles", &numbers, &names, 1);
    }

    fn role_slot(&mut self, path: &str, role: &CatalogRole) {
        let Some(slot) = &role.slot else { return };
        if self.slots.find(slot).is_none() {
            self.unknown(format!("{path}.slot"), "slot", slot, |check| &check.slots);
        }
        if role.bindable != Bindable::Organization {
            let message = "a role of a slot is held at the organization; write \"bindable: organization\"";
            self.fault(format!("{path}.bindable"), message);
        }
    }

    fn permits(&mut self, path: &str, role: &CatalogRole) {
        if role.permits.len() > MOST_PERMITS {
            let message = format!("a role has at most {MOST_PERMITS} permits; this one has {}", role.permits.len());
            self.fault(format!("{path}.permits"), message);
        }
        let mut seen = HashSet::new();
        for (index, permit) in role.permits.iter().enumerate() {
            let path = format!("{path}.permits[{index}]");
            self.permit(&path, role, permit);
            let scope = self.places(permit.project.as_ref(), permit.environment.as_ref());
            let action = self.actions.find(&permit.action);
            if action.is_some() && !seen.insert((action, scope)) {
                self.twice(path, &permit.action);
            }
        }
    }

    fn permit(&mut self, path: &str, role: &CatalogRole, permit: &CatalogPermit) {
        let Some(place) = self.actions.find(&permit.action) else {
            return self.unknown(format!("{path}.action"), "action", &permit.action, |check| &check.actions);
        };
        self.scope(path, permit.project.as_ref(), permit.environment.as_ref());
        if role.bindable != Bindable::Project {
            return;
        }
        if self.levels.get(place) == Some(&Level::Organization) {
            let message = format!(
                "\"{}\" is an action of the organization and cannot stand in a role for projects",
                shown(&permit.action)
            );
            self.fault(format!("{path}.action"), message);
        }
        if permit.project.is_some() {
            let message = "a role for projects counts where it is bound; leave the project out of its permits";
            self.fault(format!("{path}.project"), message);
        }
    }

    fn scope(&mut self, path: &str, project: Option<&Text>, environment: Option<&Text>) {
        if let Some(name) = project.filter(|name| self.projects.find(name).is_none()) {
            self.unknown(format!("{path}.project"), "project", name, |check| &check.projects);
        }
        if let Some(name) = environment.filter(|name| self.environments.find(name).is_none()) {
            self.unknown(format!("{path}.environment"), "environment", name, |check| &check.environments);
        }
    }

    pub(super) fn policies(&mut self) {
        let catalog = self.catalog;
        for (index, policy) in catalog.policies.iter().enumerate() {
            let path = format!("policies[{index}]");
            self.name(&format!("{path}.name"), &policy.name);
            self.text(&format!("{path}.description"), &policy.description, LONGEST_TEXT);
            if policy.bindings.len() > MOST_BINDINGS {
                let count = policy.bindings.len();
                let message = format!("a policy has at most {MOST_BINDINGS} bindings; this one has {count}");
                self.fault(format!("{path}.bindings"), message);
            }
            self.bindings(&format!("{path}.bindings"), &policy.bindings);
        }
        self.unique("policies", "policy", catalog.policies.iter().map(|policy| &policy.name));
        let numbers: Vec<_> = catalog.policies.iter().map(|policy| policy.number).collect();
        let names: Vec<_> = catalog.policies.iter().map(|policy| policy.name.as_str()).collect();
        self.numbers("policies", &numbers, &names, 1);
    }

    pub(super) fn everyone(&mut self) {
        let catalog = self.catalog;
        self.bindings("everyone", &catalog.everyone);
    }

    fn bindings(&mut self, list: &str, bindings: &[CatalogBinding]) {
        let mut seen = HashSet::new();
        for (index, binding) in bindings.iter().enumerate() {
            let path = format!("{list}[{index}]");
            let (project, environment) = (binding.project.as_ref(), binding.environment.as_ref());
            self.scope(&path, project, environment);
            let Some(role) = self.role(&format!("{path}.role"), &binding.role) else {
                continue;
            };
            self.fits(&path, role, binding);
            if !seen.insert((self.roles.find(&binding.role), self.places(project, environment))) {
                self.twice(format!("{path}.role"), &binding.role);
            }
        }
    }

    /// Which project and environment are meant: none for all, an inner none for an unknown one.
    fn places(&self, project: Option<&Text>, environment: Option<&Text>) -> (Place, Place) {
        (project.map(|name| self.projects.find(name)), environment.map(|name| self.environments.find(name)))
    }

    fn fits(&mut self, path: &str, role: &CatalogRole, binding: &CatalogBinding) {
        if role.slot.is_some() {
            let message = format!("the role \"{}\" belongs to a slot and is only given directly", shown(&role.name));
            self.fault(format!("{path}.role"), message);
        }
        match (role.bindable, &binding.project) {
            (Bindable::Organization, Some(_)) => {
                let message =
                    format!("the role \"{}\" is for the organization; leave the project out", shown(&role.name));
                self.fault(format!("{path}.project"), message);
            }
            (Bindable::Project, None) => {
                let message = format!("the role \"{}\" is for projects; name the project", shown(&role.name));
                self.fault(format!("{path}.role"), message);
            }
            _ => {}
        }
    }

    pub(super) fn creator(&mut self) {
        let catalog = self.catalog;
        let mut seen = Vec::new();
        for (index, name) in catalog.creator.iter().enumerate() {
            let path = format!("creator[{index}]");
            let Some(role) = self.role(&path, name) else {
                continue;
            };
            if role.bindable == Bindable::Organization {
                let message =
                    format!("the role \"{}\" is for the organization and cannot be given at a project", shown(name));
                self.fault(path, message);
            } else if seen.contains(&&role.name) {
                self.twice(path, name);
            }
            seen.push(&role.name);
        }
    }

    /// Requires that an organization starts with somebody who may do everything.
    pub(super) fn administrator(&mut self) {
        let catalog = self.catalog;
        match &catalog.administrator {
            None => {
                let message = "the key \"administrator\" is missing; say what the first administrator gets, \
                               such as \"administrator: {policy: Admin}\" or \"administrator: {role: Admin}\"";
                self.fault("", message);
            }
            Some(CatalogAdministrator::Role(name)) => {
                let path = "administrator.role";
                if let Some(role) = self.role(path, name)
                    && !self.holds_everything(role)
                {
                    self.too_little(path, "role", name);
                }
            }
            Some(CatalogAdministrator::Policy(name)) => {
                let path = "administrator.policy";
                let Some(place) = self.policies.find(name) else {
                    return self.unknown(path.to_owned(), "policy", name, |check| &check.policies);
                };
                let bindings = &catalog.policies[place].bindings;
                let everywhere = bindings.iter().filter(|b| b.project.is_none() && b.environment.is_none());
                let mut roles = everywhere.filter_map(|b| catalog.roles.get(self.roles.find(&b.role)?));
                if !roles.any(|role| self.holds_everything(role)) {
                    self.too_little(path, "policy", name);
                }
            }
        }
    }

    fn holds_everything(&self, role: &CatalogRole) -> bool {
        let mut everywhere = role.permits.iter().filter(|p| p.project.is_none() && p.environment.is_none());
        role.bindable != Bindable::Project && everywhere.any(|permit| self.includes_everything(&permit.action))
    }

    fn too_little(&mut self, path: &str, noun: &str, name: &str) {
        let message = format!(
            "the {noun} \"{}\" does not give \"*\" in the whole organization, so it makes no administrator",
            shown(name)
        );
        self.fault(path, message);
    }

    fn role(&mut self, path: &str, name: &str) -> Option<&'a CatalogRole> {
        let found = self.roles.find(name);
        if found.is_none() {
            self.unknown(path.to_owned(), "role", name, |check| &check.roles);
        }
        found.map(|place| &self.catalog.roles[place])
    }
}
