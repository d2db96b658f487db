//! Projects: the axis along which an organization's work is divided.

mod decide;

use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::ProjectId;
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name, which never changes.
    pub name: Text,
    /// What people call it.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// Archived: hidden, and nothing new is granted there; answers stay as they are.
    pub archived: bool,
    /// Only named by a binding so far (catalogs with open projects), not created.
    pub named_only: bool,
    /// Whether it can be archived or deleted.
    pub protected: bool,
    /// Extra attributes.
    pub attributes: Attributes,
}

impl Numbered for Project {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// What somebody wants to do to a project.
#[derive(Clone, Debug, PartialEq)]
pub enum ProjectCommand {
    /// Make a project; its creator gets what the catalog says.
    Create(NewProject),
    /// Change what is given, keep the rest.
    Change(Ref, ProjectPatch),
    /// Hide it and refuse new grants there.
    Archive(Ref),
    /// Bring it back.
    Restore(Ref),
    /// Take it away, and with it the assignments there; refused while a role or policy names it.
    Delete(Ref),
}

/// A new project.
#[derive(Clone, Debug, PartialEq)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// What people call it; empty means as its name.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of a project is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectPatch {
    /// What people call it.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What has happened to a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectChange {
    /// It was made, or named for the first time.
    Created(Project),
    /// It was changed, archived or restored.
    Changed {
        /// As it was.
        before: Project,
        /// As it is.
        after: Project,
    },
    /// It was taken away, and with it the assignments there.
    Deleted(Project),
}
