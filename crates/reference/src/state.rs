//! What the reference knows of an organization: lists and maps of numbers, nothing derived.

use crate::name::Noun;
use std::collections::{BTreeMap, BTreeSet};

/// Where something holds: a project or all, an environment or all, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Where {
    /// The project; none means every project.
    pub project: Option<u32>,
    /// The environment; none means every environment.
    pub environment: Option<u32>,
}

/// An action, perhaps narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permit {
    /// The action's number.
    pub action: u32,
    /// Where at most.
    pub scope: Where,
}

/// A role at a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// The role's number.
    pub role: u32,
    /// Where.
    pub scope: Where,
}

/// What is given: a policy by its number, or a role at a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// A policy.
    Policy(u32),
    /// A role at a scope.
    Role(Binding),
}

/// From when until when something counts, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first instant; none means always before.
    pub from: Option<i64>,
    /// The first instant at which it no longer counts; none means never.
    pub until: Option<i64>,
}

/// Something given to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub given: Given,
    /// When it counts.
    pub span: Span,
}

/// A user or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Whether it is a user.
    pub is_user: bool,
    /// Whether it may act at all.
    pub active: bool,
    /// Whether it has a password, a linked identity or a passkey.
    pub can_sign_in: bool,
    /// Its email and username, which are found in any case.
    pub names: Vec<String>,
    /// Its external id, client id and opaque id, which are found to the letter.
    pub ids: Vec<String>,
    /// What it has been given itself.
    pub held: Vec<Held>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// The numbers of those it includes itself.
    pub includes: Vec<u32>,
}

/// An organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether `Dev` and `dev` are one.
    pub folded: bool,
    /// Actions by number.
    pub actions: BTreeMap<u32, Action>,
    /// Each role's permits, by number.
    pub roles: BTreeMap<u32, Vec<Permit>>,
    /// Each policy's bindings, by number.
    pub policies: BTreeMap<u32, Vec<Binding>>,
    /// Names of projects by number.
    pub projects: BTreeMap<u32, String>,
    /// Names of environments by number.
    pub environments: BTreeMap<u32, String>,
    /// Users and applications by number.
    pub people: BTreeMap<u32, Person>,
    /// What each group has been given, by number.
    pub groups: BTreeMap<u32, Vec<Held>>,
    /// Who is in which group: (group, user), and when that counts.
    pub memberships: BTreeMap<(u32, u32), Span>,
    /// What everyone has.
    pub everyone: Vec<Held>,
    /// Roles that cannot be changed.
    pub predefined: BTreeSet<u32>,
    /// The default role of each slot: users and applications that are imported have it unasked.
    pub slots: Vec<u32>,
    /// Names of groups, policies and roles by number.
    pub names: BTreeMap<(Noun, u32), String>,
    /// The highest number that each kind has had; users and applications are one kind.
    pub highest: BTreeMap<Option<Noun>, u32>,
}

impl State {
    /// Remembers that a number has been given.
    pub(crate) fn number(&mut self, noun: Option<Noun>, number: u32) {
        let highest = self.highest.entry(noun).or_default();
        *highest = number.max(*highest);
    }

    /// The next number of a kind; it is never one that has been given before.
    pub(crate) fn next(&mut self, noun: Option<Noun>) -> u32 {
        // The numbers below belong to Rolecall's own actions and to catalogs.
        let first = if noun == Some(Noun::Action) { 2000 } else { 1 };
        let highest = self.highest.entry(noun).or_default();
        *highest = (*highest + 1).max(first);
        *highest
    }
}
