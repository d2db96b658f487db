//! The rule, whole: an active subject may do an action at a place when some assignment that reaches
//! it (its own, a group's, everyone's), in force at the moment asked about, gives a permit whose
//! action is or includes the action at a scope that covers the place. There is no deny, no order,
//! no priority.

use crate::state::{Binding, Given, Held, Span, State, Where};
use rolecall_model::operation;
use std::collections::BTreeSet;

/// One half of a place that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// All at once.
    All,
    /// The one of this number.
    One(u32),
    /// One that is not known.
    Unknown,
}

/// Where something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The project.
    pub project: Asked,
    /// The environment.
    pub environment: Asked,
}

/// May this subject do this action here, at this instant?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The number of the user or application.
    pub subject: u32,
    /// The action's number.
    pub action: u32,
    /// Where.
    pub place: Place,
    /// Microseconds since 1970.
    pub at: i64,
}

impl State {
    /// Whether the subject may.
    pub fn check(&self, question: &Question) -> bool {
        let Some(person) = self.people.get(&question.subject) else {
            return false;
        };
        if !person.active || !self.actions.contains_key(&question.action) {
            return false;
        }
        for held in &person.held {
            if self.gives(held, question) {
                return true;
            }
        }
        for ((group, user), span) in &self.memberships {
            if *user != question.subject || !counts(*span, question.at) {
                continue;
            }
            for held in self.groups.get(group).into_iter().flatten() {
                if self.gives(held, question) {
                    return true;
                }
            }
        }
        for held in &self.everyone {
            if self.gives(held, question) {
                return true;
            }
        }
        false
    }

    fn gives(&self, held: &Held, question: &Question) -> bool {
        if !counts(held.span, question.at) {
            return false;
        }
        for binding in self.bindings(held.given) {
            for permit in self.roles.get(&binding.role).into_iter().flatten() {
                if self.includes(permit.action, question.action)
                    && covers(binding.scope, question.place)
                    && covers(permit.scope, question.place)
                {
                    return true;
                }
            }
        }
        false
    }

    /// The bindings of what is given.
    pub(crate) fn bindings(&self, given: Given) -> Vec<Binding> {
        match given {
            Given::Policy(policy) => self.policies.get(&policy).cloned().unwrap_or_default(),
            Given::Role(binding) => vec![binding],
        }
    }

    /// Whether whoever may do `outer` may do `inner` as well.
    pub fn includes(&self, outer: u32, inner: u32) -> bool {
        if outer == inner {
            return true;
        }
        let Some(action) = self.actions.get(&outer) else {
            return false;
        };
        if action.name == "*" {
            return true;
        }
        for next in &action.includes {
            if self.includes(*next, inner) {
                return true;
            }
        }
        false
    }

    /// Everybody who may do an action at a place.
    pub fn who_can(&self, action: u32, place: Place, at: i64) -> Vec<u32> {
        let people = self.people.keys().copied();
        people.filter(|subject| self.check(&Question { subject: *subject, action, place, at })).collect()
    }

    /// Everything a subject may do at a place.
    pub fn what_can(&self, subject: u32, place: Place, at: i64) -> Vec<u32> {
        let actions = self.actions.keys().copied();
        actions.filter(|action| self.check(&Question { subject, action: *action, place, at })).collect()
    }

    /// Every place of the grid where a subject may do an action.
    pub fn where_can(&self, subject: u32, action: u32, at: i64) -> BTreeSet<Place> {
        let grid = self.grid().into_iter();
        grid.filter(|place| self.check(&Question { subject, action, place: *place, at })).collect()
    }

    /// Every place there is: each project, all at once and an unknown one, by the same of
    /// environments.
    pub fn grid(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for project in parts(self.projects.keys()) {
            for environment in parts(self.environments.keys()) {
                places.push(Place { project, environment });
            }
        }
        places
    }

    /// Whether an administrator remains: an active user who holds every one of Rolecall's own
    /// actions in the whole organization by grants without an end, and who can sign in.
    pub fn has_administrator(&self, at: i64) -> bool {
        let mut lasting = self.clone();
        let without_end = |span: Span| span.until.is_none();
        for person in lasting.people.values_mut() {
            person.held.retain(|held| without_end(held.span));
        }
        for held in lasting.groups.values_mut() {
            held.retain(|held| without_end(held.span));
        }
        lasting.everyone.retain(|held| without_end(held.span));
        lasting.memberships.retain(|_, span| without_end(*span));
        let place = Place { project: Asked::All, environment: Asked::All };
        lasting.people.iter().any(|(subject, person)| {
            let all = || {
                operation::own()
                    .all(|own| lasting.check(&Question { subject: *subject, action: own.number(), place, at }))
            };
            person.is_user && person.can_sign_in && all()
        })
    }
}

/// Each number, all at once, and one that is not known.
fn parts<'a>(numbers: impl Iterator<Item = &'a u32>) -> Vec<Asked> {
    let mut parts = vec![Asked::All, Asked::Unknown];
    for number in numbers {
        parts.push(Asked::One(*number));
    }
    parts
}

/// Whether something counts at an instant: from its start on, until before its end.
pub(crate) fn counts(span: Span, at: i64) -> bool {
    if let Some(from) = span.from
        && at < from
    {
        return false;
    }
    if let Some(until) = span.until
        && at >= until
    {
        return false;
    }
    true
}

/// Whether a scope covers a place: both halves do.
pub(crate) fn covers(scope: Where, place: Place) -> bool {
    covers_half(scope.project, place.project) && covers_half(scope.environment, place.environment)
}

fn covers_half(scope: Option<u32>, place: Asked) -> bool {
    match scope {
        // For all: whatever is asked about.
        None => true,
        // For one: that one alone, not all at once and not one that is not known.
        Some(number) => place == Asked::One(number),
    }
}
