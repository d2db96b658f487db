//! Rolecall's own operations: ordinary actions whose names begin with `rolecall.`, the same in every
//! organization. A catalog can grant and include them, never define them.

use crate::action::{Action, Level};
use crate::attributes::Attributes;
use crate::id::ActionId;
use crate::name::Text;

/// The prefix that only these names have.
pub const PREFIX: &str = "rolecall.";

/// The action `*`, which includes every other, future ones too.
pub const EVERYTHING: ActionId = ActionId::at(1000);

/// Numbers from here on are given to actions that bring none of their own.
pub const FIRST_FREE_NUMBER: u32 = 2000;

macro_rules! operations {
    ($($name:ident = $number:literal, $text:literal, $level:ident, $title:literal;)*) => {
        $(#[doc = $title] pub const $name: ActionId = ActionId::at($number);)*
        const ALL: &[(ActionId, &str, Level, &str)] = &[$(($name, $text, Level::$level, $title)),*];
    };
}

operations! {
    ORGANIZATIONS_READ = 1001, "rolecall.organizations.read", Organization, "See all organizations of the installation (counts in the home organization)";
    ORGANIZATIONS_WRITE = 1002, "rolecall.organizations.write", Organization, "Create and delete organizations (counts in the home organization)";
    SETTINGS_READ = 1003, "rolecall.settings.read", Organization, "See the organization's settings and catalog";
    SETTINGS_WRITE = 1004, "rolecall.settings.write", Organization, "Change the organization's settings";
    ACTIONS_READ = 1005, "rolecall.actions.read", Organization, "See actions";
    ACTIONS_WRITE = 1006, "rolecall.actions.write", Organization, "Create, change and delete actions and resource types";
    ROLES_READ = 1007, "rolecall.roles.read", Organization, "See roles";
    ROLES_WRITE = 1008, "rolecall.roles.write", Organization, "Create, change and delete roles";
    POLICIES_READ = 1009, "rolecall.policies.read", Organization, "See policies";
    POLICIES_WRITE = 1010, "rolecall.policies.write", Organization, "Create, change and delete policies";
    USERS_READ = 1011, "rolecall.users.read", Organization, "See users";
    USERS_WRITE = 1012, "rolecall.users.write", Organization, "Create, change, disable and delete users";
    APPLICATIONS_READ = 1013, "rolecall.applications.read", Organization, "See applications";
    APPLICATIONS_WRITE = 1014, "rolecall.applications.write", Organization, "Create, change, disable and delete applications";
    GROUPS_READ = 1015, "rolecall.groups.read", Organization, "See groups and their members";
    GROUPS_WRITE = 1016, "rolecall.groups.write", Organization, "Create, change and delete groups and their members";
    TOKENS_READ = 1017, "rolecall.tokens.read", Organization, "See the tokens of others, never their secrets";
    TOKENS_WRITE = 1018, "rolecall.tokens.write", Organization, "Issue and revoke tokens for others";
    ENVIRONMENTS_READ = 1019, "rolecall.environments.read", Organization, "See environments";
    ENVIRONMENTS_WRITE = 1020, "rolecall.environments.write", Organization, "Create, change, order and delete environments";
    PROJECTS_CREATE = 1021, "rolecall.projects.create", Organization, "Create projects";
    PROJECTS_READ = 1022, "rolecall.projects.read", Project, "See a project";
    PROJECTS_WRITE = 1023, "rolecall.projects.write", Project, "Change, archive and restore a project";
    PROJECTS_DELETE = 1024, "rolecall.projects.delete", Project, "Delete a project";
    ASSIGNMENTS_READ = 1025, "rolecall.assignments.read", Environment, "See who has been given what";
    ASSIGNMENTS_WRITE = 1026, "rolecall.assignments.write", Environment, "Give and take what one holds oneself";
    ASSIGNMENTS_GRANT = 1027, "rolecall.assignments.grant", Environment, "Give product actions that one does not hold";
    ASSIGNMENTS_ESCALATE = 1028, "rolecall.assignments.escalate", Environment, "Give anything there";
    ACCESS_CHECK = 1029, "rolecall.access.check", Environment, "Ask what others may do: decisions and searches";
    ACCESS_READ = 1030, "rolecall.access.read", Organization, "See the effective access of others and its sources";
    AUDIT_READ = 1031, "rolecall.audit.read", Organization, "Read the history";
    REPLICATE = 1032, "rolecall.replicate", Organization, "Stream the whole log and its checkpoints";
    IMPORT = 1033, "rolecall.import", Organization, "Load many records at once";
    BACKUP = 1034, "rolecall.backup", Organization, "Take a backup of the installation (counts in the home organization)";
    USERS_ERASE = 1035, "rolecall.users.erase", Organization, "Erase a person's values from the history";
    METRICS_READ = 1036, "rolecall.metrics.read", Organization, "Read the installation's metrics (counts in the home organization)";
    PROVIDERS_READ = 1037, "rolecall.providers.read", Organization, "See sign-in providers";
    PROVIDERS_WRITE = 1038, "rolecall.providers.write", Organization, "Create, change and delete sign-in providers and the SCIM connection";
}

/// Whether an action is one of Rolecall's own.
pub const fn is_own(action: ActionId) -> bool {
    action.number() > EVERYTHING.number() && action.number() < FIRST_FREE_NUMBER
}

/// Rolecall's own actions, without `*`.
pub fn own() -> impl Iterator<Item = ActionId> {
    ALL.iter().map(|(id, ..)| *id)
}

/// The name of an own action.
pub fn name(action: ActionId) -> Option<&'static str> {
    ALL.iter().find(|(id, ..)| *id == action).map(|(_, name, ..)| *name)
}

/// `*` and Rolecall's own actions, as records.
pub(crate) fn records() -> impl Iterator<Item = Action> {
    let everything = (EVERYTHING, "*", Level::Environment, "Everything, future actions too");
    std::iter::once(&everything)
        .chain(ALL)
        .map(|(id, name, level, title)| Action {
            id: *id,
            name: Text::const_new(name),
            level: *level,
            title: Text::from(*title),
            description: Text::default(),
            category: Text::const_new("Rolecall"),
            includes: Vec::new(),
            predefined: true,
            attributes: Attributes::default(),
        })
        .collect::<Vec<_>>()
        .into_iter()
}
