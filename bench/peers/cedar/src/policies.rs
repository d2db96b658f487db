//! One policy set for each action.

use bench_common::world::EVERYWHERE;
use bench_common::{Role, World};
use cedar_policy::PolicySet;
use std::fmt::Write;

/// What permits an action: a policy for each role with it.
pub(crate) fn of(world: &World, action: u8) -> anyhow::Result<PolicySet> {
    let mut text = String::new();
    for role in &world.roles {
        for (_, bits) in role.permissions.iter().filter(|(permitted, _)| *permitted == action) {
            write!(text, "{}", policy(world, role, action, *bits))?;
        }
    }
    Ok(text.parse()?)
}

/// The attribute by which a place names a role's `RoleAt`.
pub(crate) fn attribute(role: &Role) -> String {
    role.name.replace('-', "_")
}

fn policy(world: &World, role: &Role, action: u8, bits: u8) -> String {
    let action = world.action(action);
    let only = only(world, bits);
    if role.is_wide {
        let name = &role.name;
        return format!(
            "permit(principal in RoleAt::\"{name}@org\", action == Action::\"{action}\", resource){only};\n"
        );
    }
    let held = attribute(role);
    let places = ["resource", "resource.project", "resource.environment"];
    let held = places.map(|place| format!("principal in {place}.{held}")).join(" || ");
    format!("permit(principal, action == Action::\"{action}\", resource){only}\nwhen {{ {held} }};\n")
}

fn only(world: &World, bits: u8) -> String {
    if bits == EVERYWHERE {
        return String::new();
    }
    let names = world.environments_of(bits).into_iter().map(|name| format!("Environment::\"{name}\""));
    format!("\nwhen {{ [{}].contains(resource.environment) }}", names.collect::<Vec<_>>().join(", "))
}
