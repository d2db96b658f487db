//! The connection of a SCIM client. Here it is on when it has a token that counts, or when somebody switched it on and
//! has not made one yet.

use crate::answer::{Reply, ok};
use crate::call::Call;
use crate::door::App;
use crate::fault::Fault;
use crate::settings::GATE;
use axum::Router;
use axum::routing::{get, post};
use rolecall_service::{connection, keep, kept};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The name under which is kept that it was switched on.
const KEPT: &str = "unleash scim";

async fn state(call: &Call) -> Result<Value, Fault> {
    let has_token = connection::connection(&call.ctx).await?.issued.is_some();
    let was_switched_on = kept(&call.ctx, KEPT).await? == Some(Value::Bool(true));
    Ok(json!({"enabled": has_token || was_switched_on, "hasToken": has_token}))
}

async fn show(call: Call) -> Reply {
    call.require(GATE)?;
    ok(&state(&call).await?)
}

#[derive(Deserialize)]
struct Switch {
    enabled: bool,
}

/// Switches it on, or off: then its token counts no more.
async fn set(call: Call) -> Reply {
    call.require(GATE)?;
    let Switch { enabled } = call.asked.body().await?;
    let has_token = connection::connection(&call.ctx).await?.issued.is_some();
    if !enabled && has_token {
        connection::disconnect(&call.ctx).await?;
    }
    keep(&call.ctx, KEPT, &Value::Bool(enabled)).await?;
    ok(&json!({"enabled": enabled, "hasToken": enabled && has_token}))
}

/// Gives the client a new token; the one before counts no more.
async fn issue(call: Call) -> Reply {
    call.require(GATE)?;
    let (_, secret) = connection::connect(&call.ctx).await?;
    keep(&call.ctx, KEPT, &Value::Bool(true)).await?;
    let secret = secret.ok_or_else(Fault::gone)?;
    ok(&json!({"token": secret.expose()}))
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/scim-settings", get(show).post(set))
        .route("/api/admin/scim-settings/generate-new-token", post(issue))
}
