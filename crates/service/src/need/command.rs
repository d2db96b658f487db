//! What each command needs of its caller.

use super::{Need, place, words};
use rolecall_engine::Place;
use rolecall_model::action::ActionCommand;
use rolecall_model::application::ApplicationCommand;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::environment::EnvironmentCommand;
use rolecall_model::group::GroupCommand;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::moment::Actor;
use rolecall_model::operation as op;
use rolecall_model::policy::PolicyCommand;
use rolecall_model::project::ProjectCommand;
use rolecall_model::provider::ProviderCommand;
use rolecall_model::resource_type::ResourceTypeCommand;
use rolecall_model::role::RoleCommand;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{TokenCommand, TokenKind};
use rolecall_model::user::UserCommand;
use rolecall_model::{Command, Org, Scope, resolve};

/// Everything a command needs of its caller.
pub(crate) fn of(org: &Org, command: &Command, caller: Option<Actor>) -> Vec<Need> {
    // What these may do was decided when they were set up; what they ask for is this program's own.
    if matches!(caller, Some(Actor::System | Actor::Provider(_) | Actor::Scim(_))) {
        return Vec::new();
    }
    let everywhere = |action| Need::new(action, Place::ORGANIZATION);
    match command {
        Command::Found(_) => vec![everywhere(op::ORGANIZATIONS_WRITE)],
        Command::Settings(_) => vec![everywhere(op::SETTINGS_WRITE)],
        Command::Import(_) => vec![everywhere(op::IMPORT)],
        Command::Batch(commands) => commands.iter().flat_map(|command| of(org, command, caller)).collect(),
        Command::Action(command) => {
            let need = everywhere(op::ACTIONS_WRITE);
            vec![match command {
                ActionCommand::Create(_) => need,
                ActionCommand::Change(target, _) | ActionCommand::Delete(target) => {
                    need.of("action", target, op::ACTIONS_READ)
                }
            }]
        }
        Command::ResourceType(command) => {
            let need = everywhere(op::ACTIONS_WRITE);
            vec![match command {
                ResourceTypeCommand::Create { .. } => need,
                ResourceTypeCommand::Change { target, .. } | ResourceTypeCommand::Delete(target) => {
                    need.of("resource type", target, op::ACTIONS_READ)
                }
            }]
        }
        Command::Role(command) => {
            let need = everywhere(op::ROLES_WRITE);
            vec![match command {
                RoleCommand::Create(_) => need,
                RoleCommand::Change(target, _)
                | RoleCommand::Permit(target, _)
                | RoleCommand::Withdraw(target, _)
                | RoleCommand::Delete(target) => need.of("role", target, op::ROLES_READ),
            }]
        }
        Command::Policy(command) => {
            let need = everywhere(op::POLICIES_WRITE);
            vec![match command {
                PolicyCommand::Create(_) => need,
                PolicyCommand::Change(target, _)
                | PolicyCommand::Bind(target, _)
                | PolicyCommand::Unbind(target, _)
                | PolicyCommand::Delete(target) => need.of("policy", target, op::POLICIES_READ),
            }]
        }
        Command::Environment(command) => {
            let need = everywhere(op::ENVIRONMENTS_WRITE);
            vec![match command {
                EnvironmentCommand::Create(_) | EnvironmentCommand::Order(_) => need,
                EnvironmentCommand::Change(target, _) | EnvironmentCommand::Delete(target) => {
                    need.of("environment", target, op::ENVIRONMENTS_READ)
                }
            }]
        }
        Command::Project(command) => vec![project(org, command)],
        Command::User(command) => user(org, command, caller),
        Command::Application(command) => application(org, command),
        Command::Group(command) => group(org, command),
        Command::Membership(MembershipCommand::Add(group, ..) | MembershipCommand::Remove { group, .. }) => {
            vec![everywhere(op::GROUPS_WRITE).of("group", group, op::GROUPS_READ)]
        }
        Command::Membership(MembershipCommand::Sync { .. }) => vec![everywhere(op::GROUPS_WRITE)],
        Command::Provider(command) => {
            let need = everywhere(op::PROVIDERS_WRITE);
            vec![match command {
                ProviderCommand::Create(_) => need,
                ProviderCommand::Change(target, _) | ProviderCommand::Delete(target) => {
                    need.of("sign-in provider", target, op::PROVIDERS_READ)
                }
            }]
        }
        Command::Assignment(command) => assignment(org, command),
        Command::Token(command) => token(org, command, caller),
    }
}

