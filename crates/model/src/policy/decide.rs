//! The rules of policies.

use super::{Binding, BindingRef, MOST_BINDINGS, NewPolicy, Policy, PolicyChange, PolicyCommand, PolicyPatch};
use crate::assignment::Grant;
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::PolicyId;
use crate::name::{LONGEST_TEXT, parse_name, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::{Kind, Refusal};
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_policy(&mut self, command: PolicyCommand) -> Result<(), Refusal> {
        match command {
            PolicyCommand::Create(new) => self.create_policy(new),
            PolicyCommand::Change(target, patch) => self.change_policy(&target, patch),
            PolicyCommand::Bind(target, bindings) => self.bind(&target, &bindings),
            PolicyCommand::Unbind(target, bindings) => self.unbind(&target, &bindings),
            PolicyCommand::Delete(target) => self.delete_policy(&target),
        }
    }

    fn create_policy(&mut self, new: NewPolicy) -> Result<(), Refusal> {
        let name = parse_name(&new.name, "name")?;
        resolve::free_name(&self.org, &self.org.policies, &name, "policy", None)?;
        let policy = Policy {
            id: PolicyId::at(self.org.policies.next_number(1)),
            name,
            description: parse_text(&new.description, "description", LONGEST_TEXT)?,
            bindings: self.bindings(&new.bindings, &[])?,
            predefined: false,
            attributes: new.attributes.into(),
        };
        self.change(PolicyChange::Created(policy));
        Ok(())
    }

    fn change_policy(&mut self, target: &Ref, patch: PolicyPatch) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        if let Some(name) = patch.name {
            after.name = parse_name(&name, "name")?;
            resolve::free_name(&self.org, &self.org.policies, &after.name, "policy", Some(after.id.number()))?;
        }
        if let Some(description) = patch.description {
            after.description = parse_text(&description, "description", LONGEST_TEXT)?;
        }
        if let Some(wanted) = patch.bindings {
            after.bindings = self.bindings(&wanted, &before.bindings)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        self.replace_policy(before, after);
        Ok(())
    }

    fn bind(&mut self, target: &Ref, more: &[BindingRef]) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        for binding in self.bindings(more, &before.bindings)? {
            if !after.bindings.contains(&binding) {
                after.bindings.push(binding);
            }
        }
        if after.bindings.len() > MOST_BINDINGS {
            return Err(too_many(after.bindings.len()));
        }
        self.replace_policy(before, after);
        Ok(())
    }

    fn unbind(&mut self, target: &Ref, fewer: &[BindingRef]) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        for (index, binding) in fewer.iter().enumerate() {
            let field = format!("bindings[{index}]");
            let role = resolve::role(&self.org, &binding.role, &format!("{field}.role"))?;
            let gone = Binding { role, scope: resolve::scope(&self.org, &binding.scope, &field)? };
            after.bindings.retain(|binding| *binding != gone);
        }
        self.replace_policy(before, after);
        Ok(())
    }

    fn delete_policy(&mut self, target: &Ref) -> Result<(), Refusal> {
        let policy = own(&self.org, target)?;
        let uses = self.org.default_uses(|grant| *grant == Grant::Policy(policy.id));
        if let Some(first) = uses.first() {
            let message = format!(
                "the policy \"{}\" is given to new users by {first}; take it out of its defaults first",
                policy.name
            );
            return Err(Refusal::new(Kind::InUse, "", message).with_details(uses));
        }
        self.change(PolicyChange::Deleted(policy));
        Ok(())
    }

    fn replace_policy(&mut self, before: Policy, after: Policy) {
        if before != after {
            self.change(PolicyChange::Changed { before, after });
        }
    }

    /// Looks bindings up. Those in `kept` stay even where nothing new may be granted.
    fn bindings(&mut self, wanted: &[BindingRef], kept: &[Binding]) -> Result<Vec<Binding>, Refusal> {
        if wanted.len() > MOST_BINDINGS {
            return Err(too_many(wanted.len()));
        }
        let mut seen = std::collections::HashSet::new();
        let mut bindings = Vec::with_capacity(wanted.len());
        for (index, binding) in wanted.iter().enumerate() {
            let binding = self.binding(binding, kept, &format!("bindings[{index}]"))?;
            if seen.insert(binding) {
                bindings.push(binding);
            }
        }
        Ok(bindings)
    }

    fn binding(&mut self, wanted: &BindingRef, kept: &[Binding], field: &str) -> Result<Binding, Refusal> {
        let role = resolve::role(&self.org, &wanted.role, &format!("{field}.role"))?;
        if let Ok(scope) = resolve::scope(&self.org, &wanted.scope, field)
            && kept.contains(&Binding { role, scope })
        {
            return Ok(Binding { role, scope });
        }
        let scope = self.binding_scope(&wanted.scope, field)?;
        if let Some(role) = self.org.role(role) {
            resolve::fits(role, scope, field)?;
            if let Some(slot) = role.slot.and_then(|slot| self.org.slots.get(slot.number())) {
                let message = format!(
                    "the role \"{}\" belongs to the slot \"{}\" and is given directly, not by a policy",
                    role.name, slot.name
                );
                return Err(Refusal::invalid(format!("{field}.role"), message));
            }
        }
        Ok(Binding { role, scope })
    }
}

fn too_many(count: usize) -> Refusal {
    let message = format!(
        "a policy has at most {MOST_BINDINGS} bindings; this one would have {count}, so divide it into several"
    );
    Refusal::new(Kind::TooMany, "bindings", message)
}

fn own(org: &Org, target: &Ref) -> Result<Policy, Refusal> {
    let id = resolve::policy(org, target, "policy").map_err(Refusal::of_target)?;
    match org.policy(id) {
        Some(policy) if policy.predefined => Err(Refusal::predefined("policy", &policy.name)),
        Some(policy) => Ok(policy.value.clone()),
        None => Err(Refusal::new(Kind::Unknown, "policy", "no such policy").of_target()),
    }
}

impl Org {
    pub(crate) fn apply_policy(&mut self, change: &PolicyChange, stamp: &Stamp, touched: &mut Touched) {
        let id = match change {
            PolicyChange::Created(policy) | PolicyChange::Changed { after: policy, .. } => {
                self.put_policy(policy.clone(), stamp.revision);
                policy.id
            }
            PolicyChange::Deleted(policy) => {
                self.drop_policy_everywhere(policy.id, stamp, touched);
                self.remove_policy(policy.id);
                policy.id
            }
        };
        touched.policies.push(id);
    }
}
