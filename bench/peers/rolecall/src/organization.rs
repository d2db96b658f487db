//! The organization that is asked: imported, its grants given windows if need be, and its people profiles.

use crate::AT;
use anyhow::Context;
use bench_common::{Arguments, Binding, Built, Grant, Holder, World, built};
use rolecall_engine::Index;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::id::OrganizationId;
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Command, Org, Timestamp};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

/// Commands that are decided as one.
const BATCH: usize = 1_000;

/// Imports a size and builds the index; says what each cost.
pub(crate) fn load(arguments: &Arguments, world: &World) -> anyhow::Result<(Index, Value)> {
    let (org, import) = built(|| import(arguments));
    let (org, windows) = built(|| with_windows(org?, world));
    let (index, build) = built(|| org.map(Index::build));
    let index = index?;
    let Built { heap_bytes, .. } = import;
    let cost = json!({
        "import": import, "windows": windows, "build": build, "subjects": world.subject_count(),
        "organization_bytes": heap_bytes + windows.heap_bytes + build.heap_bytes,
        "index_bytes": index.heap_bytes(), "names_bytes": index.org().names_bytes(),
    });
    Ok((index, cost))
}

/// A moment whose randomness follows from a number.
pub(crate) fn moment(number: u64) -> Moment {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    Moment::new(AT, Actor::System, seed)
}

fn import(arguments: &Arguments) -> anyhow::Result<Org> {
    let catalog = Arc::new(Catalog::read(builtin("none").context("no catalog")?)?);
    let (id, name, title) = (OrganizationId::new(7), "measured".to_owned(), String::new());
    let found = Command::Found(Box::new(NewOrganization { id, name, title, catalog }));
    let org = decide(&Org::empty(), found, &moment(0))?.org;
    let org = decide(&org, administrator(), &moment(0))?.org;
    let file = File::open(arguments.directory.join(format!("{}.data.jsonl", arguments.size)))?;
    let mut reader = WorkloadReader::new();
    for line in BufReader::with_capacity(1 << 20, file).split(b'\n') {
        reader.line(&line?).map_err(|bad| anyhow::anyhow!("line {}: {}", bad.line, bad.message))?;
    }
    let workload = reader.finish().map_err(|bad| anyhow::anyhow!(bad.message))?;
    Ok(decide(&org, Command::Import(Arc::new(workload)), &moment(1))?.org)
}

/// Somebody who can sign in and do everything, as in any organization that is in use: without one, each change that
/// takes something away looks for one.
fn administrator() -> Command {
    let administrator = NewUser {
        email: Some("administrator@company.example".to_owned()),
        grants: vec![GrantRef::Policy("Administrator".into())],
        terms: Terms::of(Source::Manual),
        password: true,
        ..NewUser::default()
    };
    UserCommand::Create(administrator).into()
}

/// Gives the grants that have a window their window, each with a reason and an approver of its own.
fn with_windows(org: Org, world: &World) -> anyhow::Result<Org> {
    let approver = org.find_principal("u-0").map(|(id, _)| id);
    let mut commands = Vec::new();
    let mut give = |subject: &SubjectRef, holder: Holder, grant: Grant| {
        if let Some(window) = world.window(holder, grant) {
            let terms = Terms {
                from: Some(Timestamp::from_micros(window.from)),
                until: Some(Timestamp::from_micros(window.until)),
                reason: Some(format!("{holder:?} stands in, request {}", commands.len()).as_str().into()),
                approver,
                ..Terms::of(Source::Manual)
            };
            commands.push(AssignmentCommand::Grant(subject.clone(), grant_ref(world, grant), terms).into());
        }
    };
    for (name, holder, subject) in world.subjects() {
        let name = SubjectRef::Any(name.as_str().into());
        subject.grants.iter().for_each(|binding| give(&name, holder, Grant::Role(*binding)));
        subject.policies.iter().for_each(|policy| give(&name, holder, Grant::Policy(*policy)));
    }
    for (number, bindings) in (0_u32..).zip(&world.groups) {
        let name = SubjectRef::Group(format!("g-{number}").into());
        for binding in bindings {
            give(&name, Holder::Group(number), Grant::Role(*binding));
        }
    }
    in_batches(org, commands)
}

fn in_batches(mut org: Org, commands: impl IntoIterator<Item = Command>) -> anyhow::Result<Org> {
    let mut commands = commands.into_iter().peekable();
    let mut number = 2;
    while commands.peek().is_some() {
        let some: Vec<Command> = commands.by_ref().take(BATCH).collect();
        org = decide(&org, Command::Batch(some), &moment(number))?.org;
        number += 1;
    }
    Ok(org)
}

/// A grant as a command names it.
pub(crate) fn grant_ref(world: &World, grant: Grant) -> GrantRef {
    match grant {
        Grant::Policy(number) => GrantRef::Policy(format!("pol-{number}").into()),
        Grant::Role(binding) => GrantRef::Role(binding_ref(world, binding)),
    }
}

/// A binding as a command names it.
pub(crate) fn binding_ref(world: &World, binding: Binding) -> BindingRef {
    let environment = binding.environment.map(|number| world.environments[usize::from(number)].as_str().into());
    let project = binding.project.map(|number| format!("p-{number}").into());
    BindingRef { role: world.role(binding).name.as_str().into(), scope: ScopeRef { project, environment } }
}

/// The same organization with a name and an address for every user; says what these weigh. The old one is given up, so
/// that what both would share is not counted twice.
pub(crate) fn with_profiles(index: Index, world: &World) -> anyhow::Result<(Index, Value)> {
    let org = index.org().clone();
    let (index, cost) = built(|| {
        drop(index);
        in_batches(org, (0..world.users.len()).map(profile)).map(Index::build)
    });
    let index = index?;
    let found = index.org().find_principal("given.family.7@company.example").is_some();
    anyhow::ensure!(found, "a user is not found by the new address");
    let cost = json!({ "profiles": cost, "subjects": world.subject_count() });
    Ok((index, cost))
}

fn profile(number: usize) -> Command {
    let patch = UserPatch {
        name: Some(format!("Given Family {number}")),
        email: Some(Some(format!("given.family.{number}@company.example"))),
        ..UserPatch::default()
    };
    UserCommand::Change(SubjectRef::Any(format!("u-{number}").into()), patch).into()
}
