//! Actions: what can be done, at which level, and what doing it includes.

mod closure;
mod decide;

pub use closure::Closure;
pub(crate) use decide::parse_action_name;

use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::ActionId;
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// Where an action happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// In the organization as a whole.
    Organization,
    /// In a project, in all its environments.
    Project,
    /// In an environment of a project.
    Environment,
}

impl Level {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Organization => "organization",
            Level::Project => "project",
            Level::Environment => "environment",
        }
    }
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// Its name, such as `view_flyte_inventory`; `*` includes every other.
    pub name: Text,
    /// Where it happens.
    pub level: Level,
    /// What people call it.
    pub title: Text,
    /// What it lets one do.
    pub description: Text,
    /// Under which heading it is shown.
    pub category: Text,
    /// The actions that whoever may do this may do as well; transitive, without circles.
    pub includes: Vec<ActionId>,
    /// Whether it comes from the catalog and never changes.
    pub predefined: bool,
    /// Foreign names and numbers.
    pub attributes: Attributes,
}

impl Numbered for Action {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// What somebody wants to do to an action.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionCommand {
    /// Add an action of one's own.
    Create(NewAction),
    /// Change what is given, keep the rest.
    Change(Ref, ActionPatch),
    /// Take it away; refused while a role permits it or an action includes it.
    Delete(Ref),
}

/// A new action.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAction {
    /// Its name: no spaces, not beginning with `rolecall.`.
    pub name: String,
    /// Where it happens.
    pub level: Level,
    /// What people call it.
    pub title: String,
    /// What it lets one do.
    pub description: String,
    /// Under which heading it is shown.
    pub category: String,
    /// Names of the actions it includes.
    pub includes: Vec<Ref>,
    /// Foreign names and numbers.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of an action is to change. Its name and level are fixed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionPatch {
    /// What people call it.
    pub title: Option<String>,
    /// What it lets one do.
    pub description: Option<String>,
    /// Under which heading it is shown.
    pub category: Option<String>,
    /// The actions it includes, all of them.
    pub includes: Option<Vec<Ref>>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What has happened to an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionChange {
    /// It was added.
    Created(Action),
    /// It was changed.
    Changed {
        /// As it was.
        before: Action,
        /// As it is.
        after: Action,
    },
    /// It was taken away.
    Deleted(Action),
}
