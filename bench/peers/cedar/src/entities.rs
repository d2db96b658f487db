//! The organization as entities.

use crate::policies::attribute;
use crate::{Kinds, uid};
use bench_common::{Binding, Role, World};
use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use std::collections::{HashMap, HashSet};

type Attributes = HashMap<String, RestrictedExpression>;

/// All entities with their parents.
pub(crate) fn of(world: &World, kinds: &Kinds) -> anyhow::Result<Entities> {
    let mut made = Made { world, kinds, all: Vec::new(), held: HashSet::new() };
    made.holders();
    made.places()?;
    let Made { mut all, held, .. } = made;
    all.extend(world.actions.iter().map(|action| plain(uid(&kinds.action, action), HashSet::new())));
    all.extend(held.into_iter().map(|role_at| plain(role_at, HashSet::new())));
    Ok(Entities::from_entities(all, None)?)
}

struct Made<'a> {
    world: &'a World,
    kinds: &'a Kinds,
    all: Vec<Entity>,
    /// Roles at scopes that somebody holds.
    held: HashSet<EntityUid>,
}

impl Made<'_> {
    fn holders(&mut self) {
        let (world, kinds) = (self.world, self.kinds);
        for (number, bindings) in world.policies.iter().enumerate() {
            let parents = self.parents(bindings);
            self.all.push(plain(uid(&kinds.bundle, &format!("pol-{number}")), parents));
        }
        for (number, bindings) in world.groups.iter().enumerate() {
            let parents = self.parents(bindings);
            self.all.push(plain(uid(&kinds.group, &format!("g-{number}")), parents));
        }
        for (name, _, subject) in world.subjects() {
            let kind = if name.starts_with('u') { &kinds.user } else { &kinds.application };
            let mut parents = self.parents(&subject.grants);
            parents.extend(subject.groups.iter().map(|group| uid(&kinds.group, &format!("g-{group}"))));
            parents.extend(subject.policies.iter().map(|policy| uid(&kinds.bundle, &format!("pol-{policy}"))));
            self.all.push(plain(uid(kind, &name), parents));
        }
    }

    fn parents(&mut self, bindings: &[Binding]) -> HashSet<EntityUid> {
        let parents = bindings.iter().map(|binding| {
            let held = role_at(self.kinds, self.world.role(*binding), &self.world.scope(*binding));
            self.held.insert(held.clone());
            held
        });
        parents.collect()
    }

    fn places(&mut self) -> anyhow::Result<()> {
        for environment in &self.world.environments {
            let attributes = self.reached_by(environment);
            self.all.push(Entity::new(uid(&self.kinds.environment, environment), attributes, HashSet::new())?);
        }
        for number in 0..self.world.projects {
            let project = format!("p-{number}");
            let attributes = self.reached_by(&project);
            self.all.push(Entity::new(uid(&self.kinds.project, &project), attributes, HashSet::new())?);
            for environment in &self.world.environments {
                self.target(&project, environment)?;
            }
        }
        Ok(())
    }

    fn target(&mut self, project: &str, environment: &str) -> anyhow::Result<()> {
        let name = format!("{project}/{environment}");
        let mut attributes = self.reached_by(&name);
        let mut refer = |name: &str, to| attributes.insert(name.to_owned(), RestrictedExpression::new_entity_uid(to));
        refer("project", uid(&self.kinds.project, project));
        refer("environment", uid(&self.kinds.environment, environment));
        self.all.push(Entity::new(uid(&self.kinds.target, &name), attributes, HashSet::new())?);
        Ok(())
    }

    /// Role by role, who has it here.
    fn reached_by(&self, scope: &str) -> Attributes {
        let roles = self.world.roles.iter().filter(|role| !role.is_wide);
        let named =
            roles.map(|role| (attribute(role), RestrictedExpression::new_entity_uid(role_at(self.kinds, role, scope))));
        named.collect()
    }
}

fn plain(uid: EntityUid, parents: HashSet<EntityUid>) -> Entity {
    Entity::new_no_attrs(uid, parents)
}

fn role_at(kinds: &Kinds, role: &Role, scope: &str) -> EntityUid {
    uid(&kinds.role_at, &format!("{}@{scope}", role.name))
}
