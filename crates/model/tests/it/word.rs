//! Commands in a few words.

use crate::fixture::{binding, by_hand, grant, known, permit, subject};
use rolecall_model::action::{ActionCommand, ActionPatch, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, ApplicationPatch, NewApplication};
use rolecall_model::command::{Command, Ref};
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::group::{GroupCommand, GroupPatch, NewGroup};
use rolecall_model::id::TokenKey;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::{NewPolicy, PolicyCommand, PolicyPatch};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::Terms;
use rolecall_model::resource_type::{ResourceTypeCommand, Stands};
use rolecall_model::role::{Bindable, NewRole, RoleCommand, RolePatch};
use rolecall_model::token::{NewToken, TokenCommand};
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use serde_json::Map;

/// A new user under way.
pub struct AUser(NewUser);

/// A new user, known by an address when the name is plain, else by a username.
pub fn user(who: &str) -> AUser {
    let known = known(who);
    let mut user = NewUser { terms: by_hand(), ..NewUser::default() };
    let place = if known.contains('@') { &mut user.email } else { &mut user.username };
    *place = Some(known.into());
    AUser(user)
}

impl AUser {
    pub fn given(mut self, what: &str) -> Self {
        self.0.grants.push(grant(what));
        self
    }

    pub fn in_group(mut self, group: &str) -> Self {
        self.0.groups.push(Ref::from(group));
        self
    }

    pub fn password(mut self) -> Self {
        self.0.password = true;
        self
    }

    pub fn disabled(mut self) -> Self {
        self.0.disabled = true;
        self
    }

    pub fn but(mut self, change: impl FnOnce(&mut NewUser)) -> Self {
        change(&mut self.0);
        self
    }
}

impl From<AUser> for Command {
    fn from(user: AUser) -> Self {
        UserCommand::Create(user.0).into()
    }
}

pub fn change_user(who: &str, change: impl FnOnce(&mut UserPatch)) -> Command {
    let mut patch = UserPatch::default();
    change(&mut patch);
    UserCommand::Change(subject(who), patch).into()
}

pub fn disable(who: &str) -> Command {
    change_user(who, |patch| patch.active = Some(false))
}

pub fn enable(who: &str) -> Command {
    change_user(who, |patch| patch.active = Some(true))
}

pub fn delete_user(who: &str) -> Command {
    UserCommand::Delete(subject(who)).into()
}

pub fn erase_user(who: &str) -> Command {
    UserCommand::Erase(subject(who)).into()
}

pub fn application(name: &str, grants: &[&str]) -> Command {
    let grants = grants.iter().map(|what| grant(what)).collect();
    let new = NewApplication { name: name.to_owned(), grants, terms: by_hand(), ..NewApplication::default() };
    ApplicationCommand::Create(new).into()
}

pub fn change_application(who: &str, change: impl FnOnce(&mut ApplicationPatch)) -> Command {
    let mut patch = ApplicationPatch::default();
    change(&mut patch);
    ApplicationCommand::Change(application_known(who), patch).into()
}

pub fn delete_application(who: &str) -> Command {
    ApplicationCommand::Delete(application_known(who)).into()
}

fn application_known(who: &str) -> rolecall_model::command::SubjectRef {
    rolecall_model::command::SubjectRef::Application(who.into())
}

pub fn role(name: &str, permits: &[&str]) -> Command {
    RoleCommand::Create(new_role(name, permits)).into()
}

pub fn new_role(name: &str, permits: &[&str]) -> NewRole {
    NewRole {
        name: name.to_owned(),
        description: String::new(),
        bindable: None,
        slot: None,
        permits: permits.iter().map(|text| permit(text)).collect(),
        attributes: Map::new(),
    }
}

pub fn role_for_projects(name: &str, permits: &[&str]) -> Command {
    RoleCommand::Create(NewRole { bindable: Some(Bindable::Project), ..new_role(name, permits) }).into()
}

pub fn role_of_slot(name: &str, slot: &str, permits: &[&str]) -> Command {
    RoleCommand::Create(NewRole { slot: Some(slot.to_owned()), ..new_role(name, permits) }).into()
}

pub fn permit_more(role: &str, permits: &[&str]) -> Command {
    RoleCommand::Permit(Ref::from(role), permits.iter().map(|text| permit(text)).collect()).into()
}

pub fn withdraw(role: &str, permits: &[&str]) -> Command {
    RoleCommand::Withdraw(Ref::from(role), permits.iter().map(|text| permit(text)).collect()).into()
}

pub fn change_role(role: &str, change: impl FnOnce(&mut RolePatch)) -> Command {
    let mut patch = RolePatch::default();
    change(&mut patch);
    RoleCommand::Change(Ref::from(role), patch).into()
}

pub fn set_permits(role: &str, permits: &[&str]) -> Command {
    change_role(role, |patch| {
        patch.permits = Some(permits.iter().map(|text| permit(text)).collect());
    })
}

pub fn delete_role(role: &str) -> Command {
    RoleCommand::Delete(Ref::from(role)).into()
}

pub fn policy(name: &str, bindings: &[&str]) -> Command {
    let bindings = bindings.iter().map(|text| binding(text)).collect();
    let (name, description, attributes) = (name.to_owned(), String::new(), Map::new());
    PolicyCommand::Create(NewPolicy { name, description, bindings, attributes }).into()
}

pub fn bind(policy: &str, bindings: &[&str]) -> Command {
    PolicyCommand::Bind(Ref::from(policy), bindings.iter().map(|text| binding(text)).collect()).into()
}