fn project(org: &Org, command: &ProjectCommand) -> Need {
    let at = |target: &Ref| place(org, &ScopeRef { project: Some(target.clone()), environment: None });
    match command {
        ProjectCommand::Create(_) => Need::new(op::PROJECTS_CREATE, Place::ORGANIZATION),
        ProjectCommand::Change(target, _) | ProjectCommand::Archive(target) | ProjectCommand::Restore(target) => {
            Need::new(op::PROJECTS_WRITE, at(target)).at_project(target)
        }
        ProjectCommand::Delete(target) => Need::new(op::PROJECTS_DELETE, at(target)).at_project(target),
    }
}

fn user(org: &Org, command: &UserCommand, caller: Option<Actor>) -> Vec<Need> {
    let write = Need::new(op::USERS_WRITE, Place::ORGANIZATION);
    match command {
        UserCommand::Create(new) => {
            let mut needs = vec![write];
            needs.extend(new.grants.iter().flat_map(|grant| giving(org, grant)));
            if !new.groups.is_empty() {
                needs.push(Need::new(op::GROUPS_WRITE, Place::ORGANIZATION));
            }
            needs
        }
        // How one signs in oneself is one's own.
        UserCommand::Change(target, patch) if patch.is_own_sign_in() && is_oneself(org, caller, target) => Vec::new(),
        UserCommand::Change(target, _) | UserCommand::Delete(target) => {
            vec![write.of("user", &words(target), op::USERS_READ)]
        }
        UserCommand::Erase(target) => {
            let erase = Need::new(op::USERS_ERASE, Place::ORGANIZATION);
            vec![erase.of("user", &words(target), op::USERS_READ), write]
        }
    }
}

fn application(org: &Org, command: &ApplicationCommand) -> Vec<Need> {
    let write = Need::new(op::APPLICATIONS_WRITE, Place::ORGANIZATION);
    match command {
        ApplicationCommand::Create(new) => {
            let mut needs = vec![write];
            needs.extend(new.grants.iter().flat_map(|grant| giving(org, grant)));
            needs
        }
        ApplicationCommand::Change(target, _) | ApplicationCommand::Delete(target) => {
            vec![write.of("application", &words(target), op::APPLICATIONS_READ)]
        }
    }
}

fn group(org: &Org, command: &GroupCommand) -> Vec<Need> {
    let write = Need::new(op::GROUPS_WRITE, Place::ORGANIZATION);
    match command {
        GroupCommand::Create(new) => {
            let mut needs = vec![write];
            needs.extend(new.grants.iter().flat_map(|grant| giving(org, grant)));
            needs
        }
        GroupCommand::Change(target, _) | GroupCommand::Delete(target) => {
            vec![write.of("group", target, op::GROUPS_READ)]
        }
    }
}

fn assignment(org: &Org, command: &AssignmentCommand) -> Vec<Need> {
    match command {
        AssignmentCommand::Grant(_, grant, _) | AssignmentCommand::End { grant, .. } => giving(org, grant),
        AssignmentCommand::Slot { .. } => vec![Need::new(op::ASSIGNMENTS_WRITE, Place::ORGANIZATION)],
    }
}

