//! Environments: the axis along which the same project runs more than once. They have an order.

mod decide;

use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::EnvironmentId;
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// Most environments of an organization.
pub const MOST_ENVIRONMENTS: usize = 200;

/// An environment (Union: a domain).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Its number.
    pub id: EnvironmentId,
    /// Its name, which never changes.
    pub name: Text,
    /// What people call it.
    pub title: Text,
    /// Whether it can be deleted.
    pub protected: bool,
    /// Extra attributes.
    pub attributes: Attributes,
}

impl Numbered for Environment {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// What somebody wants to do to an environment.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvironmentCommand {
    /// Add one at the end of the order.
    Create(NewEnvironment),
    /// Change what is given, keep the rest.
    Change(Ref, EnvironmentPatch),
    /// Put all in this order.
    Order(Vec<Ref>),
    /// Take it away; refused while a role, policy or assignment names it.
    Delete(Ref),
}

/// A new environment.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEnvironment {
    /// Its name.
    pub name: String,
    /// What people call it; empty means as its name.
    pub title: String,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of an environment is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvironmentPatch {
    /// What people call it.
    pub title: Option<String>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What has happened to environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentChange {
    /// One was added at the end.
    Created(Environment),
    /// One was changed.
    Changed {
        /// As it was.
        before: Environment,
        /// As it is.
        after: Environment,
    },
    /// They were put in another order.
    Ordered {
        /// As it was.
        before: Vec<EnvironmentId>,
        /// As it is.
        after: Vec<EnvironmentId>,
    },
    /// One was taken away.
    Deleted(Environment),
}
