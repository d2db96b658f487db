//! Who calls: itself, what it may do, its roles, its password.

use crate::answer::{Reply, empty, ok};
use crate::call::Call;
use crate::door::App;
use crate::fault::Fault;
use crate::user::{self, Seen};
use crate::{password, permission, role, sign_in};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use rolecall_engine::{Path, Place};
use rolecall_model::id::{ActionId, EnvironmentId, Holder, ProjectId};
use rolecall_model::operation::EVERYTHING;
use rolecall_model::principal::{Principal, PrincipalKind};
use rolecall_model::{Org, Refusal, Scope};
use rolecall_service::{self as service, Error, history};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A permission that is held, where it is.
#[derive(Serialize)]
struct Held<'a> {
    permission: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

#[derive(Serialize)]
struct Me<'a> {
    user: user::Shown<'a>,
    permissions: Vec<Held<'a>>,
    feedback: [(); 0],
    splash: Nothing,
}

/// An object with nothing in it.
#[derive(Serialize)]
struct Nothing {}

/// Who calls and what it may do. What a permission includes is not listed: each stands as the roles have it.
async fn show(call: Call) -> Reply {
    let (org, id) = (call.org(), call.ctx.principal());
    let me = org.principal(id).ok_or_else(Fault::gone)?;
    let instants = history::instants(&call.ctx, std::iter::once(me.created.0)).await?;
    // Whoever asks is seen this moment; the store need not be asked.
    let seen = Seen::from_iter([(id, call.ctx.now())]);
    let user = user::shown(org, id, me, &instants, &seen);
    ok(&Me { user, permissions: permissions(&call), feedback: [], splash: Nothing {} })
}

/// The ways in which a role reaches the caller now.
fn paths(call: &Call) -> impl Iterator<Item = Path> {
    let (org, now) = (call.org(), call.ctx.asked_at());
    call.ctx.index().grants_of(call.ctx.principal()).into_iter().filter(move |path| path.window(org).contains(now))
}

/// A permission by numbers; sorted so that those of a project stand together.
type Numbers = (Option<ProjectId>, ActionId, Option<EnvironmentId>);

fn permissions(call: &Call) -> Vec<Held<'_>> {
    let org = call.org();
    let token = call.ctx.token().and_then(|id| org.token(id));
    let narrow = token.filter(|token| !token.is_whole());
    // Who has the same role in fifty projects has each of its permissions fifty times.
    let mut levels: HashMap<ActionId, Option<Level>> = HashMap::new();
    let mut all: Vec<Numbers> = Vec::new();
    for path in paths(call) {
        let within = narrow.map_or(Some(path.binding.scope), |token| token.scope.meet(path.binding.scope));
        let Some(within) = within else { continue };
        for permit in org.role(path.binding.role).iter().flat_map(|role| &role.permits) {
            let level = *levels.entry(permit.action).or_insert_with(|| Level::of(org, permit.action));
            let scope = permit.scope.meet(within).filter(|scope| level.is_some_and(|level| level.says(*scope)));
            let through = |scope: Scope| narrow.is_none() || call.ctx.may(permit.action, Place::from(scope));
            if let Some(scope) = scope.filter(|scope| through(*scope)) {
                all.push((scope.project, permit.action, scope.environment));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all.iter().filter_map(|numbers| held(org, numbers)).collect()
}

/// Where a permission counts, in the words of this protocol.
#[derive(Clone, Copy)]
enum Level {
    Root,
    Project,
    Environment,
}

impl Level {
    /// None for what the protocol has no words for.
    fn of(org: &Org, action: ActionId) -> Option<Self> {
        if action == EVERYTHING {
            return Some(Level::Root);
        }
        Some(match permission::kind(org.action(action)?)? {
            "root" => Level::Root,
            "project" => Level::Project,
            _ => Level::Environment,
        })
    }

    /// Whether it can be said that a permission counts there: one of the whole counts everywhere, one of a project in
    /// all its environments; what is narrower is less than the permission.
    fn says(self, scope: Scope) -> bool {
        match self {
            Level::Root => scope == Scope::ORGANIZATION,
            Level::Project => scope.environment.is_none(),
            Level::Environment => true,
        }
    }
}

fn held<'a>(org: &'a Org, (project, action, environment): &Numbers) -> Option<Held<'a>> {
    let permission = if *action == EVERYTHING { "ADMIN" } else { org.action(*action)?.name.as_str() };
    let project = project.and_then(|id| org.project(id)).map(|row| row.name.as_str());
    let environment = environment.and_then(|id| org.environment(id)).map(|row| row.name.as_str());
    Some(Held { permission, project, environment })
}

