//! Projects. The wire's id is the name here, its name the title, and every environment is a domain of every project.

use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::filter::Filters;
use crate::page::Page;
use crate::wire::project::sort::Direction;
use crate::wire::project::{Domain, Labels, ListProjectsRequest, Project, ProjectState, Projects};
use buffa::EnumValue;
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::collection::Row;
use rolecall_model::project::{self, NewProject, ProjectCommand, ProjectPatch};
use rolecall_model::{Command, Org, Ref, operation as op, resolve};
use rolecall_service::Error;
use serde_json::{Map, Value, json};

/// By what projects are filtered.
const FIELDS: [&str; 5] = ["state", "id", "identifier", "name", "description"];

/// Makes a project.
pub(crate) async fn create(caller: &Caller, project: &Project) -> Result<(), ConnectError> {
    caller.ctx.require(op::PROJECTS_CREATE, Place::ORGANIZATION).map_err(fault)?;
    let name = named(caller, project)?.to_owned();
    let attributes = labels(project).unwrap_or_default();
    let (title, description) = (project.name.clone(), project.description.clone());
    let new = NewProject { name, title, description, attributes };
    caller.execute(ProjectCommand::Create(new)).await.map(drop)
}

/// Sets what a project is called and for, its labels when there are some, and whether it is archived.
pub(crate) async fn update(caller: &Caller, project: &Project) -> Result<(), ConnectError> {
    let target = Ref::from(named(caller, project)?);
    let patch = ProjectPatch {
        title: Some(project.name.clone()).filter(|title| !title.is_empty()),
        description: Some(project.description.clone()),
        attributes: labels(project),
    };
    let state = match project.state.as_known() {
        Some(ProjectState::PROJECT_STATE_ARCHIVED | ProjectState::PROJECT_STATE_SYSTEM_ARCHIVED) => {
            ProjectCommand::Archive(target.clone())
        }
        Some(ProjectState::PROJECT_STATE_ACTIVE | ProjectState::PROJECT_STATE_SYSTEM_GENERATED) => {
            ProjectCommand::Restore(target.clone())
        }
        None => return Err(invalid(format!("no project state has the number {}", project.state.to_i32()))),
    };
    let commands = [ProjectCommand::Change(target, patch), state];
    caller.execute(Command::Batch(commands.map(Into::into).into())).await.map(drop)
}

/// A project that the caller may see.
pub(crate) fn get(caller: &Caller, organization: &str, id: &str) -> Result<Project, ConnectError> {
    let own = caller.organization(organization)?;
    let org = caller.ctx.org();
    if id.is_empty() {
        return Err(invalid("the project's id is missing"));
    }
    match resolve::project(org, &Ref::from(id), "") {
        Ok(found) if caller.ctx.sees_project(found) => {
            org.project(found).map(|row| shown(org, &own, row)).ok_or_else(|| fault(Error::not_found("project", id)))
        }
        // The nearest name is for those who may see every project.
        Err(refusal) if caller.ctx.may(op::PROJECTS_READ, Place::ORGANIZATION) => Err(fault(refusal.into())),
        _ => Err(fault(Error::not_found("project", id))),
    }
}

/// A page of the projects that the caller may see.
pub(crate) fn list(caller: &Caller, request: &ListProjectsRequest) -> Result<Projects, ConnectError> {
    let own = caller.organization(&request.org)?;
    let org = caller.ctx.org();
    let page = Page::new(request.limit, &request.token)?;
    let filters = Filters::written(&request.filters, &FIELDS)?;
    if let Some(sort) = request.sort_by.as_option()
        && (!["", "created_at", "createdAt"].contains(&sort.key.as_str())
            || is_backwards(sort.key.as_str(), sort.direction))
    {
        return Err(invalid("projects are listed in the order in which they were made; sort by created_at, ascending"));
    }
    let keep = |row: &&Row<project::Project>| {
        let state = (state(row) as i32).to_string();
        let field = |name: &str| match name {
            "state" => state.as_str(),
            "name" => row.title.as_str(),
            "description" => row.description.as_str(),
            _ => row.name.as_str(),
        };
        caller.ctx.sees_project(row.id) && filters.keep(field)
    };
    let projects = org.projects.iter().filter(keep).map(|row| (row.id.number(), row));
    let (projects, token) = page.take(projects, |row| shown(org, &own, row));
    Ok(Projects { projects, token })
}

fn is_backwards(key: &str, direction: EnumValue<Direction>) -> bool {
    !key.is_empty() && direction.as_known() != Some(Direction::ASCENDING)
}

/// A project as the wire has it.
fn shown(org: &Org, own: &str, project: &Row<project::Project>) -> Project {
    let environments = org.environment_order().iter().filter_map(|id| org.environment(*id));
    let domains = environments.map(|row| Domain { id: row.name.to_string(), name: row.title.to_string() });
    let kept = project.attributes.get("union").and_then(|union| union.get("labels")).and_then(Value::as_object);
    let label = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let labels = kept.map(|kept| Labels { values: kept.iter().filter_map(label).collect() });
    Project {
        id: project.name.to_string(),
        name: project.title.to_string(),
        domains: domains.collect(),
        description: project.description.to_string(),
        labels: labels.into(),
        state: state(project).into(),
        org: own.to_owned(),
    }
}

const fn state(project: &project::Project) -> ProjectState {
    match (project.archived, project.named_only) {
        (true, _) => ProjectState::PROJECT_STATE_ARCHIVED,
        (false, true) => ProjectState::PROJECT_STATE_SYSTEM_GENERATED,
        (false, false) => ProjectState::PROJECT_STATE_ACTIVE,
    }
}

/// The labels as they are kept; none when they are not mentioned.
fn labels(project: &Project) -> Option<Map<String, Value>> {
    let labels = project.labels.as_option()?;
    Some(Map::from_iter([("union".to_owned(), json!({"labels": labels.values}))]))
}

fn named<'p>(caller: &Caller, project: &'p Project) -> Result<&'p str, ConnectError> {
    caller.organization(&project.org)?;
    if project.id.is_empty() { Err(invalid("the project's id is missing")) } else { Ok(&project.id) }
}
