//! Resource types: how outside questions name places (`AuthZEN`: type and id).

mod decide;

use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::{ActionId, ResourceTypeId};
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// What a resource of a type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// A resource *is* a project: its id is the project's name.
    ForProject,
    /// A resource *is* an environment: its id is the environment's name.
    ForEnvironment,
    /// A resource *is* the organization, whatever its id.
    ForOrganization,
    /// A resource lies in the project and environment that its properties name.
    Within,
}

/// A type of resources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceType {
    /// Its number.
    pub id: ResourceTypeId,
    /// Its name.
    pub name: Text,
    /// What a resource of it stands for.
    pub stands: Stands,
    /// The actions that make sense on it; none means all of the level it stands for.
    pub actions: Option<Vec<ActionId>>,
    /// Whether it comes from the catalog or the product and never changes.
    pub predefined: bool,
}

impl Numbered for ResourceType {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// What somebody wants to do to a resource type.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceTypeCommand {
    /// Add one.
    Create {
        /// Its name.
        name: String,
        /// What a resource of it stands for.
        stands: Stands,
        /// The actions that make sense on it; none means all.
        actions: Option<Vec<Ref>>,
    },
    /// Change what is given.
    Change {
        /// Which.
        target: Ref,
        /// What a resource of it stands for.
        stands: Option<Stands>,
        /// The actions that make sense on it; an inner none means all.
        actions: Option<Option<Vec<Ref>>>,
    },
    /// Take it away.
    Delete(Ref),
}

/// What has happened to a resource type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceTypeChange {
    /// It was added.
    Created(ResourceType),
    /// It was changed.
    Changed {
        /// As it was.
        before: ResourceType,
        /// As it is.
        after: ResourceType,
    },
    /// It was taken away.
    Deleted(ResourceType),
}
