//! Policies and their bindings.

use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::filter::Filters;
use crate::page::Page;
use crate::resource::{self, Named};
use crate::role;
use crate::wire::common::{Policy, PolicyBinding, PolicyIdentifier, RoleIdentifier};
use crate::wire::identity::{ListPoliciesRequest, ListPoliciesResponse};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::collection::Row;
use rolecall_model::policy::{self, Binding, BindingRef, NewPolicy, PolicyCommand};
use rolecall_model::{Org, Ref, Scope, operation as op, resolve};
use rolecall_service::Error;

/// Makes a policy.
pub(crate) async fn create(caller: &Caller, policy: &Policy) -> Result<(), ConnectError> {
    caller.ctx.require(op::POLICIES_WRITE, Place::ORGANIZATION).map_err(fault)?;
    let name = named(caller, &policy.id)?.to_owned();
    let bindings = policy.bindings.iter().map(|binding| bound(caller, binding)).collect::<Result<_, _>>()?;
    let new = NewPolicy { name, description: policy.description.clone(), bindings, attributes: serde_json::Map::new() };
    caller.execute(PolicyCommand::Create(new)).await.map(drop)
}

/// Adds a binding; one that is there already stays.
pub(crate) async fn bind(caller: &Caller, id: &PolicyIdentifier, binding: &PolicyBinding) -> Result<(), ConnectError> {
    let target = Ref::from(named(caller, id)?);
    caller.execute(PolicyCommand::Bind(target, vec![bound(caller, binding)?])).await.map(drop)
}

/// Takes a binding away; it is no error that it is not there.
///
/// The client forgets the domain of a project's binding once it has read it. So when no binding of a project in all
/// domains is there, those of the project in single domains are meant.
pub(crate) async fn unbind(
    caller: &Caller,
    id: &PolicyIdentifier,
    binding: &PolicyBinding,
) -> Result<(), ConnectError> {
    let name = named(caller, id)?;
    let wanted = resource::bound(caller, &binding.resource)?;
    let role = Ref::from(role::named(caller, &binding.role_id)?);
    let gone = meant(caller.ctx.org(), name, &role, wanted);
    // When none is meant, the role is still looked up, so that a mistyped one is said.
    let none = || BindingRef { role, scope: Scope::ORGANIZATION.into() };
    let gone = match gone {
        Some(gone) => gone,
        None => vec![none()],
    };
    caller.execute(PolicyCommand::Unbind(Ref::from(name), gone)).await.map(drop)
}

/// The bindings of a policy that a removal means; none when the role or the policy is not known.
fn meant(org: &Org, policy: &str, role: &Ref, wanted: Named<'_>) -> Option<Vec<BindingRef>> {
    let role = resolve::role(org, role, "").ok()?;
    let bindings = &org.policy_named(policy)?.bindings;
    let Ok(scope) = resolve::scope(org, &wanted.scope(), "") else { return Some(Vec::new()) };
    let exact = Binding { role, scope };
    let of_project = |binding: &&Binding| binding.role == role && binding.scope.project == scope.project;
    let gone: Vec<&Binding> = if bindings.contains(&exact) {
        vec![&exact]
    } else if wanted.project.is_some() && wanted.domain.is_none() {
        bindings.iter().filter(of_project).collect()
    } else {
        Vec::new()
    };
    let reference = |binding: &Binding| BindingRef { role: Ref::Number(role.number()), scope: binding.scope.into() };
    Some(gone.into_iter().map(reference).collect())
}

/// Deletes a policy, and with it its assignments.
pub(crate) async fn delete(caller: &Caller, id: &PolicyIdentifier) -> Result<(), ConnectError> {
    let target = Ref::from(named(caller, id)?);
    caller.execute(PolicyCommand::Delete(target)).await.map(drop)
}

/// A policy that the caller may see.
pub(crate) fn get(caller: &Caller, id: &PolicyIdentifier) -> Result<Policy, ConnectError> {
    let own = caller.organization(&id.organization)?;
    Ok(shown(caller.ctx.org(), &own, seen(caller, id)?))
}

/// A policy that the caller may see, as it is inside.
pub(crate) fn seen<'c>(caller: &'c Caller, id: &PolicyIdentifier) -> Result<&'c Row<policy::Policy>, ConnectError> {
    let name = named(caller, id)?;
    let org = caller.ctx.org();
    let not_found = || fault(Error::not_found("policy", name));
    if !caller.ctx.may(op::POLICIES_READ, Place::ORGANIZATION) {
        return Err(not_found());
    }
    let id = resolve::policy(org, &Ref::from(name), "").map_err(|refusal| fault(refusal.into()))?;
    org.policy(id).ok_or_else(not_found)
}

/// A page of policies.
pub(crate) fn list(caller: &Caller, request: &ListPoliciesRequest) -> Result<ListPoliciesResponse, ConnectError> {
    caller.ctx.require(op::POLICIES_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(&request.organization)?;
    let org = caller.ctx.org();
    let page = Page::of(&request.request)?;
    let filters = Filters::of(&request.request, &["name", "description"])?;
    let keep = |row: &&Row<policy::Policy>| {
        filters.keep(|name| if name == "name" { row.name.as_str() } else { row.description.as_str() })
    };
    let policies = org.policies.iter().filter(keep).map(|row| (row.id.number(), row));
    let (policies, token) = page.take(policies, |row| shown(org, &own, row));
    Ok(ListPoliciesResponse { policies, token })
}

/// Every policy.
pub(crate) fn list_all(caller: &Caller, organization: &str) -> Result<ListPoliciesResponse, ConnectError> {
    caller.ctx.require(op::POLICIES_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(organization)?;
    let org = caller.ctx.org();
    let policies = org.policies.iter().map(|row| (row.id.number(), row));
    let (policies, token) = Page::ALL.take(policies, |row| shown(org, &own, row));
    Ok(ListPoliciesResponse { policies, token })
}

/// A policy as the wire has it.
pub(crate) fn shown(org: &Org, own: &str, policy: &Row<policy::Policy>) -> Policy {
    let binding = |binding: &Binding| {
        let name = org.role(binding.role).map(|role| role.name.to_string()).unwrap_or_default();
        PolicyBinding {
            role_id: RoleIdentifier { organization: own.to_owned(), name }.into(),
            resource: resource::shown(org, own, binding.scope).into(),
        }
    };
    Policy {
        id: PolicyIdentifier { organization: own.to_owned(), name: policy.name.to_string() }.into(),
        bindings: policy.bindings.iter().map(binding).collect(),
        description: policy.description.to_string(),
    }
}

/// The name of the policy that is meant.
pub(crate) fn named<'p>(caller: &Caller, id: &'p PolicyIdentifier) -> Result<&'p str, ConnectError> {
    caller.organization(&id.organization)?;
    if id.name.is_empty() { Err(invalid("the policy's name is missing")) } else { Ok(&id.name) }
}

fn bound(caller: &Caller, binding: &PolicyBinding) -> Result<BindingRef, ConnectError> {
    let role = Ref::from(role::named(caller, &binding.role_id)?);
    Ok(BindingRef { role, scope: resource::bound(caller, &binding.resource)?.scope() })
}
