//! What a caller must hold to give a command. The permission is decided before the target is looked
//! for: a place that is not there is one that only the whole organization covers.

use crate::Error;
use crate::ctx::Ctx;
use rolecall_engine::{Part, Place};
use rolecall_model::action::ActionCommand;
use rolecall_model::application::ApplicationCommand;
use rolecall_model::assignment::{AssignmentCommand, Grant, GrantRef};
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::environment::EnvironmentCommand;
use rolecall_model::group::GroupCommand;
use rolecall_model::id::{ActionId, Holder, PrincipalId};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::operation as op;
use rolecall_model::policy::PolicyCommand;
use rolecall_model::project::ProjectCommand;
use rolecall_model::resource_type::ResourceTypeCommand;
use rolecall_model::rights::Rights;
use rolecall_model::role::RoleCommand;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::UserCommand;
use rolecall_model::{Command, Org, Scope, resolve};

/// One thing the caller must hold.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// What.
    pub action: ActionId,
    /// Where.
    pub place: Place,
    /// What the command is about, when that is a thing that is there or not: its noun, its name and
    /// the action by which it may be seen.
    pub seen: Option<Seen>,
}

/// A thing that only who may see it learns about.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub noun: &'static str,
    pub name: String,
    pub read: ActionId,
}

impl Need {
    const fn new(action: ActionId, place: Place) -> Self {
        Need { action, place, seen: None }
    }

    fn of(mut self, noun: &'static str, name: &impl ToString, read: ActionId) -> Self {
        self.seen = Some(Seen { noun, name: name.to_string(), read });
        self
    }

    /// Looks with the engine, on the state the caller reads.
    pub(crate) fn check(&self, ctx: &Ctx) -> Result<(), Error> {
        if ctx.may(self.action, self.place) {
            return Ok(());
        }
        if let Some(seen) = &self.seen
            && !ctx.may(seen.read, self.place)
        {
            return Err(Error::not_found(seen.noun, &seen.name));
        }
        Err(forbidden(ctx.org(), self.action, self.place))
    }

    /// Looks once more on the pending state, so that a right lost in the meantime is lost.
    pub(crate) fn recheck(&self, org: &Org, rights: &Rights<'_>) -> Result<(), Error> {
        let holds = match scope(self.place) {
            Some(scope) => rights.holds(self.action, scope),
            // A place that is not there is covered by what covers its known parts everywhere.
            None => rights.holds(self.action, Scope::ORGANIZATION) || widest(self.place).is_some_and(|s| rights.holds(self.action, s)),
        };
        if holds { Ok(()) } else { Err(forbidden(org, self.action, self.place)) }
    }
}

fn scope(place: Place) -> Option<Scope> {
    let project = match place.project {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => return None,
    };
    let environment = match place.environment {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => return None,
    };
    Some(Scope { project, environment })
}

/// The scope that an unknown place lies in: its unknown parts widened to all.
fn widest(place: Place) -> Option<Scope> {
    let known = |part: Part<_>| match part {
        Part::One(id) => Some(id),
        Part::All | Part::Unknown => None,
    };
    let environment = match place.environment {
        Part::One(id) => Some(id),
        Part::All | Part::Unknown => None,
    };
    Some(Scope { project: known(place.project), environment })
}

/// The refusal of a caller who may see but not do.
pub(crate) fn forbidden(org: &Org, action: ActionId, place: Place) -> Error {
    let name = org.action(action).map(|action| action.name.to_string()).unwrap_or_default();
    let place = place_words(org, place);
    let message = format!("you need \"{name}\" at {place} for this; ask an administrator for a role that permits it");
    Error::Forbidden { action: name, place, message }
}

/// A place in words.
pub(crate) fn place_words(org: &Org, place: Place) -> String {
    match scope(place) {
        Some(scope) => resolve::scope_words(org, scope),
        None => "a project or environment that is not there".to_owned(),
    }
}

/// A place from how somebody names it; what is not there is unknown.
pub(crate) fn place(org: &Org, scope: &ScopeRef) -> Place {
    let project = scope.project.as_ref().map(|wanted| resolve::project(org, wanted, ""));
    let environment = scope.environment.as_ref().map(|wanted| resolve::environment(org, wanted, ""));
    Place { project: part(project), environment: part(environment) }
}

fn part<T, E>(found: Option<Result<T, E>>) -> Part<T> {
    match found {
        None => Part::All,
        Some(Ok(id)) => Part::One(id),
        Some(Err(_)) => Part::Unknown,
    }
}

