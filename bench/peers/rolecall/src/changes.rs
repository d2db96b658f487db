//! What a single change costs without the disk: decided, applied, the index advanced, published, and the old one dropped.

use crate::by_names;
use crate::organization::{binding_ref, moment};
use anyhow::{Context, ensure};
use arc_swap::ArcSwap;
use bench_common::clock::{since, thread_cpu_ns};
use bench_common::measure::at;
use bench_common::{Binding, Question, World};
use rolecall_engine::Index;
use rolecall_model::Command;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::PolicyCommand;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use serde_json::{Value, json};
use std::time::Instant;

/// Changes of a kind; each is undone, which is a change as well.
const PAIRS: usize = 150;

/// Times each kind of change. What was changed is changed back, and then every verdict must be as it was.
pub(crate) fn measure(index: &Index, world: &World, questions: &[Question]) -> anyhow::Result<Value> {
    let published = ArcSwap::from_pointee(index.clone());
    let mut kinds = Vec::new();
    for (kind, reach, pairs) in all(world)? {
        let (mut times, mut cpu) = (Vec::new(), Vec::new());
        for (number, command) in (0..).zip(pairs.into_iter().flat_map(|(there, back)| [there, back])) {
            let before = thread_cpu_ns();
            times.push(change(&published, command, number)?);
            cpu.push(thread_cpu_ns() - before);
        }
        times.sort_unstable();
        cpu.sort_unstable();
        kinds.push(json!({
            "kind": kind, "reach": reach, "changes": times.len(), "p50_ns": at(&times, 50), "p99_ns": at(&times, 99),
            "worst_ns": times.last(), "p99_cpu_ns": at(&cpu, 99),
        }));
    }
    let now = published.load();
    let wrong = questions.iter().filter(|question| by_names(&now, question) != question.allow).count();
    ensure!(wrong == 0, "{wrong} verdicts are wrong after changes that were undone");
    Ok(json!({ "kinds": kinds }))
}

/// Makes and publishes one change; how long it took in nanoseconds.
pub(crate) fn change(published: &ArcSwap<Index>, command: Command, number: u64) -> anyhow::Result<u64> {
    let begin = Instant::now();
    let index = published.load();
    let decision = decide(index.org(), command, &moment(1_000_000 + number))?;
    ensure!(!decision.changes.is_empty(), "a change without effect");
    let next = index.advance(decision.org, &decision.touched);
    drop(index);
    published.store(next.into());
    Ok(since(begin))
}

type Pairs = Vec<(Command, Command)>;

/// Each kind with how many users and applications it reaches, and its changes.
fn all(world: &World) -> anyhow::Result<Vec<(&'static str, usize, Pairs)>> {
    let (role, holders) = most_held_role(world)?;
    let wide = Binding { role, project: None, environment: None };
    let (group, members) = most(world.users.iter().flat_map(|user| &user.groups)).context("no memberships")?;
    let (policy, given) =
        most(world.subjects().flat_map(|(_, _, subject)| &subject.policies)).context("no policies")?;
    let narrow = world.roles.iter().position(|role| !role.is_wide).context("no role for projects")?;
    let narrow = u16::try_from(narrow)?;
    let somewhere =
        |number: u32| Binding { role: narrow, project: Some(number % world.projects), environment: Some(0) };
    let numbers = || 0..u32::try_from(PAIRS).unwrap_or(0);
    let role_name = &world.role(wide).name;
    Ok(vec![
        ("give and take the role that most hold", holders, {
            let others = world.subjects().filter(|(_, _, subject)| !subject.grants.contains(&wide));
            let others: Vec<String> = others.take(PAIRS).map(|(name, _, _)| name).collect();
            others.iter().map(|name| grant(world, &SubjectRef::Any(name.as_str().into()), wide)).collect()
        }),
        ("change what that role permits", holders, permits(world, role, role_name)),
        ("give a role to the largest group", members, {
            let group = SubjectRef::Group(format!("g-{group}").into());
            numbers().map(|number| grant(world, &group, somewhere(number))).collect()
        }),
        ("member of the largest group", 1, {
            let strangers = (0..).zip(&world.users).filter(|(_, user)| !user.groups.contains(&group));
            strangers.take(PAIRS).map(|(user, _)| member(group, user)).collect()
        }),
        ("change the policy that most have", given, {
            numbers().map(|number| bind(world, policy, somewhere(number))).collect()
        }),
        ("give a role to a user", 1, {
            let user = |number: u32| SubjectRef::Any(format!("u-{number}").into());
            numbers().map(|number| grant(world, &user(number), somewhere(number))).collect()
        }),
    ])
}

fn most_held_role(world: &World) -> anyhow::Result<(u16, usize)> {
    let wide = world.users.iter().flat_map(|user| &user.grants).filter(|binding| binding.project.is_none());
    let (role, holders) = most(wide.map(|binding| &binding.role)).context("no grants")?;
    Ok((role, holders))
}

/// What occurs most often, and how often.
fn most<'a, T: Copy + Ord + 'a>(all: impl Iterator<Item = &'a T>) -> Option<(T, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    all.for_each(|one| *counts.entry(*one).or_insert(0) += 1);
    counts.into_iter().max_by_key(|(_, count)| *count)
}

/// A binding is given to somebody who has it not, and taken again.
pub(crate) fn grant(world: &World, subject: &SubjectRef, binding: Binding) -> (Command, Command) {
    let grant = GrantRef::Role(binding_ref(world, binding));
    let there = AssignmentCommand::Grant(subject.clone(), grant.clone(), Terms::of(Source::Manual));
    let back = AssignmentCommand::End { subject: subject.clone(), grant, source: None, quietly: false };
    (there.into(), back.into())
}

/// The role is permitted what it was not, action by action, and loses it again.
fn permits(world: &World, role: u16, name: &str) -> Pairs {
    let permitted = &world.roles[usize::from(role)].permissions;
    let actions = (0_u8..).zip(&world.actions);
    let new: Vec<&String> = actions
        .filter(|(number, _)| !permitted.iter().any(|(action, _)| action == number))
        .map(|(_, name)| name)
        .collect();
    let pairs = (0..PAIRS).zip(new.iter().cycle()).map(|(_, action)| {
        let permit = || vec![PermitRef { action: action.as_str().into(), scope: ScopeRef::default() }];
        (RoleCommand::Permit(name.into(), permit()).into(), RoleCommand::Withdraw(name.into(), permit()).into())
    });
    pairs.collect()
}

fn member(group: u32, user: u32) -> (Command, Command) {
    let group = format!("g-{group}");
    let user = SubjectRef::Any(format!("u-{user}").into());
    let there = MembershipCommand::Add(group.as_str().into(), user.clone(), Terms::of(Source::Manual));
    let back = MembershipCommand::Remove { group: group.into(), user, source: None, quietly: false };
    (there.into(), back.into())
}

fn bind(world: &World, policy: u32, binding: Binding) -> (Command, Command) {
    let policy = format!("pol-{policy}");
    let bindings = || vec![binding_ref(world, binding)];
    let there = PolicyCommand::Bind(policy.as_str().into(), bindings());
    let back = PolicyCommand::Unbind(policy.into(), bindings());
    (there.into(), back.into())
}
