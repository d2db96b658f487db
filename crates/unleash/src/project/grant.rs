//! Giving and taking roles in a project. What is set is what is shown (`access.rs`), and a replacement is carried out as a
//! difference, so who stays keeps since when; what counts in one environment, for a time or by a policy stays whatever is
//! replaced.

use super::known;
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::number::Number;
use crate::role;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{GroupId, Holder, PrincipalId, ProjectId, RoleId};
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref};
use serde::Deserialize;
use std::collections::BTreeSet;

const WRITE: &[&str] = &["UPDATE_PROJECT", "PROJECT_USER_ACCESS_WRITE"];

/// A role and who has it.
type Pair = (Holder, RoleId);

/// What is wrong with the ids that a body names: all of it is said at once.
#[derive(Default)]
struct Wrong {
    users: Vec<u32>,
    groups: Vec<u32>,
    roles: Vec<u32>,
}

impl Wrong {
    fn require_none(self) -> Result<(), Fault> {
        let parts = [("users", self.users), ("groups", self.groups), ("project roles", self.roles)];
        let wrong: Vec<String> = parts
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(what, ids)| format!("{what} {}", ids.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(Fault::bad(format!("Could not find {}", wrong.join("; ")))) }
    }
}

/// Looks up what bodies name by number.
struct Resolver<'o> {
    org: &'o Org,
    wrong: Wrong,
}

impl<'o> Resolver<'o> {
    fn new(org: &'o Org) -> Self {
        Resolver { org, wrong: Wrong::default() }
    }

    /// Users and service accounts: both draw their ids from one counter.
    fn users(&mut self, ids: &[Number]) -> Vec<Holder> {
        let mut found = Vec::new();
        for id in ids {
            match PrincipalId::new(id.0).filter(|id| self.org.principal(*id).is_some()) {
                Some(id) => found.push(Holder::Principal(id)),
                None => self.wrong.users.push(id.0),
            }
        }
        found
    }

    fn groups(&mut self, ids: &[Number]) -> Vec<Holder> {
        let mut found = Vec::new();
        for id in ids {
            match GroupId::new(id.0).filter(|id| self.org.group(*id).is_some()) {
                Some(id) => found.push(Holder::Group(id)),
                None => self.wrong.groups.push(id.0),
            }
        }
        found
    }

    /// Project roles; a root role is none.
    fn roles(&mut self, ids: &[Number]) -> Vec<RoleId> {
        let mut found = Vec::new();
        for id in ids {
            match role::find(self.org, id.0).filter(|role| role::is_of_projects(self.org, role)) {
                Some(role) => found.push(role.id),
                None => self.wrong.roles.push(id.0),
            }
        }
        found
    }
}

fn pairs(holders: &[Holder], roles: &[RoleId]) -> BTreeSet<Pair> {
    holders.iter().flat_map(|holder| roles.iter().map(|role| (*holder, *role))).collect()
}

/// What one holder has in a project, as it is shown.
fn present(org: &Org, holder: Holder, project: ProjectId) -> BTreeSet<Pair> {
    let given = org.assignments_of(holder).iter().filter_map(|assignment| role::in_project(org, assignment));
    given.filter(|(at, _)| *at == project).map(|(_, role)| (holder, role)).collect()
}

/// What all have in a project, as it is shown.
fn all_present(org: &Org, project: ProjectId) -> BTreeSet<Pair> {
    role::holders_in_projects(org).into_iter().flat_map(|holder| present(org, holder, project)).collect()
}

/// Gives and takes until `wanted` is there instead of `present`. Giving comes first: who takes from itself the right to
/// give has given by then.
async fn replace(call: &Call, project: ProjectId, present: &BTreeSet<Pair>, wanted: &BTreeSet<Pair>) -> Reply {
    let grant = |role: RoleId| {
        let scope = ScopeRef { project: Some(Ref::Number(project.number())), environment: None };
        GrantRef::Role(BindingRef { role: Ref::Number(role.number()), scope })
    };
    let gives = wanted.difference(present).filter_map(|(holder, role)| {
        Some(AssignmentCommand::Grant(subject(*holder)?, grant(*role), Terms::of(Source::Manual)))
    });
    let takes = present.difference(wanted).filter_map(|(holder, role)| {
        let (subject, grant) = (subject(*holder)?, grant(*role));
        Some(AssignmentCommand::End { subject, grant, source: None, quietly: true })
    });
    call.execute(Command::Batch(gives.chain(takes).map(Into::into).collect())).await?;
    answer::empty()
}

