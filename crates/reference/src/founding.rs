//! What a new organization has: all its catalog says, numbered in the order it says it.

use crate::name::Noun;
use crate::state::{Action, Binding, Given, Held, Permit, Span, State, Where};
use rolecall_model::catalog::{Catalog, CatalogBinding};
use rolecall_model::operation;
use rolecall_model::organization::NameRule;

impl State {
    /// Begins an organization with a catalog.
    pub(crate) fn found(&mut self, catalog: &Catalog) {
        self.folded = catalog.names == NameRule::Folded;
        for (number, environment) in (1..).zip(&catalog.environments) {
            self.environments.insert(number, environment.name.to_string());
        }
        for (number, project) in (1..).zip(&catalog.initial_projects) {
            self.projects.insert(number, project.name.to_string());
        }
        self.found_actions(catalog);
        self.found_roles(catalog);
        self.found_numbers();
        let always = Span { from: None, until: None };
        for binding in &catalog.everyone {
            let given = Given::Role(self.found_binding(binding, catalog));
            self.everyone.push(Held { given, span: always });
        }
    }

    fn found_numbers(&mut self) {
        let keys = |numbers: Vec<u32>, noun| numbers.into_iter().map(move |number| (noun, number));
        let given: Vec<(Noun, u32)> = keys(self.environments.keys().copied().collect(), Noun::Environment)
            .chain(keys(self.projects.keys().copied().collect(), Noun::Project))
            .chain(keys(self.actions.keys().copied().collect(), Noun::Action))
            .chain(keys(self.roles.keys().copied().collect(), Noun::Role))
            .chain(keys(self.policies.keys().copied().collect(), Noun::Policy))
            .collect();
        for (noun, number) in given {
            self.number(Some(noun), number);
        }
    }

    fn found_actions(&mut self, catalog: &Catalog) {
        let plain = |name: &str| Action { name: name.to_owned(), includes: Vec::new() };
        self.actions.insert(1000, plain("*"));
        for own in operation::own() {
            self.actions.insert(own.number(), plain(operation::name(own).unwrap_or_default()));
        }
        for action in &catalog.actions {
            let next = self.actions.keys().last().map_or(2000, |last| (last + 1).max(2000));
            self.actions.insert(action.number.unwrap_or(next), plain(&action.name));
        }
        for action in &catalog.actions {
            let includes = action.includes.iter().map(|name| self.action_named(name)).collect();
            let number = self.action_named(&action.name);
            if let Some(action) = self.actions.get_mut(&number) {
                action.includes = includes;
            }
        }
    }

    fn found_roles(&mut self, catalog: &Catalog) {
        for (index, role) in catalog.roles.iter().enumerate() {
            let mut permits = Vec::new();
            for permit in &role.permits {
                let action = self.action_named(&permit.action);
                let scope = self.place_named(permit.project.as_deref(), permit.environment.as_deref());
                permits.push(Permit { action, scope });
            }
            let number = number_of_role(catalog, index);
            self.roles.insert(number, permits);
            self.names.insert((Noun::Role, number), role.name.to_string());
            self.predefined.insert(number);
        }
        for slot in &catalog.slots {
            let default = catalog.roles.iter().position(|role| self.is_one(&role.name, &slot.default));
            self.slots.extend(default.map(|index| number_of_role(catalog, index)));
        }
        for (index, policy) in catalog.policies.iter().enumerate() {
            let bindings = policy.bindings.iter().map(|b| self.found_binding(b, catalog)).collect();
            self.policies.insert(number_of_policy(catalog, index), bindings);
            self.names.insert((Noun::Policy, number_of_policy(catalog, index)), policy.name.to_string());
        }
    }

    fn found_binding(&self, binding: &CatalogBinding, catalog: &Catalog) -> Binding {
        let index = catalog.roles.iter().position(|role| self.is_one(&role.name, &binding.role));
        let scope = self.place_named(binding.project.as_deref(), binding.environment.as_deref());
        Binding { role: index.map_or(0, |index| number_of_role(catalog, index)), scope }
    }

    fn place_named(&self, project: Option<&str>, environment: Option<&str>) -> Where {
        let project = project.map(|name| self.number_named(&self.projects, name).unwrap_or(0));
        let environment = environment.map(|name| self.number_named(&self.environments, name).unwrap_or(0));
        Where { project, environment }
    }

    fn action_named(&self, name: &str) -> u32 {
        let found = self.actions.iter().find(|(_, action)| self.is_one(&action.name, name));
        found.map_or(0, |(number, _)| *number)
    }
}

/// A number that is brought, or the one after the highest so far.
fn numbered(brought: impl Iterator<Item = Option<u32>>, wanted: usize) -> u32 {
    let (mut highest, mut number) = (0, 0);
    for brought in brought.take(wanted + 1) {
        number = brought.unwrap_or(highest + 1);
        highest = highest.max(number);
    }
    number
}

fn number_of_role(catalog: &Catalog, index: usize) -> u32 {
    numbered(catalog.roles.iter().map(|role| role.number), index)
}

fn number_of_policy(catalog: &Catalog, index: usize) -> u32 {
    numbered(catalog.policies.iter().map(|policy| policy.number), index)
}
