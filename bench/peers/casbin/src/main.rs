//! casbin: roles with domains, a scope being a domain. What a role permits are `p` rows; that somebody has a role at a
//! scope is a `g` row. Groups and policies are flattened into their holders' rows when they are loaded, which is kinder
//! to casbin than repeating memberships in every domain, and the matcher compares the cheap things first.

use anyhow::bail;
use bench_common::world::EVERYWHERE;
use bench_common::{Arguments, Question, World, built, converse, question, read, timing};
use casbin::{CoreApi, DefaultModel, Enforcer, MgmtApi, NullAdapter};
use serde_json::json;
use std::collections::BTreeSet;

const MODEL: &str = r#"
[request_definition]
r = who, action, project, environment, both
[policy_definition]
p = role, action, environment
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.action == p.action && (p.environment == "*" || p.environment == r.environment) && (g(r.who, p.role, "org") || g(r.who, p.role, r.project) || g(r.who, p.role, r.environment) || g(r.who, p.role, r.both))
"#;

/// Rows that are handed over at once, so that what is under way stays small.
const CHUNK: usize = 50_000;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let world = read::world(&arguments.directory, &arguments.size)?;
    let questions = question::read(&world, &arguments.directory, &arguments.size)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (enforcer, build) = built(|| runtime.block_on(enforcer(&world)));
    let enforcer = enforcer?;
    let questions: Vec<_> = questions.into_iter().map(|question| (question.clone(), question.allow)).collect();
    converse(&json!({ "build": build }), |variant| {
        if variant != "strings" {
            bail!("no variant named {variant}");
        }
        let timing = timing(arguments.budget, &questions, |question| check(&enforcer, question));
        Ok(serde_json::to_value(timing)?)
    })
}

fn check(enforcer: &Enforcer, question: &Question) -> bool {
    let Question { subject, action, project, environment, .. } = question;
    let both = format!("{project}/{environment}");
    enforcer.enforce((&**subject, &**action, &**project, &**environment, &*both)).unwrap_or(false)
}

async fn enforcer(world: &World) -> anyhow::Result<Enforcer> {
    let model = DefaultModel::from_str(MODEL).await?;
    let mut enforcer = Enforcer::new(model, NullAdapter).await?;
    enforcer.add_policies(permissions(world)).await?;
    let mut held = Vec::new();
    for (name, holder, subject) in world.subjects() {
        let different: BTreeSet<_> = world.bindings(holder, subject).into_iter().collect();
        held.extend(
            different
                .into_iter()
                .map(|binding| vec![name.clone(), world.role(binding).name.clone(), world.scope(binding)]),
        );
        if held.len() >= CHUNK {
            enforcer.add_grouping_policies(std::mem::take(&mut held)).await?;
        }
    }
    enforcer.add_grouping_policies(held).await?;
    Ok(enforcer)
}

fn permissions(world: &World) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for role in &world.roles {
        for (action, bits) in &role.permissions {
            let environments = if *bits == EVERYWHERE { vec!["*"] } else { world.environments_of(*bits) };
            let row =
                |environment: &str| vec![role.name.clone(), world.action(*action).to_owned(), environment.to_owned()];
            rows.extend(environments.into_iter().map(row));
        }
    }
    rows
}
