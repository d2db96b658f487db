//! Users: what a SCIM client says of one, in the words of the model, and back.

use crate::canonical::{is_primary, require_sound};
use crate::fault::Fault;
use crate::known::Known;
use crate::resource::{Frame, Meta, frame, kept, location, text};
use crate::schema::Type;
use rolecall_model::Org;
use rolecall_model::id::PrincipalId;
use rolecall_model::name::{Text, fold};
use rolecall_model::principal::{Principal, PrincipalKind, Subject};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::shown;
use rolecall_model::user::{NewUser, UserPatch};
use serde_json::{Map, Value, json};

/// The user of this id.
///
/// # Errors
/// 404.
pub(crate) fn find<'o>(org: &'o Org, id: &str) -> Result<(PrincipalId, &'o Principal), Fault> {
    of_id(org, id).ok_or_else(|| Fault::not_found("user", id))
}

/// The user of this id, if there is one.
pub(crate) fn of_id<'o>(org: &'o Org, id: &str) -> Option<(PrincipalId, &'o Principal)> {
    let subject: Subject = id.parse().ok()?;
    if subject.kind() != PrincipalKind::User {
        return None;
    }
    org.find_principal(id)
}

/// What is said of a user: as the client sent it when it manages the user, else as the model knows it.
pub(crate) fn document(user: &Principal) -> Map<String, Value> {
    let Some(mut document) = kept(user.scim().map(Text::as_str)) else { return derived(user) };
    if document.get("active").is_some_and(Value::is_null) {
        document.remove("active");
    } else {
        document.insert("active".to_owned(), user.active.into());
    }
    document
}

/// Whether it is said of a user that it is active or not: a client may have taken that away.
pub(crate) fn has_active(user: &Principal) -> bool {
    // In a text that holds a text the quotes are escaped.
    user.scim().is_none_or(|text| !text.contains("\"active\":null"))
}

/// What the model knows of a user that no client manages.
fn derived(user: &Principal) -> Map<String, Value> {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("userName", user.best_identifier().as_str().into());
    put("displayName", user.name.as_str().into());
    put("active", user.active.into());
    if let Some(email) = &user.email {
        put("emails", json!([{"value": email.as_str(), "type": "work", "primary": true}]));
    }
    document
}

/// The names by which a user that no client manages may be asked for.
pub(crate) fn names(user: &Principal) -> impl Iterator<Item = &str> {
    [&user.email, &user.username, &user.external_id].into_iter().flatten().map(Text::as_str)
}

/// A user as it is shown.
pub(crate) fn show(org: &Org, user: &Principal, meta: Meta, of: Frame<'_>) -> Value {
    let mut resource = document(user);
    if of.groups && !user.memberships.is_empty() {
        let groups = user.memberships.iter().filter_map(|membership| {
            let group = org.group(membership.group)?;
            let id = group.subject.to_string();
            let at = location(of.base, Type::Group, &id);
            Some(json!({"value": id, "$ref": at, "display": group.name.as_str(), "type": "direct"}))
        });
        resource.insert("groups".to_owned(), groups.collect());
    }
    frame(&mut resource, Type::User, &user.subject.to_string(), meta, of.base);
    resource.into()
}

/// What the model keeps of a user, from what is said of it.
struct Mapped {
    name: String,
    email: Option<String>,
    username: Option<String>,
}

impl Mapped {
    fn of(document: &Map<String, Value>) -> Self {
        let signs_in_as = text(document, "userName").unwrap_or_default();
        let is_address = signs_in_as.contains('@');
        let email = address(document).or(is_address.then_some(signs_in_as)).map(str::to_owned);
        let username = (!is_address && !signs_in_as.is_empty()).then(|| signs_in_as.to_owned());
        Mapped { name: name(document, signs_in_as), email, username }
    }
}

