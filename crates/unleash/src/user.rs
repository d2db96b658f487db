//! Users: people. Service accounts are apart, though both draw their ids from one counter. What is unset is absent:
//! clients trip over a name or username that is null.

mod list;
mod overview;
mod write;

pub(crate) use list::{Lists, access, admin_count, list, search};
pub(crate) use overview::{of as permissions_of, permissions};
pub(crate) use write::{create, delete, root_role, sets_root_role, update};

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::kept::kept;
use crate::role;
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_model::principal::{Principal, PrincipalKind};
use rolecall_model::{Org, Timestamp};
use rolecall_service::{self as service, history};
use serde::Serialize;
use std::collections::HashMap;

/// The mark of a user whose name equals what it signs in by: without it, such a name is one that nobody gave.
const NAMED: &str = "named";

/// When records were made, by revision.
pub(crate) type Instants = HashMap<u64, Timestamp>;

/// When tokens were last used, by whose they are.
pub(crate) type Seen = HashMap<PrincipalId, Timestamp>;

/// A user as the wire has it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown<'a> {
    pub id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    pub account_type: &'static str,
    pub image_url: &'a str,
    pub seen_at: Option<String>,
    pub login_attempts: u8,
    pub created_at: Option<String>,
    pub scim_id: Option<String>,
    seat_type: (),
    company_role: (),
    product_updates_email_consent: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_role: Option<u32>,
}

/// A user or service account as the wire has it.
pub(crate) fn shown<'a>(
    org: &Org,
    id: PrincipalId,
    user: &'a Principal,
    instants: &Instants,
    seen: &Seen,
) -> Shown<'a> {
    Shown {
        id: id.number(),
        name: name(user),
        username: username(user),
        email: user.email.as_deref(),
        account_type: account_type(user),
        image_url: picture(user),
        seen_at: seen.get(&id).copied().map(date),
        login_attempts: 0,
        created_at: instants.get(&user.created.0).copied().map(date),
        scim_id: user.scim().map(|_| user.subject.to_string()),
        seat_type: (),
        company_role: (),
        product_updates_email_consent: (),
        root_role: role::root_of(org, Holder::Principal(id)).map(|role| role.id.number()),
    }
}

/// The name that somebody gave; one that only stands in for a missing one is none.
pub(crate) fn name(user: &Principal) -> Option<&str> {
    let given = user.name != user.best_identifier()
        || kept(&user.attributes(), NAMED).is_some_and(|named| named == true)
        || user.kind() == PrincipalKind::Application;
    given.then_some(user.name.as_str())
}

/// By what it signs in, beside an address.
pub(crate) fn username(user: &Principal) -> Option<&str> {
    match user.kind() {
        PrincipalKind::User => user.username.as_deref(),
        PrincipalKind::Application => Some(user.client_id()?.as_str()),
    }
}

/// The address of its picture; empty when there is none.
pub(crate) fn picture(user: &Principal) -> &str {
    user.picture().map(AsRef::as_ref).unwrap_or_default()
}

/// What kind of account it is, in the protocol's words.
pub(crate) const fn account_type(user: &Principal) -> &'static str {
    match user.kind() {
        PrincipalKind::User => "User",
        PrincipalKind::Application => "Service Account",
    }
}

/// Whether it is a person.
pub(crate) const fn is_person(user: &Principal) -> bool {
    matches!(user.kind(), PrincipalKind::User)
}

/// The user of this number.
///
/// # Errors
/// 404 when there is none; a service account is none.
pub(crate) fn known(org: &Org, id: u32) -> Result<(PrincipalId, &Principal), Fault> {
    let found = PrincipalId::new(id).and_then(|id| Some((id, org.principal(id)?)));
    let found = found.filter(|(_, user)| is_person(user));
    found.ok_or_else(|| Fault::not_found(format!("Could not find user with id {id}")))
}

/// When these were made and last seen: what `shown` needs.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn dates(call: &Call, org: &Org, users: &[PrincipalId]) -> Result<(Instants, Seen), Fault> {
    let revisions = users.iter().filter_map(|id| org.principal(*id)).map(|user| user.created.0);
    let instants = history::instants(&call.ctx, revisions).await?;
    let tokens: Vec<_> = users
        .iter()
        .flat_map(|id| org.tokens_of(*id).filter_map(|token| org.token(token)).map(|token| (*id, token.key)))
        .collect();
    let keys: Vec<_> = tokens.iter().map(|(_, key)| *key).collect();
    let used = service::last_used(&call.ctx, &keys).await?;
    let mut seen = Seen::new();
    for ((id, _), at) in tokens.into_iter().zip(used) {
        let Some(at) = at else { continue };
        let last = seen.entry(id).or_insert(at);
        *last = at.max(*last);
    }
    Ok((instants, seen))
}

/// A user.
pub(crate) async fn get(call: Call) -> Reply {
    call.require(ADMIN)?;
    let org = call.org();
    let (id, user) = known(org, call.asked.id("id")?)?;
    let (instants, seen) = dates(&call, org, &[id]).await?;
    answer::ok(&shown(org, id, user, &instants, &seen))
}
