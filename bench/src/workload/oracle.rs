//! The expected verdict. Deliberately naive: it walks every binding of the subject and indexes nothing, so that it can
//! be wrong only where the rule is misunderstood.

use super::world::{Action, Binding, Environment, Permission, Subject, World};

/// A question without its subject.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) action: Action,
    pub(super) project: u32,
    pub(super) environment: Environment,
}

/// Whether a binding that reaches the subject covers the place and its role permits the action there.
pub(super) fn allowed(world: &World, subject: &Subject, asked: Asked) -> bool {
    world.bindings(subject).any(|binding| {
        covers(binding, asked)
            && world.roles[usize::from(binding.role)].permissions.iter().any(|permission| permits(permission, asked))
    })
}

fn covers(binding: &Binding, asked: Asked) -> bool {
    binding.project.is_none_or(|project| project == asked.project)
        && binding.environment.is_none_or(|environment| environment == asked.environment)
}

fn permits(permission: &Permission, asked: Asked) -> bool {
    permission.action == asked.action
        && permission.environments.as_ref().is_none_or(|only| only.contains(&asked.environment))
}
