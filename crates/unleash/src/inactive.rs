//! Users in numbers: those nobody has seen for long, and those whom a SCIM client manages.

use crate::answer::{Reply, empty, ok};
use crate::call::Call;
use crate::date::date;
use crate::door::App;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::number::Number;
use crate::user;
use axum::Router;
use axum::routing::{delete, get, post};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_model::principal::Principal;
use rolecall_model::token::TokenKind;
use rolecall_model::user::UserCommand;
use rolecall_model::{Command, Timestamp};
use rolecall_service as service;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Who was not seen for so many seconds is inactive: 180 days.
const INACTIVE: i64 = 180 * 86_400;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inactive<'a> {
    id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    seen_at: Option<String>,
    created_at: Option<String>,
    pat_seen_at: Option<String>,
}

fn people(call: &Call) -> impl Iterator<Item = (PrincipalId, &Principal)> {
    call.org().principals().filter(|(_, user)| user::is_person(user))
}

/// Users whom nobody has seen for long, in a browser or by a token; and those who never came.
async fn list(call: Call) -> Reply {
    call.require(ADMIN)?;
    let org = call.org();
    let ids: Vec<PrincipalId> = people(&call).map(|(id, _)| id).collect();
    let (instants, seen) = user::dates(&call, org, &ids).await?;
    let by_token = seen_by_token(&call, &ids).await?;
    let before = call.ctx.now().plus_seconds(-INACTIVE);
    let inactive = people(&call).filter_map(|(id, user)| {
        let (created, seen) = (instants.get(&user.created.0).copied(), seen.get(&id).copied());
        let is_active = seen.max(created).is_some_and(|last| last > before);
        (!is_active).then(|| Inactive {
            id: id.number(),
            name: user::name(user),
            email: user.email.as_deref(),
            username: user::username(user),
            seen_at: seen.map(date),
            created_at: created.map(date),
            pat_seen_at: by_token.get(&id).copied().map(date),
        })
    });
    ok(&json!({"version": 1, "inactiveUsers": inactive.collect::<Vec<_>>()}))
}

/// When personal tokens were last used, by whose they are.
async fn seen_by_token(call: &Call, users: &[PrincipalId]) -> Result<HashMap<PrincipalId, Timestamp>, Fault> {
    let org = call.org();
    let tokens = users.iter().flat_map(|id| org.tokens_of(*id)).filter_map(|id| org.token(id));
    let tokens: Vec<_> = tokens.filter(|token| token.kind == TokenKind::Personal).collect();
    let keys: Vec<TokenKey> = tokens.iter().map(|token| token.key).collect();
    let used = service::last_used(&call.ctx, &keys).await?;
    let mut latest: HashMap<PrincipalId, Timestamp> = HashMap::new();
    for (token, at) in tokens.iter().zip(used) {
        let Some(at) = at else { continue };
        let last = latest.entry(token.principal).or_insert(at);
        *last = at.max(*last);
    }
    Ok(latest)
}

#[derive(Deserialize)]
struct Ids {
    ids: Vec<Number>,
}

/// Deletes users by their ids, all or none. Ids that nobody has are passed over, and so is the caller's own.
async fn delete_these(call: Call) -> Reply {
    call.require(ADMIN)?;
    let Ids { ids } = call.asked.body().await?;
    let ids: BTreeSet<u32> = ids.into_iter().map(|id| id.0).collect();
    let known = ids.into_iter().filter(|id| user::known(call.org(), *id).is_ok());
    let known: Vec<u32> = known.filter(|id| *id != call.ctx.principal().number()).collect();
    if known.is_empty() {
        return Err(Fault::not_found("none of these ids is another user's"));
    }
    delete_all(&call, known).await
}

/// Deletes every user whom a SCIM client manages, all or none.
async fn delete_managed(call: Call) -> Reply {
    call.require(ADMIN)?;
    let managed = people(&call).filter(|(_, user)| user.scim().is_some()).map(|(id, _)| id.number()).collect();
    delete_all(&call, managed).await
}

async fn delete_all(call: &Call, ids: Vec<u32>) -> Reply {
    let delete = |id| Command::from(UserCommand::Delete(SubjectRef::Number(id)));
    call.execute(Command::Batch(ids.into_iter().map(delete).collect())).await?;
    empty()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/user-admin/inactive", get(list))
        .route("/api/admin/user-admin/inactive/delete", post(delete_these))
        .route("/api/admin/user-admin/scim-users", delete(delete_managed))
}
