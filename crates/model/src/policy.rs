//! Policies: named sets of bindings.

mod decide;

use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::{PolicyId, RoleId};
use crate::name::Text;
use crate::scope::{Scope, ScopeRef};
use serde::{Deserialize, Serialize};

/// Most bindings in one policy.
pub const MOST_BINDINGS: usize = 1_000;

/// A role at a scope. It gives each of the role's permits where both scopes meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Binding {
    /// The role.
    pub role: RoleId,
    /// Where.
    pub scope: Scope,
}

/// A named set of bindings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its number.
    pub id: PolicyId,
    /// Its name, unique among policies.
    pub name: Text,
    /// What it is for.
    pub description: Text,
    /// Its bindings, in the order given, without repeats.
    pub bindings: Vec<Binding>,
    /// Whether it comes from the catalog and never changes.
    pub predefined: bool,
    /// Foreign names and numbers.
    pub attributes: Attributes,
}

impl Numbered for Policy {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// A binding as somebody names it.
#[derive(Clone, Debug, PartialEq)]
pub struct BindingRef {
    /// The role's name or number.
    pub role: Ref,
    /// Where.
    pub scope: ScopeRef,
}

/// What somebody wants to do to a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyCommand {
    /// Make a policy.
    Create(NewPolicy),
    /// Change what is given, keep the rest.
    Change(Ref, PolicyPatch),
    /// Add bindings to what is there.
    Bind(Ref, Vec<BindingRef>),
    /// Take bindings away; those that are not there are passed over.
    Unbind(Ref, Vec<BindingRef>),
    /// Take it away, and with it its assignments.
    Delete(Ref),
}

/// A new policy.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its bindings.
    pub bindings: Vec<BindingRef>,
    /// Foreign names and numbers.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of a policy is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyPatch {
    /// Its new name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// All its bindings from now on.
    pub bindings: Option<Vec<BindingRef>>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What has happened to a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyChange {
    /// It was made.
    Created(Policy),
    /// It was changed.
    Changed {
        /// As it was.
        before: Policy,
        /// As it is.
        after: Policy,
    },
    /// It was taken away, and with it its assignments.
    Deleted(Policy),
}
