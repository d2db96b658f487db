//! Making, changing and deleting roles.

use super::{SLOT, is_root, is_shown, known, shown};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::permission::Named;
use axum::http::StatusCode;
use rolecall_model::collection::Row;
use rolecall_model::refusal::Kind;
use rolecall_model::role::{Bindable, NewRole, Permit, PermitRef, Role, RoleChange, RoleCommand, RolePatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Change, Command, Org, Ref};
use rolecall_service::{self as service, Error};
use serde::Deserialize;
use serde_json::json;

/// What a client says of a role.
#[derive(Debug, Deserialize)]
struct Body {
    name: String,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    permissions: Option<Vec<Named>>,
}

impl Body {
    fn named(&self) -> Result<&str, Fault> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(Fault::bad_at("/body/name", "\"name\" is not allowed to be empty"));
        }
        Ok(name)
    }

    fn is_root(&self) -> bool {
        self.kind.as_deref() == Some("root-custom")
    }

    fn new_role(self, org: &Org) -> Result<NewRole, Fault> {
        let (name, root) = (self.named()?.to_owned(), self.is_root());
        Ok(NewRole {
            name,
            description: self.description.unwrap_or_default(),
            bindable: (!root).then_some(Bindable::Project),
            slot: root.then(|| SLOT.to_owned()),
            permits: permits(org, root, &self.permissions.unwrap_or_default())?,
            attributes: serde_json::Map::new(),
        })
    }
}

/// What a role is to hold. Whatever is unknown, or does not belong into a role of its kind, is named at once.
fn permits(org: &Org, root: bool, wanted: &[Named]) -> Result<Vec<PermitRef>, Fault> {
    let (mut permits, mut unknown, mut unfit) = (Vec::with_capacity(wanted.len()), Vec::new(), Vec::new());
    for named in wanted {
        let Some((action, kind)) = named.find(org) else {
            unknown.push(named.words());
            continue;
        };
        if root != (kind == "root") {
            unfit.push(action.name.to_string());
        }
        let environment = named.environment.as_deref().filter(|name| !name.is_empty());
        let known = environment.and_then(|name| org.environment_id(name));
        if let (Some(name), None) = (environment, known) {
            unknown.push(format!("the environment {}", rolecall_model::refusal::shown(name)));
        }
        let environment = known.map(|id| Ref::Number(id.number()));
        // Where an environment does not matter, none is kept.
        let scope = ScopeRef { project: None, environment: environment.filter(|_| kind == "environment") };
        permits.push(PermitRef { action: Ref::Number(action.id.number()), scope });
    }
    if !unknown.is_empty() {
        let message = format!("Could not find permission: {}", unknown.join(", "));
        return Err(Fault::bad_at("/body/permissions", message));
    }
    if !unfit.is_empty() {
        let (is, holds) =
            if root { ("root-custom", "root permissions") } else { ("custom", "permissions of projects") };
        let message = format!("A role of the type {is} holds {holds} only, not {}", unfit.join(", "));
        return Err(Fault::bad_at("/body/permissions", message));
    }
    Ok(permits)
}

/// The body of an answer to a change of a role: one role under a name that promises more.
fn answered(org: &Org, role: &Row<Role>) -> Reply {
    answer::ok(&json!({"version": 1, "roles": shown(org, role)}))
}

/// A role that may be changed.
fn own(org: &Org, id: u32) -> Result<&Row<Role>, Fault> {
    let role = known(org, id)?;
    if role.predefined {
        let message = format!("You cannot change or delete the role \"{}\": it is built in.", role.name);
        return Err(Fault::invalid_operation(message));
    }
    Ok(role)
}

/// Makes a role.
pub(crate) async fn create(call: Call) -> Reply {
    call.require(ADMIN)?;
    let body: Body = call.asked.body().await?;
    let new = body.new_role(call.org())?;
    let done = call.execute(RoleCommand::Create(new)).await?;
    let made = done.changes.iter().find_map(|change| match change {
        Change::Role(RoleChange::Created(role)) => done.view.org().role(role.id),
        _ => None,
    });
    answered(done.view.org(), made.ok_or_else(Fault::gone)?)
}

/// Says whether a role could be made so.
pub(crate) async fn validate(call: Call) -> Reply {
    call.require(ADMIN)?;
    let body: Body = call.asked.body().await?;
    let new = body.new_role(call.org())?;
    service::execute(&call.ctx.rehearsing(), RoleCommand::Create(new).into()).await?;
    answer::empty()
}

/// Sets name, description and, if they are given, all permissions. The kind stays as it is.
pub(crate) async fn update(call: Call) -> Reply {
    call.require(ADMIN)?;
    let body: Body = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let role = own(org, call.asked.id("id")?)?;
    let name = body.named()?.to_owned();
    let wanted = match &body.permissions {
        Some(wanted) => Some(replaced(org, role, permits(org, is_root(org, role), wanted)?)),
        None => None,
    };
    let patch = RolePatch {
        name: Some(name),
        description: Some(body.description.unwrap_or_default()),
        permits: wanted,
        attributes: None,
    };
    let id = role.id;
    let done = call.execute(RoleCommand::Change(Ref::Number(id.number()), patch)).await?;
    let org = done.view.org();
    let role = org.role(id).ok_or_else(Fault::gone)?;
    answered(org, role)
}

/// What a role holds once the part of it that is shown is replaced: that comes in the order it was sent, as clients compare
/// lists.
fn replaced(org: &Org, role: &Role, wanted: Vec<PermitRef>) -> Vec<PermitRef> {
    let hidden = role.permits.iter().filter(|permit| !is_shown(org, role, permit));
    hidden.map(named).chain(wanted).collect()
}

/// A permit as a command has it.
fn named(permit: &Permit) -> PermitRef {
    let (project, environment) = (permit.scope.project, permit.scope.environment);
    let project = project.map(|id| Ref::Number(id.number()));
    let environment = environment.map(|id| Ref::Number(id.number()));
    PermitRef { action: Ref::Number(permit.action.number()), scope: ScopeRef { project, environment } }
}

/// Deletes a role that nobody holds.
pub(crate) async fn delete(call: Call) -> Reply {
    call.require(ADMIN)?;
    let role = own(call.org(), call.asked.id("id")?)?;
    let command = Command::from(RoleCommand::Delete(Ref::Number(role.id.number())));
    service::execute(&call.ctx, command).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.kind == Kind::InUse => {
            Fault::new(StatusCode::BAD_REQUEST, "RoleInUseError", refusal.message)
        }
        error => error.into(),
    })?;
    answer::empty()
}
