//! Groups of users. A group without a role or policy grants nothing.

mod decide;

use crate::assignment::{Assignment, GrantRef};
use crate::attributes::Attributes;
use crate::collection::Numbered;
use crate::command::{Ref, SubjectRef};
use crate::id::{GroupId, GroupSubject, PrincipalId};
use crate::name::Text;
use crate::provenance::Terms;
use serde::{Deserialize, Serialize};

/// Most SSO names of one group.
pub const MOST_SSO_NAMES: usize = 1_000;

/// A group of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its number.
    pub id: GroupId,
    /// Its opaque id.
    pub subject: GroupSubject,
    /// Its name, unique among groups.
    pub name: Text,
    /// What it is for.
    pub description: Text,
    /// Names of the groups of sign-in providers whose people join it.
    pub sso_names: Vec<Text>,
    /// Its members, in the order given. Each member's own record has the provenance.
    pub members: Vec<PrincipalId>,
    /// What it has been given.
    pub assignments: Vec<Assignment>,
    /// Extra attributes.
    pub attributes: Attributes,
    /// What only the SCIM client knows, as JSON; there is some when it manages the group.
    pub scim: Option<Text>,
}

impl Numbered for Group {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// A group without its members and assignments, as a word of the log has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupProfile {
    /// Its name.
    pub name: Text,
    /// What it is for.
    pub description: Text,
    /// Names of the groups of sign-in providers whose people join it.
    pub sso_names: Vec<Text>,
    /// Extra attributes.
    pub attributes: Attributes,
    /// What only the SCIM client knows, as JSON; there is some when it manages the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim: Option<Text>,
}

impl Group {
    /// The group without its members and assignments.
    pub fn profile(&self) -> GroupProfile {
        GroupProfile {
            name: self.name.clone(),
            description: self.description.clone(),
            sso_names: self.sso_names.clone(),
            attributes: self.attributes.clone(),
            scim: self.scim.clone(),
        }
    }
}

/// What somebody wants to do to a group.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupCommand {
    /// Make a group.
    Create(NewGroup),
    /// Change what is given, keep the rest.
    Change(Ref, GroupPatch),
    /// Take it away, and with it its memberships and assignments.
    Delete(Ref),
}

/// A new group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Names of the groups of sign-in providers whose people join it.
    pub sso_names: Vec<String>,
    /// Its members.
    pub members: Vec<SubjectRef>,
    /// What it is given at once.
    pub grants: Vec<GrantRef>,
    /// The conditions of those memberships and grants.
    pub terms: Terms,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// What only the SCIM client knows, as JSON, when it manages the group.
    pub scim: Option<String>,
}

/// What of a group is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupPatch {
    /// Its new name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// All SSO names from now on.
    pub sso_names: Option<Vec<String>>,
    /// All members from now on, in this order. Those who stay keep their provenance.
    pub members: Option<Vec<SubjectRef>>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
    /// What only the SCIM client knows, as JSON; an inner none takes the group out of its hands.
    pub scim: Option<Option<String>>,
}

/// What has happened to a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupChange {
    /// It was made, still empty.
    Created {
        /// Its number.
        id: GroupId,
        /// Its opaque id.
        subject: GroupSubject,
        /// What is known of it.
        profile: GroupProfile,
    },
    /// It was changed.
    Changed {
        /// Its number.
        id: GroupId,
        /// As it was.
        before: GroupProfile,
        /// As it is.
        after: GroupProfile,
    },
    /// Its members were put in another order.
    Ordered {
        /// Its number.
        id: GroupId,
        /// As it was.
        before: Vec<PrincipalId>,
        /// As it is.
        after: Vec<PrincipalId>,
    },
    /// It was taken away, and with it its memberships and assignments.
    Deleted {
        /// Its number.
        id: GroupId,
        /// Its opaque id.
        subject: GroupSubject,
        /// As it was.
        profile: GroupProfile,
    },
}
