//! Projects over the wire. Who may see a project is decided project by project.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::{Route, Value};
use crate::wire;
use rolecall_model::project::{NewProject, ProjectChange, ProjectCommand, ProjectPatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new project. Its creator gets there what the catalog says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProjectBody {
    /// Its name, which never changes.
    pub name: String,
    /// What people call it; absent means as its name.
    #[serde(default)]
    pub title: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

impl From<NewProjectBody> for NewProject {
    fn from(NewProjectBody { name, title, description, attributes }: NewProjectBody) -> Self {
        NewProject { name, title, description, attributes }
    }
}

/// What of a project is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<ProjectPatchBody> for ProjectPatch {
    fn from(ProjectPatchBody { title, description, attributes }: ProjectPatchBody) -> Self {
        ProjectPatch { title, description, attributes }
    }
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Archived: hidden, and nothing new is granted there; answers stay as they are.
    pub archived: bool,
    /// Only named by a binding so far, not created (catalogs with open projects).
    pub named_only: bool,
    /// Whether it cannot be archived or deleted.
    pub protected: bool,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Projects.
pub(crate) struct Projects;

impl Noun for Projects {
    const WORD: &'static str = "project";
    const PATH: &'static str = "/projects";
    type View = ProjectView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::project(org, &reference(named), "").map(rolecall_model::id::ProjectId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<ProjectView>> {
        let project = org.projects.get(number)?;
        let view = ProjectView {
            number,
            name: project.name.to_string(),
            title: project.title.to_string(),
            description: project.description.to_string(),
            archived: project.archived,
            named_only: project.named_only,
            protected: project.protected,
            attributes: wire::attributes(&project.attributes),
            created_revision: project.created.0,
            revision: project.changed.0,
        };
        Some(Item { revision: project.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Project(ProjectChange::Created(row) | ProjectChange::Changed { after: row, .. }) => {
                Some(row.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &ProjectView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    let archived = match call.query("archived") {
        Some("any") => None,
        word => Some(word == Some("true")),
    };
    noun::list::<Projects, _>(
        &call,
        |org| &org.projects,
        |_, row| {
            archived.is_none_or(|archived| row.archived == archived)
                && (has(&row.name, call.query("search")) || has(&row.title, call.query("search")))
                && call.ctx.sees_project(row.id)
        },
    )
}

async fn create(call: Call) -> Reply {
    let body: NewProjectBody = call.json().await?;
    let done = call.change(ProjectCommand::Create(body.into())).await?;
    noun::made::<Projects>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: ProjectPatchBody = call.json().await?;
    let done = call.change(ProjectCommand::Change(call.target("project"), body.into())).await?;
    noun::changed::<Projects>(&call, &done)
}

async fn archive(call: Call) -> Reply {
    let done = call.change(ProjectCommand::Archive(call.target("project"))).await?;
    noun::changed::<Projects>(&call, &done)
}

async fn restore(call: Call) -> Reply {
    let done = call.change(ProjectCommand::Restore(call.target("project"))).await?;
    noun::changed::<Projects>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(ProjectCommand::Delete(call.target("project"))).await?;
    call.gone(&done)
}

/// The routes of projects.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/projects", "list_projects", "List the projects that the caller may see")
            .open("only projects with rolecall.projects.read are listed")
            .lists::<ProjectView>()
            .param(
                "archived",
                Value::OneOf(&["true", "false", "any"]),
                "Only archived ones, only others (default), or any.",
            )
            .by(list),
        Route::post("/projects", "create_project", "Make a project")
            .needs(op::PROJECTS_CREATE)
            .takes::<NewProjectBody>()
            .makes::<ProjectView>()
            .by(create),
        Route::get("/projects/{project}", "read_project", "Read a project")
            .seen_by(op::PROJECTS_READ)
            .in_project("project")
            .answers::<ProjectView>()
            .by(|call| async move { noun::read::<Projects>(&call) }),
        Route::patch("/projects/{project}", "change_project", "Change a project")
            .needs(op::PROJECTS_WRITE)
            .seen_by(op::PROJECTS_READ)
            .in_project("project")
            .takes::<ProjectPatchBody>()
            .answers::<ProjectView>()
            .by(change),
        Route::delete("/projects/{project}", "delete_project", "Delete a project, and with it the assignments there")
            .needs(op::PROJECTS_DELETE)
            .seen_by(op::PROJECTS_READ)
            .in_project("project")
            .by(delete),
        Route::post(
            "/projects/{project}/archive",
            "archive_project",
            "Archive a project: hide it and refuse new grants there",
        )
        .needs(op::PROJECTS_WRITE)
        .seen_by(op::PROJECTS_READ)
        .in_project("project")
        .answers::<ProjectView>()
        .by(archive),
        Route::post("/projects/{project}/restore", "restore_project", "Restore an archived project")
            .needs(op::PROJECTS_WRITE)
            .seen_by(op::PROJECTS_READ)
            .in_project("project")
            .answers::<ProjectView>()
            .by(restore),
    ]
}
