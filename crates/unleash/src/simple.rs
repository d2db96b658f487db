//! Whether people sign in by password at all: the organization's own rule.

use crate::answer::{Reply, ok};
use crate::call::Call;
use crate::door::App;
use crate::settings::GATE;
use axum::Router;
use axum::routing::get;
use rolecall_model::organization::{SettingsPatch, SignInPatch};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
struct Simple {
    disabled: bool,
}

async fn show(call: Call) -> Reply {
    call.require(GATE)?;
    ok(&json!({"disabled": !call.org().sign_in_rules().passwords}))
}

/// Switches passwords off or on. They stay on while nobody could administer without them.
async fn set(call: Call) -> Reply {
    call.require(GATE)?;
    let Simple { disabled } = call.asked.body().await?;
    let sign_in = SignInPatch { passwords: Some(!disabled), ..SignInPatch::default() };
    call.execute(SettingsPatch { sign_in, ..SettingsPatch::default() }).await?;
    ok(&json!({"disabled": disabled}))
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/admin/auth/simple/settings", get(show).post(set))
}
