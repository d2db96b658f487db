//! A row of a list: what can be said of it at once, and the resource it is made into only when it must.

use super::Id;
use crate::canonical::is_primary;
use crate::condition::{Comparison, Row, Wanted, values};
use crate::filter::Operator;
use crate::resource::{Frame, Meta};
use crate::schema::Located;
use crate::{group, user};
use rolecall_model::collection::Row as Record;
use rolecall_model::group::Group;
use rolecall_model::name::fold;
use rolecall_model::principal::Principal;
use rolecall_model::{Org, Timestamp};
use serde_json::Value;
use std::cell::OnceCell;

/// A row that is looked at.
pub(super) struct SeenRow<'o> {
    org: &'o Org,
    id: Id,
    frame: Frame<'o>,
    resource: OnceCell<Value>,
}

impl<'o> SeenRow<'o> {
    pub(super) const fn new(org: &'o Org, id: Id, frame: Frame<'o>) -> Self {
        SeenRow { org, id, frame, resource: OnceCell::new() }
    }

    fn user(&self) -> Option<&Principal> {
        if let Id::User(id) = self.id { self.org.principal(id) } else { None }
    }

    fn group(&self) -> Option<&Record<Group>> {
        if let Id::Group(id) = self.id { self.org.group(id) } else { None }
    }

    /// The revisions that made and last changed it.
    fn revisions(&self) -> (u64, u64) {
        let user = self.user().map(|user| (user.created.0, user.changed.0));
        user.or_else(|| self.group().map(|group| (group.created.0, group.changed.0))).unwrap_or_default()
    }

    /// By what it is sorted; none when it has no such value.
    pub(super) fn key(&self, by: &Located) -> Option<Key> {
        let (created, changed) = self.revisions();
        if by.is("meta", Some("created")) {
            return Some(Key::Number(created));
        }
        if by.is("meta", Some("lastModified")) {
            return Some(Key::Number(changed));
        }
        let all = values(self.resource(), by);
        let whole = by.part.is_none();
        // Of several values the first one counts.
        let primary = Located { part: None, ..*by };
        let first = values(self.resource(), &primary).iter().position(|value| is_primary(value));
        let value = all.get(first.unwrap_or_default()).or(all.first())?;
        let value = if whole && value.is_object() { value.get("value")? } else { value };
        match value {
            Value::Bool(flag) => Some(Key::Number(u64::from(*flag))),
            Value::String(text) if by.compared()?.case_exact => Some(Key::Text(text.clone())),
            Value::String(text) => Some(Key::Text(fold(text).into())),
            _ => None,
        }
    }
}

/// By what a list is sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(u64),
    Text(String),
}

impl Row for SeenRow<'_> {
    fn quick(&self, comparison: &Comparison) -> Option<bool> {
        let at = &comparison.at;
        let (created, changed) = self.revisions();
        if at.is("meta", Some("created")) {
            return comparison.holds_for_revision(created);
        }
        if at.is("meta", Some("lastModified")) {
            return comparison.holds_for_revision(changed);
        }
        if let Some(user) = self.user() {
            return quick_user(user, comparison);
        }
        let group = self.group()?;
        if at.is("id", None) {
            return Some(comparison.holds_for_text(&group.subject.to_string()));
        }
        if at.is_value_of("members") && comparison.operator == Operator::Equal {
            let (_, user) = user::of_id(self.org, comparison.literal.as_str()?)?;
            return Some(user.memberships.iter().any(|membership| membership.group == group.id));
        }
        None
    }

    fn resource(&self) -> &Value {
        self.resource.get_or_init(|| {
            let (created, changed) = self.revisions();
            // That it has times at all is what a filter can ask of the resource; what they are, it asks of the row.
            let some = Some(Timestamp::default());
            let meta = Meta { revision: changed, created: some.filter(|_| created > 0), modified: some };
            let user = self.user().map(|user| user::show(self.org, user, meta, self.frame));
            user.or_else(|| Some(group::show(self.org, self.group()?, meta, self.frame))).unwrap_or_default()
        })
    }
}

fn quick_user(user: &Principal, comparison: &Comparison) -> Option<bool> {
    let at = &comparison.at;
    if at.is("id", None) {
        return Some(comparison.holds_for_text(&user.subject.to_string()));
    }
    if at.is("active", None) && user::has_active(user) {
        return comparison.holds_for_flag(user.active);
    }
    if user.scim().is_some() {
        return None;
    }
    // Whom no client manages yet may be asked for by any name, so that a client finds whom it is to manage.
    if at.is("userName", None) && matches!(comparison.wanted, Wanted::Text(_)) {
        let mut holds = user::names(user).map(|name| comparison.holds_for_text(name));
        let not = comparison.operator == Operator::NotEqual;
        return Some(if not { holds.all(|holds| holds) } else { holds.any(|holds| holds) });
    }
    None
}
