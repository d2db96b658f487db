//! SAML's settings: kept and shown again, because clients expect them back. Rolecall signs nobody in by SAML.

use crate::answer::{Reply, ok};
use crate::call::Call;
use crate::door::App;
use crate::settings::{self, GATE, Is};
use axum::Router;
use axum::routing::get;
use rolecall_service::{keep, kept};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name under which they are kept.
const KEPT: &str = "unleash saml";

const KNOWN: [(&str, Is); 13] = [
    ("enabled", Is::Bool),
    ("entityId", Is::Text),
    ("signOnUrl", Is::Text),
    ("certificate", Is::Text),
    ("signOutUrl", Is::Text),
    ("spCertificate", Is::Text),
    ("autoCreate", Is::Bool),
    ("emailDomains", Is::Text),
    ("defaultRootRole", Is::Text),
    ("defaultRootRoleId", Is::Id),
    ("enableGroupSyncing", Is::Bool),
    ("groupJsonPath", Is::Text),
    ("enableSingleSignOut", Is::Bool),
];

async fn show(call: Call) -> Reply {
    call.require(GATE)?;
    ok(&kept(&call.ctx, KEPT).await?.unwrap_or_else(|| json!({"enabled": false})))
}

async fn set(call: Call) -> Reply {
    call.require(GATE)?;
    let settings = settings::sent(&call, &KNOWN).await?;
    settings::require(&settings, &["entityId", "signOnUrl", "certificate"])?;
    let settings = Value::Object(settings);
    keep(&call.ctx, KEPT, &settings).await?;
    ok(&settings)
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/admin/auth/saml/settings", get(show).post(set))
}
