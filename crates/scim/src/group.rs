//! Groups: what a SCIM client says of one, in the words of the model, and back.

use crate::canonical::require_sound;
use crate::fault::Fault;
use crate::member;
use crate::resource::{Frame, Meta, frame, kept, text};
use crate::schema::Type;
use rolecall_model::Org;
use rolecall_model::collection::Row;
use rolecall_model::command::SubjectRef;
use rolecall_model::group::{Group, GroupPatch, NewGroup};
use rolecall_model::id::PrincipalId;
use rolecall_model::provenance::{Source, Terms};
use serde_json::{Map, Value};

/// The group of this id.
///
/// # Errors
/// 404.
pub(crate) fn find<'o>(org: &'o Org, id: &str) -> Result<&'o Row<Group>, Fault> {
    of_id(org, id).ok_or_else(|| Fault::not_found("group", id))
}

/// The group of this id, if there is one.
pub(crate) fn of_id<'o>(org: &'o Org, id: &str) -> Option<&'o Row<Group>> {
    org.group_of_subject(id.parse().ok()?)
}

/// What is said of a group beside its members: as the client sent it when it manages the group.
pub(crate) fn document(group: &Group) -> Map<String, Value> {
    kept(group.scim.as_deref())
        .unwrap_or_else(|| Map::from_iter([("displayName".to_owned(), group.name.as_str().into())]))
}

/// A group as it is shown.
pub(crate) fn show(org: &Org, group: &Group, meta: Meta, of: Frame<'_>) -> Value {
    let mut resource = document(group);
    if of.members && !group.members.is_empty() {
        let members = group.members.iter().filter_map(|id| Some(member::show(org.principal(*id)?, of)));
        resource.insert("members".to_owned(), members.collect());
    }
    frame(&mut resource, Type::Group, &group.subject.to_string(), meta, of.base);
    resource.into()
}

/// A group to be added.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn new(document: Map<String, Value>, members: &[PrincipalId]) -> Result<NewGroup, Fault> {
    require_sound(Type::Group, &document)?;
    Ok(NewGroup {
        name: text(&document, "displayName").unwrap_or_default().to_owned(),
        members: members.iter().map(|id| SubjectRef::Number(id.number())).collect(),
        terms: Terms::of(Source::Scim),
        scim: Some(Value::Object(document).to_string()),
        ..NewGroup::default()
    })
}

/// What changes about a group when this is said of it.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn patch(document: Map<String, Value>) -> Result<GroupPatch, Fault> {
    require_sound(Type::Group, &document)?;
    let name = text(&document, "displayName").map(str::to_owned);
    Ok(GroupPatch { name, scim: Some(Some(Value::Object(document).to_string())), ..GroupPatch::default() })
}
