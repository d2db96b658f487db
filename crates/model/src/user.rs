//! Users: people. Their record and changes stand in `principal.rs`, as applications share them.

mod decide;

pub(crate) use decide::scim_text;

use crate::assignment::GrantRef;
use crate::command::{Ref, SubjectRef};
use crate::id::PrincipalId;
use crate::principal::{Identity, Subject};
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
    /// A subject drawn beforehand, for what is written beside the entry under it; otherwise one is drawn.
    pub subject: Option<Subject>,
    /// That a password is set together with it (its hash goes to the store beside the entry).
    pub password: bool,
    /// Extra attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Its account at a sign-in provider.
    pub identity: Option<Identity>,
    /// What only the SCIM client knows, as JSON, when it manages the user.
    pub scim: Option<String>,
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
    /// That one-time codes are set up or taken away (their secret goes to the store beside the entry).
    pub codes: Option<bool>,
    /// How many passkeys there are from now on (they go to the store beside the entry).
    pub passkeys: Option<u16>,
    /// An account at a sign-in provider to link.
    pub link: Option<Identity>,
    /// The sign-in provider whose accounts are to be unlinked.
    pub unlink: Option<Ref>,
    /// What only the SCIM client knows, as JSON; an inner none takes the user out of its hands.
    pub scim: Option<Option<String>>,
}

impl UserPatch {
    /// Whether it only sets how the user itself signs in, which everybody may for oneself.
    pub fn is_own_sign_in(&self) -> bool {
        let rest = UserPatch { password: None, codes: None, passkeys: None, ..self.clone() };
        rest == UserPatch::default() && self.password != Some(false)
    }

    /// Whether it touches what a SCIM client manages.
    fn is_managed(&self) -> bool {
        self.name.is_some()
            || self.email.is_some()
            || self.username.is_some()
            || self.external_id.is_some()
            || self.active.is_some()
    }
}
