//! Random commands over a small world, drawn from a seed.

use crate::world::{always, between, role_at, scope};
use rolecall_model::Command;
use rolecall_model::action::{ActionCommand, ActionPatch, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{BindingRef, NewPolicy, PolicyCommand, PolicyPatch};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::Terms;
use rolecall_model::role::{NewRole, PermitRef, RoleCommand, RolePatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};

/// A stream of numbers that a seed determines.
pub struct Draw(pub u64);

const USERS: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];
const GROUPS: [&str; 3] = ["g1", "g2", "g3"];
const ROLES: [&str; 5] = ["r1", "r2", "r3", "r4", "Admin"];
const POLICIES: [&str; 3] = ["p1", "p2", "Admin"];
const PROJECTS: [&str; 4] = ["shop", "blog", "news", "*"];
const ENVIRONMENTS: [&str; 4] = ["development", "production", "test", "*"];
const ACTIONS: [&str; 7] = ["view", "deploy", "administer", "bill", "a1", "a2", "*"];

impl Draw {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn scope(&mut self) -> ScopeRef {
        scope(&format!("{}/{}", self.of(&PROJECTS), self.of(&ENVIRONMENTS)))
    }

    fn subject(&mut self) -> SubjectRef {
        match self.below(5) {
            0 | 1 => SubjectRef::Group(self.of(&GROUPS).into()),
            2 => SubjectRef::Application("robot".into()),
            _ => SubjectRef::User(self.of(&USERS).into()),
        }
    }

    fn grant(&mut self) -> GrantRef {
        match self.below(3) {
            0 => GrantRef::Policy(self.of(&POLICIES).into()),
            _ => GrantRef::Role(BindingRef { role: self.of(&ROLES).into(), scope: self.scope() }),
        }
    }

    fn terms(&mut self) -> Terms {
        match self.below(6) {
            0 => between(Some(50), None),
            1 => between(None, Some(50)),
            2 => between(Some(20), Some(120)),
            _ => always(),
        }
    }

    fn permits(&mut self) -> Vec<PermitRef> {
        let count = 1 + self.below(3);
        (0..count)
            .map(|_| {
                let scope = if self.below(2) == 0 { ScopeRef::ORGANIZATION } else { self.scope() };
                PermitRef { action: self.of(&ACTIONS).into(), scope }
            })
            .collect()
    }

    fn bindings(&mut self) -> Vec<BindingRef> {
        let count = self.below(4);
        (0..count).map(|_| BindingRef { role: self.of(&ROLES).into(), scope: self.scope() }).collect()
    }

    /// A command, which may well be refused.
    pub fn command(&mut self) -> Command {
        match self.below(20) {
            0..=4 => AssignmentCommand::Grant(self.subject(), self.grant(), self.terms()).into(),
            5 => {
                let (subject, grant) = (self.subject(), self.grant());
                AssignmentCommand::End { subject, grant, source: None, quietly: true }.into()
            }
            6 | 7 => {
                let user = SubjectRef::User(self.of(&USERS).into());
                MembershipCommand::Add(self.of(&GROUPS).into(), user, self.terms()).into()
            }
            8 => {
                let (group, user) = (self.of(&GROUPS).into(), SubjectRef::User(self.of(&USERS).into()));
                MembershipCommand::Remove { group, user, source: None, quietly: true }.into()
            }
            9 | 10 => self.role(),
            11 | 12 => self.policy(),
            13 => self.action(),
            14 | 15 => self.person(),
            16 => self.group(),
            17 => self.place(),
            _ => Command::Batch(vec![self.command(), self.command()]),
        }
    }

    fn role(&mut self) -> Command {
        let (name, permits) = (self.of(&ROLES), self.permits());
        match self.below(5) {
            0 => RoleCommand::Delete(name.into()).into(),
            1 | 2 => {
                RoleCommand::Change(name.into(), RolePatch { permits: Some(permits), ..RolePatch::default() }).into()
            }
            _ => RoleCommand::Create(NewRole {
                name: name.to_owned(),
                description: "random".to_owned(),
                bindable: None,
                slot: None,
                permits,
                attributes: serde_json::Map::default(),
            })
            .into(),
        }
    }

    fn policy(&mut self) -> Command {
        let (name, bindings) = (self.of(&POLICIES), self.bindings());
        match self.below(5) {
            0 => PolicyCommand::Delete(name.into()).into(),
            1 | 2 => {
                let patch = PolicyPatch { bindings: Some(bindings), ..PolicyPatch::default() };
                PolicyCommand::Change(name.into(), patch).into()
            }
            _ => PolicyCommand::Create(NewPolicy {
                name: name.to_owned(),
                description: String::new(),
                bindings,
                attributes: serde_json::Map::default(),
            })
            .into(),
        }
    }

    fn action(&mut self) -> Command {
        let name = self.of(&ACTIONS);
        let includes: Vec<Ref> = (0..self.below(3)).map(|_| self.of(&ACTIONS).into()).collect();
        match self.below(3) {
            0 => ActionCommand::Delete(name.into()).into(),
            1 => {
                let patch = ActionPatch { includes: Some(includes), ..ActionPatch::default() };
                ActionCommand::Change(name.into(), patch).into()
            }
            _ => ActionCommand::Create(NewAction {
                name: name.to_owned(),
                level: Level::Environment,
                title: String::new(),
                description: String::new(),
                category: String::new(),
                includes,
                attributes: serde_json::Map::default(),
            })
            .into(),
        }
    }

    fn person(&mut self) -> Command {
        let name = self.of(&USERS);
        let who = SubjectRef::User(name.into());
        match self.below(8) {
            0 => UserCommand::Delete(who).into(),
            1 => UserCommand::Change(who, UserPatch { active: Some(false), ..UserPatch::default() }).into(),
            2 | 3 => UserCommand::Change(who, UserPatch { active: Some(true), ..UserPatch::default() }).into(),
            4 => ApplicationCommand::Create(NewApplication {
                name: "robot".to_owned(),
                client_id: Some("robot".to_owned()),
                terms: always(),
                ..NewApplication::default()
            })
            .into(),
            _ => UserCommand::Create(NewUser {
                username: Some(name.to_owned()),
                grants: vec![role_at(self.of(&ROLES), "shop")],
                terms: self.terms(),
                ..NewUser::default()
            })
            .into(),
        }
    }

    fn group(&mut self) -> Command {
        let name = self.of(&GROUPS);
        if self.below(3) == 0 {
            return GroupCommand::Delete(name.into()).into();
        }
        let members = vec![SubjectRef::User(self.of(&USERS).into())];
        let grants = vec![self.grant()];
        let new = NewGroup { name: name.to_owned(), members, grants, terms: self.terms(), ..NewGroup::default() };
        GroupCommand::Create(new).into()
    }

    fn place(&mut self) -> Command {
        let (project, environment) = (self.of(&PROJECTS[..3]), self.of(&ENVIRONMENTS[..3]));
        match self.below(5) {
            0 => ProjectCommand::Delete(project.into()).into(),
            1 => ProjectCommand::Archive(project.into()).into(),
            2 => EnvironmentCommand::Delete(environment.into()).into(),
            3 => EnvironmentCommand::Create(NewEnvironment {
                name: environment.to_owned(),
                title: String::new(),
                attributes: serde_json::Map::default(),
            })
            .into(),
            _ => ProjectCommand::Create(NewProject {
                name: project.to_owned(),
                title: String::new(),
                description: String::new(),
                attributes: serde_json::Map::default(),
            })
            .into(),
        }
    }
}
