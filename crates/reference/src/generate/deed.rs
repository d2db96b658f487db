//! A deed: a command whose names are still open. It becomes a command when it is seen what there
//! is.

use super::catalog::WORDS;
use super::random::Random;
use crate::state::State;
use rolecall_model::action::{ActionCommand, ActionPatch, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, ApplicationPatch, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::group::{GroupCommand, GroupPatch, NewGroup};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{BindingRef, NewPolicy, PolicyCommand, PolicyPatch};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{Bindable, NewRole, PermitRef, RoleCommand, RolePatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::time::Timestamp;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use serde_json::Map;
use std::collections::BTreeMap;

/// A random seed that becomes a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed(pub u64);

impl Deed {
    /// The command this deed is in a state, at an instant.
    pub fn command(self, state: &State, at: i64) -> Command {
        Doer { random: Random::new(self.0), state, at }.command()
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
        let word = self.random.one(&WORDS).copied().unwrap_or_default();
        format!("{word} {}", self.random.below(12))
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
        (0..self.random.below(most + 1)).map(|_| PermitRef { action: self.action(), scope: self.scope(18) }).collect()
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
            let near = i64::try_from(self.random.below(41)).unwrap_or(0) - 20;
            self.random.percent(often).then(|| Timestamp::from_micros(self.at + near * 1_000_000))
        };
        let (from, until) = (instant(20), instant(20));
        let source = match self.random.below(10) {
            0 => Source::Scim,
            1 => Source::Sso("corp".into()),
            _ => Source::Manual,
        };
        Terms { from, until, ..Terms::of(source) }
    }

    fn new_user(&mut self) -> NewUser {
        let state = self.state;
        let number = self.random.below(1_000_000);
        let mut user = NewUser { terms: self.terms(), disabled: self.random.percent(8), ..NewUser::default() };
        user.email = self.random.percent(70).then(|| format!("User.{number}@Example.com"));
        user.username = self.random.percent(30).then(|| format!("User{number}"));
        user.external_id = (user.email.is_none() && user.username.is_none()).then(|| format!("внешний-{number}"));
        user.password = self.random.percent(30);
        user.grants = (0..self.random.below(3)).map(|_| self.grant_ref()).collect();
        if !state.groups.is_empty() {
            user.groups = (0..self.random.below(2)).map(|_| self.one(&state.groups)).collect();
        }
        user
    }

    fn new_application(&mut self) -> NewApplication {
        let name = self.name();
        let client_id = Some(format!("Client-{}", self.random.below(1_000_000)));
        let grants = (0..self.random.below(3)).map(|_| self.grant_ref()).collect();
        NewApplication { name, client_id, grants, terms: self.terms(), ..NewApplication::default() }
    }

    fn new_group(&mut self) -> NewGroup {
        let members = (0..self.random.below(4)).map(|_| self.person()).collect();
        let grants = (0..self.random.below(2)).map(|_| self.grant_ref()).collect();
        NewGroup { name: self.name(), members, grants, terms: self.terms(), ..NewGroup::default() }
    }

    fn new_role(&mut self) -> NewRole {
        let bindable = [None, Some(Bindable::Anywhere), Some(Bindable::Project), Some(Bindable::Organization)];
        NewRole {
            name: self.name(),
            description: String::new(),
            bindable: bindable[self.random.below(4)],
            slot: self.random.percent(10).then(|| "root".to_owned()),
            permits: self.permits(4),
            attributes: Map::new(),
        }
    }

    fn new_policy(&mut self) -> NewPolicy {
        NewPolicy { name: self.name(), description: String::new(), bindings: self.bindings(3), attributes: Map::new() }
    }

    fn grant(&mut self) -> Command {
        AssignmentCommand::Grant(self.holder(), self.grant_ref(), self.terms()).into()
    }

    /// Takes something away that is there.
    fn end(&mut self) -> Command {
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

    fn join(&mut self) -> Command {
        let state = self.state;
        MembershipCommand::Add(self.one(&state.groups), self.person(), self.terms()).into()
    }

    fn leave(&mut self) -> Command {
        let pairs: Vec<(u32, u32)> = self.state.memberships.keys().copied().collect();
        let (group, user) = self.random.one(&pairs).copied().unwrap_or((1, 1));
        let (group, user) = (Ref::Number(group), SubjectRef::Number(user));
        MembershipCommand::Remove { group, user, source: None, quietly: true }.into()
    }

    fn change_role(&mut self) -> Command {
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

    fn change_policy(&mut self) -> Command {
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

    fn change_user(&mut self) -> Command {
        let mut patch = UserPatch::default();
        match self.random.below(6) {
            0..2 => patch.active = Some(false),
            2..4 => patch.active = Some(true),
            4 => patch.username = Some(Some(format!("other{}", self.random.below(1_000)))),
            _ => patch.password = Some(self.random.percent(70)),
        }
        UserCommand::Change(self.person(), patch).into()
    }

    fn change_application(&mut self) -> Command {
        let active = Some(self.random.percent(60));
        ApplicationCommand::Change(self.person(), ApplicationPatch { active, ..ApplicationPatch::default() }).into()
    }

    fn change_group(&mut self) -> Command {
        let state = self.state;
        let mut patch = GroupPatch { name: Some(self.name()), ..GroupPatch::default() };
        if self.random.percent(70) {
            patch.members = Some((0..self.random.below(4)).map(|_| self.person()).collect());
        }
        GroupCommand::Change(self.one(&state.groups), patch).into()
    }

    fn change_places(&mut self) -> Command {
        let (state, name) = (self.state, self.name());
        match self.random.below(5) {
            0 if state.environments.len() < 4 => {
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

    fn change_action(&mut self) -> Command {
        let includes: Vec<Ref> = (0..self.random.below(3)).map(|_| self.action()).collect();
        if self.random.percent(50) {
            let patch = ActionPatch { includes: Some(includes), ..ActionPatch::default() };
            let late: Vec<u32> = self.state.actions.keys().copied().filter(|number| *number >= 2000).collect();
            return ActionCommand::Change(Ref::Number(self.random.one(&late).copied().unwrap_or(2000)), patch).into();
        }
        ActionCommand::Create(NewAction {
            name: format!("more.{}", self.random.below(8)),
            level: Level::Environment,
            title: String::new(),
            description: String::new(),
            category: String::new(),
            includes,
            attributes: Map::new(),
        })
        .into()
    }

    fn slot(&mut self) -> Command {
        let (state, slot, terms) = (self.state, "root".to_owned(), Terms::of(Source::Manual));
        AssignmentCommand::Slot { subject: self.holder(), slot, role: Some(self.one(&state.roles)), terms }.into()
    }

    fn delete(&mut self) -> Command {
        let state = self.state;
        match self.random.below(8) {
            0 => UserCommand::Delete(self.person()).into(),
            1 => ApplicationCommand::Delete(self.person()).into(),
            2 => GroupCommand::Delete(self.one(&state.groups)).into(),
            3 => PolicyCommand::Delete(self.one(&state.policies)).into(),
            4 => RoleCommand::Delete(self.one(&state.roles)).into(),
            5 => ProjectCommand::Delete(self.one(&state.projects)).into(),
            6 => EnvironmentCommand::Delete(self.one(&state.environments)).into(),
            _ => ActionCommand::Delete(self.action()).into(),
        }
    }
}
