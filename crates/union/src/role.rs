//! Roles. What a role permits everywhere it is bound are its actions; what it permits in a part of the organization only
//! stands in `permissions`, which the client shows and does not touch. So a change of actions leaves that as it is.

use crate::action;
use crate::door::Caller;
use crate::fault::{fault, invalid, said};
use crate::filter::Filters;
use crate::identity;
use crate::page::Page;
use crate::resource;
use crate::wire::common::{Action, Permission, Role, RoleIdentifier, RoleSpec, RoleType};
use crate::wire::identity::{ListRolesRequest, ListRolesResponse};
use buffa::{EnumValue, Enumeration};
use connectrpc::{ConnectError, ErrorCode};
use rolecall_engine::Place;
use rolecall_model::assignment::Grant;
use rolecall_model::collection::Row;
use rolecall_model::id::RoleId;
use rolecall_model::operation::{self as op, EVERYTHING};
use rolecall_model::role::{self, NewRole, Permit, PermitRef, RoleCommand, RolePatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref, Scope};
use rolecall_service::Error;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// Makes a role.
pub(crate) async fn create(caller: &Caller, role: &Role) -> Result<(), ConnectError> {
    caller.ctx.require(op::ROLES_WRITE, Place::ORGANIZATION).map_err(fault)?;
    let name = named(caller, &role.id)?.to_owned();
    let new = NewRole {
        name,
        description: role.role_spec.description.clone(),
        bindable: None,
        slot: None,
        permits: permits(caller, role)?,
        attributes: attributes(role.role_type)?,
    };
    caller.execute(RoleCommand::Create(new)).await.map(drop)
}

/// Sets description and actions, and leaves what was not mentioned: permits in a part of the organization, unless there
/// are others, and those that the wire has no words for.
pub(crate) async fn update(caller: &Caller, role: &Role) -> Result<(), ConnectError> {
    caller.ctx.require(op::ROLES_WRITE, Place::ORGANIZATION).map_err(fault)?;
    let target = Ref::from(named(caller, &role.id)?);
    let description = role.role_spec.as_option().map(|spec| spec.description.clone());
    let wanted = permits(caller, role)?;
    let org = caller.ctx.org();
    let known = org.actions.iter().filter(|row| !action::numbers(org, std::iter::once(row.id)).is_empty());
    let everywhere = known.filter(|row| row.id != EVERYTHING).map(|row| everywhere(Ref::Number(row.id.number())));
    let gone = everywhere.filter(|permit| !wanted.contains(permit)).collect();
    let patch = RolePatch { description, ..RolePatch::default() };
    let commands = [
        RoleCommand::Withdraw(target.clone(), gone),
        RoleCommand::Permit(target.clone(), wanted),
        RoleCommand::Change(target, patch),
    ];
    caller.execute(Command::Batch(commands.map(Into::into).into())).await.map(drop)
}

/// Lets a role permit an action wherever it is bound.
pub(crate) async fn permit(
    caller: &Caller,
    id: &RoleIdentifier,
    action: EnumValue<Action>,
) -> Result<(), ConnectError> {
    let target = Ref::from(named(caller, id)?);
    let permit = everywhere(action::reference(caller.ctx.org(), action)?);
    caller.execute(RoleCommand::Permit(target, vec![permit])).await.map(drop)
}

/// Takes an action from a role, where it permits it wherever it is bound.
pub(crate) async fn withdraw(
    caller: &Caller,
    id: &RoleIdentifier,
    action: EnumValue<Action>,
) -> Result<(), ConnectError> {
    let name = named(caller, id)?;
    let permit = everywhere(action::reference(caller.ctx.org(), action)?);
    if caller.ctx.may(op::ROLES_WRITE, Place::ORGANIZATION) && permits_everything(caller.ctx.org(), name) {
        let message = format!(
            "the role \"{name}\" permits everything, so single actions cannot be taken from it; give it the actions it \
             needs with \"rolecall update role\""
        );
        return Err(said(ErrorCode::FailedPrecondition, &message));
    }
    caller.execute(RoleCommand::Withdraw(Ref::from(name), vec![permit])).await.map(drop)
}

fn permits_everything(org: &Org, name: &str) -> bool {
    let role = org.role_named(name).filter(|role| !role.predefined);
    role.is_some_and(|role| role.permits.contains(&Permit { action: EVERYTHING, scope: Scope::ORGANIZATION }))
}

/// Deletes a role.
pub(crate) async fn delete(caller: &Caller, id: &RoleIdentifier) -> Result<(), ConnectError> {
    let target = Ref::from(named(caller, id)?);
    caller.execute(RoleCommand::Delete(target)).await.map(drop)
}

/// A role that the caller may see.
pub(crate) fn get(caller: &Caller, id: &RoleIdentifier) -> Result<Role, ConnectError> {
    let name = named(caller, id)?;
    let own = caller.organization(&id.organization)?;
    let org = caller.ctx.org();
    let may_see = caller.ctx.may(op::ROLES_READ, Place::ORGANIZATION);
    if !may_see {
        return Err(fault(Error::not_found("role", name)));
    }
    let id = rolecall_model::resolve::role(org, &Ref::from(name), "").map_err(|refusal| fault(refusal.into()))?;
    org.role(id).map(|role| shown(org, &own, role)).ok_or_else(|| fault(Error::not_found("role", name)))
}

