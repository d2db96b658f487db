//! Groups of users. The order of members and mappings is the one they were sent in: clients compare lists, not sets.

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::number::Number;
use crate::role::{self, SLOT};
use crate::user;
use rolecall_model::assignment::AssignmentCommand;
use rolecall_model::collection::Row;
use rolecall_model::command::SubjectRef;
use rolecall_model::group::{Group, GroupChange, GroupCommand, GroupPatch, NewGroup};
use rolecall_model::id::{GroupId, Holder, PrincipalId};
use rolecall_model::moment::Actor;
use rolecall_model::provenance::{Provenance, Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_model::{Change, Command, Org, Ref, Timestamp};
use rolecall_service::{self as service, Error, history};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// A group as the wire has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown<'a> {
    pub id: u32,
    name: &'a str,
    description: &'a str,
    #[serde(rename = "mappingsSSO")]
    mappings: &'a [rolecall_model::name::Text],
    /// Null when there is none.
    root_role: Option<u32>,
    created_by: Option<String>,
    created_at: Option<String>,
    scim_id: Option<String>,
}

/// When groups were made, and by whom.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    instants: HashMap<u64, Timestamp>,
    actors: HashMap<u64, Actor>,
}

impl Origins {
    /// Those of these groups.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn of(call: &Call, groups: impl Iterator<Item = &Row<Group>>) -> Result<Self, Fault> {
        let revisions: Vec<u64> = groups.map(|group| group.created.0).collect();
        let instants = history::instants(&call.ctx, revisions.iter().copied()).await?;
        let actors = history::actors(&call.ctx, revisions.into_iter()).await?;
        Ok(Origins { instants, actors })
    }
}

/// A group as the wire has it.
pub(crate) fn shown<'a>(org: &Org, group: &'a Row<Group>, origins: &Origins) -> Shown<'a> {
    let made = group.created.0;
    Shown {
        id: group.id.number(),
        name: &group.name,
        description: &group.description,
        mappings: &group.sso_names,
        root_role: role::root_of(org, Holder::Group(group.id)).map(|role| role.id.number()),
        created_by: origins.actors.get(&made).and_then(|actor| acted(org, *actor)),
        created_at: origins.instants.get(&made).copied().map(date),
        scim_id: group.scim.as_ref().map(|_| group.subject.to_string()),
    }
}

/// How whoever acted is called.
fn acted(org: &Org, actor: Actor) -> Option<String> {
    match actor {
        Actor::Principal { id, .. } => org.principal(id).map(|who| who.best_identifier().to_string()),
        Actor::Scim(_) => Some("SCIM".to_owned()),
        Actor::Provider(_) => Some("SSO".to_owned()),
        Actor::System | Actor::Home => None,
    }
}

/// The members of a group, in their order.
pub(crate) fn members(org: &Org, group: &Group) -> Vec<Value> {
    group.members.iter().filter_map(|id| member(org, group.id, *id)).collect()
}

fn member(org: &Org, group: GroupId, id: PrincipalId) -> Option<Value> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Basic<'a> {
        id: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<&'a str>,
        image_url: &'a str,
    }
    let user = org.principal(id)?;
    let membership = user.memberships.iter().find(|membership| membership.group == group)?;
    let provenance = org.provenances.get(membership.provenance)?;
    let basic = Basic {
        id: id.number(),
        name: user::name(user),
        username: user::username(user),
        email: user.email.as_deref(),
        image_url: user::picture(user),
    };
    Some(json!({"user": basic, "joinedAt": date(provenance.at), "createdBy": joined_by(org, provenance)}))
}

/// Who put somebody into a group; signing in elsewhere has a name of its own.
fn joined_by(org: &Org, provenance: &Provenance) -> Option<String> {
    if provenance.terms.sources.iter().all(|source| matches!(source, Source::Sso(_))) {
        return Some("SSO".to_owned());
    }
    acted(org, provenance.actor)
}

/// The projects in which a group has a role.
fn projects(org: &Org, group: &Group) -> Vec<String> {
    let given = group.assignments.iter().filter_map(|assignment| role::in_project(org, assignment));
    let projects: BTreeSet<_> = given.map(|(project, _)| project).collect();
    projects.into_iter().filter_map(|id| org.project(id)).map(|project| project.name.to_string()).collect()
}

/// Every group.
pub(crate) async fn list(call: Call) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Listed<'a> {
        #[serde(flatten)]
        group: Shown<'a>,
        projects: Vec<String>,
        user_count: usize,
    }

    call.require(ADMIN)?;
    let org = call.org();
    let origins = Origins::of(&call, org.groups.iter()).await?;
    let groups = org.groups.iter().map(|group| Listed {
        group: shown(org, group, &origins),
        projects: projects(org, group),
        user_count: group.members.len(),
    });
    answer::ok(&json!({"groups": groups.collect::<Vec<_>>()}))
}

fn known(org: &Org, id: u32) -> Result<&Row<Group>, Fault> {
    org.groups.get(id).ok_or_else(|| Fault::not_found(format!("Could not find group with id {id}")))
}

