//! Deeds that make one holder large, and those an organization of a few people begins with.

use super::Doer;
use crate::generate::Random;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{BindingRef, PolicyCommand, PolicyPatch};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{NewRole, RoleCommand};
use rolecall_model::time::Timestamp;
use rolecall_model::user::{NewUser, UserCommand};
use std::collections::BTreeMap;

impl Doer<'_> {
    pub(super) fn welcome(&mut self) -> Command {
        UserCommand::Create(NewUser { email: Some(self.email()), ..NewUser::default() }).into()
    }

    pub(super) fn give(&mut self, which: usize) -> Command {
        let state = self.state;
        let binding = BindingRef { role: self.one(&state.roles), scope: self.scope(70) };
        AssignmentCommand::Grant(self.holder_of(which), GrantRef::Role(binding), self.terms()).into()
    }

    pub(super) fn gather(&mut self, which: usize) -> Command {
        let users: Vec<u32> =
            self.state.people.iter().filter(|(_, person)| person.is_user).map(|(id, _)| *id).collect();
        let member = users.get(which % users.len().max(1)).copied().unwrap_or(1);
        let members = vec![SubjectRef::Number(member)];
        let grants = vec![self.grant_ref()];
        let terms = if self.random.percent(70) { Terms::of(Source::Manual) } else { self.terms() };
        GroupCommand::Create(NewGroup { name: self.name(), members, grants, terms, ..NewGroup::default() }).into()
    }

    pub(super) fn meet(&mut self, which: usize) -> Command {
        let state = self.state;
        let users: Vec<u32> = state.people.iter().filter(|(_, person)| person.is_user).map(|(id, _)| *id).collect();
        let user = SubjectRef::Number(users.get(which % users.len().max(1)).copied().unwrap_or(1));
        let near = |random: &mut Random| i64::try_from(random.below(12)).unwrap_or(0) * 999_999;
        let mut terms = Terms::of(Source::Manual);
        if self.random.percent(40) {
            terms.from = Some(Timestamp::from_micros(self.at + near(&mut self.random)));
        }
        if self.random.percent(60) {
            terms.until = Some(Timestamp::from_micros(self.at + 13_000_000 + near(&mut self.random)));
        }
        MembershipCommand::Add(self.one(&state.groups), user, terms).into()
    }

    pub(super) fn bind(&mut self, which: usize) -> Command {
        let state = self.state;
        let policies: Vec<u32> = state.policies.keys().copied().collect();
        let policy = policies.get(which % policies.len().max(1)).copied().unwrap_or(1);
        let binding = BindingRef { role: self.one(&state.roles), scope: self.scope(70) };
        PolicyCommand::Bind(Ref::Number(policy), vec![binding]).into()
    }

    pub(super) fn entrust(&mut self, which: usize) -> Command {
        let state = self.state;
        let terms = if self.random.percent(70) { Terms::of(Source::Manual) } else { self.terms() };
        AssignmentCommand::Grant(self.holder_of(which), GrantRef::Policy(self.one(&state.policies)), terms).into()
    }

    pub(super) fn draft(&mut self, which: usize) -> Command {
        if which.is_multiple_of(2) {
            let role = NewRole { bindable: None, slot: None, ..self.new_role() };
            return RoleCommand::Create(role).into();
        }
        PolicyCommand::Create(self.new_policy()).into()
    }

    pub(super) fn hand(&mut self, which: usize) -> Command {
        let grant = match which % 2 {
            0 => GrantRef::Role(BindingRef { role: latest(&self.state.roles), scope: self.scope(20) }),
            _ => GrantRef::Policy(latest(&self.state.policies)),
        };
        AssignmentCommand::Grant(self.person(), grant, Terms::of(Source::Manual)).into()
    }

    pub(super) fn amend(&mut self, which: usize) -> Command {
        let state = self.state;
        if which.is_multiple_of(2) {
            return RoleCommand::Permit(latest(&state.roles), vec![self.permit(), self.permit()]).into();
        }
        let bindings = Some(self.bindings(3));
        PolicyCommand::Change(latest(&state.policies), PolicyPatch { bindings, ..PolicyPatch::default() }).into()
    }

    /// The same holder for the same number.
    fn holder_of(&self, which: usize) -> SubjectRef {
        let nth = |numbers: Vec<u32>| numbers.get(which / 3 % numbers.len().max(1)).copied().unwrap_or(1);
        match which % 3 {
            0 => SubjectRef::Group(Ref::Number(nth(self.state.groups.keys().copied().collect()))),
            _ => SubjectRef::Number(nth(self.state.people.keys().copied().collect())),
        }
    }
}

/// What was added last: nobody's catalog brought that, so it can be changed.
fn latest<T>(among: &BTreeMap<u32, T>) -> Ref {
    Ref::Number(among.keys().last().copied().unwrap_or(1))
}
