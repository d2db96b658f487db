//! Roles. Those of the slot are root roles, those for projects are project roles; a role that is neither has no kind here
//! and is not shown. What a role holds that this protocol has no words for is left as it is.

mod write;

pub(crate) use write::{create, delete, update, validate};

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::permission::{self, Placed};
use rolecall_model::assignment::{Assignment, Grant, GrantRef, Granted};
use rolecall_model::collection::Row;
use rolecall_model::id::{Holder, RoleId};
use rolecall_model::policy::BindingRef;
use rolecall_model::role::{Bindable, Permit, Role};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Org, Ref, Scope};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The slot whose roles are root roles: the catalog's name for it.
pub(crate) const SLOT: &str = "root";

/// Who may read roles.
pub(crate) const READ: &[&str] = &["READ_ROLE", "ADMIN"];

/// Whether a role is a root role.
pub(crate) fn is_root(org: &Org, role: &Role) -> bool {
    role.slot.is_some_and(|slot| org.slots.named(SLOT, false).is_some_and(|root| root.id == slot))
}

/// Whether a role is a project role.
pub(crate) fn is_of_projects(org: &Org, role: &Role) -> bool {
    !is_root(org, role) && role.bindable != Bindable::Organization
}

/// What kind of role it is; none when this protocol has no word for it.
fn kind(org: &Org, role: &Role) -> Option<&'static str> {
    match (is_root(org, role), is_of_projects(org, role), role.predefined) {
        (true, _, true) => Some("root"),
        (true, _, false) => Some("root-custom"),
        (_, true, true) => Some("project"),
        (_, true, false) => Some("custom"),
        (false, false, _) => None,
    }
}

/// A role as the wire has it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Shown<'a> {
    pub id: u32,
    pub name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always there: clients trip over one that is not.
    description: &'a str,
}

/// A role as the wire has it; none when it has no words for it.
pub(crate) fn shown<'a>(org: &Org, role: &'a Row<Role>) -> Option<Shown<'a>> {
    let kind = kind(org, role)?;
    Some(Shown { id: role.id.number(), name: &role.name, kind, description: &role.description })
}

/// All root roles.
pub(crate) fn roots(org: &Org) -> Vec<Shown<'_>> {
    org.roles.iter().filter(|role| is_root(org, role)).filter_map(|role| shown(org, role)).collect()
}

/// All project roles.
pub(crate) fn of_projects(org: &Org) -> Vec<Shown<'_>> {
    org.roles.iter().filter(|role| is_of_projects(org, role)).filter_map(|role| shown(org, role)).collect()
}

/// The role of a number, as far as it is shown.
pub(crate) fn find(org: &Org, id: u32) -> Option<&Row<Role>> {
    org.roles.get(id).filter(|role| kind(org, role).is_some())
}

/// The root role that somebody or a group holds.
pub(crate) fn root_of(org: &Org, holder: Holder) -> Option<&Row<Role>> {
    let roles = org.assignments_of(holder).iter().filter_map(|assignment| match assignment.grant {
        Grant::Role(binding) => org.role(binding.role),
        Grant::Policy(_) => None,
    });
    roles.into_iter().find(|role| is_root(org, role))
}

/// The role that an assignment gives in a whole project for good, as this protocol has it: what counts in one
/// environment, for a time or by a policy cannot be said here, and is not touched.
pub(crate) fn in_project(org: &Org, assignment: &Assignment) -> Option<(rolecall_model::id::ProjectId, RoleId)> {
    let Grant::Role(binding) = assignment.grant else { return None };
    let Scope { project: Some(project), environment: None } = binding.scope else { return None };
    let timed = org.provenances.get(assignment.provenance).is_none_or(|known| known.terms.is_timed());
    let role = org.role(binding.role).filter(|role| is_of_projects(org, role))?;
    (!timed).then_some((project, role.id))
}

