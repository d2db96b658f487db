//! Asking who may do what. Questions about oneself are always allowed; about others they need
//! `rolecall.access.check` at the place, or `rolecall.access.read` for the sources of rights.

use crate::ctx::Ctx;
use crate::{Error, need};
use rolecall_engine::{Explanation, Lack, Place, Question, Right};
use rolecall_model::assignment::AssignmentCommand;
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::id::{ActionId, PrincipalId};
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::operation as op;
use rolecall_model::rights::Rights;
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref, Scope, resolve};

/// Who can do something, looked through in search of somebody who could grant it.
const CANDIDATES: usize = 200;
/// How many of those who could grant something are named.
pub const MOST_GRANTERS: usize = 10;

/// A place from names; what is not there is unknown, and only a right for all covers it.
pub fn place(org: &Org, project: Option<&str>, environment: Option<&str>) -> Place {
    need::place(org, &ScopeRef { project: project.map(Ref::from), environment: environment.map(Ref::from) })
}

/// A place from names; what is not there is refused with the nearest known name.
///
/// # Errors
/// `Refused`, naming the field.
pub fn known_place(org: &Org, scope: &ScopeRef) -> Result<Place, Error> {
    Ok(resolve::scope(org, scope, "")?.into())
}

/// May a subject do an action at a place? An unknown subject or action may not.
///
/// # Errors
/// `Forbidden` when the caller may not ask that.
pub fn check(ctx: &Ctx, subject: &str, action: &str, place: Place) -> Result<bool, Error> {
    let org = ctx.org();
    let found = org.find_principal(subject).map(|(id, _)| id);
    require_to_ask(ctx, found, place)?;
    let (Some(subject), Some(action)) = (found, org.action_named(action)) else { return Ok(false) };
    let question = Question { subject, action: action.id, place, at: ctx.asked_at() };
    Ok(ctx.index().check(&question).allowed)
}

/// Refuses a caller who may not ask about a subject at a place.
///
/// # Errors
/// `Forbidden`.
pub fn require_to_ask(ctx: &Ctx, subject: Option<PrincipalId>, place: Place) -> Result<(), Error> {
    if subject == Some(ctx.principal()) {
        return Ok(());
    }
    ctx.require(op::ACCESS_CHECK, place)
}

/// Refuses a caller who may not see the sources of a subject's rights.
///
/// # Errors
/// `Forbidden`.
pub fn require_to_read(ctx: &Ctx, subject: Option<PrincipalId>) -> Result<(), Error> {
    if subject == Some(ctx.principal()) {
        return Ok(());
    }
    ctx.require(op::ACCESS_READ, Place::ORGANIZATION)
}

/// Why a subject may, or what is missing.
///
/// # Errors
/// `Forbidden`; `Refused` for an unknown subject or action, with the nearest known name.
pub fn explain(ctx: &Ctx, subject: &SubjectRef, action: &Ref, place: Place) -> Result<Explanation, Error> {
    let found = resolve::principal(ctx.org(), subject, "subject");
    require_to_read(ctx, found.as_ref().ok().map(|(id, _)| *id))?;
    let (subject, _) = found?;
    let action = resolve::action(ctx.org(), action, "action")?;
    let mut explanation = ctx.index().explain(&Question { subject, action, place, at: ctx.asked_at() });
    if let Some(denial) = &mut explanation.denial
        && !ctx.may(op::GROUPS_READ, Place::ORGANIZATION)
    {
        // Which group would help is for those to know who may see groups.
        let all = denial.misses.len();
        denial.misses.retain(|miss| !matches!(miss.lack, Lack::Membership(_)));
        denial.capped |= denial.misses.len() < all;
    }
    Ok(explanation)
}

/// Who can do an action at a place, by number after `after`, at most `limit`; and where to go on.
///
/// # Errors
/// `Forbidden`.
pub fn who_can(
    ctx: &Ctx,
    action: ActionId,
    place: Place,
    after: Option<PrincipalId>,
    limit: usize,
) -> Result<(Vec<PrincipalId>, Option<PrincipalId>), Error> {
    ctx.require(op::ACCESS_CHECK, place)?;
    Ok(ctx.index().who_can(action, place, ctx.asked_at(), after, limit))
}

/// The fewest scopes that cover every place where a subject can do an action.
///
/// # Errors
/// `Forbidden`.
pub fn where_can(ctx: &Ctx, subject: PrincipalId, action: ActionId) -> Result<Vec<Scope>, Error> {
    require_to_ask(ctx, Some(subject), Place::ORGANIZATION)?;
    Ok(ctx.index().where_can(subject, action, ctx.asked_at()))
}

/// Every action a subject can do at a place.
///
/// # Errors
/// `Forbidden`.
pub fn what_can(ctx: &Ctx, subject: PrincipalId, place: Place) -> Result<Vec<ActionId>, Error> {
    require_to_ask(ctx, Some(subject), place)?;
    Ok(ctx.index().what_can(subject, place, ctx.asked_at()))
}

/// Everything a subject may do, each right with its sources.
///
/// # Errors
/// `Forbidden`.
pub fn access_of(ctx: &Ctx, subject: PrincipalId) -> Result<Vec<Right>, Error> {
    require_to_read(ctx, Some(subject))?;
    Ok(ctx.index().access_of(subject, ctx.asked_at()))
}

/// Who could give something, found by deciding that very command as each of those who may give at
/// all. At most [`MOST_GRANTERS`] are named; the flag says whether there may be more.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn who_could_grant(ctx: &Ctx, command: &AssignmentCommand) -> Result<(Vec<PrincipalId>, bool), Error> {
    who_could_do(ctx, &Command::Assignment(command.clone()), op::ASSIGNMENTS_WRITE)
}

/// Who could carry out a command whose first need is `by`, found by deciding that very command as
/// each of those who have `by` there.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn who_could_do(ctx: &Ctx, command: &Command, by: ActionId) -> Result<(Vec<PrincipalId>, bool), Error> {
    let org = ctx.present.org();
    let needs = need::of(org, command, None);
    let Some(place) = needs.first().map(|need| need.place) else { return Ok((Vec::new(), false)) };
    let (candidates, more) = ctx.present.index().who_can(by, place, ctx.now(), None, CANDIDATES);
    let mut granters = Vec::new();
    for id in candidates {
        if granters.len() == MOST_GRANTERS {
            return Ok((granters, true));
        }
        let actor = Actor::Principal { id, token: None };
        let rights = Rights::of_actor(org, actor, ctx.now());
        let moment = Moment::new(ctx.now(), actor, [0; 32]);
        let may = |action, place| need::holds(&rights, action, place);
        if needs.iter().all(|need| need.check(org, &may).is_ok()) && decide(org, command.clone(), &moment).is_ok() {
            granters.push(id);
        }
    }
    Ok((granters, more.is_some()))
}
