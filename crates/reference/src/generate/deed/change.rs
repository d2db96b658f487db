//! What is changed, taken away or deleted.

use super::Doer;
use crate::generate::name;
use rolecall_model::action::{ActionCommand, ActionPatch, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, ApplicationPatch};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::group::{GroupCommand, GroupPatch};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{BindingRef, PolicyCommand, PolicyPatch};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{RoleCommand, RolePatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{UserCommand, UserPatch};
use serde_json::Map;

impl Doer<'_> {
    /// Takes something away that is there.
    pub(super) fn end(&mut self) -> Command {
        let subject = self.holder();
        let held = match &subject {
            SubjectRef::Group(Ref::Number(number)) => self.state.groups.get(number),
            SubjectRef::Number(number) => self.state.people.get(number).map(|person| &person.held),
            _ => None,
        };
        let held: Vec<_> = held.into_iter().flatten().copied().collect();
        let grant = match self.random.one(&held).map(|held| held.given) {
            Some(crate::Given::Policy(number)) => GrantRef::Policy(Ref::Number(number)),
            Some(crate::Given::Role(b)) => GrantRef::Role(BindingRef {
                role: Ref::Number(b.role),
                scope: ScopeRef {
                    project: b.scope.project.map(Ref::Number),
                    environment: b.scope.environment.map(Ref::Number),
                },
            }),
            None => self.grant_ref(),
        };
        AssignmentCommand::End { subject, grant, source: None, quietly: true }.into()
    }

    pub(super) fn leave(&mut self) -> Command {
        let pairs: Vec<(u32, u32)> = self.state.memberships.keys().copied().collect();
        let (group, user) = self.random.one(&pairs).copied().unwrap_or((1, 1));
        let (group, user) = (Ref::Number(group), SubjectRef::Number(user));
        MembershipCommand::Remove { group, user, source: None, quietly: true }.into()
    }

    pub(super) fn change_role(&mut self) -> Command {
        let state = self.state;
        let own = state.roles.keys().copied().filter(|role| !state.predefined.contains(role));
        let own: Vec<u32> = own.collect();
        let role = Ref::Number(self.random.one(&own).copied().unwrap_or(1));
        let command = match self.random.below(3) {
            0 => RoleCommand::Permit(role, self.permits(3)),
            1 => RoleCommand::Withdraw(role, self.permits(8)),
            _ => RoleCommand::Change(role, RolePatch { permits: Some(self.permits(4)), ..RolePatch::default() }),
        };
        command.into()
    }

    pub(super) fn change_policy(&mut self) -> Command {
        let state = self.state;
        let policy = self.one(&state.policies);
        let command = match self.random.below(3) {
            0 => PolicyCommand::Bind(policy, self.bindings(2)),
            1 => PolicyCommand::Unbind(policy, self.bindings(4)),
            _ => PolicyCommand::Change(
                policy,
                PolicyPatch { bindings: Some(self.bindings(3)), ..PolicyPatch::default() },
            ),
        };
        command.into()
    }

    pub(super) fn change_user(&mut self) -> Command {
        let mut patch = UserPatch::default();
        match self.random.below(9) {
            0..3 => patch.active = Some(false),
            3..5 => patch.active = Some(true),
            5 => patch.username = Some(self.random.percent(80).then(|| self.identifier())),
            6 => patch.email = Some(self.random.percent(80).then(|| self.email())),
            7 => patch.external_id = Some(self.random.percent(80).then(|| self.identifier())),
            _ => patch.password = Some(self.random.percent(70)),
        }
        UserCommand::Change(self.person(), patch).into()
    }

    pub(super) fn change_application(&mut self) -> Command {
        let mut patch = ApplicationPatch { active: Some(self.random.percent(60)), ..ApplicationPatch::default() };
        if self.random.percent(30) {
            patch.external_id = Some(Some(self.identifier()));
        }
        ApplicationCommand::Change(self.person(), patch).into()
    }

    pub(super) fn change_group(&mut self) -> Command {
        let state = self.state;
        let mut patch = GroupPatch { name: Some(self.name()), ..GroupPatch::default() };
        if self.random.percent(70) {
            patch.members = Some((0..self.random.below(4)).map(|_| self.person()).collect());
        }
        GroupCommand::Change(self.one(&state.groups), patch).into()
    }

    pub(super) fn change_places(&mut self) -> Command {
        let (state, name) = (self.state, self.name());
        match self.random.below(5) {
            0 => {
                EnvironmentCommand::Create(NewEnvironment { name, title: String::new(), attributes: Map::new() }).into()
            }
            1 => ProjectCommand::Archive(self.one(&state.projects)).into(),
            2 => ProjectCommand::Restore(self.one(&state.projects)).into(),
            _ => {
                let (title, description, attributes) = (String::new(), String::new(), Map::new());
                ProjectCommand::Create(NewProject { name, title, description, attributes }).into()
            }
        }
    }

    pub(super) fn change_action(&mut self) -> Command {
        let includes: Vec<Ref> = (0..self.random.below(3)).map(|_| self.action()).collect();
        if self.random.percent(50) {
            let patch = ActionPatch { includes: Some(includes), ..ActionPatch::default() };
            let late: Vec<u32> = self.state.actions.keys().copied().filter(|number| *number >= 2000).collect();
            return ActionCommand::Change(Ref::Number(self.random.one(&late).copied().unwrap_or(2000)), patch).into();
        }
        ActionCommand::Create(NewAction {
            name: name::any(&mut self.random, false),
            level: Level::Environment,
            title: String::new(),
            description: String::new(),
            category: String::new(),
            includes,
            attributes: Map::new(),
        })
        .into()
    }

    pub(super) fn slot(&mut self) -> Command {
        let (state, slot, terms) = (self.state, "root".to_owned(), Terms::of(Source::Manual));
        AssignmentCommand::Slot { subject: self.holder(), slot, role: Some(self.one(&state.roles)), terms }.into()
    }

    pub(super) fn delete(&mut self) -> Command {
        let state = self.state;
        match self.random.below(9) {
            0 => UserCommand::Delete(self.person()).into(),
            1 => ApplicationCommand::Delete(self.person()).into(),
            2 => GroupCommand::Delete(self.one(&state.groups)).into(),
            3 => PolicyCommand::Delete(self.one(&state.policies)).into(),
            4 => RoleCommand::Delete(self.one(&state.roles)).into(),
            5 => ProjectCommand::Delete(self.one(&state.projects)).into(),
            6 => EnvironmentCommand::Delete(self.one(&state.environments)).into(),
            7 => ActionCommand::Delete(self.action()).into(),
            _ => ActionCommand::Delete(self.spare_action()).into(),
        }
    }

    /// The latest action that no role and no other action uses: most others cannot be deleted.
    fn spare_action(&mut self) -> Ref {
        let state = self.state;
        let used = |number: &u32| {
            state.roles.values().flatten().any(|permit| permit.action == *number)
                || state.actions.values().any(|action| action.includes.contains(number))
        };
        let spare = state.actions.range(2000..).rev().map(|(number, _)| *number).find(|number| !used(number));
        spare.map_or_else(|| self.action(), Ref::Number)
    }
}
