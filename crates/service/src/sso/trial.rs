//! A dry run: what would happen if somebody came back from a provider with these claims.

use super::claim::{Arrival, Claimed};
use super::plan::{Barred, Found, Plan};
use crate::Error;
use crate::ctx::Ctx;
use crate::execute::{Done, rehearse};
use rolecall_engine::Place;
use rolecall_model::command::Ref;
use rolecall_model::id::{GroupId, PrincipalId};
use rolecall_model::membership::MembershipChange;
use rolecall_model::moment::Actor;
use rolecall_model::principal::PrincipalChange;
use rolecall_model::refusal::Kind;
use rolecall_model::{Change, Command, Refusal, operation as op, resolve};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who it would be.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// A user who is linked already.
    Known(PrincipalId),
    /// A user of this address, who would be linked.
    Linked(PrincipalId),
    /// Somebody new, who would be added.
    New(PrincipalId),
    /// Nobody: not let in.
    Barred(Barred),
    /// Nobody: a rule stands in the way.
    Refused(Refusal),
}

/// What would happen.
#[derive(Debug)]
pub struct Trial {
    /// Who it would be.
    pub who: Who,
    /// What is said of groups; none when they do not follow the provider.
    pub groups: Option<Claimed>,
    /// Whether memberships would stay all the same, because nobody would be left to administer.
    pub kept: bool,
    /// The groups that would be joined.
    pub joined: Vec<GroupId>,
    /// The groups that would be left.
    pub left: Vec<GroupId>,
    /// Whether the provider names another address than the one kept.
    pub other_address: bool,
    /// What would change, and who would gain and lose what; none when nobody would be let in.
    pub done: Option<Done>,
}

/// Says what would happen if somebody came back from a provider with these claims. Nothing is written.
///
/// # Errors
/// `Forbidden`; `Refused` when the provider is not there or the claims have no `sub`.
pub async fn dry_run(
    ctx: &Ctx,
    provider: &Ref,
    claims: Map<String, Value>,
    userinfo: Option<Map<String, Value>>,
) -> Result<Trial, Error> {
    ctx.require(op::PROVIDERS_WRITE, Place::ORGANIZATION)?;
    ctx.require(op::USERS_READ, Place::ORGANIZATION)?;
    let org = ctx.present.org();
    let id = resolve::provider(org, provider, "provider").map_err(Refusal::of_target)?;
    let row = org.provider(id).ok_or_else(|| Error::not_found("sign-in provider", &provider.to_string()))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let sub = text("sub").filter(|sub| !sub.is_empty());
    let sub =
        sub.ok_or_else(|| Refusal::invalid("claims.sub", "sub is missing: what the provider knows the person by"))?;
    let issuer = text("iss").unwrap_or_else(|| row.issuer.to_string());
    let arrival = Arrival { issuer, sub, claims, userinfo, is_partial: false };
    let mut plan = match Plan::of(org, &row.value, &arrival) {
        Ok(plan) => plan,
        Err(barred) => return Ok(Trial::nobody(Who::Barred(barred), None)),
    };
    let actor = Actor::Provider(id);
    let run = |plan: &Plan| rehearse(Arc::clone(&ctx.present), Command::Batch(plan.commands.clone()), actor, ctx.now);
    let (mut kept, mut result) = (false, run(&plan).await);
    if matches!(&result, Err(Error::Refused(refusal)) if refusal.kind == Kind::LastAdministrator) {
        kept = true;
        plan.keep_memberships();
        result = run(&plan).await;
    }
    match result {
        Ok(done) => Ok(Trial::of(plan, done, kept)),
        Err(Error::Refused(refusal)) => Ok(Trial::nobody(Who::Refused(refusal), plan.groups)),
        Err(error) => Err(error),
    }
}

impl Trial {
    const fn nobody(who: Who, groups: Option<Claimed>) -> Self {
        Trial { who, groups, kept: false, joined: Vec::new(), left: Vec::new(), other_address: false, done: None }
    }

    fn of(plan: Plan, done: Done, kept: bool) -> Self {
        let new = done.changes.iter().find_map(|change| match change {
            Change::Principal(PrincipalChange::Created { id, .. }) => Some(*id),
            _ => None,
        });
        let who = match (plan.found, new) {
            (_, Some(id)) => Who::New(id),
            (Found::Linked(id), None) => Who::Linked(id),
            (Found::Known(id), None) => Who::Known(id),
            (Found::New, None) => Who::Barred(Barred::Unknown),
        };
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for change in &done.changes {
            match change {
                Change::Membership(MembershipChange::Added { group, .. }) => joined.push(*group),
                Change::Membership(MembershipChange::Removed { group, .. }) => left.push(*group),
                _ => {}
            }
        }
        let Plan { groups, other_address, .. } = plan;
        Trial { who, groups, kept, joined, left, other_address, done: Some(done) }
    }
}
