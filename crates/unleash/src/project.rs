//! Projects. The protocol's id is the name here, its name the title. What the product keeps with a project (its mode, the
//! environments it uses, …) is kept for it and decides nothing here, but for one thing: who sees a private project.

mod access;
mod environment;
mod grant;
mod write;

pub(crate) use access::access;
pub(crate) use environment::{
    add_environment, change_requests, list_environments, remove_environment, set_change_requests, uses,
};
pub(crate) use grant::{add_access, end_group_roles, end_user_roles, set_access, set_group_roles, set_user_roles};
pub(crate) use write::{archive, create, delete, revive, set, update, validate};

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::fault::Fault;
use crate::kept;
use crate::{role, user};
use axum::http::StatusCode;
use rolecall_model::Org;
use rolecall_model::assignment::Grant;
use rolecall_model::collection::Row;
use rolecall_model::id::{Holder, PrincipalId, ProjectId};
use rolecall_model::project::Project;
use rolecall_service::history;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// Under which names what is kept of a project is kept.
const MODE: &str = "mode";
const STICKINESS: &str = "defaultStickiness";
const ENVIRONMENTS: &str = "environments";
const CHANGE_REQUESTS: &str = "changeRequestEnvironments";

/// How open a project can be.
const MODES: [&str; 3] = ["open", "protected", "private"];

/// How open a project is.
fn mode(project: &Project) -> &str {
    kept::text(&project.attributes, MODE).unwrap_or("open")
}

fn stickiness(project: &Project) -> &str {
    kept::text(&project.attributes, STICKINESS).unwrap_or("default")
}

/// The project of this id.
///
/// # Errors
/// 404.
fn known<'o>(org: &'o Org, id: &str) -> Result<&'o Row<Project>, Fault> {
    let found = org.project_named(id).filter(|project| project.name == id);
    found.ok_or_else(|| Fault::not_found(format!("No project found with id {}", rolecall_model::refusal::shown(id))))
}

/// The same for a call that needs no permission: a private project is there only for those who see it.
///
/// # Errors
/// 404, without a body for a project that is hidden.
fn seen<'c>(call: &'c Call, id: &str) -> Result<&'c Row<Project>, Fault> {
    let project = known(call.org(), id)?;
    if sees(call.org(), call.ctx.principal(), project) {
        Ok(project)
    } else {
        Err(Fault::silent(StatusCode::NOT_FOUND))
    }
}

/// Whether somebody sees a project. A private one is hidden from those whose root role is the one that everybody gets
/// and who are in no group with another of the catalog's, unless they have been given something there.
fn sees(org: &Org, who: PrincipalId, project: &Row<Project>) -> bool {
    mode(project) != "private" || !is_limited(org, who) || has_been_given(org, who, project.id)
}

fn is_limited(org: &Org, who: PrincipalId) -> bool {
    let usual = |holder| {
        let slot = org.slots.named(role::SLOT, false);
        role::root_of(org, holder).is_none_or(|role| slot.is_some_and(|slot| slot.default == role.id))
    };
    let raises = |holder| !usual(holder) && role::root_of(org, holder).is_some_and(|role| role.predefined);
    let memberships = org.principal(who).map(|user| user.memberships.as_slice()).unwrap_or_default();
    usual(Holder::Principal(who)) && !memberships.iter().any(|membership| raises(Holder::Group(membership.group)))
}

fn has_been_given(org: &Org, who: PrincipalId, project: ProjectId) -> bool {
    let there = |holder| {
        org.assignments_of(holder).iter().any(|assignment| match assignment.grant {
            Grant::Role(binding) => binding.scope.project == Some(project),
            Grant::Policy(policy) => {
                let bindings = org.policy(policy).map(|row| row.bindings.as_slice()).unwrap_or_default();
                bindings.iter().any(|binding| binding.scope.project == Some(project))
            }
        })
    };
    let memberships = org.principal(who).map(|user| user.memberships.as_slice()).unwrap_or_default();
    there(Holder::Principal(who)) || memberships.iter().any(|membership| there(Holder::Group(membership.group)))
}

/// A project in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a str,
    name: &'a str,
    /// Absent when there is none: clients trip over a null.
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    mode: &'a str,
    default_stickiness: &'a str,
    member_count: usize,
    /// Flags are the product's.
    feature_count: u8,
    created_at: Option<String>,
    owners: Vec<Value>,
}

/// Every project that the caller sees; those that were put away only when they are asked for.
pub(crate) async fn list(call: Call) -> Reply {
    let org = call.org();
    let instants = history::instants(&call.ctx, org.projects.iter().map(|project| project.created.0)).await?;
    let people = People::of(org);
    let archived = call.asked.query("archived") == Some("true");
    let there = org.projects.iter().filter(|project| project.archived == archived);
    let seen = there.filter(|project| sees(org, call.ctx.principal(), project));
    let projects = seen.map(|project| Listed {
        id: &project.name,
        name: &project.title,
        description: &project.description,
        mode: mode(project),
        default_stickiness: stickiness(project),
        member_count: people.members.get(&project.id).map_or(0, HashSet::len),
        feature_count: 0,
        created_at: instants.get(&project.created.0).copied().map(date),
        owners: people.owners(org, project.id),
    });
    answer::ok(&json!({"version": 1, "projects": projects.collect::<Vec<_>>()}))
}

/// Who has a role in which project.
#[derive(Default)]
struct People {
    members: HashMap<ProjectId, HashSet<PrincipalId>>,
    owners: HashMap<ProjectId, Vec<Holder>>,
}

impl People {
    fn of(org: &Org) -> Self {
        let mut people = People::default();
        for holder in role::holders_in_projects(org) {
            match holder {
                Holder::Principal(id) => people.add(org, holder, &[id]),
                Holder::Group(id) => people.add(org, holder, org.group(id).map_or(&[], |group| &group.members)),
                Holder::Everyone => {}
            }
        }
        people
    }

    fn add(&mut self, org: &Org, holder: Holder, members: &[PrincipalId]) {
        let creator = org.settings().map(|settings| settings.creator.as_slice()).unwrap_or_default();
        for (project, role) in org.assignments_of(holder).iter().filter_map(|given| role::in_project(org, given)) {
            self.members.entry(project).or_default().extend(members);
            if creator.contains(&role) {
                self.owners.entry(project).or_default().push(holder);
            }
        }
    }

    fn owners(&self, org: &Org, project: ProjectId) -> Vec<Value> {
        let owner = |holder: &Holder| match *holder {
            Holder::Principal(id) => {
                let user = org.principal(id)?;
                let image = user::picture(user);
                let mut owner = json!({"ownerType": "user", "name": user.name, "imageUrl": image});
                if let (Some(email), Some(owner)) = (&user.email, owner.as_object_mut()) {
                    owner.insert("email".to_owned(), email.as_str().into());
                }
                Some(owner)
            }
            Holder::Group(id) => Some(json!({"ownerType": "group", "name": org.group(id)?.name})),
            Holder::Everyone => None,
        };
        let owners: Vec<_> = self.owners.get(&project).into_iter().flatten().filter_map(owner).collect();
        if owners.is_empty() { vec![json!({"ownerType": "system"})] } else { owners }
    }
}
