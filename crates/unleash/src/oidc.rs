//! Signing in by OpenID Connect: our sign-in provider of the name `oidc`. What of the settings Rolecall acts by is the
//! provider's and wins whenever the two differ; the rest, and how it was spelled, is kept and shown again.
//!
//! The client secret is shown to whoever may set it, because clients compare it with what they sent.

mod meant;

use crate::answer::{Reply, ok};
use crate::call::Call;
use crate::door::App;
use crate::fault::Fault;
use crate::settings::{self, GATE, Is, Settings, is_on, text};
use axum::Router;
use axum::routing::get;
use meant::Meant;
use rolecall_engine::Place;
use rolecall_model::operation::EVERYTHING;
use rolecall_model::provider::{NewProvider, Provider, ProviderPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::{Org, Ref, Refusal};
use rolecall_service::{Error, keep, kept, sso};
use serde_json::Value;
use std::sync::Arc;

/// The provider's name.
const NAME: &str = "oidc";
/// The name under which the settings are kept.
const KEPT: &str = "unleash oidc";

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
    let same = provider(call.org()).is_some_and(|present| meant.has_issuer_of(&Meant::of_provider(present)));
    let whole = is_on(settings) || (meant.issuer.is_some() && meant.client_id.is_some());
    let mut patch = ProviderPatch { active: Some(is_on(settings)), ..ProviderPatch::default() };
    if whole {
        patch = ProviderPatch {
            // Whether it ends in a slash is said by the provider's metadata, and put right elsewhere.
            issuer: meant.issuer.filter(|_| !same),
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
