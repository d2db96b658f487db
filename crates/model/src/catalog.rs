//! Catalogs: a product's actions, predefined roles and policies, environments and whatever else an
//! organization starts with, as data. Reading one from YAML is in `catalog/read.rs`; what it must
//! obey in `catalog/check.rs`.

mod builtin;
mod check;
mod fit;
mod found;
mod misfit;
mod permit;
mod read;
mod yaml;

pub use builtin::{BUILTIN, builtin};
pub use check::{CatalogFault, HIGHEST_NUMBER};
pub(crate) use found::found;
pub use read::{CatalogError, LONGEST_FILE};

use crate::action::Level;
use crate::attributes::Attributes;
use crate::name::Text;
use crate::organization::{NameRule, ProjectRule};
use crate::resource_type::Stands;
use crate::role::Bindable;
use serde::{Deserialize, Serialize};

/// What an organization starts with. Its whole content is logged when the organization is made; the
/// file is not read again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalog {
    /// Its name.
    pub name: Text,
    /// What people call it.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// How names are compared.
    pub names: NameRule,
    /// Whether a binding may name a project that is not there yet.
    pub projects: ProjectRule,
    /// The first environments, in order.
    pub environments: Vec<CatalogEnvironment>,
    /// The first projects.
    pub initial_projects: Vec<CatalogProject>,
    /// The product's actions.
    pub actions: Vec<CatalogAction>,
    /// Slots.
    pub slots: Vec<CatalogSlot>,
    /// Predefined roles.
    pub roles: Vec<CatalogRole>,
    /// Predefined policies.
    pub policies: Vec<CatalogPolicy>,
    /// What every active user and application has.
    pub everyone: Vec<CatalogBinding>,
    /// Names of the roles that a project's creator gets there.
    pub creator: Vec<Text>,
    /// Resource types beside `project`, `environment` and `organization`, which are always there.
    pub resource_types: Vec<CatalogResourceType>,
    /// What makes somebody an administrator: the first one of an organization is given this. A
    /// catalog that names none fails its check.
    pub administrator: Option<CatalogAdministrator>,
}

/// What the first administrator is given at the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogAdministrator {
    /// This role, directly.
    Role(Text),
    /// This policy.
    Policy(Text),
}

/// A first environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogEnvironment {
    /// Its name.
    pub name: Text,
    /// What people call it; empty means as its name.
    pub title: Text,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Extra attributes.
    pub attributes: Attributes,
}

/// A first project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogProject {
    /// Its name.
    pub name: Text,
    /// What people call it; empty means as its name.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// Whether it cannot be archived or deleted.
    pub protected: bool,
    /// Extra attributes.
    pub attributes: Attributes,
}

/// An action of the product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogAction {
    /// Its name: no spaces, not beginning with `rolecall.`.
    pub name: Text,
    /// Its number, 1 to 999; none means the next free one from 2000 on.
    #[serde(default)]
    pub number: Option<u32>,
    /// Where it happens.
    pub level: Level,
    /// What people call it.
    #[serde(default)]
    pub title: Text,
    /// What it lets one do.
    #[serde(default)]
    pub description: Text,
    /// Under which heading it is shown.
    #[serde(default)]
    pub category: Text,
    /// Names of the actions it includes; `*` includes every action.
    #[serde(default)]
    pub includes: Vec<Text>,
    /// Foreign names and numbers.
    #[serde(default)]
    pub attributes: Attributes,
}

/// A slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogSlot {
    /// Its name.
    pub name: Text,
    /// The role of those who were given none.
    pub default: Text,
}

/// A predefined role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogRole {
    /// Its name.
    pub name: Text,
    /// Its number; none means the next free one.
    #[serde(default)]
    pub number: Option<u32>,
    /// What it is for.
    #[serde(default)]
    pub description: Text,
    /// Where it may be bound.
    pub bindable: Bindable,
    /// The slot it belongs to.
    #[serde(default)]
    pub slot: Option<Text>,
    /// What it permits.
    #[serde(default)]
    pub permits: Vec<CatalogPermit>,
    /// Foreign names and numbers.
    #[serde(default)]
    pub attributes: Attributes,
}

/// A permit of a predefined role. In YAML, an action's name alone is one too.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CatalogPermit {
    /// The action's name, or `*`.
    pub action: Text,
    /// The project it is narrowed to.
    pub project: Option<Text>,
    /// The environment it is narrowed to.
    pub environment: Option<Text>,
}

/// A predefined policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogPolicy {
    /// Its name.
    pub name: Text,
    /// Its number; none means the next free one.
    pub number: Option<u32>,
    /// What it is for.
    pub description: Text,
    /// Its bindings.
    pub bindings: Vec<CatalogBinding>,
    /// Foreign names and numbers.
    pub attributes: Attributes,
}

/// A binding of a predefined policy, or of everyone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogBinding {
    /// The role's name.
    pub role: Text,
    /// The project; none means all.
    pub project: Option<Text>,
    /// The environment; none means all.
    pub environment: Option<Text>,
}

/// A resource type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogResourceType {
    /// Its name.
    pub name: Text,
    /// What a resource of it stands for.
    pub stands: Stands,
    /// The actions that make sense on it; none means all of the level it stands for.
    #[serde(default)]
    pub actions: Option<Vec<Text>>,
}
