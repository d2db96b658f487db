//! The physical limit of a check, written by hand: everything that reaches a subject is flattened when it is loaded, so
//! that a check is a few look-ups and a bit test. No change, no reason, no window: what a real engine adds has to be paid
//! on top of this.

use anyhow::{Context, bail};
use bench_common::world::EVERYWHERE;
use bench_common::{Arguments, Binding, Built, Question, World, built, converse, question, read, timing};
use hashbrown::HashMap;
use serde_json::json;

const ENVIRONMENTS: usize = 4;

/// Actions, as bits: in each environment, and in all environments whatever their names.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Actions {
    each: [u64; ENVIRONMENTS],
    every: u64,
}

impl Actions {
    fn add(&mut self, role: &Actions, environment: Option<u8>) {
        if let Some(one) = environment {
            self.each[usize::from(one)] |= role.each[usize::from(one)];
        } else {
            self.each.iter_mut().zip(role.each).for_each(|(mine, more)| *mine |= more);
            self.every |= role.every;
        }
    }
}

/// Different sets of actions, each kept once.
#[derive(Default)]
struct Sets {
    each: Vec<[u64; ENVIRONMENTS]>,
    every: Vec<u64>,
    numbers: HashMap<Actions, u32>,
}

impl Sets {
    #[allow(clippy::cast_possible_truncation, reason = "there are fewer sets than subjects")]
    fn number(&mut self, actions: Actions) -> u32 {
        *self.numbers.entry(actions).or_insert_with(|| {
            self.each.push(actions.each);
            self.every.push(actions.every);
            self.each.len() as u32 - 1
        })
    }
}

struct Floor {
    subjects: HashMap<String, u32>,
    projects: HashMap<String, u32>,
    actions: HashMap<String, u8>,
    environments: HashMap<String, u8>,
    /// By subject: the set that holds in every project.
    wide: Vec<u32>,
    /// By subject and project: the set that holds there besides.
    narrow: HashMap<u64, u32>,
    each: Vec<[u64; ENVIRONMENTS]>,
    every: Vec<u64>,
}

impl Floor {
    fn of(world: &World) -> Floor {
        let roles: Vec<Actions> = (0..world.roles.len()).map(|role| of_role(world, role)).collect();
        let mut sets = Sets::default();
        let (mut subjects, mut wide, mut narrow) = (HashMap::new(), Vec::new(), HashMap::new());
        for (number, (name, holder, subject)) in (0_u32..).zip(world.subjects()) {
            subjects.insert(name, number);
            let (everywhere, by_project) = flatten(&roles, &world.bindings(holder, subject));
            wide.push(sets.number(everywhere));
            for (project, actions) in by_project {
                narrow.insert(key(number, project), sets.number(actions));
            }
        }
        Floor {
            subjects,
            projects: (0..world.projects).map(|project| (format!("p-{project}"), project)).collect(),
            actions: world.actions.iter().cloned().zip(0..).collect(),
            environments: world.environments.iter().cloned().zip(0..).collect(),
            wide,
            narrow,
            each: sets.each,
            every: sets.every,
        }
    }

    #[inline]
    fn by_numbers(&self, subject: u32, action: u8, project: u32, environment: u8) -> bool {
        let environment = usize::from(environment) % ENVIRONMENTS;
        let holds = |set: u32| self.each[set as usize][environment] >> action & 1 == 1;
        holds(self.wide[subject as usize]) || self.narrow.get(&key(subject, project)).is_some_and(|set| holds(*set))
    }

    #[inline]
    fn by_names(&self, question: &Question) -> bool {
        let (Some(subject), Some(action)) = (self.subjects.get(&question.subject), self.actions.get(&question.action))
        else {
            return false;
        };
        let project = self.projects.get(&question.project).copied();
        match (project, self.environments.get(&question.environment)) {
            (Some(project), Some(environment)) => self.by_numbers(*subject, *action, project, *environment),
            (project, environment) => self.in_strange_places(*subject, *action, project, environment.copied()),
        }
    }

