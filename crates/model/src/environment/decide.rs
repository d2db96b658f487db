//! The rules of environments.

use super::{Environment, EnvironmentChange, EnvironmentCommand, EnvironmentPatch, MOST_ENVIRONMENTS, NewEnvironment};
use crate::assignment::{Assignment, Grant};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{EnvironmentId, Holder};
use crate::name::{LONGEST_TITLE, parse_name, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::{Kind, Refusal};
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_environment(&mut self, command: EnvironmentCommand) -> Result<(), Refusal> {
        match command {
            EnvironmentCommand::Create(new) => self.create_environment(new),
            EnvironmentCommand::Change(target, patch) => self.change_environment(&target, patch),
            EnvironmentCommand::Order(order) => self.order_environments(&order),
            EnvironmentCommand::Delete(target) => self.delete_environment(&target),
        }
    }

    fn create_environment(&mut self, new: NewEnvironment) -> Result<(), Refusal> {
        if self.org.environments.len() >= MOST_ENVIRONMENTS {
            let message = format!("an organization has at most {MOST_ENVIRONMENTS} environments");
            return Err(Refusal::new(Kind::TooMany, "", message));
        }
        let name = parse_name(&new.name, "name")?;
        resolve::free_name(&self.org, &self.org.environments, &name, "environment", None)?;
        let title = parse_text(&new.title, "title", LONGEST_TITLE)?;
        self.change(EnvironmentChange::Created(Environment {
            id: EnvironmentId::at(self.org.environments.next_number(1)),
            title: if title.is_empty() { name.clone() } else { title },
            name,
            protected: false,
            attributes: new.attributes.into(),
        }));
        Ok(())
    }

    fn change_environment(&mut self, target: &Ref, patch: EnvironmentPatch) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        if let Some(title) = patch.title {
            after.title = parse_text(&title, "title", LONGEST_TITLE)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        if before != after {
            self.change(EnvironmentChange::Changed { before, after });
        }
        Ok(())
    }

    fn order_environments(&mut self, order: &[Ref]) -> Result<(), Refusal> {
        let mut after = Vec::with_capacity(order.len());
        for (index, name) in order.iter().enumerate() {
            let field = format!("order[{index}]");
            let id = resolve::environment(&self.org, name, &field)?;
            if after.contains(&id) {
                return Err(Refusal::invalid(field, format!("the environment \"{name}\" stands twice in the order")));
            }
            after.push(id);
        }
        let before = self.org.environment_order().to_vec();
        if let Some(missing) = before.iter().find(|id| !after.contains(id)).and_then(|id| self.org.environment(*id)) {
            let message = format!("the order must name every environment; \"{}\" is missing", missing.name);
            return Err(Refusal::invalid("order", message));
        }
        if before != after {
            self.change(EnvironmentChange::Ordered { before, after });
        }
        Ok(())
    }

    fn delete_environment(&mut self, target: &Ref) -> Result<(), Refusal> {
        let environment = own(&self.org, target)?;
        if environment.protected {
            return Err(Refusal::predefined("environment", &environment.name));
        }
        let uses = uses(&self.org, environment.id);
        if let Some(first) = uses.first() {
            let message = format!(
                "the environment \"{}\" is named in {} places, {first} among them; take it out there first",
                environment.name,
                uses.len(),
            );
            return Err(Refusal::new(Kind::InUse, "", message).with_details(uses));
        }
        self.change(EnvironmentChange::Deleted(environment));
        Ok(())
    }
}

fn own(org: &Org, target: &Ref) -> Result<Environment, Refusal> {
    let id = resolve::environment(org, target, "environment").map_err(Refusal::of_target)?;
    let found = org.environment(id).map(|row| row.value.clone());
    found.ok_or_else(|| Refusal::new(Kind::Unknown, "environment", "no such environment").of_target())
}

fn uses(org: &Org, environment: EnvironmentId) -> Vec<String> {
    let at = Some(environment);
    let roles = org.roles.iter().filter(|r| r.permits.iter().any(|p| p.scope.environment == at));
    let policies = org.policies.iter().filter(|p| p.bindings.iter().any(|b| b.scope.environment == at));
    let there = |a: &Assignment| matches!(a.grant, Grant::Role(b) if b.scope.environment == at);
    let groups = org.groups.iter().filter(|g| g.assignments.iter().any(there));
    let principals = org.principals().filter(|(_, p)| p.assignments.iter().any(there));
    let everyone = org.everyone().iter().filter(|a| there(a)).map(|_| "what everyone has".to_owned());
    let tokens = org.tokens.iter().filter(|t| t.scope.environment == at);
    roles
        .map(|role| format!("role \"{}\"", role.name))
        .chain(policies.map(|policy| format!("policy \"{}\"", policy.name)))
        .chain(groups.map(|group| format!("an assignment of group \"{}\"", group.name)))
        .chain(principals.map(|(id, _)| format!("an assignment of {}", org.holder_words(Holder::Principal(id)))))
        .chain(everyone)
        .chain(tokens.map(|token| format!("token \"{}\"", token.key)))
        .chain(org.default_uses(|grant| matches!(grant, Grant::Role(binding) if binding.scope.environment == at)))
        .collect()
}

impl Org {
    pub(crate) fn apply_environment(&mut self, change: &EnvironmentChange, stamp: &Stamp, touched: &mut Touched) {
        let folded = self.folds_names();
        touched.environments = true;
        match change {
            EnvironmentChange::Created(environment) => {
                self.environments.put(environment.clone(), stamp.revision, folded);
                self.environment_order.push(environment.id);
            }
            EnvironmentChange::Changed { after, .. } => {
                self.environments.put(after.clone(), stamp.revision, folded);
            }
            EnvironmentChange::Ordered { after, .. } => self.environment_order.clone_from(after),
            EnvironmentChange::Deleted(environment) => {
                self.environments.remove(environment.id.number(), folded);
                self.environment_order.retain(|id| *id != environment.id);
            }
        }
    }
}
