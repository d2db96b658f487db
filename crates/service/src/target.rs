//! Which revision last changed what a command is about: the entity tag that `If-Match` names.

use crate::Error;
use rolecall_model::action::ActionCommand;
use rolecall_model::application::ApplicationCommand;
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::environment::EnvironmentCommand;
use rolecall_model::group::GroupCommand;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::PolicyCommand;
use rolecall_model::project::ProjectCommand;
use rolecall_model::provider::ProviderCommand;
use rolecall_model::resolve;
use rolecall_model::resource_type::ResourceTypeCommand;
use rolecall_model::role::RoleCommand;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::UserCommand;
use rolecall_model::{Command, Org, Revision};

/// Refuses when the target is at another revision than the caller read.
pub(crate) fn require(org: &Org, command: &Command, if_match: Option<u64>) -> Result<(), Error> {
    match (if_match, revision(org, command)) {
        (Some(read), Some(Revision(present))) if read != present => Err(Error::Precondition { revision: present }),
        _ => Ok(()),
    }
}

/// The revision that last changed a command's target; none when it makes something new or the
/// target is not there.
pub(crate) fn revision(org: &Org, command: &Command) -> Option<Revision> {
    match command {
        Command::Action(ActionCommand::Change(target, _) | ActionCommand::Delete(target)) => {
            Some(org.action(resolve::action(org, target, "").ok()?)?.changed)
        }
        Command::Role(
            RoleCommand::Change(target, _)
            | RoleCommand::Permit(target, _)
            | RoleCommand::Withdraw(target, _)
            | RoleCommand::Delete(target),
        ) => Some(org.role(resolve::role(org, target, "").ok()?)?.changed),
        Command::Policy(
            PolicyCommand::Change(target, _)
            | PolicyCommand::Bind(target, _)
            | PolicyCommand::Unbind(target, _)
            | PolicyCommand::Delete(target),
        ) => Some(org.policy(resolve::policy(org, target, "").ok()?)?.changed),
        Command::Environment(EnvironmentCommand::Change(target, _) | EnvironmentCommand::Delete(target)) => {
            Some(org.environment(resolve::environment(org, target, "").ok()?)?.changed)
        }
        Command::Project(
            ProjectCommand::Change(target, _)
            | ProjectCommand::Archive(target)
            | ProjectCommand::Restore(target)
            | ProjectCommand::Delete(target),
        ) => Some(org.project(resolve::project(org, target, "").ok()?)?.changed),
        Command::Group(GroupCommand::Change(target, _) | GroupCommand::Delete(target))
        | Command::Membership(MembershipCommand::Add(target, ..) | MembershipCommand::Remove { group: target, .. }) => {
            Some(org.group(resolve::group(org, target, "").ok()?)?.changed)
        }
        Command::User(UserCommand::Change(target, _) | UserCommand::Delete(target) | UserCommand::Erase(target))
        | Command::Application(ApplicationCommand::Change(target, _) | ApplicationCommand::Delete(target)) => {
            principal(org, target)
        }
        Command::Token(
            TokenCommand::Revoke(key) | TokenCommand::Shorten(key, _) | TokenCommand::Rotate { old: key, .. },
        ) => Some(org.token_of_key(*key)?.changed),
        Command::ResourceType(ResourceTypeCommand::Change { target, .. } | ResourceTypeCommand::Delete(target)) => {
            resource_type(org, target)
        }
        Command::Provider(ProviderCommand::Change(target, _) | ProviderCommand::Delete(target)) => {
            Some(org.provider(resolve::provider(org, target, "").ok()?)?.changed)
        }
        _ => None,
    }
}

fn principal(org: &Org, target: &SubjectRef) -> Option<Revision> {
    Some(resolve::principal(org, target, "").ok()?.1.changed)
}

fn resource_type(org: &Org, target: &Ref) -> Option<Revision> {
    let row = match target {
        Ref::Name(name) => org.resource_types.named(name, org.folds_names()),
        Ref::Number(number) => org.resource_types.get(*number),
    };
    Some(row?.changed)
}
