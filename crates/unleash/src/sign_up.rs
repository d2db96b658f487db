//! Public sign-up links: by which anybody who has one joins with the catalog's usual root role.

use crate::answer::{Reply, created, empty, json, ok};
use crate::call::{Call, Visit};
use crate::date::date;
use crate::door::App;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::user::{Instants, Seen};
use crate::visitor::Origin;
use crate::{password, role, user};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use rolecall_model::id::PrincipalId;
use rolecall_model::{Org, Timestamp};
use rolecall_service::{self as service, Error, NewMember, SignUpLink, SignUpPatch};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn shown(call: &Call, link: &SignUpLink) -> Map<String, Value> {
    let org = call.org();
    let name = |id: PrincipalId| org.principal(id).map(|who| who.name.to_string());
    let default = org.slots.named(role::SLOT, false).and_then(|slot| org.role(slot.default));
    let role = default.and_then(|row| role::shown(org, row)).map(|role| json!(role));
    let users: Vec<Value> = link.joined.iter().map(|id| user_of(org, *id)).collect();
    Map::from_iter([
        ("secret".to_owned(), link.secret.as_str().into()),
        ("name".to_owned(), link.name.as_str().into()),
        ("url".to_owned(), call.app.join_link(&link.secret).into()),
        ("expiresAt".to_owned(), date(link.until).into()),
        ("enabled".to_owned(), link.enabled.into()),
        ("createdAt".to_owned(), date(link.made_at).into()),
        ("createdBy".to_owned(), link.made_by.and_then(name).into()),
        ("role".to_owned(), role.unwrap_or_else(|| json!({}))),
        ("users".to_owned(), users.into()),
    ])
}

/// Somebody who joined, in short.
fn user_of(org: &Org, id: PrincipalId) -> Value {
    let user = org.principal(id);
    let names = [
        ("name", user.and_then(user::name)),
        ("username", user.and_then(user::username)),
        ("email", user.and_then(|user| user.email.as_deref())),
    ];
    let names = names.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    names.chain([("id".to_owned(), Value::from(id.number()))]).collect::<Map<_, _>>().into()
}

async fn list(call: Call) -> Reply {
    call.require(ADMIN)?;
    let links = service::sign_up_links(&call.ctx).await?;
    ok(&json!({"tokens": links.iter().map(|link| shown(&call, link)).collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewLink {
    name: String,
    expires_at: Timestamp,
}

async fn make(call: Call) -> Reply {
    call.require(ADMIN)?;
    let NewLink { name, expires_at } = call.asked.body().await?;
    let link = service::make_sign_up_link(&call.ctx, &name, expires_at).await?;
    created(&shown(&call, &link), Some(&format!("tokens/{}", link.secret)))
}

async fn read(call: Call) -> Reply {
    call.require(ADMIN)?;
    let link = service::sign_up_link(&call.ctx, call.asked.param("token")).await?;
    ok(&shown(&call, &link))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkPatch {
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    enabled: Option<bool>,
}

async fn change(call: Call) -> Reply {
    call.require(ADMIN)?;
    let LinkPatch { expires_at: until, enabled } = call.asked.body().await?;
    if until.is_none() && enabled.is_none() {
        return Err(Fault::silent(StatusCode::BAD_REQUEST));
    }
    let patch = SignUpPatch { until, enabled };
    let link = service::change_sign_up_link(&call.ctx, call.asked.param("token"), patch).await?;
    let mut body = shown(&call, &link);
    body.insert("role".to_owned(), json!({}));
    ok(&body)
}

/// Says whether a link counts, and nothing else.
async fn validate(visit: Visit) -> Reply {
    match visit.app.service.look_at_sign_up(visit.asked.param("token")).await {
        Ok(_) => empty(),
        Err(error) => Err(unfit(error)),
    }
}

fn unfit(error: Error) -> Fault {
    match error {
        Error::Unauthenticated(_) => Fault::silent(StatusCode::BAD_REQUEST),
        error => error.into(),
    }
}

#[derive(Deserialize)]
struct SignUp {
    email: String,
    name: String,
    password: String,
    #[serde(default)]
    username: Option<String>,
}

/// Adds who joins. That an address is taken is said, as the protocol has it: to who has a link.
async fn sign_up(visit: Visit) -> Reply {
    let secret = visit.asked.param("token").to_owned();
    // Whoever has no link that counts learns nothing of what the body should be.
    visit.app.service.look_at_sign_up(&secret).await.map_err(unfit)?;
    let SignUp { email, name, password, username } = visit.asked.body().await?;
    if email.trim().is_empty() {
        return Err(Fault::bad_at("/body/email", "The `/body/email` property must not be empty."));
    }
    let username = username.filter(|username| !username.trim().is_empty());
    let new = NewMember { name, email: Some(email), username, password };
    let origin = Origin::of(&visit.app, &visit.asked.parts);
    let joined = visit.app.service.sign_up(&secret, new, &origin.visitor()).await.map_err(|error| match error {
        Error::Unauthenticated(_) => unfit(error),
        error => {
            let fault = password::fault(error);
            if fault.name() == "NameExistsError" { fault.into_bad() } else { fault }
        }
    })?;
    let org = joined.view.org();
    let user = org.principal(joined.user).ok_or_else(Fault::gone)?;
    let instants = Instants::from_iter([(user.created.0, joined.at)]);
    Ok(json(StatusCode::CREATED, &user::shown(org, joined.user, user, &instants, &Seen::new())))
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/invite-link/tokens", get(list).post(make))
        .route("/api/admin/invite-link/tokens/{token}", get(read).put(change))
        .route("/invite/{token}/validate", get(validate))
        .route("/invite/{token}/signup", post(sign_up))
}
