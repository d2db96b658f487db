//! Applications: machines that act (Union: applications; Unleash: service accounts). Their record
//! and changes stand in `principal.rs`, as users share them.

mod decide;

pub use decide::client_id_from;

use crate::assignment::GrantRef;
use crate::command::SubjectRef;
use crate::provenance::Terms;

/// What somebody wants to do to an application.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplicationCommand {
    /// Add an application.
    Create(NewApplication),
    /// Change what is given, keep the rest.
    Change(SubjectRef, ApplicationPatch),
    /// Take it away, and with it what it held and its tokens.
    Delete(SubjectRef),
}

/// A new application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewApplication {
    /// What people call it.
    pub name: String,
    /// Its OAuth client id; none means one made from its name.
    pub client_id: Option<String>,
    /// The id another system knows it by.
    pub external_id: Option<String>,
    /// What it is for.
    pub description: String,
    /// Whether it starts disabled.
    pub disabled: bool,
    /// What it is given at once.
    pub grants: Vec<GrantRef>,
    /// The conditions of those grants.
    pub terms: Terms,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of an application is to change. An inner none takes a value away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplicationPatch {
    /// What people call it.
    pub name: Option<String>,
    /// The id another system knows it by.
    pub external_id: Option<Option<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it may act at all.
    pub active: Option<bool>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}