/// Everything a command needs of its caller.
pub(crate) fn of(org: &Org, command: &Command, caller: Option<PrincipalId>) -> Vec<Need> {
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
                ActionCommand::Change(target, _) | ActionCommand::Delete(target) => need.of("action", target, op::ACTIONS_READ),
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
                RoleCommand::Change(target, _) | RoleCommand::Permit(target, _) | RoleCommand::Withdraw(target, _) | RoleCommand::Delete(target) => {
                    need.of("role", target, op::ROLES_READ)
                }
            }]
        }
        Command::Policy(command) => {
            let need = everywhere(op::POLICIES_WRITE);
            vec![match command {
                PolicyCommand::Create(_) => need,
                PolicyCommand::Change(target, _) | PolicyCommand::Bind(target, _) | PolicyCommand::Unbind(target, _) | PolicyCommand::Delete(target) => {
                    need.of("policy", target, op::POLICIES_READ)
                }
            }]
        }
        Command::Environment(command) => {
            let need = everywhere(op::ENVIRONMENTS_WRITE);
            vec![match command {
                EnvironmentCommand::Create(_) | EnvironmentCommand::Order(_) => need,
                EnvironmentCommand::Change(target, _) | EnvironmentCommand::Delete(target) => need.of("environment", target, op::ENVIRONMENTS_READ),
            }]
        }
        Command::Project(command) => vec![project(org, command)],
        Command::User(command) => user(org, command),
        Command::Application(command) => application(org, command),
        Command::Group(command) => group(org, command),
        Command::Membership(MembershipCommand::Add(group, ..) | MembershipCommand::Remove { group, .. }) => {
            vec![everywhere(op::GROUPS_WRITE).of("group", group, op::GROUPS_READ)]
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
            Need::new(op::PROJECTS_WRITE, at(target)).of("project", target, op::PROJECTS_READ)
        }
        ProjectCommand::Delete(target) => Need::new(op::PROJECTS_DELETE, at(target)).of("project", target, op::PROJECTS_READ),
    }
}

fn user(org: &Org, command: &UserCommand) -> Vec<Need> {
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
        UserCommand::Change(target, _) | UserCommand::Delete(target) => vec![write.of("user", &words(target), op::USERS_READ)],
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
        GroupCommand::Change(target, _) | GroupCommand::Delete(target) => vec![write.of("group", target, op::GROUPS_READ)],
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
    let scopes: Vec<Place> = match grant {
        GrantRef::Role(binding) => vec![place(org, &binding.scope)],
        GrantRef::Policy(policy) => {
            let policy = resolve::policy(org, policy, "").ok().and_then(|id| org.policy(id));
            let bindings = policy.map(|row| row.bindings.as_slice()).unwrap_or_default();
            bindings.iter().map(|binding| Place::from(binding.scope)).collect()
        }
    };
    let scopes = if scopes.is_empty() { vec![Place::ORGANIZATION] } else { scopes };
    scopes.into_iter().map(|place| Need::new(op::ASSIGNMENTS_WRITE, place)).collect()
}

/// Whoever acts may issue and revoke its own tokens; those of others need a right.
fn token(org: &Org, command: &TokenCommand, caller: Option<PrincipalId>) -> Vec<Need> {
    let (owner, name) = match command {
        TokenCommand::Issue(new) => (resolve::principal(org, &new.subject, "").ok().map(|(id, _)| id), None),
        TokenCommand::Revoke(key) => (org.token_of_key(*key).map(|token| token.principal), Some(key)),
    };
    if owner.is_some() && owner == caller {
        return Vec::new();
    }
    let need = Need::new(op::TOKENS_WRITE, Place::ORGANIZATION);
    vec![match name {
        Some(key) => need.of("token", key, op::TOKENS_READ),
        None => need,
    }]
}

/// A subject as the caller named it.
pub(crate) fn words(subject: &SubjectRef) -> String {
    match subject {
        SubjectRef::Any(text) | SubjectRef::User(text) | SubjectRef::Application(text) => text.to_string(),
        SubjectRef::Group(group) => group.to_string(),
        SubjectRef::Number(number) => number.to_string(),
    }
}

/// The place at which an assignment counts, for who may see it.
pub(crate) fn seen_at(org: &Org, grant: Grant) -> Vec<Place> {
    match grant {
        Grant::Role(binding) => vec![Place::from(binding.scope)],
        Grant::Policy(policy) => {
            let bindings = org.policy(policy).map(|row| row.bindings.as_slice()).unwrap_or_default();
            let places: Vec<Place> = bindings.iter().map(|binding| Place::from(binding.scope)).collect();
            if places.is_empty() { vec![Place::ORGANIZATION] } else { places }
        }
    }
}

/// Whether the caller may see what a holder has been given: its own, or with the right at one of the
/// places where it counts.
pub(crate) fn may_see_assignment(ctx: &Ctx, holder: Holder, grant: Grant) -> bool {
    holder == Holder::Principal(ctx.principal())
        || seen_at(ctx.org(), grant).into_iter().any(|place| ctx.may(op::ASSIGNMENTS_READ, place))
}
