//! Choosing a password by a link: an invitation or a reset, which read the same here.

use crate::answer::{Reply, empty, ok};
use crate::call::Visit;
use crate::door::App;
use crate::fault::Fault;
use crate::visitor::Origin;
use crate::{password, role, sign_in, user};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use rolecall_model::Org;
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_service::{Error, LinkKind, LinkView};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Each kind of link, the more usual one first.
const KINDS: [LinkKind; 2] = [LinkKind::Reset, LinkKind::Invitation];

/// The link of a secret, of whatever kind.
async fn found(app: &App, secret: &str) -> Result<(LinkKind, LinkView), Fault> {
    for kind in KINDS {
        match app.service.look_at_link(kind, secret).await {
            Ok(view) => return Ok((kind, view)),
            Err(Error::Unauthenticated(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(over())
}

/// 401 for a link that does not count, whatever the reason.
fn over() -> Fault {
    let message = "this link does not count: it was used, is too old, or a newer one was made; ask for a new one";
    Fault::new(StatusCode::UNAUTHORIZED, "InvalidTokenError", message)
}

/// Shows whose a link is.
async fn validate(visit: Visit) -> Reply {
    let secret = visit.asked.query("token").ok_or_else(|| {
        Fault::bad_at(
            "/query/token",
            "The `/query/token` property is required. It was not present on the data you sent.",
        )
    })?;
    let (_, link) = found(&visit.app, secret).await?;
    let org = link.view.org();
    let user = org.principal(link.user).ok_or_else(over)?;
    let mut body = Map::from_iter([
        ("id".to_owned(), Value::from(link.user.number())),
        ("email".to_owned(), user.email.as_deref().unwrap_or_default().into()),
        ("token".to_owned(), secret.into()),
        ("createdBy".to_owned(), link.made_by.unwrap_or_default().into()),
        ("role".to_owned(), role_of(org, link.user)),
    ]);
    if let Some(name) = user::name(user) {
        body.insert("name".to_owned(), name.into());
    }
    ok(&body)
}

fn role_of(org: &Org, user: PrincipalId) -> Value {
    let root = role::root_of(org, Holder::Principal(user));
    root.and_then(|row| role::shown(org, row)).map_or_else(|| json!({}), |role| json!(role))
}

#[derive(Deserialize)]
struct Chosen {
    token: String,
    password: String,
}

/// Takes the password that somebody chose. All sessions of the account end, and nobody is signed in.
async fn choose(visit: Visit) -> Reply {
    let Chosen { token, password } = visit.asked.body().await?;
    let (kind, _) = found(&visit.app, &token).await?;
    let origin = Origin::of(&visit.app, &visit.asked.parts);
    let chosen = visit.app.service.choose_password(kind, &token, password, &origin.visitor()).await;
    chosen.map_err(|error| match error {
        Error::Unauthenticated(_) => over(),
        error => password::fault(error),
    })?;
    empty()
}

#[derive(Deserialize)]
struct Lost {
    email: String,
}

/// Mails a link to somebody who has lost the password. The protocol has it say when nobody has the address; so the
/// tries of one address are limited.
async fn mail(visit: Visit) -> Reply {
    let Lost { email } = visit.asked.body().await?;
    sign_in::require_passwords(&visit.app).await?;
    let origin = Origin::of(&visit.app, &visit.asked.parts);
    visit.app.service.forgot_known_password(&email, &origin.visitor()).await?;
    empty()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/auth/reset/validate", get(validate))
        .route("/auth/reset/password", post(choose))
        .route("/auth/reset/password-email", post(mail))
}
