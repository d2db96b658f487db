//! What a subject can do to a resource: `POST /access/v1/search/action`.

use super::place_properties;
use crate::App;
use crate::call::{Call, Reply, close};
use crate::entity::{Entities, Resource, Subject, Target};
use crate::evaluation::{Asking, json, subject};
use crate::fault::Fault;
use crate::page::{Numbered, PageRequest, Paging, Results};
use crate::place::Kind;
use crate::point::LARGEST;
use crate::text::{Object, Unread};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A search for actions; an action that it names is not read.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = authzen::ActionSearch)]
struct ActionSearch<'a> {
    /// Who.
    #[serde(borrow)]
    #[schema(value_type = Subject, required = true)]
    subject: Option<Object<Subject<'a>>>,
    /// To what.
    #[serde(borrow)]
    #[schema(value_type = Resource, required = true)]
    resource: Option<Object<Resource<'a>>>,
    /// Accepted, and without effect on the answer.
    #[serde(rename = "context")]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    _context: Option<Unread>,
    /// Which part of the results is wanted.
    #[serde(borrow)]
    #[schema(value_type = Option<PageRequest>)]
    page: Option<Object<PageRequest<'a>>>,
}

/// An action that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::ActionFound)]
struct ActionView {
    /// The action's name.
    name: String,
}

/// Searches the actions that a subject can do to a resource.
///
/// Of a type that lists its actions only those are answered; otherwise those of the level of the
/// resource's place and of the levels within it. Questions about oneself are always allowed; others
/// need `rolecall.access.check` at the resource's place.
#[utoipa::path(
    post,
    path = "/access/v1/search/action",
    operation_id = "authzen_search_action",
    tag = "AuthZEN",
    request_body(content = ActionSearch, content_type = "application/json"),
    responses(
        (status = 200, description = "The actions, by number; a page of them when there are more than asked for", body = Results<ActionView>,
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
pub(crate) async fn search_action(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let reply = async { search(&app, &Call::open(&app.service, headers, body, LARGEST).await?, headers).await }.await;
    close(headers, reply)
}

/// What is searched.
struct Query<'q> {
    subject_type: &'q str,
    subject: &'q str,
    target: Target<'q>,
}

impl<'q> Query<'q> {
    fn of(body: &'q ActionSearch<'q>) -> Result<Self, Fault> {
        let (subject, resource) = (body.subject.as_deref(), body.resource.as_deref());
        let entities = Entities { subject, action: None, resource };
        let (subject_type, subject) = (entities.subject_type(None)?, entities.subject_id(None)?);
        Ok(Query { subject_type, subject, target: entities.target(None)? })
    }
}

async fn search(app: &App, call: &Call<'_>, headers: &HeaderMap) -> Result<Reply, Fault> {
    let body: ActionSearch<'_> = call.read()?;
    let query = Query::of(&body).map_err(|fault| call.complain(fault))?;
    let key = ("action", query.subject_type, query.subject, query.target.kind, query.target.id);
    let key = (key, place_properties(query.target.properties));
    let paging = Paging::start(app, call, headers, body.page.as_deref(), key).await?;
    let found = find(call, &paging, &query)?;
    json(paging.view.revision(), &paging.finish(app, found))
}

fn find(call: &Call<'_>, paging: &Paging, query: &Query<'_>) -> Result<Numbered<ActionView>, Fault> {
    let (org, index) = (paging.view.org(), paging.view.index());
    let kind = Kind::named(org, query.target.kind);
    let place = kind.place(org, &query.target)?;
    let subject = subject(org, query.subject_type, query.subject);
    Asking::new(call.asker.standing()).require(subject, place)?;
    let held = subject.map(|subject| index.what_can(subject, place, paging.at)).unwrap_or_default();
    let actions = held.into_iter().filter_map(|id| org.action(id));
    let offered = actions.filter(|action| kind.offers(action.id, action.level, place));
    Ok(paging.cut(offered.map(|action| (action.id.number(), ActionView { name: action.name.to_string() }))))
}
