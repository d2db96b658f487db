//! Users: people. Their record and changes stand in `principal.rs`, as applications share them.

mod decide;

use crate::assignment::GrantRef;
use crate::command::{Ref, SubjectRef};
use crate::id::PrincipalId;
use crate::provenance::Terms;

/// What somebody wants to do to a user.
#[derive(Clone, Debug, PartialEq)]
pub enum UserCommand {
    /// Add a user.
    Create(NewUser),
    /// Change what is given, keep the rest.
    Change(SubjectRef, UserPatch),
    /// Take a user away, and with it what it held, its memberships and tokens.
    Delete(SubjectRef),
    /// Take a user away, if still there, and its values out of the whole history. The subject
    /// (`usr_…`) finds a user deleted before.
    Erase(SubjectRef),
}

/// A new user. It needs an email, a username or an external id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewUser {
    /// What people call it; empty means as its identifier.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// Its sign-in name.
    pub username: Option<String>,
    /// The id another system knows it by.
    pub external_id: Option<String>,
    /// The address of its picture.
    pub picture: Option<String>,
    /// Whether it starts disabled.
    pub disabled: bool,
    /// What it is given at once.
    pub grants: Vec<GrantRef>,
    /// The groups it joins at once.
    pub groups: Vec<Ref>,
    /// The conditions of those grants and memberships.
    pub terms: Terms,
    /// A number, when a document brings one; otherwise the next free one.
    pub number: Option<PrincipalId>,
    /// That a password is set together with it (its hash goes to the store beside the entry).
    pub password: bool,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What of a user is to change. An inner none takes a value away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserPatch {
    /// What people call it.
    pub name: Option<String>,
    /// Its address.
    pub email: Option<Option<String>>,
    /// Its sign-in name.
    pub username: Option<Option<String>>,
    /// The id another system knows it by.
    pub external_id: Option<Option<String>>,
    /// The address of its picture.
    pub picture: Option<Option<String>>,
    /// Whether it may act at all.
    pub active: Option<bool>,
    /// That a password is set or taken away (its hash goes to the store beside the entry).
    pub password: Option<bool>,
    /// Attributes to put over the present ones; null takes one away.
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}
