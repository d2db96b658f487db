//! Assignments, and the question whether somebody may.

use crate::action;
use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::identity;
use crate::wire::authorizer::__buffa::oneof::assign_identity_request::Assignment as Given;
use crate::wire::authorizer::__buffa::oneof::unassign_identity_request::Assignment as Taken;
use crate::wire::authorizer::{
    AssignIdentityRequest, AuthorizeRequest, IdentityAssignment, PolicyAssignment, UnassignIdentityRequest,
};
use crate::wire::common::{Identity, PolicyIdentifier, RoleIdentifier};
use crate::{policy, resource, role};
use connectrpc::ConnectError;
use rolecall_engine::{Place, Question};
use rolecall_model::assignment::{AssignmentCommand, Grant, GrantRef, Granted};
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Ref, resolve};
use rolecall_service::access;

/// Whether somebody may do something there. Who or what is not known may not.
pub(crate) fn authorize(caller: &Caller, request: &AuthorizeRequest) -> Result<bool, ConnectError> {
    let ctx = &caller.ctx;
    let org = ctx.org();
    let named = resource::asked(caller, &request.resource);
    let place = named.as_ref().map_or(Place::ORGANIZATION, |named| named.place(org));
    let wanted = identity::reference(&request.identity);
    let subject = wanted.as_ref().ok().and_then(|wanted| resolve::principal(org, wanted, "").ok()).map(|(id, _)| id);
    access::require_to_ask(ctx, subject, place).map_err(fault)?;
    caller.organization(&request.organization)?;
    named?;
    wanted?;
    let number = request.action.to_i32();
    if number < 5 {
        return Err(invalid(format!(
            "the action {number} cannot be asked about; choose one such as ACTION_VIEW_FLYTE_INVENTORY"
        )));
    }
    let question = subject.zip(action::of_number(org, number)).map(|(subject, action)| Question {
        subject,
        action,
        place,
        at: ctx.asked_at(),
    });
    let allowed = question.is_some_and(|question| ctx.index().check(&question).allowed);
    ctx.service().tally("union").count_one(allowed);
    Ok(allowed)
}

/// Gives somebody a policy, or a role in the whole organization. Giving it again changes nothing.
pub(crate) async fn assign(caller: &Caller, request: &AssignIdentityRequest) -> Result<(), ConnectError> {
    caller.organization(&request.organization)?;
    let grant = match &request.assignment {
        Some(Given::PolicyId(id)) => of_policy(caller, id)?,
        Some(Given::RoleId(id)) => of_role(caller, id)?,
        None => return Err(nothing()),
    };
    let subject = identity::reference(&request.identity)?;
    let command = AssignmentCommand::Grant(subject, grant, Terms::of(Source::Manual));
    caller.execute(command).await.map(drop)
}

/// Takes a policy or a role from somebody. It is no error that they do not have it.
pub(crate) async fn unassign(caller: &Caller, request: &UnassignIdentityRequest) -> Result<(), ConnectError> {
    caller.organization(&request.organization)?;
    let grant = match &request.assignment {
        Some(Taken::PolicyId(id)) => of_policy(caller, id)?,
        Some(Taken::RoleId(id)) => of_role(caller, id)?,
        None => return Err(nothing()),
    };
    let subject = identity::reference(&request.identity)?;
    caller.execute(AssignmentCommand::End { subject, grant, source: None, quietly: true }).await.map(drop)
}

fn nothing() -> ConnectError {
    invalid("nothing is named that could be assigned; name a policy")
}

fn of_policy(caller: &Caller, id: &PolicyIdentifier) -> Result<GrantRef, ConnectError> {
    Ok(GrantRef::Policy(Ref::from(policy::named(caller, id)?)))
}

fn of_role(caller: &Caller, id: &RoleIdentifier) -> Result<GrantRef, ConnectError> {
    let role = Ref::from(role::named(caller, id)?);
    Ok(GrantRef::Role(BindingRef { role, scope: ScopeRef::ORGANIZATION }))
}

/// What somebody has been given, as far as the caller may see it.
pub(crate) fn of_identity(
    caller: &Caller,
    organization: &str,
    asked: &Identity,
) -> Result<IdentityAssignment, ConnectError> {
    let own = caller.organization(organization)?;
    let (id, _) = identity::seen(caller, &identity::reference(asked)?)?;
    Ok(held(caller, &own, asked, Some(id)))
}

/// What each of several has been given. Who is not there, or may not be seen, has nothing.
pub(crate) fn of_identities(
    caller: &Caller,
    organization: &str,
    asked: &[Identity],
) -> Result<Vec<IdentityAssignment>, ConnectError> {
    let own = caller.organization(organization)?;
    let one = |asked: &Identity| {
        let wanted = identity::reference(asked)?;
        let found = identity::seen(caller, &wanted).ok().map(|(id, _)| id);
        Ok(held(caller, &own, asked, found))
    };
    asked.iter().map(one).collect()
}

fn held(caller: &Caller, own: &str, asked: &Identity, who: Option<PrincipalId>) -> IdentityAssignment {
    let org = caller.ctx.org();
    let mut shown = IdentityAssignment { identity: asked.clone().into(), ..IdentityAssignment::default() };
    for assignment in who.into_iter().flat_map(|who| caller.ctx.seen_assignments(who)) {
        match assignment.grant {
            Grant::Policy(id) => shown.policies.extend(org.policy(id).map(|row| policy::shown(org, own, row))),
            Grant::Role(binding) => {
                shown.roles.extend(org.role(binding.role).map(|row| role::bound(org, own, row, binding.scope)));
            }
        }
    }
    shown
}

/// Users and applications who have been given a policy, as far as the caller may see them. The wire has no word for
/// groups.
pub(crate) fn of_granted(caller: &Caller, id: &PolicyIdentifier) -> Result<PolicyAssignment, ConnectError> {
    let own = caller.organization(&id.organization)?;
    let row = policy::seen(caller, id)?;
    let org = caller.ctx.org();
    let grant = Grant::Policy(row.id);
    let holders = org.holders_of(Granted::Policy(row.id)).filter_map(|holder| match holder {
        Holder::Principal(id) => Some((id, org.principal(id)?)),
        Holder::Group(_) | Holder::Everyone => None,
    });
    let seen = holders.filter(|(id, principal)| {
        identity::sees(caller, *id, principal.kind()) && caller.ctx.sees_assignment(Holder::Principal(*id), grant)
    });
    Ok(PolicyAssignment {
        policy_id: PolicyIdentifier { organization: own, name: row.name.to_string() }.into(),
        identities: seen.map(|(_, principal)| identity::shown(principal)).collect(),
    })
}
