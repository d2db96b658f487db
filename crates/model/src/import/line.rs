//! The lines of a workload file as they are written (`bench/WORKLOAD.md`), one type for each kind.
//! Texts are borrowed from the line wherever they stand there as they are.

use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Deref;

/// An id as a line has it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Id<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Id<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// What kind of line it is, when that is not plain to see.
#[derive(Deserialize)]
pub(super) struct Tag<'a> {
    #[serde(borrow)]
    pub(super) t: Option<Id<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    pub(super) format: u64,
    #[serde(borrow, rename = "size")]
    pub(super) _size: Option<Id<'a>>,
    #[serde(rename = "seed")]
    pub(super) _seed: Option<u64>,
}

/// An environment, an action or a project.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plain<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    #[serde(borrow)]
    pub(super) id: Id<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow)]
    pub(super) level: Id<'a>,
    #[serde(borrow)]
    pub(super) permissions: Vec<Permission<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Permission<'a> {
    #[serde(borrow)]
    pub(super) action: Id<'a>,
    #[serde(borrow)]
    pub(super) environments: Option<Vec<Id<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow)]
    pub(super) bindings: Vec<Binding<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) grants: Vec<Binding<'a>>,
}

/// A user or an application.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principal<'a> {
    #[serde(borrow, rename = "t")]
    pub(super) _t: Id<'a>,
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) grants: Vec<Binding<'a>>,
    #[serde(borrow, default)]
    pub(super) groups: Vec<Id<'a>>,
    #[serde(borrow, default)]
    pub(super) policies: Vec<Id<'a>>,
}

/// A role at a scope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding<'a> {
    #[serde(borrow)]
    pub(super) role: Id<'a>,
    #[serde(borrow)]
    pub(super) project: Option<Id<'a>>,
    #[serde(borrow)]
    pub(super) environment: Option<Id<'a>>,
}
