//! The organization as one document: objects, so that everything is looked up and nothing is searched.

use bench_common::{Binding, Role, World};
use regorus::Value;
use std::collections::BTreeMap;

/// An object of named values.
pub(crate) fn object<K: Into<Value>>(fields: impl IntoIterator<Item = (K, Value)>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
    Value::from(fields.collect::<BTreeMap<Value, Value>>())
}

/// Roles, groups, policies and subjects.
pub(crate) fn of(world: &World) -> Value {
    let names: Vec<Value> = world.roles.iter().map(|role| role.name.as_str().into()).collect();
    let bundles = |prefix: &str, list: &[Vec<Binding>]| {
        let numbered = list.iter().enumerate();
        object(numbered.map(|(number, bindings)| (format!("{prefix}{number}"), by_scope(world, &names, bindings))))
    };
    let subjects = world.subjects().map(|(name, _, subject)| {
        let held = object([
            ("grants", by_scope(world, &names, &subject.grants)),
            ("groups", names_of("g-", &subject.groups)),
            ("policies", names_of("pol-", &subject.policies)),
        ]);
        (name, held)
    });
    object([
        ("subjects", object(subjects)),
        ("roles", object(world.roles.iter().map(|role| (role.name.as_str(), permissions(world, role))))),
        ("groups", bundles("g-", &world.groups)),
        ("policies", bundles("pol-", &world.policies)),
    ])
}

fn permissions(world: &World, role: &Role) -> Value {
    object(role.permissions.iter().map(|(action, bits)| {
        let environments = world.environments_of(*bits).into_iter().map(|name| (name, Value::from(true)));
        (world.action(*action), object(environments))
    }))
}

/// Scope by scope, the roles that are held there.
fn by_scope(world: &World, names: &[Value], bindings: &[Binding]) -> Value {
    let mut scopes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for binding in bindings {
        scopes.entry(world.scope(*binding)).or_default().push(names[usize::from(binding.role)].clone());
    }
    object(scopes.into_iter().map(|(scope, roles)| (scope, Value::from(roles))))
}

fn names_of(prefix: &str, numbers: &[u32]) -> Value {
    Value::from(numbers.iter().map(|number| Value::from(format!("{prefix}{number}"))).collect::<Vec<_>>())
}
