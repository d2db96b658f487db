//! Service accounts: applications by another name. What signs in for them are their tokens. Not here: the tokens
//! (`token.rs`).

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::role;
use crate::user::{self, Instants, Seen, dates};
use rolecall_model::application::{ApplicationCommand, ApplicationPatch, NewApplication};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::{Principal, PrincipalChange};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::token::TokenKind;
use rolecall_model::{Change, Command, Org};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A service account as the wire has it.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    account: user::Shown<'a>,
    tokens: Vec<Value>,
}

fn shown<'a>(org: &Org, id: PrincipalId, account: &'a Principal, instants: &Instants, seen: &Seen) -> Shown<'a> {
    Shown { account: user::shown(org, id, account, instants, seen), tokens: tokens(org, id) }
}

fn tokens(org: &Org, id: PrincipalId) -> Vec<Value> {
    let tokens = org.tokens_of(id).filter_map(|token| org.token(token));
    let tokens = tokens.filter(|token| token.kind == TokenKind::Personal);
    let shown = tokens.map(|token| {
        json!({
            "id": token.id.number(), "description": token.name, "createdAt": date(token.issued),
            "expiresAt": token.until.map(date), "userId": id.number(),
        })
    });
    shown.collect()
}

/// The service account of this number.
///
/// # Errors
/// 404 when there is none; a user is none.
pub(crate) fn known(org: &Org, id: u32) -> Result<(PrincipalId, &Principal), Fault> {
    let found = PrincipalId::new(id).and_then(|id| Some((id, org.principal(id)?)));
    let found = found.filter(|(_, account)| !user::is_person(account));
    found.ok_or_else(|| Fault::not_found(format!("Could not find service account with id {id}")))
}

/// Every service account, and the root roles they can have.
pub(crate) async fn list(call: Call) -> Reply {
    call.require(ADMIN)?;
    let org = call.org();
    let ids: Vec<_> = org.principals().filter(|(_, one)| !user::is_person(one)).map(|(id, _)| id).collect();
    let (instants, seen) = dates(&call, org, &ids).await?;
    let accounts = ids.into_iter().filter_map(|id| Some(shown(org, id, org.principal(id)?, &instants, &seen)));
    answer::ok(&json!({"serviceAccounts": accounts.collect::<Vec<_>>(), "rootRoles": role::roots(org)}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    username: String,
    name: String,
    root_role: Value,
}

/// Adds a service account.
pub(crate) async fn create(call: Call) -> Reply {
    call.require(ADMIN)?;
    let new: New = call.asked.body().await?;
    for (field, value) in [("username", &new.username), ("name", &new.name)] {
        if value.trim().is_empty() {
            return Err(Fault::bad_at(&format!("/body/{field}"), format!("\"{field}\" is not allowed to be empty")));
        }
    }
    let role = user::root_role(call.org(), &new.root_role)?.id.number();
    let new = NewApplication {
        name: new.name,
        client_id: Some(new.username),
        grants: vec![role::root_grant(role)],
        terms: Terms::of(Source::Manual),
        ..NewApplication::default()
    };
    let done = call.execute(ApplicationCommand::Create(new)).await?;
    let org = done.view.org();
    let made = done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Created { id, .. }) => Some((*id, org.principal(*id)?)),
        _ => None,
    });
    let (id, account) = made.ok_or_else(Fault::gone)?;
    let (instants, seen) = dates(&call, org, &[id]).await?;
    answer::created(&shown(org, id, account, &instants, &seen), None)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    name: Option<String>,
    root_role: Option<Value>,
}

/// Changes name and root role, as far as they are given.
pub(crate) async fn update(call: Call) -> Reply {
    call.require(ADMIN)?;
    let id = call.asked.id("id")?;
    let patch: Patch = call.asked.body().await?;
    let (id, account) = known(call.org(), id)?;
    let whose = SubjectRef::Number(id.number());
    let mut commands = Vec::new();
    let name = patch.name.filter(|name| !name.trim().is_empty() && *name != account.name);
    if name.is_some() {
        let patch = ApplicationPatch { name, ..ApplicationPatch::default() };
        commands.push(ApplicationCommand::Change(whose.clone(), patch).into());
    }
    if let Some(wanted) = patch.root_role.filter(|role| !role.is_null()) {
        commands.push(user::sets_root_role(call.org(), whose, &wanted)?);
    }
    let done = call.execute(Command::Batch(commands)).await?;
    let org = done.view.org();
    let (id, account) = known(org, id.number())?;
    let (instants, seen) = dates(&call, org, &[id]).await?;
    answer::ok(&shown(org, id, account, &instants, &seen))
}

/// Deletes a service account, and with it its tokens.
pub(crate) async fn delete(call: Call) -> Reply {
    call.require(ADMIN)?;
    let (id, _) = known(call.org(), call.asked.id("id")?)?;
    call.execute(ApplicationCommand::Delete(SubjectRef::Number(id.number()))).await?;
    answer::empty()
}

/// What a service account may do.
pub(crate) async fn permissions(call: Call) -> Reply {
    call.require(ADMIN)?;
    let (id, _) = known(call.org(), call.asked.id("id")?)?;
    user::permissions_of(&call, id).await
}
