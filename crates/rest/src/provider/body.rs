//! What is sent to add or change a provider.

use crate::json::{given, nullable};
use crate::wire::{self, BindingBody};
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::command::Ref;
use rolecall_model::policy::Binding;
use rolecall_model::provider::{GroupSync, Provider, ProviderPatch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How groups follow a provider.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSyncBody {
    /// Whether they do at all.
    #[serde(default)]
    pub enabled: bool,
    /// Where the groups' names stand in the token: a `JSONPath` (RFC 9535) such as `$.groups` or
    /// `$.groups[*].name`.
    #[serde(default)]
    pub path: String,
    /// Whether the scope `groups` is asked for too.
    #[serde(default)]
    pub add_groups_scope: bool,
}

impl From<GroupSyncBody> for GroupSync {
    fn from(GroupSyncBody { enabled, path, add_groups_scope }: GroupSyncBody) -> Self {
        GroupSync { enabled, path: path.into(), add_groups_scope }
    }
}

/// A new sign-in provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProviderBody {
    /// Its name, which stands in addresses and never changes: small letters, digits and hyphens.
    pub name: String,
    /// What people call it; absent means as its name.
    #[serde(default)]
    pub title: String,
    /// Its issuer identifier, exactly as its metadata has it.
    pub issuer: String,
    /// What it knows this organization by.
    pub client_id: String,
    /// The client secret; absent for a public client. It is never answered.
    #[serde(default)]
    #[schema(write_only)]
    pub client_secret: Option<String>,
    /// The scopes asked for; `openid` goes without saying.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Whether anybody can sign in by it.
    #[serde(default = "crate::user::yes")]
    pub active: bool,
    /// Whether somebody whose address the provider has verified is taken for the user of that address.
    #[serde(default)]
    pub link_by_email: bool,
    /// Whether somebody unknown becomes a user.
    #[serde(default)]
    pub create_users: bool,
    /// Only somebody whose verified address is of one of these domains; empty means anybody.
    #[serde(default)]
    pub email_domains: Vec<String>,
    /// Policies that such a user is given.
    #[serde(default)]
    pub default_policies: Vec<String>,
    /// Roles that such a user is given.
    #[serde(default)]
    pub default_roles: Vec<BindingBody>,
    /// How groups follow it.
    #[serde(default)]
    pub group_sync: GroupSyncBody,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).into()
}

/// What of a sign-in provider is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Its issuer identifier. Users stay linked to their accounts at the old one.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub issuer: Option<String>,
    /// What it knows this organization by.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub client_id: Option<String>,
    /// A new client secret; null takes it away. It is never answered.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<Option<String>>,
    /// All scopes from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub scopes: Option<Vec<String>>,
    /// Whether anybody can sign in by it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Whether a verified address links.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub link_by_email: Option<bool>,
    /// Whether somebody unknown becomes a user.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub create_users: Option<bool>,
    /// All domains from now on: only somebody whose verified address is of one of them becomes a user; empty means
    /// anybody.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub email_domains: Option<Vec<String>>,
    /// All policies that such a user is given from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub default_policies: Option<Vec<String>>,
    /// All roles that such a user is given from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub default_roles: Option<Vec<BindingBody>>,
    /// How groups follow it; what is absent stays.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub group_sync: Option<GroupSyncPatchBody>,
}

/// What of how groups follow a provider is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSyncPatchBody {
    /// Whether they do at all.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
    /// Where the groups' names stand in the token.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub path: Option<String>,
    /// Whether the scope `groups` is asked for too.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub add_groups_scope: Option<bool>,
}

impl GroupSyncPatchBody {
    pub(super) fn on(self, sync: &GroupSync) -> GroupSync {
        GroupSync {
            enabled: self.enabled.unwrap_or(sync.enabled),
            path: self.path.map_or_else(|| sync.path.clone(), Into::into),
            add_groups_scope: self.add_groups_scope.unwrap_or(sync.add_groups_scope),
        }
    }
}

impl ProviderPatchBody {
    /// The patch of a provider, and the secret if one is given.
    #[allow(clippy::type_complexity, reason = "absent, null and a value are three things")]
    pub(super) fn on(self, present: Option<&Provider>) -> (ProviderPatch, Option<Option<String>>) {
        let (policies, roles) = present.map(defaults).unwrap_or_default();
        let defaults = (self.default_policies.is_some() || self.default_roles.is_some()).then(|| {
            let given = |names: Vec<String>| wire::grants(names, Vec::new());
            let mut grants = self.default_policies.map_or(policies, given);
            grants.extend(self.default_roles.map_or(roles, |roles| wire::grants(Vec::new(), roles)));
            grants
        });
        let sync = present.map(|provider| provider.group_sync.clone()).unwrap_or_default();
        let patch = ProviderPatch {
            title: self.title,
            issuer: self.issuer,
            client_id: self.client_id,
            scopes: self.scopes,
            active: self.active,
            link_by_email: self.link_by_email,
            create_users: self.create_users,
            email_domains: self.email_domains,
            defaults,
            group_sync: self.group_sync.map(|patch| patch.on(&sync)),
            secret: false,
        };
        (patch, self.client_secret)
    }
}

/// What a provider gives to new users, as one would name it: policies and roles.
pub(super) fn defaults(provider: &Provider) -> (Vec<GrantRef>, Vec<GrantRef>) {
    let number = |binding: &Binding| rolecall_model::policy::BindingRef {
        role: Ref::Number(binding.role.number()),
        scope: rolecall_model::scope::ScopeRef {
            project: binding.scope.project.map(|id| Ref::Number(id.number())),
            environment: binding.scope.environment.map(|id| Ref::Number(id.number())),
        },
    };
    let (mut policies, mut roles) = (Vec::new(), Vec::new());
    for grant in &provider.defaults {
        match grant {
            Grant::Policy(id) => policies.push(GrantRef::Policy(Ref::Number(id.number()))),
            Grant::Role(binding) => roles.push(GrantRef::Role(number(binding))),
        }
    }
    (policies, roles)
}
