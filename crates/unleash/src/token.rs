//! Personal tokens: one's own, and those of service accounts. A secret is in the answer that issues it and nowhere else.

use crate::answer::{Reply, created, empty, ok};
use crate::call::Call;
use crate::date::date;
use crate::door::App;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::me;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_model::principal::PrincipalKind;
use rolecall_model::refusal::Kind;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{MOST_TOKENS, Token, TokenChange, TokenCommand, TokenKind};
use rolecall_model::{Change, Refusal, Timestamp};
use rolecall_service::{self as service, Error, NewToken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// As many as a user makes of its own.
const MOST_OWN: usize = 10;

/// A token as the wire has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: u32,
    description: String,
    /// None for one that was made elsewhere and does not expire.
    expires_at: Option<String>,
    created_at: String,
    seen_at: Option<String>,
    user_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Shown {
    fn of(token: &Token, seen: Option<Timestamp>) -> Self {
        Shown {
            id: token.id.number(),
            description: token.name.to_string(),
            expires_at: token.until.map(date),
            created_at: date(token.issued),
            seen_at: seen.map(date),
            user_id: token.principal.number(),
            secret: None,
        }
    }
}

/// The personal tokens of somebody, the oldest first.
fn theirs(call: &Call, whose: PrincipalId) -> Vec<&Token> {
    let org = call.org();
    let tokens = org.tokens_of(whose).filter_map(|id| org.token(id)).map(|row| &row.value);
    let mut tokens: Vec<&Token> = tokens.filter(|token| token.kind == TokenKind::Personal).collect();
    tokens.sort_by_key(|token| token.id);
    tokens
}

/// The personal tokens of somebody as the wire has them.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn shown(call: &Call, whose: PrincipalId) -> Result<Vec<Shown>, Fault> {
    let tokens = theirs(call, whose);
    let keys: Vec<TokenKey> = tokens.iter().map(|token| token.key).collect();
    let seen = service::last_used(&call.ctx, &keys).await?;
    Ok(tokens.into_iter().zip(seen).map(|(token, seen)| Shown::of(token, seen)).collect())
}

async fn list_of(call: &Call, whose: PrincipalId) -> Reply {
    ok(&json!({"pats": shown(call, whose).await?}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    description: String,
    expires_at: Timestamp,
}

async fn issue_for(call: &Call, whose: PrincipalId, most: usize) -> Reply {
    let New { description, expires_at } = call.asked.body().await?;
    let new = NewToken {
        subject: SubjectRef::Number(whose.number()),
        name: description,
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: Some(expires_at),
        kind: TokenKind::Personal,
    };
    let (done, secret) = service::issue_token_apart(&call.ctx, new, most).await.map_err(fault)?;
    let issued = done.changes.iter().find_map(|change| match change {
        Change::Token(TokenChange::Issued(token)) => Some(token),
        _ => None,
    });
    let token = issued.ok_or_else(Fault::gone)?;
    created(&Shown { secret: secret.map(|secret| secret.expose().to_owned()), ..Shown::of(token, None) }, None)
}

/// What stands in the way, by the names that the body has for it.
fn fault(error: Error) -> Fault {
    match error {
        Error::Refused(Refusal { kind: Kind::TooMany, message, .. }) => {
            Fault::new(StatusCode::FORBIDDEN, "OperationDeniedError", message)
        }
        Error::Refused(Refusal { kind: Kind::Invalid, field, message, .. }) => match field.as_str() {
            "name" => Fault::bad_at("/body/description", message.replacen("name", "description", 1)),
            "until" => Fault::bad_at("/body/expiresAt", message.replacen("until", "expiresAt", 1)),
            _ => Fault::bad(message),
        },
        error => error.into(),
    }
}

async fn list_own(call: Call) -> Reply {
    me::require_person(&call)?;
    list_of(&call, call.ctx.principal()).await
}

async fn issue_own(call: Call) -> Reply {
    me::require_person(&call)?;
    let me = call.ctx.principal();
    issue_for(&call, me, MOST_OWN).await
}

/// Deletes a token of the caller's own. One that is not there, or another's, is left as it is without a word.
async fn delete_own(call: Call) -> Reply {
    me::require_person(&call)?;
    let id = call.asked.id("id")?;
    if let Some(token) = theirs(&call, call.ctx.principal()).into_iter().find(|token| token.id.number() == id) {
        call.execute(TokenCommand::Revoke(token.key)).await?;
    }
    empty()
}

/// The service account that the path names.
fn account(call: &Call) -> Result<PrincipalId, Fault> {
    let number = call.asked.id("id")?;
    let found = PrincipalId::new(number).and_then(|id| Some((id, call.org().principal(id)?)));
    let found = found.filter(|(_, who)| who.kind() == PrincipalKind::Application).map(|(id, _)| id);
    found.ok_or_else(|| Fault::not_found(format!("Could not find service account with id {number}")))
}

async fn list_account(call: Call) -> Reply {
    call.require(ADMIN)?;
    list_of(&call, account(&call)?).await
}

async fn issue_account(call: Call) -> Reply {
    call.require(ADMIN)?;
    let account = account(&call)?;
    issue_for(&call, account, MOST_TOKENS).await
}

async fn delete_account(call: Call) -> Reply {
    call.require(ADMIN)?;
    let (account, id) = (account(&call)?, call.asked.id("token")?);
    let token = theirs(&call, account).into_iter().find(|token| token.id.number() == id);
    let token = token.ok_or_else(|| Fault::not_found(format!("Could not find token with id {id}")))?;
    call.execute(TokenCommand::Revoke(token.key)).await?;
    empty()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/user/tokens", get(list_own).post(issue_own))
        .route("/api/admin/user/tokens/{id}", delete(delete_own))
        .route("/api/admin/service-account/{id}/token", get(list_account).post(issue_account))
        .route("/api/admin/service-account/{id}/token/{token}", delete(delete_account))
}