/// The address by which a user is known: the primary one, else that for work, else the first.
fn address(document: &Map<String, Value>) -> Option<&str> {
    let all = document.get("emails")?.as_array()?;
    let value =
        |email: &'_ Value| email.get("value")?.as_str().map(str::trim).is_some_and(|v| !v.is_empty()).then_some(());
    let with_value = || all.iter().filter(|email| value(email).is_some());
    let for_work = |email: &&Value| email.get("type").and_then(Value::as_str).is_some_and(|kind| fold(kind) == "work");
    let first = with_value().find(|email| is_primary(email));
    let first = first.or_else(|| with_value().find(for_work)).or_else(|| with_value().next())?;
    Some(first.get("value")?.as_str()?.trim())
}

/// What people call a user.
fn name(document: &Map<String, Value>, user_name: &str) -> String {
    let empty = Map::new();
    let parts = document.get("name").and_then(Value::as_object).unwrap_or(&empty);
    if let Some(name) = text(document, "displayName").or_else(|| text(parts, "formatted")) {
        return name.to_owned();
    }
    let names: Vec<&str> = ["givenName", "familyName"].into_iter().filter_map(|part| text(parts, part)).collect();
    if names.is_empty() { user_name.to_owned() } else { names.join(" ") }
}

/// A user to be added.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn new(mut document: Map<String, Value>) -> Result<NewUser, Fault> {
    require_sound(Type::User, &document)?;
    let Mapped { name, email, username } = Mapped::of(&document);
    let active = document.remove("active").and_then(|active| active.as_bool()).unwrap_or(true);
    let scim = Some(Value::Object(document).to_string());
    Ok(NewUser { name, email, username, disabled: !active, scim, terms: Terms::of(Source::Scim), ..NewUser::default() })
}

/// What changes about a user when this is said of it. `whole`: what is not said of `active` is left as it is;
/// else it was taken away, and who has none may not act.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn patch(user: &Principal, mut document: Map<String, Value>, whole: bool) -> Result<UserPatch, Fault> {
    require_sound(Type::User, &document)?;
    let new = Mapped::of(&document);
    // What the client said before and says no longer goes; what it never said stays.
    let old = kept(user.scim().map(Text::as_str)).map(|old| Mapped::of(&old));
    let goes = |new: Option<String>, old: Option<Option<String>>| match (new, old.flatten()) {
        (Some(new), _) => Some(Some(new)),
        (None, Some(_)) => Some(None),
        (None, None) => None,
    };
    let (old_email, old_username) = old.map(|old| (old.email, old.username)).unzip();
    // An external id with an @ is the address, so it goes where the address goes.
    let is_old = |id: &&Text| id.contains('@') && new.email.as_ref().is_some_and(|email| fold(email) != fold(id));
    let external_id = user.external_id.as_ref().filter(is_old).map(|_| new.email.clone());
    let active = match document.remove("active").and_then(|active| active.as_bool()) {
        Some(active) => Some(active),
        None if whole => None,
        None => {
            document.insert("active".to_owned(), Value::Null);
            Some(false)
        }
    };
    Ok(UserPatch {
        name: Some(new.name),
        email: goes(new.email, old_email),
        username: goes(new.username, old_username),
        external_id,
        active,
        scim: Some(Some(Value::Object(document).to_string())),
        ..UserPatch::default()
    })
}

/// Refuses a `userName` by which another is known already, here or by SCIM alone.
///
/// # Errors
/// `uniqueness`.
pub(crate) fn require_free(
    org: &Org,
    known: &Known,
    document: &Map<String, Value>,
    own: Option<PrincipalId>,
) -> Result<(), Fault> {
    let Some(name) = text(document, "userName") else { return Ok(()) };
    let is_other = |id: &PrincipalId| Some(*id) != own && org.principal(*id).is_some();
    let has_name = |id: &PrincipalId| org.principal(*id).is_some_and(|user| is_named(user, name));
    let by_scim = known.named(name).iter().any(|id| is_other(id) && has_name(id));
    if by_scim || org.principal_id(name).as_ref().is_some_and(is_other) {
        let name = shown(name);
        return Err(Fault::uniqueness(format!("userName: another user or application is known as \"{name}\"")));
    }
    Ok(())
}

fn is_named(user: &Principal, name: &str) -> bool {
    kept(user.scim().map(Text::as_str))
        .is_some_and(|document| text(&document, "userName").is_some_and(|own| fold(own) == fold(name)))
}
