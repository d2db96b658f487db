//! Signing in by password and out again, and the pages that links lead to: those are Rolecall's own.

use crate::answer::{Reply, json};
use crate::call::{Call, Visit};
use crate::door::{App, COOKIE, cookie, request};
use crate::fault::Fault;
use crate::user;
use crate::visitor::Origin;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rolecall_service::{Error, SignedIn, Step, end_session};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
struct Login {
    /// A sign-in name or an address.
    username: String,
    password: String,
}

/// Signs in. A name that is not there and a wrong password are the same, in words and in time.
async fn login(visit: Visit) -> Reply {
    let Login { username, password } = visit.asked.body().await?;
    require_passwords(&visit.app).await?;
    let origin = Origin::of(&visit.app, &visit.asked.parts);
    let step = visit.app.service.sign_in(None, &username, password, &origin.visitor()).await.map_err(mismatch)?;
    match step {
        Step::Done(signed_in) => let_in(visit, &signed_in).await,
        Step::Factor(_) | Step::Enroll(_) => Err(Fault::new(
            StatusCode::FORBIDDEN,
            "OperationDeniedError",
            format!("this account needs a second factor, for which there is a page: {}/signin", visit.app.public_url()),
        )),
    }
}

/// Refuses while passwords are switched off.
///
/// # Errors
/// 422.
pub(crate) async fn require_passwords(app: &App) -> Result<(), Fault> {
    if app.service.sign_in_door(None).await?.passwords { Ok(()) } else { Err(passwords_off()) }
}

/// 422: passwords are switched off.
pub(crate) fn passwords_off() -> Fault {
    let message = "signing in by password is switched off; sign in by the organization's provider";
    Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "DisabledError", message)
}

/// 401: the name and the password do not go together.
pub(crate) fn mismatch(error: Error) -> Fault {
    match error {
        Error::Unauthenticated(_) => password_mismatch(),
        error => error.into(),
    }
}

/// 401, the same whatever was wrong.
pub(crate) fn password_mismatch() -> Fault {
    let message = "The combination of password and username you provided is invalid. If you have forgotten your \
                   password, you can reset it, or ask an administrator for help.";
    Fault::new(StatusCode::UNAUTHORIZED, "PasswordMismatch", message)
}

async fn let_in(visit: Visit, signed_in: &SignedIn) -> Reply {
    let secret = signed_in.session.expose();
    let ctx = visit.app.service.enter_session(request(&visit.asked.parts.headers, Some(secret))).await?;
    let call = Call { ctx, app: Arc::clone(&visit.app), asked: visit.asked };
    let (org, id) = (call.org(), call.ctx.principal());
    let me = org.principal(id).ok_or_else(Fault::gone)?;
    let (instants, seen) = user::dates(&call, org, &[id]).await?;
    let mut response = json(StatusCode::OK, &user::shown(org, id, me, &instants, &seen));
    set_cookie(&mut response, &visit.app, secret, signed_in.seconds);
    Ok(response)
}

fn set_cookie(response: &mut Response, app: &App, value: &str, seconds: u32) {
    let secure = if app.settings.secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path={}; HttpOnly; SameSite=Lax{secure}; Max-Age={seconds}", crate::PATH);
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, text);
    }
}

/// Ends the session of the browser that asks, if it has one.
async fn logout(visit: Visit) -> Reply {
    let headers = &visit.asked.parts.headers;
    if let Some(session) = cookie(headers, COOKIE)
        && let Ok(ctx) = visit.app.service.enter_session(request(headers, Some(session))).await
        && let Some(key) = ctx.token().and_then(|id| ctx.org().token(id)).map(|token| token.key)
    {
        end_session(&ctx, key).await?;
    }
    let mut response = to(StatusCode::FOUND, &format!("{}/signed-out", visit.app.base));
    set_cookie(&mut response, &visit.app, "", 0);
    Ok(response)
}

fn to(status: StatusCode, place: &str) -> Response {
    match HeaderValue::from_str(place) {
        // A link's secret stands in the address, which no other page shall learn.
        Ok(place) => {
            let policy = HeaderValue::from_static("no-referrer");
            (status, [(header::LOCATION, place), (header::REFERRER_POLICY, policy)]).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn signed_out(visit: Visit) -> Reply {
    Ok(to(StatusCode::SEE_OTHER, &format!("{}/signin", visit.app.public_url())))
}

/// Where somebody new chooses a password, or joins.
async fn new_user(visit: Visit) -> Reply {
    let page = match (visit.asked.query("token"), visit.asked.query("invite")) {
        (Some(token), _) => format!("/signin/invitation?token={}", plain(token)),
        (None, Some(invite)) => format!("/signin/join?link={}", plain(invite)),
        (None, None) => return Err(Fault::no_such_path("/new-user")),
    };
    Ok(to(StatusCode::SEE_OTHER, &format!("{}{page}", visit.app.public_url())))
}

/// Where somebody chooses a new password.
async fn reset_password(visit: Visit) -> Reply {
    let token = plain(visit.asked.query("token").unwrap_or_default());
    Ok(to(StatusCode::SEE_OTHER, &format!("{}/signin/reset?token={token}", visit.app.public_url())))
}

/// What a secret of ours may have in it; the rest never was in one.
fn plain(secret: &str) -> String {
    secret.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/auth/simple/login", post(login))
        .route("/logout", post(logout))
        .route("/signed-out", get(signed_out))
        .route("/new-user", get(new_user))
        .route("/reset-password", get(reset_password))
}