/// A group with its members.
pub(crate) async fn get(call: Call) -> Reply {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        group: Shown<'a>,
        users: Vec<Value>,
    }

    call.require(ADMIN)?;
    let org = call.org();
    let group = known(org, call.asked.id("id")?)?;
    let origins = Origins::of(&call, std::iter::once(group)).await?;
    answer::ok(&Whole { group: shown(org, group, &origins), users: members(org, group) })
}

/// What a client says of a group: all of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    name: String,
    description: Option<String>,
    #[serde(rename = "mappingsSSO")]
    mappings: Option<Vec<String>>,
    root_role: Option<Number>,
    users: Option<Vec<Member>>,
}

#[derive(Debug, Deserialize)]
struct Member {
    user: Id,
}

#[derive(Debug, Deserialize)]
struct Id {
    id: Number,
}

impl Body {
    fn checked(self, org: &Org) -> Result<Self, Fault> {
        if self.name.trim().is_empty() {
            return Err(Fault::bad_at("/body/name", "Group name cannot be empty"));
        }
        let root = |id: Number| org.roles.get(id.0).filter(|role| role::is_root(org, role));
        if let Some(wanted) = self.root_role.filter(|id| root(*id).is_none()) {
            let message = format!("Incorrect role id {}: a group's root role must be one of the root roles", wanted.0);
            return Err(Fault::bad_at("/body/rootRole", message));
        }
        let is_user = |id: &u32| user::known(org, *id).is_ok();
        let unknown: Vec<_> = self.ids().filter(|id| !is_user(id)).map(|id| id.to_string()).collect();
        if !unknown.is_empty() {
            let message = format!("Could not find users with the ids {}", unknown.join(", "));
            return Err(Fault::bad_at("/body/users", message));
        }
        Ok(self)
    }

    fn ids(&self) -> impl Iterator<Item = u32> {
        self.users.iter().flatten().map(|member| member.user.id.0)
    }

    fn members(&self) -> Vec<SubjectRef> {
        self.ids().map(SubjectRef::Number).collect()
    }
}

/// Makes a group with its members and its root role, or nothing at all.
pub(crate) async fn create(call: Call) -> Reply {
    call.require(ADMIN)?;
    let body: Body = call.asked.body().await?;
    let body = body.checked(call.org())?;
    let new = NewGroup {
        members: body.members(),
        grants: body.root_role.iter().map(|role| role::root_grant(role.0)).collect(),
        name: body.name,
        description: body.description.unwrap_or_default(),
        sso_names: body.mappings.unwrap_or_default(),
        terms: Terms::of(Source::Manual),
        ..NewGroup::default()
    };
    let done = call.execute(GroupCommand::Create(new)).await?;
    let org = done.view.org();
    let made = done.changes.iter().find_map(|change| match change {
        Change::Group(GroupChange::Created { id, .. }) => org.group(*id),
        _ => None,
    });
    let group = made.ok_or_else(Fault::gone)?;
    let origins = Origins::of(&call, std::iter::once(group)).await?;
    answer::created(&shown(org, group, &origins), None)
}

/// Replaces all of a group: name, description, mappings, root role and members. Members who stay keep since when and by
/// whom they are in it.
pub(crate) async fn update(call: Call) -> Reply {
    call.require(ADMIN)?;
    let id = call.asked.id("id")?;
    let body: Body = call.asked.body().await?;
    let group = known(call.org(), id)?.id;
    let body = body.checked(call.org())?;
    let patch = GroupPatch {
        members: Some(body.members()),
        name: Some(body.name),
        description: Some(body.description.unwrap_or_default()),
        sso_names: Some(body.mappings.unwrap_or_default()),
        ..GroupPatch::default()
    };
    let slot = AssignmentCommand::Slot {
        subject: SubjectRef::Group(Ref::Number(id)),
        slot: SLOT.to_owned(),
        role: body.root_role.map(|role| Ref::Number(role.0)),
        terms: Terms::of(Source::Manual),
    };
    let commands = vec![GroupCommand::Change(Ref::Number(id), patch).into(), slot.into()];
    let done = service::execute(&call.ctx, Command::Batch(commands)).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.kind == Kind::Managed => Fault::bad_at("/body", refusal.message),
        error => error.into(),
    })?;
    let org = done.view.org();
    let group = org.group(group).ok_or_else(Fault::gone)?;
    let origins = Origins::of(&call, std::iter::once(group)).await?;
    answer::ok(&shown(org, group, &origins))
}

/// Deletes a group, and with it what it gave.
pub(crate) async fn delete(call: Call) -> Reply {
    call.require(ADMIN)?;
    let id = known(call.org(), call.asked.id("id")?)?.id;
    call.execute(GroupCommand::Delete(Ref::Number(id.number()))).await?;
    answer::empty()
}

/// Deletes every group that a SCIM client manages.
pub(crate) async fn delete_managed(call: Call) -> Reply {
    call.require(ADMIN)?;
    let managed = call.org().groups.iter().filter(|group| group.scim.is_some());
    let commands = managed.map(|group| GroupCommand::Delete(Ref::Number(group.id.number())).into()).collect();
    call.execute(Command::Batch(commands)).await?;
    answer::empty()
}
