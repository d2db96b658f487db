//! Adding, changing and deleting users.

use super::{NAMED, Shown, dates, known, shown};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::kept;
use crate::number::digits;
use crate::password;
use crate::role::{self, SLOT};
use crate::sign_in;
use axum::http::StatusCode;
use rolecall_model::assignment::AssignmentCommand;
use rolecall_model::collection::Row;
use rolecall_model::command::SubjectRef;
use rolecall_model::principal::{Principal, PrincipalChange};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_model::role::Role;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Change, Command, Org, Ref};
use rolecall_service::{self as service, Delivery, Error, Welcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The root role that a body names: by id, by its digits, or by the name of a predefined one.
///
/// # Errors
/// 400 when it names none; a project role is none.
pub(crate) fn root_role<'a>(org: &'a Org, wanted: &Value) -> Result<&'a Row<Role>, Fault> {
    let by_id = match wanted {
        Value::Number(_) => serde_json::from_value::<crate::number::Number>(wanted.clone()).ok().map(|id| id.0),
        Value::String(text) => digits(text),
        _ => None,
    };
    let found = match (by_id, wanted) {
        (Some(id), _) => org.roles.get(id),
        (None, Value::String(name)) => org.role_named(name).filter(|role| role.predefined),
        _ => None,
    };
    found.filter(|role| role::is_root(org, role)).ok_or_else(|| {
        let wanted = rolecall_model::refusal::shown(&wanted.to_string());
        Fault::bad_at("/body/rootRole", format!("Could not find rootRole={wanted}: it must be a root role"))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    password: Option<String>,
    root_role: Value,
    send_email: Option<bool>,
}

/// Adds a user. The link to choose a password is shown in the answer, and mailed where mail is sent and wanted.
pub(crate) async fn create(call: Call) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Made<'a> {
        #[serde(flatten)]
        user: Shown<'a>,
        /// As it was sent: a name comes back as a name.
        root_role: Value,
        invite_link: String,
        email_sent: bool,
    }

    call.require(ADMIN)?;
    let new: New = call.asked.body().await?;
    let role = root_role(call.org(), &new.root_role)?.id.number();
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let (name, email, username) = (given(new.name), given(new.email), given(new.username));
    if email.is_none() && username.is_none() {
        return Err(Fault::bad("You must specify username or email"));
    }
    let user = NewUser {
        attributes: kept::fresh([(NAMED, name.as_ref().map_or(Value::Null, |_| true.into()))]),
        name: name.unwrap_or_default(),
        email,
        username,
        grants: vec![role::root_grant(role)],
        terms: Terms::of(Source::Manual),
        ..NewUser::default()
    };
    let delivery = if new.send_email == Some(false) { Delivery::Show } else { Delivery::MailAndShow };
    let (passwords, password) = (call.org().sign_in_rules().passwords, given(new.password));
    if password.is_some() && !passwords {
        return Err(sign_in::passwords_off());
    }
    let welcome = Welcome { password, invite: Some(passwords), delivery };
    let (done, invited) = service::welcome(&call.ctx, user, welcome, [0; 32]).await.map_err(fault)?;
    let org = done.view.org();
    let made = done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Created { id, .. }) => Some((*id, org.principal(*id)?)),
        _ => None,
    });
    let (id, user) = made.ok_or_else(Fault::gone)?;
    let (instants, seen) = dates(&call, org, &[id]).await?;
    let link = invited.link.as_ref().and_then(|link| link.secret.as_ref());
    let made = Made {
        user: Shown { root_role: None, ..shown(org, id, user, &instants, &seen) },
        root_role: new.root_role,
        invite_link: link.map(|secret| call.app.new_user_link(secret)).unwrap_or_default(),
        email_sent: invited.link.as_ref().is_some_and(|link| link.mailed),
    };
    answer::created(&made, Some(&id.number().to_string()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    name: Option<String>,
    email: Option<String>,
    root_role: Option<Value>,
}

/// Changes what is given and is not empty, and keeps the rest.
pub(crate) async fn update(call: Call) -> Reply {
    call.require(ADMIN)?;
    let id = call.asked.id("id")?;
    let change: Patch = call.asked.body().await?;
    let org = call.org();
    let (id, user) = known(org, id)?;
    require_by_hand(org, user)?;
    let whose = SubjectRef::Number(id.number());
    let mut commands = Vec::new();
    let patch = patch(user, &change);
    if patch != UserPatch::default() {
        commands.push(Command::from(UserCommand::Change(whose.clone(), patch)));
    }
    let role = change.root_role.filter(|role| !role.is_null() && *role != "");
    if let Some(wanted) = &role {
        commands.push(sets_root_role(org, whose, wanted)?);
    }
    let done = service::execute(&call.ctx, Command::Batch(commands)).await.map_err(fault)?;
    let org = done.view.org();
    let (_, user) = known(org, id.number())?;
    let (instants, seen) = dates(&call, org, &[id]).await?;
    let mut shown = shown(org, id, user, &instants, &seen);
    shown.root_role = shown.root_role.filter(|_| role.is_some());
    answer::ok(&shown)
}

/// Refuses to change whom a connected SCIM client manages, in whatever.
fn require_by_hand(org: &Org, user: &Principal) -> Result<(), Fault> {
    if user.scim().is_none() || !service::connection::is_connected(org) {
        return Ok(());
    }
    let message = "The user is managed by SCIM and cannot be changed here; change it at the identity provider";
    Err(Fault::new(StatusCode::FORBIDDEN, "ForbiddenError", message))
}

/// What of a user is to change. A name that only stands in for a missing one goes along with the address.
fn patch(user: &Principal, change: &Patch) -> UserPatch {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (name, email) = (given(&change.name), given(&change.email));
    // What is as it was needs no right to change it.
    let email = email.filter(|email| user.email.as_deref() != Some(email.to_lowercase().as_str()));
    let name = name.filter(|name| super::name(user) != Some(name.as_str()));
    let unnamed = super::name(user).is_none() && name.is_none();
    let marks = name.as_ref().and_then(|_| kept::with(&user.attributes(), [(NAMED, true.into())]));
    UserPatch {
        name: name.or_else(|| email.clone().filter(|_| unnamed).map(|email| email.to_lowercase())),
        email: email.map(Some),
        attributes: marks,
        ..UserPatch::default()
    }
}

/// Gives somebody a root role instead of the one it has.
pub(crate) fn sets_root_role(org: &Org, whose: SubjectRef, wanted: &Value) -> Result<Command, Fault> {
    let role = Some(Ref::Number(root_role(org, wanted)?.id.number()));
    let terms = Terms::of(Source::Manual);
    Ok(AssignmentCommand::Slot { subject: whose, slot: SLOT.to_owned(), role, terms }.into())
}

/// An address or name that is taken is bad data here, unlike the name of any other noun.
pub(crate) fn fault(error: Error) -> Fault {
    match error {
        Error::Refused(refusal) if refusal.kind == Kind::Taken => {
            let field = refusal.field.rsplit('.').next().unwrap_or_default().to_owned();
            Fault::bad_at(&format!("/body/{field}"), format!("User already exists: {}", refusal.message))
        }
        error => password::fault(error),
    }
}

/// Deletes a user, and with it what it held.
pub(crate) async fn delete(call: Call) -> Reply {
    call.require(ADMIN)?;
    let (id, _) = known(call.org(), call.asked.id("id")?)?;
    call.execute(UserCommand::Delete(SubjectRef::Number(id.number()))).await?;
    answer::empty()
}
