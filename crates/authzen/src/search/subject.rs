//! Who can do an action to a resource: `POST /access/v1/search/subject`.

use super::{EntityView, Search, place_properties};
use crate::App;
use crate::call::{Call, Reply, close};
use crate::entity::{Entities, Target};
use crate::evaluation::{Asking, json};
use crate::fault::Fault;
use crate::page::{Numbered, Paging, Results};
use crate::place::Kind;
use crate::point::LARGEST;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::Principal;
use std::sync::Arc;

/// Searches the users or applications that can do an action to a resource.
///
/// Each is named by the identifier by which people know it best: email, username, client id,
/// external id, else the subject. No subject is of another type, so such a search finds none.
/// Needs `rolecall.access.check` at the resource's place.
#[utoipa::path(
    post,
    path = "/access/v1/search/subject",
    operation_id = "authzen_search_subject",
    tag = "AuthZEN",
    request_body(content = Search, content_type = "application/json"),
    responses(
        (status = 200, description = "The subjects, by number; a page of them when there are more than asked for", body = Results<EntityView>,
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
pub(crate) async fn search_subject(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let reply = async { search(&app, &Call::open(&app.service, headers, body, LARGEST).await?, headers).await }.await;
    close(headers, reply)
}

/// What is searched.
struct Query<'q> {
    kind: &'q str,
    action: &'q str,
    target: Target<'q>,
}

impl<'q> Query<'q> {
    fn of(entities: &Entities<'q>) -> Result<Self, Fault> {
        let (kind, action) = (entities.subject_type(None)?, entities.action_name(None)?);
        Ok(Query { kind, action, target: entities.target(None)? })
    }
}

async fn search(app: &App, call: &Call<'_>, headers: &HeaderMap) -> Result<Reply, Fault> {
    let body: Search<'_> = call.read()?;
    let query = Query::of(&body.entities()).map_err(|fault| call.complain(fault))?;
    let key = ("subject", query.kind, query.action, query.target.kind, query.target.id);
    let key = (key, place_properties(query.target.properties));
    let paging = Paging::start(app, call, headers, body.page(), key).await?;
    let found = find(call, &paging, &query)?;
    json(paging.view.revision(), &paging.finish(app, found))
}

fn find(call: &Call<'_>, paging: &Paging, query: &Query<'_>) -> Result<Numbered<EntityView>, Fault> {
    let org = paging.view.org();
    let kind = Kind::named(org, query.target.kind);
    let place = kind.place(org, &query.target)?;
    Asking::new(call.asker.standing()).require(None, place)?;
    let action = org.action_named(query.action).map(|action| action.id).filter(|action| kind.knows(*action));
    let mut found = Numbered { items: Vec::new(), more: false, total: None };
    let Some(action) = action else {
        return Ok(found);
    };
    let all = paging.view.index().who_can_all(action, place, paging.at).after(PrincipalId::new(paging.after));
    let of_kind = |id: PrincipalId| org.principal(id).filter(|principal| principal.kind().word() == query.kind);
    for (number, principal) in all.filter_map(|id| Some((id.number(), of_kind(id)?))) {
        if found.items.len() == paging.limit {
            found.more = true;
            break;
        }
        found.items.push((number, view(query.kind, principal)));
    }
    Ok(found)
}

fn view(kind: &str, principal: &Principal) -> EntityView {
    EntityView { r#type: kind.to_owned(), id: principal.best_identifier().to_string() }
}
