//! Users in lists: all for administrators, a few fields of them for everybody who has signed in.

use super::{Shown, dates, is_person, name, shown, username};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::gate::{self, ADMIN};
use crate::role;
use axum::body::Bytes;
use rolecall_engine::Place;
use rolecall_model::Timestamp;
use rolecall_model::id::{Holder, OrganizationId};
use rolecall_model::principal::{Principal, PrincipalKind};
use rolecall_service::{self as service, Ctx};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Letters that a search needs at least.
const SHORTEST_SEARCH: usize = 2;

/// The longest list that is kept.
const LARGEST: usize = 8 << 20;
/// For how long one is, in microseconds: when somebody was last seen is known to within seconds anyway.
const KEPT_FOR: i64 = 1_000_000;

/// Lists of users as they were last written, by organization. One is good for the state it was made of.
#[derive(Default)]
pub(crate) struct Lists(Mutex<HashMap<OrganizationId, Written>>);

struct Written {
    revision: u64,
    at: Timestamp,
    body: Bytes,
}

impl Lists {
    fn find(&self, ctx: &Ctx) -> Option<Bytes> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = lists.get(&ctx.organization()).filter(|written| written.revision == ctx.revision())?;
        let age = ctx.now().micros().abs_diff(written.at.micros());
        (age < KEPT_FOR.unsigned_abs()).then(|| written.body.clone())
    }

    fn keep(&self, ctx: &Ctx, body: &Bytes) {
        let written = Written { revision: ctx.revision(), at: ctx.now(), body: body.clone() };
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if body.len() <= LARGEST {
            lists.insert(ctx.organization(), written);
        }
    }
}

/// Every user, and the root roles they can have. It is asked for much more often than it changes.
pub(crate) async fn list(call: Call) -> Reply {
    call.require(ADMIN)?;
    if let Some(body) = call.app.lists.find(&call.ctx) {
        return Ok(answer::written(body));
    }
    let body = Bytes::from(written(&call).await?);
    call.app.lists.keep(&call.ctx, &body);
    Ok(answer::written(body))
}

async fn written(call: &Call) -> Result<Vec<u8>, Fault> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Listed<'a> {
        #[serde(flatten)]
        user: Shown<'a>,
        /// Links are shown to who makes them, and only then.
        invite_link: &'static str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        users: Vec<Listed<'a>>,
        root_roles: Vec<role::Shown<'a>>,
    }

    let org = call.org();
    let ids: Vec<_> = org.principals().filter(|(_, user)| is_person(user)).map(|(id, _)| id).collect();
    let (instants, seen) = dates(call, org, &ids).await?;
    let users = ids.into_iter().filter_map(|id| {
        let user = shown(org, id, org.principal(id)?, &instants, &seen);
        Some(Listed { user, invite_link: "" })
    });
    let body = Body { users: users.collect(), root_roles: role::roots(org) };
    serde_json::to_vec(&body).map_err(|error| service::Error::Internal(error.to_string()).into())
}

/// Users whose name, username or address has these letters; for everybody who has signed in.
pub(crate) async fn search(call: Call) -> Reply {
    let wanted = call.asked.query("q").unwrap_or_default().trim().to_lowercase();
    if wanted.chars().count() < SHORTEST_SEARCH {
        return answer::ok(&json!([]));
    }
    let org = call.org();
    let has = |text: Option<&str>| text.is_some_and(|text| text.to_lowercase().contains(&wanted));
    let hit = |user: &Principal| has(name(user)) || has(username(user)) || has(user.email.as_deref());
    let hits = org.principals().filter(|(_, user)| is_person(user) && hit(user));
    let hits: Vec<_> = hits.map(|(id, _)| id).collect();
    let (instants, seen) = dates(&call, org, &hits).await?;
    let users = hits
        .into_iter()
        .filter_map(|id| Some(Shown { root_role: None, ..shown(org, id, org.principal(id)?, &instants, &seen) }));
    answer::ok(&users.collect::<Vec<_>>())
}

/// Whoever access can be given to, service accounts and groups included; for everybody who has signed in.
pub(crate) async fn access(call: Call) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Basic<'a> {
        id: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<&'a str>,
        account_type: &'static str,
    }
    let org = call.org();
    let users = org.principals().map(|(id, user)| Basic {
        id: id.number(),
        name: name(user),
        username: username(user),
        email: user.email.as_deref(),
        account_type: super::account_type(user),
    });
    let groups = org.groups.iter().map(|group| {
        let root = role::root_of(org, Holder::Group(group.id)).map(|role| role.id.number());
        json!({"id": group.id.number(), "name": group.name, "userCount": group.members.len(), "rootRole": root})
    });
    answer::ok(&json!({"users": users.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>()}))
}

/// How many may do everything, by how they come in.
pub(crate) async fn admin_count(call: Call) -> Reply {
    call.require(ADMIN)?;
    let org = call.org();
    let all = call.ctx.index().who_can_all(gate::action(org, "ADMIN"), Place::ORGANIZATION, call.ctx.now());
    let (mut password, mut without, mut service) = (0_u32, 0_u32, 0_u32);
    for user in all.filter_map(|id| org.principal(id)) {
        match user.kind() {
            PrincipalKind::Application => service += 1,
            PrincipalKind::User if user.sign_in.password => password += 1,
            PrincipalKind::User => without += 1,
        }
    }
    answer::ok(&json!({"password": password, "noPassword": without, "service": service}))
}