/// The caller, when it is a user. A service account signs in nowhere and has none of this.
fn person(call: &Call) -> Option<&Principal> {
    call.org().principal(call.ctx.principal()).filter(|me| me.kind() == PrincipalKind::User)
}

/// Refuses a caller that is no user.
///
/// # Errors
/// 403.
pub(crate) fn require_person(call: &Call) -> Result<(), Fault> {
    let refused = || {
        let message = "this is for users who have signed in; a service account's tokens are managed by administrators";
        Fault::new(StatusCode::FORBIDDEN, "ForbiddenError", message)
    };
    person(call).map(drop).ok_or_else(refused)
}

fn of_users_only() -> Fault {
    Fault::bad("only a user has this; the credential is a service account's")
}

async fn profile(call: Call) -> Reply {
    let me = person(&call).ok_or_else(of_users_only)?;
    let org = call.org();
    let projects: BTreeSet<ProjectId> = paths(&call).filter_map(|path| path.binding.scope.project).collect();
    let projects = projects.into_iter().filter_map(|id| org.project(id)).map(|row| row.name.as_str());
    let groups = me.memberships.iter().filter_map(|membership| org.group(membership.group));
    let root = role::root_of(org, Holder::Principal(call.ctx.principal()));
    ok(&json!({
        "rootRole": root.and_then(|role| role::shown(org, role)),
        "projects": projects.collect::<Vec<_>>(),
        "groups": groups.map(|group| group.name.as_str()).collect::<Vec<_>>(),
        "subscriptions": [],
        "features": [],
        "canChangePassword": org.sign_in_rules().passwords,
    }))
}

/// The caller's roles that count in a project: the root role, and those it has there, by groups too.
async fn roles(call: Call) -> Reply {
    #[derive(Serialize)]
    struct There<'a> {
        #[serde(flatten)]
        role: role::Shown<'a>,
        project: Value,
    }

    let org = call.org();
    person(&call).ok_or_else(of_users_only)?;
    let name = call.asked.query("projectId").ok_or_else(|| Fault::silent(StatusCode::BAD_REQUEST))?;
    let project = org.project_id(name);
    let root = role::root_of(org, Holder::Principal(call.ctx.principal()));
    let root = root.into_iter().map(|row| (row, Value::Null));
    let there = paths(&call).filter(|path| project.is_some() && path.binding.scope.project == project);
    let there: BTreeSet<_> = there.map(|path| path.binding.role).collect();
    let there = there.into_iter().filter_map(|id| org.role(id)).map(|row| (row, Value::from(name)));
    let roles = root.chain(there).filter_map(|(row, project)| Some(There { role: role::shown(org, row)?, project }));
    ok(&json!({"version": 1, "roles": roles.collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPassword {
    password: String,
    confirm_password: String,
    old_password: String,
}

/// Changes the caller's own password. The session that asks goes on, all others end.
async fn change_password(call: Call) -> Reply {
    require_person(&call)?;
    let NewPassword { password, confirm_password, old_password } = call.asked.body().await?;
    if password != confirm_password {
        return Err(Fault::silent(StatusCode::BAD_REQUEST));
    }
    if !call.org().sign_in_rules().passwords {
        return Err(sign_in::passwords_off());
    }
    service::change_password(&call.ctx, old_password, password).await.map_err(|error| match error {
        Error::Refused(Refusal { field, .. }) if field == "old" => sign_in::password_mismatch(),
        error => password::fault(error),
    })?;
    empty()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/admin/user", get(show))
        .route("/api/admin/user/profile", get(profile))
        .route("/api/admin/user/roles", get(roles))
        .route("/api/admin/user/change-password", post(change_password))
}
