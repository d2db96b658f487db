//! Learning an imported workload from its own lines: what has an id there gets the next number of
//! its kind here.

use crate::state::{Action, Binding, Given, Held, Permit, Person, Span, State, Where};
use serde_json::Value;
use std::collections::BTreeMap;

const ALWAYS: Span = Span { from: None, until: None };

/// Numbers by kind and id.
type Numbers = BTreeMap<(&'static str, String), u32>;

impl State {
    /// Learns a workload of the format that `rolecall import --format workload` reads; none when a
    /// line is not of it.
    pub fn learn_workload(&mut self, lines: &str) -> Option<()> {
        let mut numbers = Numbers::new();
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).ok()?;
            let id = || Some(line.get("id")?.as_str()?.to_owned());
            match line.get("t")?.as_str()? {
                "environment" => {
                    let number = next(self.environments.keys(), 1);
                    let there = self.number_named(&self.environments, &id()?);
                    numbers.insert(("environment", id()?), there.unwrap_or(number));
                    self.environments.entry(there.unwrap_or(number)).or_insert(id()?);
                }
                "action" => {
                    let number = next(self.actions.keys(), 2000);
                    numbers.insert(("action", id()?), number);
                    self.actions.insert(number, Action { name: id()?, includes: Vec::new() });
                }
                "project" => {
                    let number = next(self.projects.keys(), 1);
                    numbers.insert(("project", id()?), number);
                    self.projects.insert(number, id()?);
                }
                "role" => {
                    let number = next(self.roles.keys(), 1);
                    numbers.insert(("role", id()?), number);
                    self.roles.insert(number, permits(&line, &numbers)?);
                }
                "policy" => {
                    let number = next(self.policies.keys(), 1);
                    numbers.insert(("policy", id()?), number);
                    self.policies.insert(number, bindings(line.get("bindings")?, &numbers)?);
                }
                "group" => {
                    let number = next(self.groups.keys(), 1);
                    numbers.insert(("group", id()?), number);
                    self.groups.insert(number, held(&line, &numbers)?);
                }
                kind @ ("user" | "application") => {
                    self.learn_subject(&line, kind == "user", id()?, &numbers)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn learn_subject(&mut self, line: &Value, is_user: bool, id: String, numbers: &Numbers) -> Option<()> {
        let number = next(self.people.keys(), 1);
        let person =
            Person { is_user, active: true, can_sign_in: false, known_as: vec![id], held: held(line, numbers)? };
        self.people.insert(number, person);
        for group in line.get("groups")?.as_array()? {
            let group = *numbers.get(&("group", group.as_str()?.to_owned()))?;
            self.memberships.insert((group, number), ALWAYS);
        }
        Some(())
    }
}

fn next<'a>(numbers: impl Iterator<Item = &'a u32>, first: u32) -> u32 {
    numbers.max().map_or(first, |last| (last + 1).max(first))
}

fn permits(line: &Value, numbers: &Numbers) -> Option<Vec<Permit>> {
    let mut permits = Vec::new();
    for permission in line.get("permissions")?.as_array()? {
        let action = *numbers.get(&("action", permission.get("action")?.as_str()?.to_owned()))?;
        let Some(environments) = permission.get("environments") else {
            permits.push(Permit { action, scope: Where { project: None, environment: None } });
            continue;
        };
        for environment in environments.as_array()? {
            let environment = Some(*numbers.get(&("environment", environment.as_str()?.to_owned()))?);
            permits.push(Permit { action, scope: Where { project: None, environment } });
        }
    }
    Some(permits)
}

fn bindings(list: &Value, numbers: &Numbers) -> Option<Vec<Binding>> {
    let mut bindings = Vec::new();
    for binding in list.as_array()? {
        let part = |kind: &'static str| match binding.get(kind) {
            Some(id) => Some(Some(*numbers.get(&(kind, id.as_str()?.to_owned()))?)),
            None => Some(None),
        };
        let scope = Where { project: part("project")?, environment: part("environment")? };
        bindings.push(Binding { role: part("role")??, scope });
    }
    Some(bindings)
}

fn held(line: &Value, numbers: &Numbers) -> Option<Vec<Held>> {
    let bindings = bindings(line.get("grants")?, numbers)?;
    let mut held: Vec<Held> = bindings.into_iter().map(|b| Held { given: Given::Role(b), span: ALWAYS }).collect();
    for policy in line.get("policies").and_then(Value::as_array).into_iter().flatten() {
        let policy = *numbers.get(&("policy", policy.as_str()?.to_owned()))?;
        held.push(Held { given: Given::Policy(policy), span: ALWAYS });
    }
    Some(held)
}