    /// What holds in an unknown project holds in all of them, and so with environments.
    #[cold]
    fn in_strange_places(&self, subject: u32, action: u8, project: Option<u32>, environment: Option<u8>) -> bool {
        let holds = |set: u32| {
            let set = set as usize;
            let bits = environment.map_or(self.every[set], |one| self.each[set][usize::from(one) % ENVIRONMENTS]);
            bits >> action & 1 == 1
        };
        let narrow = project.and_then(|project| self.narrow.get(&key(subject, project)));
        holds(self.wide[subject as usize]) || narrow.is_some_and(|set| holds(*set))
    }

    fn numbers(&self, question: &Question) -> Option<(u32, u8, u32, u8)> {
        Some((
            *self.subjects.get(&question.subject)?,
            *self.actions.get(&question.action)?,
            *self.projects.get(&question.project)?,
            *self.environments.get(&question.environment)?,
        ))
    }
}

fn key(subject: u32, project: u32) -> u64 {
    u64::from(subject) << 32 | u64::from(project)
}

fn of_role(world: &World, role: usize) -> Actions {
    let mut actions = Actions::default();
    for (action, bits) in &world.roles[role].permissions {
        let bit = 1 << action;
        for (number, set) in actions.each.iter_mut().enumerate() {
            *set |= if bits >> number & 1 == 1 { bit } else { 0 };
        }
        if *bits == EVERYWHERE {
            actions.every |= bit;
        }
    }
    actions
}

/// What holds in every project, and project by project what holds there.
fn flatten(roles: &[Actions], bindings: &[Binding]) -> (Actions, Vec<(u32, Actions)>) {
    let mut wide = Actions::default();
    let mut narrow: Vec<(u32, Actions)> = Vec::new();
    for binding in bindings {
        let role = &roles[usize::from(binding.role)];
        let Some(project) = binding.project else {
            wide.add(role, binding.environment);
            continue;
        };
        let known = narrow.iter().position(|(known, _)| *known == project).unwrap_or_else(|| {
            narrow.push((project, Actions::default()));
            narrow.len() - 1
        });
        narrow[known].1.add(role, binding.environment);
    }
    (wide, narrow)
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let (world, parse) = built(|| read::world(&arguments.directory, &arguments.size));
    let mut world = world?;
    world.is_timed = arguments.is_timed;
    let (floor, build) = built(|| Floor::of(&world));
    let questions = question::read(&world, &arguments.directory, &arguments.size)?;
    let loaded = loaded(&world, &parse, &build);
    converse(&loaded, |variant| {
        let named = |questions: &[Question]| {
            let questions: Vec<_> = questions.iter().map(|question| (question.clone(), question.allow)).collect();
            timing(arguments.budget, &questions, |question| floor.by_names(question))
        };
        let timing = match variant {
            "strings" => named(&questions),
            "unknown" => named(&question::with_unknown_names(&world, &questions)),
            "numbers" => {
                let numbers = questions.iter().map(|question| Some((floor.numbers(question)?, question.allow)));
                let numbers: Vec<_> = numbers.collect::<Option<_>>().context("a name is not known")?;
                timing(arguments.budget, &numbers, |(subject, action, project, environment)| {
                    floor.by_numbers(*subject, *action, *project, *environment)
                })
            }
            other => bail!("no variant named {other}"),
        };
        Ok(serde_json::to_value(timing)?)
    })
}

fn loaded(world: &World, parse: &Built, build: &Built) -> serde_json::Value {
    let bindings: usize = world.subjects().map(|(_, holder, subject)| world.bindings(holder, subject).len()).sum();
    json!({
        "parse": parse, "build": build, "users": world.users.len(), "applications": world.applications.len(),
        "projects": world.projects, "groups": world.groups.len(), "policies": world.policies.len(),
        "memberships": world.users.iter().map(|user| user.groups.len()).sum::<usize>(), "bindings": bindings,
    })
}
