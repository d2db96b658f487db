//! What somebody may do: every permission with whether it is held, as our engine decides it.

use super::{dates, is_person, known, shown};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::permission::{self, Placed};
use crate::role;
use rolecall_engine::{Part, Place, Question};
use rolecall_model::Org;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_service::access;
use serde::Serialize;
use serde_json::{Value, json};

/// A permission with whether it is held.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Held<'a> {
    #[serde(flatten)]
    permission: permission::Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    has_permission: bool,
}

/// What a user may do, in a project and an environment if they are named.
pub(crate) async fn permissions(call: Call) -> Reply {
    call.require(ADMIN)?;
    let (id, _) = known(call.org(), call.asked.id("id")?)?;
    of(&call, id).await
}

/// The same of a user or a service account.
pub(crate) async fn of(call: &Call, id: PrincipalId) -> Reply {
    let org = call.org();
    let user = org.principal(id).ok_or_else(Fault::gone)?;
    let (project, environment) = (call.asked.query("project"), call.asked.query("environment"));
    let whole = access::place(org, project, None);
    let narrow = access::place(org, project, environment);
    let held = |wanted: &str, place: Place, environment: Option<&'_ str>| -> Vec<Value> {
        let each = permission::all(org).filter(|(_, kind)| *kind == wanted).map(|(action, kind)| {
            let question = Question { subject: id, action: action.id, place, at: call.ctx.asked_at() };
            let has_permission = call.ctx.index().check(&question).allowed;
            json!(Held { permission: permission::shown(action, kind), environment, has_permission })
        });
        each.collect()
    };
    let in_environment = match (environment, narrow.environment) {
        (Some(name), Part::One(_)) => held("environment", narrow, Some(name)),
        _ => Vec::new(),
    };
    let overview = json!({
        "root": held("root", Place::ORGANIZATION, None), "project": held("project", whole, None),
        "environment": in_environment, "groups": groups(org, id),
    });
    let (instants, seen) = dates(call, org, &[id]).await?;
    let root = role::root_of(org, Holder::Principal(id));
    answer::ok(&json!({
        "overview": overview, "user": shown(org, id, user, &instants, &seen),
        "rootRole": root.and_then(|role| role::shown(org, role)),
        "projectRoles": project_roles(org, id, whole.project),
    }))
}

/// The groups that somebody is in.
fn groups(org: &Org, id: PrincipalId) -> Vec<Value> {
    let Some(user) = org.principal(id).filter(|user| is_person(user)) else { return Vec::new() };
    let groups = user.memberships.iter().filter_map(|membership| org.group(membership.group));
    groups.map(|group| json!({"id": group.id.number(), "name": group.name})).collect()
}

/// The roles that somebody has itself in a project, with what they hold.
fn project_roles(org: &Org, id: PrincipalId, project: Part<rolecall_model::id::ProjectId>) -> Vec<Value> {
    #[derive(Serialize)]
    struct WithPermissions<'a> {
        #[serde(flatten)]
        role: role::Shown<'a>,
        permissions: Vec<Placed<'a>>,
    }
    let given = org.assignments_of(Holder::Principal(id)).iter().filter_map(|assignment| match assignment.grant {
        Grant::Role(binding) if Some(project) == binding.scope.project.map(Part::One) => org.role(binding.role),
        _ => None,
    });
    let roles = given.filter_map(|role| {
        Some(json!(WithPermissions { role: role::shown(org, role)?, permissions: role::permissions(org, role) }))
    });
    roles.collect()
}
