//! Making an organization out of its catalog. The catalog was checked before it was logged, so a
//! name that leads nowhere is passed over here, never an error.

use super::{Catalog, CatalogBinding, CatalogPermit};
use crate::action::Action;
use crate::assignment::{Assignment, Grant};
use crate::environment::Environment;
use crate::id::{ActionId, EnvironmentId, OrganizationId, PolicyId, ProjectId, ResourceTypeId, RoleId, SlotId};
use crate::name::Text;
use crate::operation;
use crate::organization::{Org, Revision, Settings, SignInRules, Stamp};
use crate::policy::{Binding, Policy};
use crate::project::Project;
use crate::provenance::{Source, Terms};
use crate::resource_type::{ResourceType, Stands};
use crate::role::{Permit, Role};
use crate::scope::Scope;
use crate::slot::Slot;
use std::sync::Arc;

/// Fills an empty organization.
pub(crate) fn found(org: &mut Org, id: OrganizationId, name: &Text, title: &Text, catalog: &Catalog, stamp: &Stamp) {
    org.settings = Some(Arc::new(Settings {
        id,
        name: name.clone(),
        title: title.clone(),
        catalog: catalog.name.clone(),
        names: catalog.names,
        projects: catalog.projects,
        creator: Vec::new(),
        sign_in: SignInRules::default(),
    }));
    let made = Making { revision: stamp.revision, folded: org.folds_names() };
    made.places(org, catalog);
    made.actions(org, catalog);
    made.roles(org, catalog);
    made.policies(org, catalog);
    made.resource_types(org, catalog);
    let creator = catalog.creator.iter().filter_map(|name| Some(org.role_named(name)?.id)).collect();
    if let Some(settings) = &mut org.settings {
        Arc::make_mut(settings).creator = creator;
    }
    let everyone: Vec<Binding> = catalog.everyone.iter().filter_map(|b| binding(org, b)).collect();
    let provenance = org.intern(&Terms::of(Source::Catalog), stamp);
    org.everyone = everyone.into_iter().map(|b| Assignment { grant: Grant::Role(b), provenance }).collect();
}

struct Making {
    revision: Revision,
    folded: bool,
}

impl Making {
    fn places(&self, org: &mut Org, catalog: &Catalog) {
        for environment in &catalog.environments {
            let id = EnvironmentId::at(org.environments.next_number(1));
            let title = or_name(&environment.title, &environment.name);
            let (name, protected) = (environment.name.clone(), environment.protected);
            let attributes = environment.attributes.clone();
            org.environments.put(Environment { id, name, title, protected, attributes }, self.revision, self.folded);
            org.environment_order.push(id);
        }
        for project in &catalog.initial_projects {
            let made = Project {
                id: ProjectId::at(org.projects.next_number(1)),
                name: project.name.clone(),
                title: or_name(&project.title, &project.name),
                description: project.description.clone(),
                archived: false,
                named_only: false,
                protected: project.protected,
                attributes: project.attributes.clone(),
            };
            org.projects.put(made, self.revision, self.folded);
        }
    }

    fn actions(&self, org: &mut Org, catalog: &Catalog) {
        for action in operation::records() {
            org.actions.put(action, self.revision, self.folded);
        }
        for action in &catalog.actions {
            let next = org.actions.next_number(operation::FIRST_FREE_NUMBER);
            let made = Action {
                id: ActionId::at(action.number.unwrap_or(next)),
                name: action.name.clone(),
                level: action.level,
                title: or_name(&action.title, &action.name),
                description: action.description.clone(),
                category: action.category.clone(),
                includes: Vec::new(),
                predefined: true,
                attributes: action.attributes.clone(),
            };
            org.actions.put(made, self.revision, self.folded);
        }
        // An action may include one that comes after it.
        for action in &catalog.actions {
            let includes = action.includes.iter().filter_map(|name| Some(org.action_named(name)?.id)).collect();
            if let Some(number) = org.action_named(&action.name).map(|made| made.id.number()) {
                org.actions.change(number, self.revision, |made| made.includes = includes);
            }
        }
    }

    fn roles(&self, org: &mut Org, catalog: &Catalog) {
        for role in &catalog.roles {
            let made = Role {
                id: RoleId::at(role.number.unwrap_or(org.roles.next_number(1))),
                name: role.name.clone(),
                description: role.description.clone(),
                bindable: role.bindable,
                slot: None,
                permits: role.permits.iter().filter_map(|p| permit(org, p)).collect(),
                predefined: true,
                attributes: role.attributes.clone(),
            };
            org.roles.put(made, self.revision, self.folded);
        }
        for slot in &catalog.slots {
            let Some(default) = org.role_named(&slot.default).map(|role| role.id) else { continue };
            let id = SlotId::at(org.slots.next_number(1));
            org.slots.put(Slot { id, name: slot.name.clone(), default }, self.revision, self.folded);
        }
        for role in &catalog.roles {
            let slot = role.slot.as_ref().and_then(|name| org.slots.named(name, self.folded));
            let slot = slot.map(|slot| slot.id);
            if let Some(number) = org.role_named(&role.name).map(|made| made.id.number()) {
                org.roles.change(number, self.revision, |made| made.slot = slot);
            }
        }
    }

    fn policies(&self, org: &mut Org, catalog: &Catalog) {
        for policy in &catalog.policies {
            let made = Policy {
                id: PolicyId::at(policy.number.unwrap_or(org.policies.next_number(1))),
                name: policy.name.clone(),
                description: policy.description.clone(),
                bindings: policy.bindings.iter().filter_map(|b| binding(org, b)).collect(),
                predefined: true,
                attributes: policy.attributes.clone(),
            };
            org.policies.put(made, self.revision, self.folded);
        }
    }

    fn resource_types(&self, org: &mut Org, catalog: &Catalog) {
        let always = [
            ("project", Stands::ForProject),
            ("environment", Stands::ForEnvironment),
            ("organization", Stands::ForOrganization),
        ];
        let always = always.map(|(name, stands)| (Text::const_new(name), stands, None));
        let own = catalog.resource_types.iter().map(|kind| {
            let actions = kind
                .actions
                .as_ref()
                .map(|names| names.iter().filter_map(|name| Some(org.action_named(name)?.id)).collect());
            (kind.name.clone(), kind.stands, actions)
        });
        let kinds: Vec<_> = always.into_iter().chain(own).collect();
        for (name, stands, actions) in kinds {
            let id = ResourceTypeId::at(org.resource_types.next_number(1));
            let kind = ResourceType { id, name, stands, actions, predefined: true };
            org.resource_types.put(kind, self.revision, self.folded);
        }
    }
}

fn or_name(title: &Text, name: &Text) -> Text {
    if title.is_empty() { name.clone() } else { title.clone() }
}

fn permit(org: &Org, permit: &CatalogPermit) -> Option<Permit> {
    let action = org.action_named(&permit.action)?.id;
    Some(Permit { action, scope: scope(org, permit.project.as_ref(), permit.environment.as_ref())? })
}

fn binding(org: &Org, binding: &CatalogBinding) -> Option<Binding> {
    let role = org.role_named(&binding.role)?.id;
    Some(Binding { role, scope: scope(org, binding.project.as_ref(), binding.environment.as_ref())? })
}

fn scope(org: &Org, project: Option<&Text>, environment: Option<&Text>) -> Option<Scope> {
    let project = match project {
        Some(name) => Some(org.project_named(name)?.id),
        None => None,
    };
    let environment = match environment {
        Some(name) => Some(org.environment_named(name)?.id),
        None => None,
    };
    Some(Scope { project, environment })
}
