//! Who has which roles in a project, as it is shown: roles given in the whole project, for good, to one user, service
//! account or group. Not here: giving and taking them (`grant.rs`).

use super::known;
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::user::{self, Instants, Seen, dates};
use crate::{group, role};
use rolecall_model::id::{Holder, PrincipalId, ProjectId};
use rolecall_model::{Org, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

const READ: &[&str] = &["UPDATE_PROJECT", "PROJECT_USER_ACCESS_READ"];

/// What a holder has in a project, as it is shown, and since when it has been there.
struct Given {
    roles: Vec<u32>,
    since: Timestamp,
}

fn given(org: &Org, holder: Holder, project: ProjectId) -> Option<Given> {
    let mut roles = Vec::new();
    let mut since = None;
    for assignment in org.assignments_of(holder) {
        let Some((_, role)) = role::in_project(org, assignment).filter(|(at, _)| *at == project) else { continue };
        roles.push(role.number());
        let at = org.provenances.get(assignment.provenance).map(|known| known.at);
        since = since.into_iter().chain(at).min();
    }
    Some(Given { since: since?, roles })
}

/// Who has roles in a project, and the roles that can be given there.
pub(crate) async fn access(call: Call) -> Reply {
    call.require_in(READ, call.asked.param("projectId"))?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?.id;
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for holder in role::holders_in_projects(org) {
        match (holder, given(org, holder, project)) {
            (Holder::Principal(id), Some(given)) => users.push((id, given)),
            (Holder::Group(id), Some(given)) => groups.extend(org.group(id).map(|row| (row, given))),
            _ => {}
        }
    }
    let ids: Vec<_> = users.iter().map(|(id, _)| *id).collect();
    let (instants, seen) = dates(&call, org, &ids).await?;
    let origins = group::Origins::of(&call, groups.iter().map(|(row, _)| *row)).await?;
    let users = users.iter().filter_map(|(id, given)| user_row(org, *id, given, &instants, &seen));
    let groups = groups.iter().map(|(row, given)| {
        #[derive(Serialize)]
        struct Row<'a> {
            #[serde(flatten)]
            group: group::Shown<'a>,
            users: Vec<Value>,
            #[serde(flatten)]
            held: Held<'a>,
        }
        json!(Row { group: group::shown(org, row, &origins), users: group::members(org, row), held: Held::of(given) })
    });
    let (users, groups): (Vec<_>, Vec<_>) = (users.collect(), groups.collect());
    answer::ok(&json!({"users": users, "groups": groups, "roles": role::of_projects(org)}))
}

fn user_row(org: &Org, id: PrincipalId, given: &Given, instants: &Instants, seen: &Seen) -> Option<Value> {
    #[derive(Serialize)]
    struct Row<'a> {
        #[serde(flatten)]
        user: user::Shown<'a>,
        #[serde(flatten)]
        held: Held<'a>,
    }
    let user = user::shown(org, id, org.principal(id)?, instants, seen);
    Some(json!(Row { user, held: Held::of(given) }))
}

/// What a row says of the roles that are held; the first one stands alone too, for old clients.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Held<'a> {
    added_at: String,
    role_id: Option<u32>,
    roles: &'a [u32],
}

impl<'a> Held<'a> {
    fn of(given: &'a Given) -> Self {
        Held { added_at: date(given.since), role_id: given.roles.first().copied(), roles: &given.roles }
    }
}
