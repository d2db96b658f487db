//! Signing in by OpenID Connect: our sign-in provider of the name `oidc`. What of the settings Rolecall acts by is the
//! provider's and wins whenever the two differ; the rest, and how it was spelled, is kept and shown again.
//!
//! The client secret is shown to whoever may set it, because clients compare it with what they sent.

use crate::answer::{Reply, ok};
use crate::call::Call;
use crate::door::App;
use crate::fault::Fault;
use crate::role;
use crate::settings::{self, GATE, Is, Settings, flag, is_on, text};
use axum::Router;
use axum::routing::get;
use rolecall_engine::Place;
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::operation::EVERYTHING;
use rolecall_model::provider::{GroupSync, NewProvider, Provider, ProviderPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::{Org, Ref, Refusal};
use rolecall_service::{Error, keep, kept, sso};
use serde_json::Value;
use std::sync::Arc;

/// The provider's name.
const NAME: &str = "oidc";
/// The name under which the settings are kept.
const KEPT: &str = "unleash oidc";
/// What discovery adds to an issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The root role of new users when none is named.
const USUAL_ROLE: &str = "Editor";

const KNOWN: [(&str, Is); 15] = [
    ("enabled", Is::Bool),
    ("discoverUrl", Is::Text),
    ("clientId", Is::Text),
    ("secret", Is::Text),
    ("autoCreate", Is::Bool),
    ("enableSingleSignOut", Is::Bool),
    ("defaultRootRole", Is::Text),
    ("defaultRootRoleId", Is::Id),
    ("emailDomains", Is::Text),
    ("acrValues", Is::Text),
    ("idTokenSigningAlgorithm", Is::Text),
    ("enableGroupSyncing", Is::Bool),
    ("groupJsonPath", Is::Text),
    ("addGroupsScope", Is::Bool),
    ("enablePkce", Is::Bool),
];

/// The algorithms that an ID token may be signed by.
const ALGORITHMS: [&str; 3] = ["RS256", "RS384", "RS512"];

/// What Rolecall acts by, in its own words.
#[derive(Clone, Debug, PartialEq)]
struct Meant {
    issuer: Option<String>,
    client_id: Option<String>,
    create_users: bool,
    domains: Vec<String>,
    role: Option<u32>,
    sync: bool,
    path: String,
    groups_scope: bool,
}

impl Meant {
    /// What settings mean.
    fn of(settings: &Settings, org: &Org) -> Result<Self, Fault> {
        let issuer = text(settings, "discoverUrl").map(|url| url.strip_suffix(DISCOVERY).unwrap_or(url).to_owned());
        Ok(Meant {
            issuer,
            client_id: text(settings, "clientId").map(str::to_owned),
            create_users: flag(settings, "autoCreate"),
            domains: domains(settings),
            role: role_of(settings, org)?,
            sync: flag(settings, "enableGroupSyncing"),
            path: text(settings, "groupJsonPath").map(json_path).unwrap_or_default(),
            groups_scope: flag(settings, "addGroupsScope"),
        })
    }

    /// What a provider does.
    fn of_provider(provider: &Provider) -> Self {
        let GroupSync { enabled: sync, path, add_groups_scope: groups_scope } = provider.group_sync.clone();
        let roles = provider.defaults.iter().filter_map(|grant| match grant {
            Grant::Role(binding) => Some(binding.role.number()),
            Grant::Policy(_) => None,
        });
        Meant {
            issuer: Some(provider.issuer.to_string()),
            client_id: Some(provider.client_id.to_string()),
            create_users: provider.create_users,
            domains: provider.email_domains.iter().map(ToString::to_string).collect(),
            role: roles.into_iter().next(),
            sync,
            path: path.into(),
            groups_scope,
        }
    }

    fn sync(&self) -> GroupSync {
        GroupSync { enabled: self.sync, path: self.path.as_str().into(), add_groups_scope: self.groups_scope }
    }

    fn defaults(&self) -> Vec<GrantRef> {
        self.role.map(role::root_grant).into_iter().collect()
    }

    /// Puts what a provider does in place of what was sent, wherever it is something else by now.
    fn correct(&self, truth: &Meant, settings: &mut Settings) {
        let mut put = |differs: bool, name: &str, value: Value| {
            if differs {
                settings.insert(name.to_owned(), value);
            }
        };
        let (issuer, client_id) = (truth.issuer.clone(), truth.client_id.clone());
        put(
            self.issuer.is_some() && self.issuer != truth.issuer,
            "discoverUrl",
            issuer.map(|url| url + DISCOVERY).into(),
        );
        put(self.client_id.is_some() && self.client_id != truth.client_id, "clientId", client_id.into());
        put(self.create_users != truth.create_users, "autoCreate", truth.create_users.into());
        put(self.domains != truth.domains, "emailDomains", truth.domains.join(",").into());
        put(self.role != truth.role, "defaultRootRoleId", truth.role.unwrap_or_default().into());
        put(self.sync != truth.sync, "enableGroupSyncing", truth.sync.into());
        put(self.path != truth.path, "groupJsonPath", truth.path.as_str().into());
        put(self.groups_scope != truth.groups_scope, "addGroupsScope", truth.groups_scope.into());
    }
}

/// The domains of addresses that are let in, in small letters.
fn domains(settings: &Settings) -> Vec<String> {
    let all = text(settings, "emailDomains").unwrap_or_default();
    let mut domains: Vec<String> = Vec::new();
    for domain in all.split(',').map(|domain| domain.trim().trim_start_matches('@').to_lowercase()) {
        if !domain.is_empty() && !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// The root role of new users: by id, else by name, else the usual one when there are new users.
fn role_of(settings: &Settings, org: &Org) -> Result<Option<u32>, Fault> {
    let unknown = |name: &str| {
        let message = format!("The `/body/{name}` property must name a root role.");
        Fault::bad_at(&format!("/body/{name}"), message)
    };
    let id = settings.get("defaultRootRoleId").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    if let Some(id) = id.filter(|id| *id > 0) {
        let known = org.roles.get(id).filter(|row| role::is_root(org, row));
        return known.map(|row| Some(row.id.number())).ok_or_else(|| unknown("defaultRootRoleId"));
    }
    let given = text(settings, "defaultRootRole");
    let name = given.or_else(|| flag(settings, "autoCreate").then_some(USUAL_ROLE));
    let Some(name) = name else { return Ok(None) };
    match org.role_named(name).filter(|row| role::is_root(org, row)) {
        Some(row) => Ok(Some(row.id.number())),
        None if given.is_none() => Ok(None),
        None => Err(unknown("defaultRootRole")),
    }
}

/// A path as this protocol has it (`groups`, `realm.groups`, or the name of a claim that is an address) as a `JSONPath`.
fn json_path(path: &str) -> String {
    if path.starts_with('$') {
        return path.to_owned();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '*');
    let begins = path.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && path.chars().all(plain) {
        return format!("$.{path}");
    }
    format!("$['{}']", path.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn provider(org: &Org) -> Option<&Provider> {
    org.provider_named(NAME).map(|row| &row.value)
}

/// The settings as they are now.
async fn present(call: &Call, org: &Org) -> Result<Settings, Fault> {
    let settings = match kept(&call.ctx, KEPT).await? {
        Some(Value::Object(settings)) => settings,
        _ => Settings::new(),
    };
    let mut settings = settings;
    settings.entry("enabled").or_insert(Value::Bool(false));
    let Some(provider) = provider(org) else {
        // Without a provider nobody signs in, whatever was sent.
        settings.insert("enabled".to_owned(), Value::Bool(false));
        return Ok(settings);
    };
    let truth = Meant::of_provider(provider);
    // A role that was deleted since is none.
    let sent = Meant::of(&settings, org).unwrap_or_else(|_| Meant { role: None, ..truth.clone() });
    sent.correct(&truth, &mut settings);
    settings.insert("enabled".to_owned(), Value::Bool(provider.active));
    if let Some(secret) = sso::shown_secret(&call.ctx, NAME).await? {
        settings.insert("secret".to_owned(), secret.expose().into());
    }
    Ok(settings)
}

async fn show(call: Call) -> Reply {
    call.require(GATE)?;
    ok(&present(&call, call.org()).await?)
}

async fn set(call: Call) -> Reply {
    call.require(GATE)?;
    let mut settings = settings::sent(&call, &KNOWN).await?;
    settings::require(&settings, &["clientId", "secret", "discoverUrl"])?;
    if text(&settings, "idTokenSigningAlgorithm").is_some_and(|name| !ALGORITHMS.contains(&name)) {
        let message = format!("The `/body/idTokenSigningAlgorithm` property must be one of {}.", ALGORITHMS.join(", "));
        return Err(Fault::bad_at("/body/idTokenSigningAlgorithm", message));
    }
    let meant = Meant::of(&settings, call.org())?;
    let done = match provider(call.org()) {
        Some(_) => Some(change(&call, &settings, meant).await?),
        None => add(&call, &settings, meant).await?,
    };
    if done.is_some() {
        // It is the provider's now, and sealed there.
        settings.remove("secret");
    }
    keep(&call.ctx, KEPT, &Value::Object(settings)).await?;
    let view = done.map_or_else(|| Arc::clone(call.ctx.view()), |done| done.view);
    ok(&present(&call, view.org()).await?)
}

/// Adds the provider. Settings that are off and not whole make none.
async fn add(call: &Call, settings: &Settings, meant: Meant) -> Result<Option<rolecall_service::Done>, Fault> {
    let (Some(issuer), Some(client_id)) = (meant.issuer.clone(), meant.client_id.clone()) else { return Ok(None) };
    let new = NewProvider {
        name: NAME.to_owned(),
        title: "OpenID Connect".to_owned(),
        issuer,
        client_id,
        scopes: ["profile", "email"].map(str::to_owned).into(),
        inactive: !is_on(settings),
        // As this protocol has it, a person is the user of the same address; whom that would let in, not all may say.
        link_by_email: call.ctx.may(EVERYTHING, Place::ORGANIZATION),
        create_users: meant.create_users,
        email_domains: meant.domains.clone(),
        defaults: meant.defaults(),
        group_sync: meant.sync(),
    };
    let secret = text(settings, "secret").map(str::to_owned);
    match sso::create_provider(&call.ctx, new, secret).await {
        Ok(done) => Ok(Some(done)),
        // What is off may be anything.
        Err(Error::Refused(Refusal { kind: Kind::Invalid, .. })) if !is_on(settings) => Ok(None),
        Err(error) => Err(fault(error)),
    }
}

/// Changes the provider. What is blank while it is off stays as it is, but for the secret: a blank one takes it away.
async fn change(call: &Call, settings: &Settings, meant: Meant) -> Result<rolecall_service::Done, Fault> {
    let (defaults, group_sync) = (Some(meant.defaults()), Some(meant.sync()));
    let whole = is_on(settings) || (meant.issuer.is_some() && meant.client_id.is_some());
    let mut patch = ProviderPatch { active: Some(is_on(settings)), ..ProviderPatch::default() };
    if whole {
        patch = ProviderPatch {
            issuer: meant.issuer,
            client_id: meant.client_id,
            create_users: Some(meant.create_users),
            email_domains: Some(meant.domains),
            defaults,
            group_sync,
            ..patch
        };
    }
    let secret = settings.get("secret").map(|_| text(settings, "secret").map(str::to_owned));
    // One that is as it was is not set again: whoever repeats a request changes nothing.
    let before = sso::shown_secret(&call.ctx, NAME).await?.map(|secret| secret.expose().to_owned());
    let secret = secret.filter(|secret| *secret != before);
    let off = ProviderPatch { active: Some(false), ..ProviderPatch::default() };
    match sso::change_provider(&call.ctx, Ref::from(NAME), patch, secret.clone()).await {
        // What is off may be anything.
        Err(Error::Refused(Refusal { kind: Kind::Invalid, .. })) if !is_on(settings) => {
            sso::change_provider(&call.ctx, Ref::from(NAME), off, secret).await.map_err(fault)
        }
        done => done.map_err(fault),
    }
}

/// What stands in the way, by the names that the body has for it.
fn fault(error: Error) -> Fault {
    let Error::Refused(Refusal { kind: Kind::Invalid, field, message, .. }) = &error else { return error.into() };
    let name = match field.as_str() {
        "issuer" => "discoverUrl",
        "client_id" => "clientId",
        "client_secret" => "secret",
        "group_sync.path" => "groupJsonPath",
        field if field.starts_with("email_domains") => "emailDomains",
        _ => return error.into(),
    };
    Fault::bad_at(&format!("/body/{name}"), message.clone())
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/admin/auth/oidc/settings", get(show).post(set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_names_and_a_claim_that_is_an_address_are_both_found() {
        for (path, found) in [
            ("groups", "$.groups"),
            ("realm_access.roles", "$.realm_access.roles"),
            ("groups[*].name", "$.groups[*].name"),
            ("$.groups", "$.groups"),
            ("https://example.com/groups", "$['https://example.com/groups']"),
            ("it's", "$['it\\'s']"),
        ] {
            assert_eq!(json_path(path), found);
        }
    }

    #[test]
    fn domains_are_read_however_they_are_written() {
        let settings =
            Settings::from_iter([("emailDomains".to_owned(), " Example.com, @other.example,,example.com ".into())]);
        assert_eq!(domains(&settings), ["example.com", "other.example"]);
    }
}