pub fn unbind(policy: &str, bindings: &[&str]) -> Command {
    PolicyCommand::Unbind(Ref::from(policy), bindings.iter().map(|text| binding(text)).collect()).into()
}

pub fn change_policy(policy: &str, change: impl FnOnce(&mut PolicyPatch)) -> Command {
    let mut patch = PolicyPatch::default();
    change(&mut patch);
    PolicyCommand::Change(Ref::from(policy), patch).into()
}

pub fn set_bindings(policy: &str, bindings: &[&str]) -> Command {
    change_policy(policy, |patch| {
        patch.bindings = Some(bindings.iter().map(|text| binding(text)).collect());
    })
}

pub fn delete_policy(policy: &str) -> Command {
    PolicyCommand::Delete(Ref::from(policy)).into()
}

pub fn group(name: &str, members: &[&str], grants: &[&str]) -> Command {
    let members = members.iter().map(|who| subject(who)).collect();
    let grants = grants.iter().map(|what| grant(what)).collect();
    GroupCommand::Create(NewGroup { name: name.to_owned(), members, grants, terms: by_hand(), ..NewGroup::default() })
        .into()
}

pub fn change_group(group: &str, change: impl FnOnce(&mut GroupPatch)) -> Command {
    let mut patch = GroupPatch::default();
    change(&mut patch);
    GroupCommand::Change(Ref::from(group), patch).into()
}

pub fn set_members(group: &str, members: &[&str]) -> Command {
    change_group(group, |patch| {
        patch.members = Some(members.iter().map(|who| subject(who)).collect());
    })
}

pub fn sso_names(group: &str, names: &[&str]) -> Command {
    change_group(group, |patch| {
        patch.sso_names = Some(names.iter().map(|&name| name.to_owned()).collect());
    })
}

pub fn delete_group(group: &str) -> Command {
    GroupCommand::Delete(Ref::from(group)).into()
}

pub fn join(group: &str, who: &str) -> Command {
    join_on(group, who, by_hand())
}

pub fn join_on(group: &str, who: &str, terms: Terms) -> Command {
    MembershipCommand::Add(Ref::from(group), subject(who), terms).into()
}

pub fn leave(group: &str, who: &str) -> Command {
    MembershipCommand::Remove { group: Ref::from(group), user: subject(who), source: None, quietly: false }.into()
}

pub fn action(name: &str, includes: &[&str]) -> Command {
    ActionCommand::Create(NewAction {
        name: name.to_owned(),
        level: Level::Environment,
        title: String::new(),
        description: String::new(),
        category: String::new(),
        includes: includes.iter().map(|&name| Ref::from(name)).collect(),
        attributes: Map::new(),
    })
    .into()
}

pub fn set_includes(action: &str, includes: &[&str]) -> Command {
    let includes = Some(includes.iter().map(|&name| Ref::from(name)).collect());
    ActionCommand::Change(Ref::from(action), ActionPatch { includes, ..ActionPatch::default() }).into()
}

pub fn delete_action(action: &str) -> Command {
    ActionCommand::Delete(Ref::from(action)).into()
}

pub fn project(name: &str) -> Command {
    let (name, title, description) = (name.to_owned(), String::new(), String::new());
    ProjectCommand::Create(NewProject { name, title, description, attributes: Map::new() }).into()
}

pub fn archive(project: &str) -> Command {
    ProjectCommand::Archive(Ref::from(project)).into()
}

pub fn restore(project: &str) -> Command {
    ProjectCommand::Restore(Ref::from(project)).into()
}

pub fn delete_project(project: &str) -> Command {
    ProjectCommand::Delete(Ref::from(project)).into()
}

pub fn environment(name: &str) -> Command {
    EnvironmentCommand::Create(NewEnvironment { name: name.to_owned(), title: String::new(), attributes: Map::new() })
        .into()
}

pub fn order(environments: &[&str]) -> Command {
    EnvironmentCommand::Order(environments.iter().map(|&name| Ref::from(name)).collect()).into()
}

pub fn delete_environment(environment: &str) -> Command {
    EnvironmentCommand::Delete(Ref::from(environment)).into()
}

pub fn slot(who: &str, slot: &str, role: Option<&str>) -> Command {
    let (subject, slot, role) = (subject(who), slot.to_owned(), role.map(Ref::from));
    rolecall_model::assignment::AssignmentCommand::Slot { subject, slot, role, terms: by_hand() }.into()
}

pub fn resource_type(name: &str, actions: &[&str]) -> Command {
    let actions = Some(actions.iter().map(|&name| Ref::from(name)).collect());
    ResourceTypeCommand::Create { name: name.to_owned(), stands: Stands::Within, actions }.into()
}

/// A token under way.
pub struct AToken(NewToken);

pub fn token(key: u128, who: &str) -> AToken {
    AToken(NewToken {
        key: TokenKey::new(key),
        name: "a token".to_owned(),
        subject: subject(who),
        scope: rolecall_model::scope::ScopeRef::ORGANIZATION,
        actions: None,
        until: None,
        kind: rolecall_model::token::TokenKind::Personal,
        client: None,
    })
}

impl AToken {
    pub fn until(mut self, until: rolecall_model::Timestamp) -> Self {
        self.0.until = Some(until);
        self
    }

    pub fn but(mut self, change: impl FnOnce(&mut NewToken)) -> Self {
        change(&mut self.0);
        self
    }
}

impl From<AToken> for Command {
    fn from(token: AToken) -> Self {
        TokenCommand::Issue(token.0).into()
    }
}

pub fn revoke(key: u128) -> Command {
    TokenCommand::Revoke(TokenKey::new(key)).into()
}
