//! An organization: all its nouns at one revision. A copy is cheap and shares structure; readers
//! keep theirs for as long as they like.

mod apply;
mod decide;
mod derived;
mod lookup;
mod pairs;
mod parts;
mod weight;

pub use apply::{Stamp, Touched};
pub(crate) use pairs::Pairs;
pub use parts::PrincipalPart;
pub use weight::Weight;

use crate::action::{Action, Closure};
use crate::assignment::{Assignment, Granted};
use crate::catalog::Catalog;
use crate::collection::{Ids, Names, Table, Tree};
use crate::environment::Environment;
use crate::group::Group;
use crate::id::{EnvironmentId, OrganizationId, PrincipalId, RoleId};
use crate::name::Text;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::project::Project;
use crate::provenance::Provenances;
use crate::provider::Provider;
use crate::resource_type::ResourceType;
use crate::role::Role;
use crate::slot::Slot;
use crate::time::Timestamp;
use crate::token::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The version of [`Org::apply`] and of the state's form: a checkpoint of another version is
/// replayed around.
pub const APPLY_VERSION: u32 = 4;

/// Counts an organization's entries; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Revision(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How names are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameRule {
    /// `Dev` and `dev` are one.
    #[default]
    Folded,
    /// To the letter.
    Exact,
}

/// Whether a binding may name a project that is not there yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectRule {
    /// No.
    #[default]
    Closed,
    /// Yes: it is registered in the same entry, named but not created.
    Open,
}

/// What holds for the organization as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Its opaque id.
    pub id: OrganizationId,
    /// Its name, unique in the installation.
    pub name: Text,
    /// What people call it.
    pub title: Text,
    /// The catalog it was made with.
    pub catalog: Text,
    /// How names are compared.
    pub names: NameRule,
    /// Whether a binding may name a project that is not there yet.
    pub projects: ProjectRule,
    /// The roles that a project's creator gets there.
    pub creator: Vec<RoleId>,
    /// How people sign in.
    #[serde(default)]
    pub sign_in: SignInRules,
}

/// How people of an organization sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRules {
    /// Whether passwords count.
    pub passwords: bool,
    /// Whether who signs in by password must have a second factor.
    pub second_factor: bool,
    /// After so many seconds without a request a session ends.
    pub idle_seconds: u32,
    /// After so many seconds a session ends in any case.
    pub session_seconds: u32,
    /// For so many seconds an invitation counts.
    pub invite_seconds: u32,
}

impl Default for SignInRules {
    fn default() -> Self {
        let hour = 3_600;
        SignInRules {
            passwords: true,
            second_factor: false,
            idle_seconds: 8 * hour,
            session_seconds: 48 * hour,
            invite_seconds: 72 * hour,
        }
    }
}

/// What of it is to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignInPatch {
    /// Whether passwords count.
    pub passwords: Option<bool>,
    /// Whether who signs in by password must have a second factor.
    pub second_factor: Option<bool>,
    /// After so many seconds without a request a session ends: a minute to a month.
    pub idle_seconds: Option<u32>,
    /// After so many seconds a session ends in any case: a minute to a year.
    pub session_seconds: Option<u32>,
    /// For so many seconds an invitation counts: five minutes to a month.
    pub invite_seconds: Option<u32>,
}

/// An organization at one revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Org {
    /// What holds for the organization as a whole; none before it is founded.
    pub(crate) settings: Option<Arc<Settings>>,
    /// The last entry applied.
    pub(crate) revision: Revision,
    /// When that entry was made.
    pub(crate) at: Timestamp,
    /// Actions, Rolecall's own among them.
    pub actions: Table<Action>,
    /// Roles.
    pub roles: Table<Role>,
    /// Policies.
    pub policies: Table<Policy>,
    /// Environments.
    pub environments: Table<Environment>,
    /// The environments in order.
    pub(crate) environment_order: Vec<EnvironmentId>,
    /// Projects.
    pub projects: Table<Project>,
    /// Groups.
    pub groups: Table<Group>,
    /// Tokens.
    pub tokens: Table<Token>,
    /// Slots.
    pub slots: Table<Slot>,
    /// Resource types.
    pub resource_types: Table<ResourceType>,
    /// Sign-in providers.
    pub providers: Table<Provider>,
    /// Users and applications by number.
    pub(crate) principals: Tree<Option<Principal>>,
    pub(crate) users: usize,
    pub(crate) applications: usize,
    /// What every active user and application has.
    pub(crate) everyone: Vec<Assignment>,
    /// Who gave what, when and why.
    pub provenances: Provenances,
    /// Whether a user has ever been an administrator.
    pub(crate) had_administrator: bool,
    /// A user who was an administrator when last looked: the first to ask whether one is left.
    #[serde(skip)]
    pub(crate) an_administrator: Option<PrincipalId>,
    /// Of users and applications, but for their subjects.
    #[serde(skip)]
    pub(crate) identifiers: Names,
    /// Of users and applications.
    #[serde(skip)]
    pub(crate) subjects: Ids,
    #[serde(skip)]
    pub(crate) group_subjects: Ids,
    /// Pairs of (policy or role, holder).
    #[serde(skip)]
    pub(crate) holders: Pairs,
    /// Pairs of (role, policy that binds it).
    #[serde(skip)]
    pub(crate) binders: Pairs,
    /// Pairs of (user or application, its token).
    #[serde(skip)]
    pub(crate) owners: Pairs,
    /// What can make somebody an administrator: roles, and policies that bind them, that let one
    /// give anything in the whole organization. Few.
    #[serde(skip)]
    pub(crate) escalating: Arc<BTreeSet<Granted>>,
    #[serde(skip)]
    pub(crate) closure: Arc<Closure>,
}

/// How to make an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOrganization {
    /// Its opaque id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What people call it; empty means as its name.
    pub title: String,
    /// Its catalog, whole.
    pub catalog: Arc<Catalog>,
}

/// What of the settings is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsPatch {
    /// What people call the organization.
    pub title: Option<String>,
    /// How people sign in.
    pub sign_in: SignInPatch,
}

/// What has happened to the organization itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationChange {
    /// It was made, with all that its catalog holds.
    Founded {
        /// Its opaque id.
        id: OrganizationId,
        /// Its name.
        name: Text,
        /// What people call it.
        title: Text,
        /// Its catalog.
        catalog: Arc<Catalog>,
    },
    /// It was given another title.
    Titled {
        /// As it was.
        before: Text,
        /// As it is.
        after: Text,
    },
    /// How people sign in was set.
    SignInSet {
        /// As it was.
        before: SignInRules,
        /// As it is.
        after: SignInRules,
    },
}
