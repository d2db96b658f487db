//! What a catalog's actions must obey.

use super::{Check, HIGHEST_NUMBER};
use crate::name::{LONGEST_TEXT, LONGEST_TITLE};
use crate::operation;
use crate::refusal::shown;
use std::collections::HashMap;

/// How far the search for a circle has come with an action.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    No,
    OnTheWay,
    Done,
}

impl Check<'_> {
    pub(super) fn actions(&mut self) {
        let catalog = self.catalog;
        for (index, action) in catalog.actions.iter().enumerate() {
            let path = format!("actions[{index}]");
            self.action_name(&path, index);
            self.text(&format!("{path}.title"), &action.title, LONGEST_TITLE);
            self.text(&format!("{path}.description"), &action.description, LONGEST_TEXT);
            self.category(&format!("{path}.category"), &action.category);
            self.known_actions(&format!("{path}.includes"), &action.includes);
        }
        self.unique("actions", "action", catalog.actions.iter().map(|action| &action.name));
        let numbers: Vec<_> = catalog.actions.iter().map(|action| action.number).collect();
        let names: Vec<_> = catalog.actions.iter().map(|action| action.name.as_str()).collect();
        self.numbers("actions", &numbers, &names, operation::FIRST_FREE_NUMBER);
        self.circles();
    }

    fn action_name(&mut self, path: &str, index: usize) {
        let catalog = self.catalog;
        let name = &catalog.actions[index].name;
        let path = format!("{path}.name");
        self.name(&path, name);
        if name.contains(char::is_whitespace) || name == "*" {
            let message = format!(
                "\"{}\" cannot be an action's name; write it without spaces, such as \"order.refund\"",
                shown(name)
            );
            self.fault(path, message);
        } else if name.to_lowercase().starts_with(operation::PREFIX) {
            let message = "names that begin with \"rolecall.\" are Rolecall's own; choose another, \
                           or include the one you mean";
            self.fault(path, message);
        }
    }

    /// Requires numbers from 1 to [`HIGHEST_NUMBER`], none of them twice: not even with one that
    /// comes from counting on where none is written.
    pub(super) fn numbers(&mut self, list: &str, numbers: &[Option<u32>], names: &[&str], first_free: u32) {
        let mut taken: HashMap<u32, usize> = HashMap::new();
        let mut highest = 0;
        for (index, given) in numbers.iter().enumerate() {
            let path = format!("{list}[{index}].number");
            if let Some(odd) = given.filter(|given| *given == 0 || *given > HIGHEST_NUMBER) {
                self.fault(path, format!("a number is from 1 to {HIGHEST_NUMBER}; {odd} is not"));
                continue;
            }
            let number = given.unwrap_or(if highest < first_free { first_free } else { highest + 1 });
            highest = highest.max(number);
            if let Some(other) = taken.insert(number, index) {
                let why = if numbers[other].is_some() { "" } else { ", which has none written and was counted on" };
                let message = format!("the number {number} belongs to \"{}\" already{why}", shown(names[other]));
                self.fault(path, message);
            }
        }
    }

    /// Requires that nothing includes itself, directly or through others.
    fn circles(&mut self) {
        let catalog = self.catalog;
        let mut seen = vec![Seen::No; catalog.actions.len()];
        for start in 0..seen.len() {
            // The way from `start`: actions, each with the place of the next inclusion to follow.
            let mut way = vec![(start, 0)];
            while let Some((action, next)) = way.pop() {
                if next == 0 && seen[action] == Seen::Done {
                    continue;
                }
                seen[action] = Seen::OnTheWay;
                let Some(name) = catalog.actions[action].includes.get(next) else {
                    seen[action] = Seen::Done;
                    continue;
                };
                way.push((action, next + 1));
                match self.actions.find(name).filter(|found| *found < seen.len()) {
                    Some(found) if seen[found] == Seen::OnTheWay => self.circle(&way, found, next),
                    Some(found) if seen[found] == Seen::No => way.push((found, 0)),
                    _ => {}
                }
            }
        }
    }

    fn circle(&mut self, way: &[(usize, usize)], back: usize, next: usize) {
        let actions = &self.catalog.actions;
        let from = way.iter().position(|(action, _)| *action == back).unwrap_or(0);
        let names: Vec<_> = way[from..].iter().map(|(action, _)| shown(&actions[*action].name)).collect();
        let last = way.last().map_or(back, |(action, _)| *action);
        let message = match names.as_slice() {
            [one] => format!("\"{one}\" cannot include itself"),
            names => format!("these include one another in a circle: {}, {}", names.join(", "), names[0]),
        };
        self.fault(format!("actions[{last}].includes[{next}]"), message);
    }

    /// Whether an action is `*` or includes it.
    pub(super) fn includes_everything(&self, action: &str) -> bool {
        let mut ahead: Vec<usize> = self.actions.find(action).into_iter().collect();
        let mut seen = vec![false; self.actions.all.len()];
        while let Some(place) = ahead.pop() {
            if self.actions.all[place] == "*" {
                return true;
            }
            if !std::mem::replace(&mut seen[place], true)
                && let Some(action) = self.catalog.actions.get(place)
            {
                ahead.extend(action.includes.iter().filter_map(|name| self.actions.find(name)));
            }
        }
        false
    }
}