/// A page of roles.
pub(crate) fn list(caller: &Caller, request: &ListRolesRequest) -> Result<ListRolesResponse, ConnectError> {
    caller.ctx.require(op::ROLES_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(&request.organization)?;
    let org = caller.ctx.org();
    let page = Page::of(&request.request)?;
    let filters = Filters::of(&request.request, &["name", "description"])?;
    let of_whom = match request.identity.as_option() {
        Some(identity) => Some(held(caller, identity::seen(caller, &identity::reference(identity)?)?.0)),
        None => None,
    };
    let keep = |row: &&Row<role::Role>| {
        let field = |name: &str| if name == "name" { row.name.as_str() } else { row.description.as_str() };
        filters.keep(field) && of_whom.as_ref().is_none_or(|held| held.contains(&row.id))
    };
    let roles = org.roles.iter().filter(keep).map(|row| (row.id.number(), row));
    let (roles, token) = page.take(roles, |row| shown(org, &own, row));
    Ok(ListRolesResponse { roles, token })
}

/// Every role.
pub(crate) fn list_all(caller: &Caller, organization: &str) -> Result<ListRolesResponse, ConnectError> {
    caller.ctx.require(op::ROLES_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(organization)?;
    let org = caller.ctx.org();
    let (roles, token) =
        Page::ALL.take(org.roles.iter().map(|row| (row.id.number(), row)), |row| shown(org, &own, row));
    Ok(ListRolesResponse { roles, token })
}

/// The roles that somebody has, directly and by policies, as far as the caller may see it.
pub(crate) fn held(caller: &Caller, who: rolecall_model::id::PrincipalId) -> Vec<RoleId> {
    let org = caller.ctx.org();
    let grants = caller.ctx.seen_assignments(who).map(|assignment| assignment.grant);
    let roles = grants.flat_map(|grant| match grant {
        Grant::Role(binding) => vec![binding.role],
        Grant::Policy(policy) => {
            org.policy(policy).into_iter().flat_map(|policy| &policy.bindings).map(|binding| binding.role).collect()
        }
    });
    roles.collect()
}

/// A role as the wire has it.
pub(crate) fn shown(org: &Org, own: &str, role: &Row<role::Role>) -> Role {
    bound(org, own, role, Scope::ORGANIZATION)
}

/// A role that somebody has at a scope: what it permits there.
pub(crate) fn bound(org: &Org, own: &str, role: &Row<role::Role>, at: Scope) -> Role {
    let met = role.permits.iter().filter_map(|permit| Some(Permit { scope: permit.scope.meet(at)?, ..*permit }));
    let mut scopes: BTreeMap<Scope, Vec<_>> = BTreeMap::new();
    for permit in met {
        scopes.entry(permit.scope).or_default().push(permit.action);
    }
    let whole = scopes.remove(&Scope::ORGANIZATION).unwrap_or_default();
    let narrowed = scopes.into_iter().map(|(scope, actions)| Permission {
        resource: resource::shown(org, own, scope).into(),
        actions: action::numbers(org, actions.into_iter()),
    });
    Role {
        id: RoleIdentifier { organization: own.to_owned(), name: role.name.to_string() }.into(),
        permissions: narrowed.filter(|permission| !permission.actions.is_empty()).collect(),
        role_spec: RoleSpec { description: role.description.to_string() }.into(),
        role_type: role_type(role).into(),
        actions: action::numbers(org, whole.into_iter()),
    }
}

/// The kind that the catalog or the client gave it; what nobody said anything about is custom.
fn role_type(role: &role::Role) -> RoleType {
    action::kept(&role.attributes, "role_type").and_then(RoleType::from_i32).unwrap_or(RoleType::ROLE_TYPE_CUSTOM)
}

/// What is kept of a role's kind.
fn attributes(kind: EnumValue<RoleType>) -> Result<Map<String, serde_json::Value>, ConnectError> {
    let number = kind.to_i32();
    match kind.as_known() {
        None => Err(invalid(format!("no role type has the number {number}"))),
        Some(RoleType::ROLE_TYPE_NONE | RoleType::ROLE_TYPE_CUSTOM) => Ok(Map::new()),
        Some(_) => Ok(Map::from_iter([("union".to_owned(), json!({"role_type": number}))])),
    }
}

/// The name of the role that is meant.
pub(crate) fn named<'r>(caller: &Caller, id: &'r RoleIdentifier) -> Result<&'r str, ConnectError> {
    caller.organization(&id.organization)?;
    if id.name.is_empty() { Err(invalid("the role's name is missing")) } else { Ok(&id.name) }
}

const fn everywhere(action: Ref) -> PermitRef {
    PermitRef { action, scope: ScopeRef::ORGANIZATION }
}

/// What a role is to permit, everywhere and in parts.
fn permits(caller: &Caller, role: &Role) -> Result<Vec<PermitRef>, ConnectError> {
    let org = caller.ctx.org();
    let mut permits = Vec::with_capacity(role.actions.len());
    for action in &role.actions {
        permits.push(everywhere(action::reference(org, *action)?));
    }
    for permission in &role.permissions {
        let scope = resource::bound(caller, &permission.resource)?.scope();
        for action in &permission.actions {
            permits.push(PermitRef { action: action::reference(org, *action)?, scope: scope.clone() });
        }
    }
    Ok(permits)
}
