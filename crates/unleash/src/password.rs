//! Passwords that somebody sets, tries or asks a link for. The rules are the service's and hold everywhere: when a
//! user is added and when one joins by a public link, too.

use crate::answer::{Reply, empty, ok};
use crate::call::{Call, Visit};
use crate::door::App;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::{sign_in, user};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use rolecall_model::Refusal;
use rolecall_model::command::SubjectRef;
use rolecall_model::principal::PrincipalKind;
use rolecall_model::refusal::Kind;
use rolecall_service::{self as service, Delivery, Error, LinkKind};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
struct Password {
    password: String,
}

/// 400 with every rule that is broken.
fn weak(broken: &[String]) -> Fault {
    let first = broken.first().cloned().unwrap_or_default();
    let details = vec![json!({"message": first, "validationErrors": broken})];
    Fault::new(StatusCode::BAD_REQUEST, "OwaspValidationError", first).with_details(details)
}

/// Refuses a password that breaks a rule.
fn require_strong(faults: &[&str]) -> Result<(), Fault> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(weak(&faults.iter().map(|fault| (*fault).to_owned()).collect::<Vec<_>>()))
}

/// What went wrong when a password was set: one that is weak or was used before has a name of its own.
pub(crate) fn fault(error: Error) -> Fault {
    match error {
        Error::Refused(Refusal { kind: Kind::Invalid, field, message, details, .. })
            if matches!(field.as_str(), "password" | "new") =>
        {
            if details.is_empty() {
                Fault::new(StatusCode::BAD_REQUEST, "PasswordPreviouslyUsedError", message)
            } else {
                weak(&details)
            }
        }
        error => error.into(),
    }
}

/// Says whether a password keeps the rules, to who is signed in.
async fn try_own(call: Call) -> Reply {
    let Password { password } = call.asked.body().await?;
    require_strong(&service::password_faults_of(&call.ctx, &password))?;
    empty()
}

/// The same to anybody, who may be choosing one.
async fn try_any(visit: Visit) -> Reply {
    let Password { password } = visit.asked.body().await?;
    require_strong(&service::password_faults(&password, &[]))?;
    empty()
}

/// Sets somebody's password.
async fn set(call: Call) -> Reply {
    call.require(ADMIN)?;
    let id = call.asked.id("id")?;
    let Password { password } = call.asked.body().await?;
    // A service account has no password, and reads like nobody here.
    user::known(call.org(), id)?;
    if !call.org().sign_in_rules().passwords {
        return Err(sign_in::passwords_off());
    }
    service::set_password(&call.ctx, &SubjectRef::Number(id), password).await.map_err(fault)?;
    empty()
}

#[derive(Deserialize)]
struct Reset {
    /// An address, whatever it is called.
    id: String,
}

/// Makes a link by which somebody chooses a new password, for who asks to hand over.
async fn reset(call: Call) -> Reply {
    call.require(ADMIN)?;
    let Reset { id } = call.asked.body().await?;
    let found = call.org().find_principal(id.trim()).filter(|(_, user)| user.kind() == PrincipalKind::User);
    let (user, _) = found.ok_or_else(|| Fault::not_found("nobody has this address"))?;
    if !call.org().sign_in_rules().passwords {
        return Err(sign_in::passwords_off());
    }
    let user = SubjectRef::Number(user.number());
    let made = service::make_link_by(&call.ctx, LinkKind::Reset, &user, Delivery::Show).await?;
    let link = made.secret.as_ref().map(|secret| call.app.reset_link(secret)).unwrap_or_default();
    ok(&json!({"resetPasswordUrl": link}))
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/user-admin/validate-password", post(try_own))
        .route("/api/admin/user-admin/{id}/change-password", post(set))
        .route("/api/admin/user-admin/reset-password", post(reset))
        .route("/auth/reset/validate-password", post(try_any))
}
