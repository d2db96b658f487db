//! The rules of resource types.

use super::{ResourceType, ResourceTypeChange, ResourceTypeCommand};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{ActionId, ResourceTypeId};
use crate::name::parse_name;
use crate::organization::{Org, Stamp};
use crate::refusal::Refusal;
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_resource_type(&mut self, command: ResourceTypeCommand) -> Result<(), Refusal> {
        match command {
            ResourceTypeCommand::Create { name, stands, actions } => {
                let name = parse_name(&name, "name")?;
                resolve::free_name(&self.org, &self.org.resource_types, &name, "resource type", None)?;
                let actions = actions.map(|names| known(&self.org, &names)).transpose()?;
                let id = ResourceTypeId::at(self.org.resource_types.next_number(1));
                self.change(ResourceTypeChange::Created(ResourceType { id, name, stands, actions, predefined: false }));
            }
            ResourceTypeCommand::Change { target, stands, actions } => {
                let before = own(&self.org, &target)?;
                let mut after = before.clone();
                after.stands = stands.unwrap_or(after.stands);
                if let Some(names) = actions {
                    after.actions = names.map(|names| known(&self.org, &names)).transpose()?;
                }
                if before != after {
                    self.change(ResourceTypeChange::Changed { before, after });
                }
            }
            ResourceTypeCommand::Delete(target) => {
                let gone = own(&self.org, &target)?;
                self.change(ResourceTypeChange::Deleted(gone));
            }
        }
        Ok(())
    }
}

fn known(org: &Org, names: &[Ref]) -> Result<Vec<ActionId>, Refusal> {
    let mut actions = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let id = resolve::action(org, name, &format!("actions[{index}]"))?;
        if !actions.contains(&id) {
            actions.push(id);
        }
    }
    Ok(actions)
}

fn own(org: &Org, target: &Ref) -> Result<ResourceType, Refusal> {
    let found = match target {
        Ref::Name(name) => org.resource_types.named(name, org.folds_names()),
        Ref::Number(number) => org.resource_types.get(*number),
    };
    match found {
        Some(kind) if kind.predefined => Err(Refusal::predefined("resource type", &kind.name)),
        Some(kind) => Ok(kind.value.clone()),
        None => {
            let name = target.to_string();
            let known = org.resource_types.iter().map(|kind| kind.name.as_str());
            let nearest = crate::name::nearest(&name, known).map(str::to_owned);
            Err(Refusal::unknown("resource_type", "resource type", &name, nearest.as_deref()).of_target())
        }
    }
}

impl Org {
    pub(crate) fn apply_resource_type(&mut self, change: &ResourceTypeChange, stamp: &Stamp) {
        let folded = self.folds_names();
        match change {
            ResourceTypeChange::Created(kind) | ResourceTypeChange::Changed { after: kind, .. } => {
                self.resource_types.put(kind.clone(), stamp.revision, folded);
            }
            ResourceTypeChange::Deleted(kind) => self.resource_types.remove(kind.id.number(), folded),
        }
    }
}
