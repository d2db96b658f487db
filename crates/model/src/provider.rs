//! Sign-in providers: where people of an organization sign in elsewhere, by `OpenID` Connect.
//!
//! Not here: speaking to one (`rolecall-signin`), and its client secret, which is sealed in the store.

mod decide;

use crate::assignment::{Grant, GrantRef};
use crate::collection::Numbered;
use crate::command::Ref;
use crate::id::ProviderId;
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// Most sign-in providers of an organization.
pub const MOST_PROVIDERS: usize = 100;

/// A sign-in provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Its number.
    pub id: ProviderId,
    /// Its name, which stands in addresses and never changes.
    pub name: Text,
    /// What people call it.
    pub title: Text,
    /// Its issuer identifier, by which its metadata is found (`OpenID` Connect Discovery 1.0).
    pub issuer: Text,
    /// What it knows this organization by.
    pub client_id: Text,
    /// The scopes asked for beside `openid`.
    pub scopes: Vec<Text>,
    /// Whether anybody can sign in by it.
    pub active: bool,
    /// Whether somebody whose address the provider has verified is taken for the user of that address.
    pub link_by_email: bool,
    /// Whether somebody unknown becomes a user.
    pub create_users: bool,
    /// Only somebody whose verified address is of one of these domains; none means anybody.
    #[serde(default)]
    pub email_domains: Vec<Text>,
    /// What such a user is given.
    pub defaults: Vec<Grant>,
    /// How groups follow the provider.
    pub group_sync: GroupSync,
}

impl Provider {
    /// Whether somebody unknown may become a user who has this verified address, or none.
    pub fn admits(&self, address: Option<&str>) -> bool {
        let domain = address.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
        self.email_domains.is_empty() || self.email_domains.iter().any(|known| Some(known.as_str()) == domain)
    }

    /// Whether whoever this provider admits is admitted by another.
    pub(crate) fn admits_no_more_than(&self, other: &Provider) -> bool {
        other.email_domains.is_empty()
            || !self.email_domains.is_empty()
                && self.email_domains.iter().all(|domain| other.email_domains.contains(domain))
    }
}

/// How memberships follow what a provider says at sign-in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupSync {
    /// Whether they do at all.
    pub enabled: bool,
    /// The `JSONPath` (RFC 9535) of the groups' names in the token.
    pub path: Text,
    /// Whether the scope `groups` is asked for too.
    pub add_groups_scope: bool,
}

impl Numbered for Provider {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}

/// What somebody wants to do to a sign-in provider.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderCommand {
    /// Add one.
    Create(NewProvider),
    /// Change what is given, keep the rest.
    Change(Ref, ProviderPatch),
    /// Take it away, and with it the links of users to it and the memberships that come from it alone.
    Delete(Ref),
}

/// A new sign-in provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewProvider {
    /// Its name: small letters, digits and hyphens.
    pub name: String,
    /// What people call it; empty means as its name.
    pub title: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// What it knows this organization by.
    pub client_id: String,
    /// The scopes asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Whether it starts switched off.
    pub inactive: bool,
    /// Whether a verified address links.
    pub link_by_email: bool,
    /// Whether somebody unknown becomes a user.
    pub create_users: bool,
    /// Only somebody whose verified address is of one of these domains; none means anybody.
    pub email_domains: Vec<String>,
    /// What such a user is given.
    pub defaults: Vec<GrantRef>,
    /// How groups follow it.
    pub group_sync: GroupSync,
}

/// What of a sign-in provider is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderPatch {
    /// What people call it.
    pub title: Option<String>,
    /// Its issuer identifier.
    pub issuer: Option<String>,
    /// What it knows this organization by.
    pub client_id: Option<String>,
    /// The scopes asked for beside `openid`.
    pub scopes: Option<Vec<String>>,
    /// Whether anybody can sign in by it.
    pub active: Option<bool>,
    /// Whether a verified address links.
    pub link_by_email: Option<bool>,
    /// Whether somebody unknown becomes a user.
    pub create_users: Option<bool>,
    /// Only somebody whose verified address is of one of these domains; none means anybody.
    pub email_domains: Option<Vec<String>>,
    /// What such a user is given.
    pub defaults: Option<Vec<GrantRef>>,
    /// How groups follow it.
    pub group_sync: Option<GroupSync>,
    /// That its client secret is replaced (the secret goes to the store beside the entry).
    pub secret: bool,
}

/// What has happened to a sign-in provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a word is carried out and written at once, few at a time")]
pub enum ProviderChange {
    /// It was added.
    Created(Provider),
    /// It was changed. When nothing differs, its client secret was replaced.
    Changed {
        /// As it was.
        before: Provider,
        /// As it is.
        after: Provider,
    },
    /// It was taken away, and with it the links of users to it and the memberships from it alone.
    Deleted(Provider),
}