/// Whoever has been given a project role itself, wherever: users and service accounts by number, then groups.
pub(crate) fn holders_in_projects(org: &Org) -> BTreeSet<Holder> {
    let roles = org.roles.iter().filter(|role| is_of_projects(org, role));
    roles.flat_map(|role| org.holders_of(Granted::Role(role.id))).collect()
}

/// A root role given at the organization, as a command has it.
pub(crate) fn root_grant(id: u32) -> GrantRef {
    GrantRef::Role(BindingRef { role: Ref::Number(id), scope: ScopeRef::ORGANIZATION })
}

/// What a role holds, as the wire has it. Those of the catalog hold what counts in every environment for each of them.
pub(crate) fn permissions<'a>(org: &'a Org, role: &Role) -> Vec<Placed<'a>> {
    let mut all = Vec::with_capacity(role.permits.len());
    for permit in role.permits.iter().filter(|permit| is_shown(org, role, permit)) {
        let Some(action) = org.action(permit.action) else { continue };
        let Some(kind) = permission::kind(action) else { continue };
        let permission = permission::shown(action, kind);
        let name = |id| org.environment(id).map(|row| row.name.as_str());
        match permit.scope.environment {
            None if role.predefined && kind == "environment" => {
                let each = org.environment_order().iter().filter_map(|id| name(*id));
                all.extend(each.map(|environment| Placed { permission, environment: Some(environment) }));
            }
            environment => all.push(Placed { permission, environment: environment.and_then(name) }),
        }
    }
    all
}

/// Whether a permit can be said here: one in a single project only for the roles of the catalog, which are never written.
fn is_shown(org: &Org, role: &Role, permit: &Permit) -> bool {
    let kind = org.action(permit.action).and_then(|action| permission::kind(action));
    kind.is_some() && (role.predefined || permit.scope.project.is_none())
}

/// Every role.
pub(crate) async fn list(call: Call) -> Reply {
    call.require(READ)?;
    let org = call.org();
    let roles: Vec<_> = org.roles.iter().filter_map(|role| shown(org, role)).collect();
    answer::ok(&json!({"version": 1, "roles": roles}))
}

/// A role with what it holds.
pub(crate) async fn get(call: Call) -> Reply {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        role: Option<Shown<'a>>,
        permissions: Vec<Placed<'a>>,
    }

    call.require(READ)?;
    let org = call.org();
    let role = known(org, call.asked.id("id")?)?;
    answer::ok(&Whole { role: shown(org, role), permissions: permissions(org, role) })
}

fn known(org: &Org, id: u32) -> Result<&Row<Role>, Fault> {
    find(org, id).ok_or_else(|| Fault::not_found(format!("Could not find role with id {id}")))
}

/// In which projects a role is given, and to how many.
pub(crate) async fn usage(call: Call) -> Reply {
    call.require(READ)?;
    let org = call.org();
    let role = known(org, call.asked.id("roleId")?)?;
    let mut counts: BTreeMap<_, [usize; 3]> = BTreeMap::new();
    for holder in org.holders_of(Granted::Role(role.id)) {
        let place = match holder {
            Holder::Group(_) => 2,
            Holder::Principal(id) if org.principal(id).is_some_and(is_service_account) => 1,
            _ => 0,
        };
        let given = org.assignments_of(holder).iter().filter_map(|assignment| in_project(org, assignment));
        for (project, _) in given.filter(|(_, given)| *given == role.id) {
            counts.entry(project).or_default()[place] += 1;
        }
    }
    let rows = counts.into_iter().filter_map(|(project, [users, service_accounts, groups])| {
        Some(json!({
            "project": org.project(project)?.name, "role": role.id.number(),
            "userCount": users, "serviceAccountCount": service_accounts, "groupCount": groups,
        }))
    });
    answer::ok(&json!({"projects": rows.collect::<Vec<_>>()}))
}

fn is_service_account(principal: &rolecall_model::principal::Principal) -> bool {
    principal.kind() == rolecall_model::principal::PrincipalKind::Application
}
