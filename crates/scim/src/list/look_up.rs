//! Filters that name a resource so well that it can be looked up.

use super::Id;
use crate::condition::Condition;
use crate::filter::Operator;
use crate::schema::{Located, Type};
use crate::state::State;
use crate::{group, user};
use rolecall_model::Org;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::PrincipalKind;
use rolecall_service::View;
use serde_json::Value;

/// The few rows among which all must be that fulfil a test, where a look-up tells.
pub(super) fn candidates(view: &View, kind: Type, condition: &Condition, state: &State) -> Option<Vec<Id>> {
    let equal = condition.necessary().into_iter().filter(|comparison| comparison.operator == Operator::Equal);
    let mut lookups = equal.filter_map(|comparison| match &comparison.literal {
        Value::String(text) => look_up(view, kind, &comparison.at, text, state),
        _ => None,
    });
    lookups.next()
}

fn look_up(view: &View, kind: Type, at: &Located, text: &str, state: &State) -> Option<Vec<Id>> {
    let org = view.org();
    match kind {
        Type::User if at.is("id", None) => {
            Some(user::of_id(org, text).map(|(id, _)| Id::User(id)).into_iter().collect())
        }
        Type::User if at.is("userName", None) => {
            let known = state.known(view);
            let here = org.principal_id(text);
            Some(known.named(text).iter().copied().chain(here).filter_map(|id| is_user(org, id)).collect())
        }
        Type::User if at.is("externalId", None) => {
            let known = state.known(view);
            Some(known.external(text).iter().filter_map(|id| is_user(org, *id)).collect())
        }
        Type::Group if at.is("id", None) => {
            Some(group::of_id(org, text).map(|group| Id::Group(group.id)).into_iter().collect())
        }
        Type::Group if at.is("displayName", None) && org.folds_names() => {
            Some(org.group_named(text.trim()).map(|group| Id::Group(group.id)).into_iter().collect())
        }
        Type::Group if at.is_value_of("members") => {
            let memberships = user::of_id(org, text).map(|(_, user)| user.memberships.as_slice()).unwrap_or_default();
            Some(memberships.iter().map(|membership| Id::Group(membership.group)).collect())
        }
        _ => None,
    }
}

fn is_user(org: &Org, id: PrincipalId) -> Option<Id> {
    org.principal(id).filter(|principal| principal.kind() == PrincipalKind::User).map(|_| Id::User(id))
}
