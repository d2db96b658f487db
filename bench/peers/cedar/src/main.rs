//! Cedar, with the policy set sliced by action: one policy for each role that permits the action, so that no policy is
//! evaluated that cannot apply.
//!
//! A role held at a scope is an entity, `RoleAt::"prj-3@p-7"`. Users, groups and policies of the workload have what they
//! hold as parents. A project, a project's environment and an environment name in attributes, role by role, which
//! `RoleAt` reaches them.

mod entities;
mod policies;

use anyhow::bail;
use bench_common::{Arguments, Question, built, converse, question, read, timing};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request};
use serde_json::json;
use std::collections::HashMap;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let world = read::world(&arguments.directory, &arguments.size)?;
    let questions = question::read(&world, &arguments.directory, &arguments.size)?;
    let (cedar, build) = built(|| Cedar::of(&world));
    let cedar = cedar?;
    let questions: Vec<_> = questions.into_iter().map(|question| (question.clone(), question.allow)).collect();
    converse(&json!({ "build": build }), |variant| {
        if variant != "strings" {
            bail!("no variant named {variant}");
        }
        let timing = timing(arguments.budget, &questions, |question| cedar.check(question).unwrap_or(false));
        Ok(serde_json::to_value(timing)?)
    })
}

struct Cedar {
    kinds: Kinds,
    authorizer: Authorizer,
    entities: Entities,
    by_action: HashMap<String, PolicySet>,
}

impl Cedar {
    fn of(world: &bench_common::World) -> anyhow::Result<Cedar> {
        let kinds = Kinds::new()?;
        let entities = entities::of(world, &kinds)?;
        let actions = (0_u8..).zip(&world.actions);
        let by_action = actions.map(|(number, name)| Ok((name.clone(), policies::of(world, number)?)));
        let by_action = by_action.collect::<anyhow::Result<_>>()?;
        Ok(Cedar { kinds, authorizer: Authorizer::new(), entities, by_action })
    }

    fn check(&self, question: &Question) -> anyhow::Result<bool> {
        let kind = if question.kind == "user" { &self.kinds.user } else { &self.kinds.application };
        let target = format!("{}/{}", question.project, question.environment);
        let request = Request::new(
            uid(kind, &question.subject),
            uid(&self.kinds.action, &question.action),
            uid(&self.kinds.target, &target),
            Context::empty(),
            None,
        )?;
        let Some(policies) = self.by_action.get(&question.action) else {
            return Ok(false);
        };
        Ok(self.authorizer.is_authorized(&request, policies, &self.entities).decision() == Decision::Allow)
    }
}

/// The types of entities.
struct Kinds {
    user: EntityTypeName,
    application: EntityTypeName,
    group: EntityTypeName,
    bundle: EntityTypeName,
    role_at: EntityTypeName,
    project: EntityTypeName,
    environment: EntityTypeName,
    target: EntityTypeName,
    action: EntityTypeName,
}

impl Kinds {
    fn new() -> anyhow::Result<Kinds> {
        Ok(Kinds {
            user: "User".parse()?,
            application: "Application".parse()?,
            group: "Group".parse()?,
            bundle: "Bundle".parse()?,
            role_at: "RoleAt".parse()?,
            project: "Project".parse()?,
            environment: "Environment".parse()?,
            target: "Target".parse()?,
            action: "Action".parse()?,
        })
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
