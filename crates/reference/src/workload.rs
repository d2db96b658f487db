//! Learning an imported workload from its own lines: what has an id there gets the next number of
//! its kind here.

use crate::name::Noun;
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
                    let there = self.number_named(&self.environments, &id()?);
                    let number = there.unwrap_or_else(|| self.next(Some(Noun::Environment)));
                    numbers.insert(("environment", id()?), number);
                    self.environments.entry(number).or_insert(id()?);
                }
                "action" => {
                    let number = self.next(Some(Noun::Action));
                    numbers.insert(("action", id()?), number);
                    self.actions.insert(number, Action { name: id()?, includes: Vec::new() });
                }
                "project" => {
                    // One that was only named so far is the one that is now made.
                    let there = self.number_named(&self.projects, &id()?);
                    let number = there.unwrap_or_else(|| self.next(Some(Noun::Project)));
                    numbers.insert(("project", id()?), number);
                    self.projects.insert(number, id()?);
                }
                "role" => {
                    let number = self.next(Some(Noun::Role));
                    numbers.insert(("role", id()?), number);
                    self.roles.insert(number, permits(&line, &numbers)?);
                    self.names.insert((Noun::Role, number), id()?);
                }
                "policy" => {
                    let number = self.next(Some(Noun::Policy));
                    numbers.insert(("policy", id()?), number);
                    self.policies.insert(number, bindings(line.get("bindings")?, &numbers)?);
                    self.names.insert((Noun::Policy, number), id()?);
                }
                "group" => {
                    let number = self.next(Some(Noun::Group));
                    numbers.insert(("group", id()?), number);
                    self.groups.insert(number, held(&line, &numbers)?);
                    self.names.insert((Noun::Group, number), id()?);
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
        let number = self.next(None);
        let mut held = held(line, numbers)?;
        let everywhere = Where { project: None, environment: None };
        let default = |role: &u32| Given::Role(Binding { role: *role, scope: everywhere });
        held.extend(self.slots.iter().map(default).map(|given| Held { given, span: ALWAYS }));
        let (names, ids) = (Vec::new(), vec![id]);
        let person = Person { is_user, active: true, can_sign_in: false, names, ids, held };
        self.people.insert(number, person);
        for group in line.get("groups")?.as_array()? {
            let group = *numbers.get(&("group", group.as_str()?.to_owned()))?;
            self.memberships.insert((group, number), ALWAYS);
        }
        Some(())
    }
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
    Some(once(permits))
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
    Some(once(bindings))
}

fn held(line: &Value, numbers: &Numbers) -> Option<Vec<Held>> {
    let bindings = bindings(line.get("grants")?, numbers)?;
    let mut held: Vec<Held> = bindings.into_iter().map(|b| Held { given: Given::Role(b), span: ALWAYS }).collect();
    for policy in line.get("policies").and_then(Value::as_array).into_iter().flatten() {
        let policy = *numbers.get(&("policy", policy.as_str()?.to_owned()))?;
        held.push(Held { given: Given::Policy(policy), span: ALWAYS });
    }
    Some(once(held))
}

/// Said twice it is there once.
fn once<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
