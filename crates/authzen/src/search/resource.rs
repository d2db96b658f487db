//! To what a subject can do an action: `POST /access/v1/search/resource`.

use super::{EntityView, Search, place_properties};
use crate::App;
use crate::call::{Call, Reply, close};
use crate::entity::{Entities, Properties};
use crate::evaluation::{Asking, json, subject};
use crate::fault::Fault;
use crate::page::{Numbered, Paging, Results};
use crate::place::{Kind, narrowed};
use crate::point::LARGEST;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use rolecall_engine::{Part, Place};
use rolecall_model::id::{EnvironmentId, ProjectId};
use rolecall_model::resource_type::Stands;
use rolecall_model::{Org, Scope};
use std::sync::Arc;

/// Searches the resources of a type to which a subject can do an action.
///
/// For a type that stands for projects or environments these are projects (but no archived ones) or
/// environments; with `properties.environment` only rights in that environment are asked for. For
/// one that stands for the organization it is the organization. Resources of other types live in
/// the product and are not known here, so there are none. Questions about oneself are always
/// allowed; others need `rolecall.access.check` in all projects.
#[utoipa::path(
    post,
    path = "/access/v1/search/resource",
    operation_id = "authzen_search_resource",
    tag = "AuthZEN",
    request_body(content = Search, content_type = "application/json"),
    responses(
        (status = 200, description = "The resources, by number; a page of them when there are more than asked for", body = Results<EntityView>,
         headers(("rolecall-revision" = u64, description = "The revision of the state that was asked"))),
        (status = 400, description = "The search is not whole or not JSON, or the page has expired", body = String, content_type = "text/plain"),
        (status = 401, description = "No credential, or one that does not count", body = String, content_type = "text/plain"),
        (status = 403, description = "The caller may not ask that", body = String, content_type = "text/plain"),
        (status = 413, description = "The body is larger than 1 MiB", body = String, content_type = "text/plain"),
        (status = 415, description = "The body is not `application/json`", body = String, content_type = "text/plain"),
        (status = 503, description = "The revision demanded is not here yet, or too much at once", body = String, content_type = "text/plain"),
    ),
    security(("token" = [])),
    extensions(("x-rolecall-action" = json!("rolecall.access.check"))),
)]
pub(crate) async fn search_resource(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let reply = async { search(&app, &Call::open(&app.service, headers, body, LARGEST).await?, headers).await }.await;
    close(headers, reply)
}

/// What is searched.
struct Query<'q> {
    subject_type: &'q str,
    subject: &'q str,
    action: &'q str,
    kind: &'q str,
    properties: Option<&'q Properties<'q>>,
}

impl<'q> Query<'q> {
    fn of(entities: &Entities<'q>) -> Result<Self, Fault> {
        Ok(Query {
            subject_type: entities.subject_type(None)?,
            subject: entities.subject_id(None)?,
            action: entities.action_name(None)?,
            kind: entities.resource_type(None)?,
            properties: entities.resource.and_then(|resource| resource.properties.as_deref()),
        })
    }
}

async fn search(app: &App, call: &Call<'_>, headers: &HeaderMap) -> Result<Reply, Fault> {
    let body: Search<'_> = call.read()?;
    let query = Query::of(&body.entities()).map_err(|fault| call.complain(fault))?;
    let key = ("resource", query.subject_type, query.subject, query.action, query.kind);
    let key = (key, place_properties(query.properties));
    let paging = Paging::start(app, call, headers, body.page(), key).await?;
    let found = find(call, &paging, &query)?;
    json(paging.view.revision(), &paging.finish(app, found))
}

fn find(call: &Call<'_>, paging: &Paging, query: &Query<'_>) -> Result<Numbered<EntityView>, Fault> {
    let org = paging.view.org();
    let kind = Kind::named(org, query.kind);
    let environment = match kind.stands {
        Stands::ForProject => narrowed(org, query.properties)?,
        _ => Part::All,
    };
    let subject = subject(org, query.subject_type, query.subject);
    Asking::new(call.asker.standing()).require(subject, Place { project: Part::All, environment })?;
    let action = org.action_named(query.action).map(|action| action.id).filter(|action| kind.knows(*action));
    let held = match (subject, action) {
        (Some(subject), Some(action)) => paging.view.index().where_can(subject, action, paging.at),
        _ => Vec::new(),
    };
    let view = |name: &str| EntityView { r#type: query.kind.to_owned(), id: name.to_owned() };
    Ok(match kind.stands {
        Stands::ForProject => {
            let projects = Projects::of(&held, environment);
            let open = org.projects.iter().filter(|project| !project.archived && projects.have(project.id));
            paging.cut(open.map(|project| (project.id.number(), view(&project.name))))
        }
        Stands::ForEnvironment => {
            let has = |id: EnvironmentId| covered(&held, Place { project: Part::All, environment: Part::One(id) });
            let environments = org.environments.iter().filter(|environment| has(environment.id));
            paging.cut(environments.map(|environment| (environment.id.number(), view(&environment.name))))
        }
        Stands::ForOrganization => {
            let whole = covered(&held, Place::ORGANIZATION).then(|| organization_name(org));
            paging.cut(whole.iter().map(|name| (1, view(name))))
        }
        Stands::Within => paging.cut(std::iter::empty()),
    })
}

fn organization_name(org: &Org) -> String {
    org.settings().map(|settings| settings.name.to_string()).unwrap_or_default()
}

fn covered(held: &[Scope], place: Place) -> bool {
    held.iter().any(|scope| place.is_covered_by(*scope))
}

/// The projects in which something is held: all of them, or some, sorted.
enum Projects {
    All,
    Some(Vec<ProjectId>),
}

impl Projects {
    fn of(held: &[Scope], environment: Part<EnvironmentId>) -> Self {
        let there = held.iter().filter(|scope| environment.is_covered_by(scope.environment));
        match there.map(|scope| scope.project).collect::<Option<Vec<ProjectId>>>() {
            None => Projects::All,
            Some(mut some) => {
                some.sort_unstable();
                Projects::Some(some)
            }
        }
    }

    fn have(&self, project: ProjectId) -> bool {
        match self {
            Projects::All => true,
            Projects::Some(some) => some.binary_search(&project).is_ok(),
        }
    }
}
