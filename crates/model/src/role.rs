//! Roles: named sets of permits. Where a role is created is decided in `role/decide.rs`.

mod decide;

use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::{ActionId, RoleId, SlotId};
use crate::name::Text;
use crate::scope::{Scope, ScopeRef};
use serde::{Deserialize, Serialize};

/// Most permits in one role.
pub const MOST_PERMITS: usize = 2_000;

/// An action, perhaps narrowed to a project, an environment or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Permit {
    /// What may be done, and all it includes.
    pub action: ActionId,
    /// Where at most.
    pub scope: Scope,
}

/// Where a role may be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bindable {
    /// In all projects: at the organization or an environment of it.
    Organization,
    /// At a named project, perhaps in one environment.
    Project,
    /// At any scope.
    Anywhere,
}

impl Bindable {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Bindable::Organization => "organization",
            Bindable::Project => "project",
            Bindable::Anywhere => "anywhere",
        }
    }
}

/// A named set of permits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its number.
    pub id: RoleId,
    /// Its name, unique among roles.
    pub name: Text,
    /// What it is for.
    pub description: Text,
    /// Where it may be bound.
    pub bindable: Bindable,
    /// The slot it belongs to: then it is held at most once.
    pub slot: Option<SlotId>,
    /// What it permits, in the order given, without repeats.
    pub permits: Vec<Permit>,
    /// Whether it comes from the catalog and never changes.
    pub predefined: bool,
    /// Foreign names and numbers.
    pub attributes: Attributes,
}

impl Numbered for Role {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// A permit as somebody names it.
#[derive(Clone, Debug, PartialEq)]
pub struct PermitRef {
    /// The action's name or number.
    pub action: Ref,
    /// Where at most.
    pub scope: ScopeRef,
}

/// What somebody wants to do to a role.
#[derive(Clone, Debug, PartialEq)]
pub enum RoleCommand {
    /// Make a role.
    Create(NewRole),
    /// Change what is given, keep the rest.
    Change(Ref, RolePatch),
    /// Add permits to what is there.
    Permit(Ref, Vec<PermitRef>),
    /// Take permits away; those that are not there are passed over.
    Withdraw(Ref, Vec<PermitRef>),
    /// Take it away; refused while a policy binds it or a subject holds it.
    Delete(Ref),
}

/// A new role.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it may be bound; none means what its slot says, else anywhere it can be.
    pub bindable: Option<Bindable>,
    /// The name of the slot it belongs to.
    pub slot: Option<String>,
    /// What it permits.
    pub permits: Vec<PermitRef>,
    /// Foreign names and numbers.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of a role is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RolePatch {
    /// Its new name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// All it permits from now on.
    pub permits: Option<Vec<PermitRef>>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What has happened to a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleChange {
    /// It was made.
    Created(Role),
    /// It was changed.
    Changed {
        /// As it was.
        before: Role,
        /// As it is.
        after: Role,
    },
    /// It was taken away.
    Deleted(Role),
}