/// Giving or taking needs the right to at every place where the grant counts.
fn giving(org: &Org, grant: &GrantRef) -> Vec<Need> {
    match grant {
        GrantRef::Role(binding) => {
            let need = Need::new(op::ASSIGNMENTS_WRITE, place(org, &binding.scope));
            vec![match &binding.scope.project {
                Some(project) => need.at_project(project),
                None => need,
            }]
        }
        GrantRef::Policy(name) => {
            let policy = resolve::policy(org, name, "").ok().and_then(|id| org.policy(id));
            let bindings = policy.map(|row| row.bindings.as_slice()).unwrap_or_default();
            let mut scopes: Vec<Scope> = bindings.iter().map(|binding| binding.scope).collect();
            scopes.sort_unstable();
            scopes.dedup();
            if scopes.is_empty() {
                scopes.push(Scope::ORGANIZATION);
            }
            let need =
                |scope: Scope| Need::new(op::ASSIGNMENTS_WRITE, scope.into()).of("policy", name, op::POLICIES_READ);
            scopes.into_iter().map(need).collect()
        }
    }
}

/// Whoever acts may issue and revoke its own tokens; those of others need a right. Through a token
/// that narrows, one's own tokens are those of another, except to let go of that token itself: else
/// a small key would open, or lock, more than it was made for.
fn token(org: &Org, command: &TokenCommand, caller: Option<Actor>) -> Vec<Need> {
    let need = Need::new(op::TOKENS_WRITE, Place::ORGANIZATION);
    let connect = Need::new(op::PROVIDERS_WRITE, Place::ORGANIZATION);
    let kind = |key: &TokenKey| org.token_of_key(*key).map(|token| token.kind);
    match command {
        // SCIM's token is part of setting the connection up.
        TokenCommand::Issue(new) | TokenCommand::IssueApart { new, .. } if new.kind == TokenKind::Scim => vec![connect],
        TokenCommand::ConnectScim(_) => vec![connect],
        TokenCommand::Issue(new) | TokenCommand::IssueApart { new, .. } => {
            let owner = resolve::principal(org, &new.subject, "").ok().map(|(id, _)| id);
            let own = owner.is_some_and(|owner| acts_whole_as(org, caller, owner));
            if own { Vec::new() } else { vec![need] }
        }
        TokenCommand::EndSessions { subject, .. } => {
            if is_oneself(org, caller, subject) {
                Vec::new()
            } else {
                vec![need.of("user", &words(subject), op::USERS_READ)]
            }
        }
        TokenCommand::Revoke(key) | TokenCommand::Shorten(key, _) | TokenCommand::Rotate { old: key, .. }
            if kind(key) == Some(TokenKind::Scim) =>
        {
            vec![connect.of("token", key, op::TOKENS_READ)]
        }
        // A rotated token reaches no further than the old one, so even a narrow one may rotate itself.
        TokenCommand::Revoke(key) | TokenCommand::Shorten(key, _) | TokenCommand::Rotate { old: key, .. } => {
            let own = org.token_of_key(*key).is_some_and(|token| {
                let itself =
                    matches!(caller, Some(Actor::Principal { token: Some(through), .. }) if through == token.id);
                itself || acts_whole_as(org, caller, token.principal)
            });
            if own { Vec::new() } else { vec![need.of("token", key, op::TOKENS_READ)] }
        }
    }
}

/// Whether the caller is the one whom it names, through nothing that narrows it.
fn is_oneself(org: &Org, caller: Option<Actor>, named: &SubjectRef) -> bool {
    resolve::principal(org, named, "").is_ok_and(|(id, _)| acts_whole_as(org, caller, id))
}

/// Whether the caller is this subject, through nothing that narrows it.
fn acts_whole_as(org: &Org, caller: Option<Actor>, subject: PrincipalId) -> bool {
    let Some(Actor::Principal { id, token }) = caller else { return false };
    let whole = |token| org.token(token).is_some_and(|token| token.is_whole());
    id == subject && token.is_none_or(whole)
}
