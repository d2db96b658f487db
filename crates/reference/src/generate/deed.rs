//! A deed: a command whose names are still open. It becomes a command when it is seen what there
//! is.

mod change;
mod create;
mod run;

use super::name;
use super::random::Random;
use crate::state::State;
use rolecall_model::application::ApplicationCommand;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::group::GroupCommand;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{BindingRef, PolicyCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::time::Timestamp;
use rolecall_model::user::UserCommand;
use std::collections::BTreeMap;

/// A random seed that becomes a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Which one.
    pub seed: u64,
    /// Of what kind.
    pub what: What,
    /// Whether it is published together with the one before.
    pub joined: bool,
}

/// What kind of command a deed is. Of a run of the same kind and number, each makes the same holder
/// larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Any.
    Any,
    /// Adds a user who has nothing.
    Welcome,
    /// Gives one more role to a user, application or group.
    Give(usize),
    /// Puts a user into one more group.
    Gather(usize),
    /// Adds a user to a group there is, mostly for a time.
    Meet(usize),
    /// Adds a binding to a policy.
    Bind(usize),
    /// Gives a policy more to a user, application or group.
    Entrust(usize),
    /// Adds a role, or a policy when the number is odd.
    Draft(usize),
    /// Gives the latest role or policy to a user.
    Hand(usize),
    /// Changes what the latest role or policy gives.
    Amend(usize),
}

impl Deed {
    /// Any deed of a seed.
    pub const fn any(seed: u64) -> Self {
        Deed { seed, what: What::Any, joined: false }
    }

    /// The command this deed is in a state, at an instant.
    pub fn command(self, state: &State, at: i64) -> Command {
        let mut doer = Doer { random: Random::new(self.seed), state, at };
        match self.what {
            What::Any => doer.command(),
            What::Welcome => doer.welcome(),
            What::Give(which) => doer.give(which),
            What::Gather(which) => doer.gather(which),
            What::Meet(which) => doer.meet(which),
            What::Bind(which) => doer.bind(which),
            What::Entrust(which) => doer.entrust(which),
            What::Draft(which) => doer.draft(which),
            What::Hand(which) => doer.hand(which),
            What::Amend(which) => doer.amend(which),
        }
    }
}

struct Doer<'a> {
    random: Random,
    state: &'a State,
    at: i64,
}

impl Doer<'_> {
    fn command(&mut self) -> Command {
        match self.random.below(100) {
            0..8 => UserCommand::Create(self.new_user()).into(),
            8..11 => ApplicationCommand::Create(self.new_application()).into(),
            11..16 => GroupCommand::Create(self.new_group()).into(),
            16..22 => RoleCommand::Create(self.new_role()).into(),
            22..27 => PolicyCommand::Create(self.new_policy()).into(),
            27..48 => self.grant(),
            48..53 => self.end(),
            53..64 => self.join(),
            64..66 => self.leave(),
            66..72 => self.change_role(),
            72..77 => self.change_policy(),
            77..81 => self.change_user(),
            81..82 => self.change_application(),
            82..86 => self.change_group(),
            86..88 => self.change_places(),
            88..92 => self.change_action(),
            92..93 => self.slot(),
            93..98 => self.delete(),
            _ => Command::Batch(vec![self.command(), self.command()]),
        }
    }

    /// A name that may be taken, in some script.
    fn name(&mut self) -> String {
        name::any(&mut self.random, true)
    }

    fn one<T>(&mut self, among: &BTreeMap<u32, T>) -> Ref {
        let numbers: Vec<u32> = among.keys().copied().collect();
        Ref::Number(self.random.one(&numbers).copied().unwrap_or(1))
    }

    fn person(&mut self) -> SubjectRef {
        let numbers: Vec<u32> = self.state.people.keys().copied().collect();
        SubjectRef::Number(self.random.one(&numbers).copied().unwrap_or(1))
    }

    fn holder(&mut self) -> SubjectRef {
        let (state, to_group) = (self.state, self.random.percent(35));
        if to_group { SubjectRef::Group(self.one(&state.groups)) } else { self.person() }
    }

    fn action(&mut self) -> Ref {
        // Rolecall's own are rarer than a catalog's.
        let state = self.state;
        let own = |number: &u32| (1000..2000).contains(number);
        let product: Vec<u32> = state.actions.keys().copied().filter(|number| !own(number)).collect();
        match self.random.below(20) {
            0 => self.one(&state.actions),
            1 => Ref::from("*"),
            _ => Ref::Number(self.random.one(&product).copied().unwrap_or(1000)),
        }
    }

    fn scope(&mut self, narrow: usize) -> ScopeRef {
        let state = self.state;
        let project = self.random.percent(narrow).then(|| match self.random.below(12) {
            0 => Ref::from(self.name()),
            _ => self.one(&state.projects),
        });
        let environment = self.random.percent(narrow).then(|| self.one(&state.environments));
        ScopeRef { project, environment }
    }

    fn permits(&mut self, most: usize) -> Vec<PermitRef> {
        (0..self.random.below(most + 1)).map(|_| self.permit()).collect()
    }

    fn permit(&mut self) -> PermitRef {
        let mut scope = self.scope(45);
        // To an environment more often than to a project: it must still meet where roles are bound.
        if self.random.percent(60) {
            scope.project = None;
        }
        PermitRef { action: self.action(), scope }
    }

    fn bindings(&mut self, most: usize) -> Vec<BindingRef> {
        let state = self.state;
        let one = |doer: &mut Self| BindingRef { role: doer.one(&state.roles), scope: doer.scope(50) };
        (0..self.random.below(most + 1)).map(|_| one(self)).collect()
    }

    fn grant_ref(&mut self) -> GrantRef {
        let state = self.state;
        if self.random.percent(40) {
            return GrantRef::Policy(self.one(&state.policies));
        }
        GrantRef::Role(BindingRef { role: self.one(&state.roles), scope: self.scope(50) })
    }

    fn terms(&mut self) -> Terms {
        let mut instant = |often: usize| {
            let near = (i64::try_from(self.random.below(41)).unwrap_or(0) - 20) * 1_000_000;
            let odd = i64::try_from(self.random.below(3)).unwrap_or(0) * 333_333;
            self.random.percent(often).then(|| Timestamp::from_micros(self.at + near + odd))
        };
        let (from, until) = (instant(20), instant(20));
        let source = match self.random.below(10) {
            0 => Source::Scim,
            1 => Source::Sso("corp".into()),
            _ => Source::Manual,
        };
        Terms { from, until, ..Terms::of(source) }
    }

    fn grant(&mut self) -> Command {
        AssignmentCommand::Grant(self.holder(), self.grant_ref(), self.terms()).into()
    }

    fn join(&mut self) -> Command {
        let state = self.state;
        MembershipCommand::Add(self.one(&state.groups), self.person(), self.terms()).into()
    }
}
