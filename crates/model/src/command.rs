//! Commands: what somebody wants to change, in the words of any noun. Things are named as people
//! name them and looked up when the command is decided.

use crate::action::ActionCommand;
use crate::application::ApplicationCommand;
use crate::assignment::AssignmentCommand;
use crate::environment::EnvironmentCommand;
use crate::group::GroupCommand;
use crate::import::Workload;
use crate::membership::MembershipCommand;
use crate::name::Text;
use crate::organization::{NewOrganization, SettingsPatch};
use crate::policy::PolicyCommand;
use crate::project::ProjectCommand;
use crate::provider::ProviderCommand;
use crate::resource_type::ResourceTypeCommand;
use crate::role::RoleCommand;
use crate::token::TokenCommand;
use crate::user::UserCommand;
use std::fmt;
use std::sync::Arc;

/// A thing as somebody names it: by name or by number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ref {
    /// By its name.
    Name(Text),
    /// By its number.
    Number(u32),
}

impl From<&str> for Ref {
    fn from(name: &str) -> Self {
        Ref::Name(Text::from(name))
    }
}

impl From<String> for Ref {
    fn from(name: String) -> Self {
        Ref::Name(Text::from(name))
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ref::Name(name) => f.write_str(name),
            Ref::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A subject as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SubjectRef {
    /// A user or application by any identifier, or a group by its opaque id.
    Any(Text),
    /// A user by any identifier.
    User(Text),
    /// An application by any identifier.
    Application(Text),
    /// A group by name or number.
    Group(Ref),
    /// A user or application by number.
    Number(u32),
}

/// What somebody wants to change.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make the organization itself: only as its first entry.
    Found(Box<NewOrganization>),
    /// Change the organization's settings.
    Settings(SettingsPatch),
    /// Actions.
    Action(ActionCommand),
    /// Roles.
    Role(RoleCommand),
    /// Policies.
    Policy(PolicyCommand),
    /// Environments.
    Environment(EnvironmentCommand),
    /// Projects.
    Project(ProjectCommand),
    /// Users.
    User(UserCommand),
    /// Applications.
    Application(ApplicationCommand),
    /// Groups.
    Group(GroupCommand),
    /// Memberships.
    Membership(MembershipCommand),
    /// Assignments.
    Assignment(AssignmentCommand),
    /// Tokens.
    Token(TokenCommand),
    /// Resource types.
    ResourceType(ResourceTypeCommand),
    /// Sign-in providers.
    Provider(ProviderCommand),
    /// Several commands as one: all or nothing, each on what those before it left.
    Batch(Vec<Command>),
    /// A whole workload.
    Import(Arc<Workload>),
}

macro_rules! from {
    ($($variant:ident: $type:ty),* $(,)?) => {$(
        impl From<$type> for Command {
            fn from(command: $type) -> Self {
                Command::$variant(command)
            }
        }
    )*};
}

from! {
    Action: ActionCommand, Role: RoleCommand, Policy: PolicyCommand, Environment: EnvironmentCommand,
    Project: ProjectCommand, User: UserCommand, Application: ApplicationCommand, Group: GroupCommand,
    Membership: MembershipCommand, Assignment: AssignmentCommand, Token: TokenCommand,
    ResourceType: ResourceTypeCommand, Provider: ProviderCommand, Settings: SettingsPatch,
}