/// A holder as a command has it; what everyone has is nobody's.
fn subject(holder: Holder) -> Option<SubjectRef> {
    match holder {
        Holder::Principal(id) => Some(SubjectRef::Number(id.number())),
        Holder::Group(id) => Some(SubjectRef::Group(Ref::Number(id.number()))),
        Holder::Everyone => None,
    }
}

#[derive(Debug, Deserialize)]
struct Added {
    roles: Vec<Number>,
    groups: Vec<Number>,
    users: Vec<Number>,
}

/// Gives roles to users and groups beside what they have.
pub(crate) async fn add_access(call: Call) -> Reply {
    call.require_in(WRITE, call.asked.param("projectId"))?;
    let added: Added = call.asked.body().await?;
    if added.roles.is_empty() {
        return Err(Fault::bad_at("/body/roles", "\"roles\" must contain at least 1 item"));
    }
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?.id;
    let mut resolver = Resolver::new(org);
    let holders = [resolver.users(&added.users), resolver.groups(&added.groups)].concat();
    let roles = resolver.roles(&added.roles);
    resolver.wrong.require_none()?;
    let present: BTreeSet<Pair> = holders.iter().flat_map(|holder| present(org, *holder, project)).collect();
    let wanted = present.union(&pairs(&holders, &roles)).copied().collect();
    replace(&call, project, &present, &wanted).await
}

#[derive(Debug, Deserialize)]
struct Whole {
    roles: Vec<OfRole>,
}

#[derive(Debug, Deserialize)]
struct OfRole {
    id: Number,
    #[serde(default)]
    users: Vec<Number>,
    #[serde(default)]
    groups: Vec<Number>,
}

/// Replaces who has which roles in a project.
pub(crate) async fn set_access(call: Call) -> Reply {
    call.require_in(WRITE, call.asked.param("projectId"))?;
    let whole: Whole = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?.id;
    let mut resolver = Resolver::new(org);
    let mut wanted = BTreeSet::new();
    for OfRole { id, users, groups } in &whole.roles {
        let holders = [resolver.users(users), resolver.groups(groups)].concat();
        wanted.extend(pairs(&holders, &resolver.roles(&[*id])));
    }
    resolver.wrong.require_none()?;
    replace(&call, project, &all_present(org, project), &wanted).await
}

#[derive(Debug, Deserialize)]
struct Roles {
    roles: Vec<Number>,
}

/// Who is named in a path.
#[derive(Clone, Copy)]
enum Whose {
    User,
    Group,
}

impl Whose {
    const fn param(self) -> &'static str {
        match self {
            Whose::User => "userId",
            Whose::Group => "groupId",
        }
    }

    fn look_up(self, resolver: &mut Resolver<'_>, id: Number) -> Vec<Holder> {
        match self {
            Whose::User => resolver.users(&[id]),
            Whose::Group => resolver.groups(&[id]),
        }
    }
}

/// Replaces the roles of one user or service account.
pub(crate) async fn set_user_roles(call: Call) -> Reply {
    set_roles(call, Whose::User).await
}

/// Replaces the roles of one group.
pub(crate) async fn set_group_roles(call: Call) -> Reply {
    set_roles(call, Whose::Group).await
}

/// Takes all roles of one user or service account away. Who has none loses none.
pub(crate) async fn end_user_roles(call: Call) -> Reply {
    end_roles(call, Whose::User).await
}

/// Takes all roles of one group away.
pub(crate) async fn end_group_roles(call: Call) -> Reply {
    end_roles(call, Whose::Group).await
}

async fn set_roles(call: Call, whose: Whose) -> Reply {
    call.require_in(WRITE, call.asked.param("projectId"))?;
    let id = Number(call.asked.id(whose.param())?);
    let roles: Roles = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?.id;
    let mut resolver = Resolver::new(org);
    let holders = whose.look_up(&mut resolver, id);
    let roles = resolver.roles(&roles.roles);
    resolver.wrong.require_none()?;
    let present = holders.iter().flat_map(|holder| present(org, *holder, project)).collect();
    replace(&call, project, &present, &pairs(&holders, &roles)).await
}

async fn end_roles(call: Call, whose: Whose) -> Reply {
    call.require_in(WRITE, call.asked.param("projectId"))?;
    let id = Number(call.asked.id(whose.param())?);
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?.id;
    let holders = whose.look_up(&mut Resolver::new(org), id);
    let present = holders.iter().flat_map(|holder| present(org, *holder, project)).collect();
    replace(&call, project, &present, &BTreeSet::new()).await
}
