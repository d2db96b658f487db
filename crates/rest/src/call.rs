//! A call: one request on its way to its handler. In this order: who calls, may it, what exactly is
//! asked, and only then the body.

use crate::answer::{Answer, Reply};
use crate::json;
use crate::page::Pins;
use crate::problem::Problem;
use crate::route::{Need, Route, Takes, Value, Where};
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use rolecall_engine::Place;
use rolecall_model::command::SubjectRef;
use rolecall_model::name::{Text, nearest};
use rolecall_model::{Change, Command, Org, Ref, operation};
use rolecall_service::{self as service, At, Ctx, Done, Service, View};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// The façade's name in entries.
pub(crate) const FACADE: &str = "rest";

/// What all calls share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub service: Service,
    pub pins: Arc<Pins>,
}

/// One request whose caller may make it.
pub(crate) struct Call {
    pub ctx: Ctx,
    pub shared: Shared,
    pub route: Arc<Route>,
    params: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    if_match: Option<u64>,
    body: Mutex<Option<Body>>,
    digest: Mutex<Sha256>,
}

/// Answers a request on a route.
pub(crate) async fn serve(route: Arc<Route>, shared: Shared, request: Request<Body>) -> Response {
    let request_id = request_id(request.headers());
    let reads = request.headers().get(header::IF_NONE_MATCH).and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let response = match enter(route, shared, request, &request_id).await {
        Ok(call) => {
            let (handler, revision) = (call.route.handler.clone(), call.ctx.revision());
            let reply = match handler {
                Some(handler) => handler(call).await,
                None => Err(Problem::new("internal", "this route has no handler")),
            };
            match reply {
                Ok(answer) => answer.into_response(revision, reads.as_deref()),
                Err(mut problem) => {
                    problem.revision = Some(revision);
                    refuse(problem, &request_id)
                }
            }
        }
        Err(problem) => refuse(problem, &request_id),
    };
    marked(response, &request_id)
}

/// A problem as the answer to a request.
pub(crate) fn refuse(mut problem: Problem, request_id: &str) -> Response {
    problem.request_id = Some(request_id.to_owned());
    if problem.code == "not_found" {
        // What is not there is named by the path, so no field of the body is to blame.
        problem.field = None;
    }
    marked(problem.into_response(), request_id)
}

fn marked(mut response: Response, request_id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// The caller's own request id when it is fit for a log, else a fresh one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let fit = |id: &&str| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    given.filter(fit).map_or_else(fresh_id, str::to_owned)
}

fn fresh_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    // A fresh RandomState may differ by one only; the counter makes each id another.
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("req_{:016x}", RandomState::new().hash_one(count))
}

async fn enter(route: Arc<Route>, shared: Shared, request: Request<Body>, request_id: &str) -> Result<Call, Problem> {
    let (mut parts, body) = request.into_parts();
    let credential = credential(&parts.headers)?;
    let plain = service::Request {
        credential: credential.as_deref(),
        facade: FACADE,
        request_id,
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let mut ctx = shared.service.enter(plain).await?;
    let params = path_params(&mut parts).await?;
    allow(&ctx, &route, &params)?;
    let query = query(&parts, &route)?;
    let wishes = Wishes::of(&parts.headers, &query, &route)?;
    if wishes.any() {
        let Wishes { idempotency_key, if_match, dry_run, at_least, at } = &wishes;
        let idempotency_key = idempotency_key.as_deref();
        let (if_match, dry_run, at_least, at) = (*if_match, *dry_run, *at_least, *at);
        ctx = shared
            .service
            .enter(service::Request { idempotency_key, if_match, dry_run, at_least, at, ..plain })
            .await?;
    }
    let digest = Sha256::new().chain_update(route.method.word()).chain_update(parts.uri.to_string());
    let (body, digest) = (Mutex::new(Some(body)), Mutex::new(digest));
    Ok(Call { ctx, shared, route, params, query, headers: parts.headers, if_match: wishes.if_match, body, digest })
}

fn credential(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let first = given.next();
    if given.next().is_some() {
        return Err(Problem::new("unauthenticated", "there are two Authorization headers; send one"));
    }
    let unreadable =
        || Problem::new("unauthenticated", "the Authorization header has characters that no credential has");
    first.map(|value| value.to_str().map(str::to_owned).map_err(|_| unreadable())).transpose()
}

async fn path_params(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let raw = RawPathParams::from_request_parts(parts, &()).await;
    let raw = raw.map_err(|_| Problem::malformed("the path is not percent-encoded UTF-8"))?;
    Ok(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Looks whether the caller may use the route, before anything else is read.
fn allow(ctx: &Ctx, route: &Route, params: &[(String, String)]) -> Result<(), Problem> {
    let Need::Action { action, seen_by, at } = route.need else { return Ok(()) };
    let place = match at {
        Where::Project(param) => {
            let name =
                params.iter().find(|(name, _)| name == param).map(|(_, value)| value.as_str()).unwrap_or_default();
            project_place(ctx.org(), &reference(name))
        }
        _ => Place::ORGANIZATION,
    };
    // A project is seen with the right to in all its environments or in any one.
    let sees = |read| match place.project {
        rolecall_engine::Part::One(project) if read == operation::PROJECTS_READ => ctx.sees_project(project),
        _ => ctx.may(read, place),
    };
    let may = match at {
        Where::Project(_) if seen_by == Some(action) => sees(action),
        Where::Somewhere => !ctx.index().where_can(ctx.principal(), action, ctx.now()).is_empty(),
        Where::Home if !ctx.is_home() => false,
        _ => ctx.may(action, place),
    };
    if may {
        return Ok(());
    }
    if let Some(read) = seen_by
        && (read == action || !sees(read))
    {
        let noun = route.path_params().next().unwrap_or("thing").replace('_', " ");
        let name = params.first().map(|(_, value)| value.as_str()).unwrap_or_default();
        return Err(Problem::not_found(&noun, name));
    }
    if matches!(at, Where::Somewhere | Where::Home) {
        let name = ctx.org().action(action).map(|row| row.name.to_string()).unwrap_or_default();
        let place = if at == Where::Home { " in the home organization" } else { "" };
        return Err(Problem::new(
            "forbidden",
            format!("you need \"{name}\"{place} for this; ask an administrator for a role that permits it"),
        ));
    }
    ctx.require(action, place)?;
    Ok(())
}

fn project_place(org: &Org, wanted: &Ref) -> Place {
    let project = match rolecall_model::resolve::project(org, wanted, "") {
        Ok(id) => rolecall_engine::Part::One(id),
        Err(_) => rolecall_engine::Part::Unknown,
    };
    Place { project, environment: rolecall_engine::Part::All }
}

/// A thing as a path or body names it: `~7` is a number, `~~7` the name `~7`.
pub(crate) fn reference(text: &str) -> Ref {
    match text.strip_prefix('~') {
        Some(rest) if rest.starts_with('~') => Ref::Name(Text::from(rest)),
        Some(number) => number.parse().map_or_else(|_| Ref::Name(Text::from(text)), Ref::Number),
        None => Ref::Name(Text::from(text)),
    }
}

/// A subject as a path or body names it: any identifier, `~7` by number.
pub(crate) fn subject(text: &str) -> SubjectRef {
    match reference(text) {
        Ref::Name(name) => SubjectRef::Any(name),
        Ref::Number(number) => SubjectRef::Number(number),
    }
}

fn query(parts: &Parts, route: &Route) -> Result<Vec<(String, String)>, Problem> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let query = read.map_err(|_| Problem::malformed("the query is not percent-encoded UTF-8"))?.0;
    let known = route.all_params();
    for (index, (name, value)) in query.iter().enumerate() {
        let Some(param) = known.iter().find(|param| param.name == name) else {
            let near = nearest(name, known.iter().map(|param| param.name));
            let near = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
            let name = rolecall_model::refusal::shown(name);
            return Err(Problem::malformed(format!("there is no query parameter \"{name}\" here{near}")).at(name));
        };
        if query.iter().take(index).any(|(other, _)| other == name) {
            return Err(
                Problem::malformed(format!("the query parameter \"{name}\" stands twice; leave one out")).at(name)
            );
        }
        fits(param.name, param.value, value)?;
    }
    if let Some(missing) =
        known.iter().find(|param| param.required && !query.iter().any(|(name, _)| name == param.name))
    {
        return Err(Problem::malformed(format!("the query parameter \"{}\" is missing", missing.name)).at(missing.name));
    }
    Ok(query)
}

fn fits(name: &str, kind: Value, value: &str) -> Result<(), Problem> {
    let wanted = match kind {
        Value::Number if value.parse::<u64>().is_err() => "a whole number".to_owned(),
        Value::Flag if !matches!(value, "true" | "false") => "true or false".to_owned(),
        Value::Time if value.parse::<rolecall_model::Timestamp>().is_err() => {
            "a time such as 2026-11-21T14:00:00Z".to_owned()
        }
        Value::OneOf(known) if !known.contains(&value) => format!("one of {}", known.join(", ")),
        _ => return Ok(()),
    };
    Err(Problem::malformed(format!("{name} must be {wanted}")).at(name))
}

/// What a caller wishes beside the request itself.
struct Wishes {
    idempotency_key: Option<String>,
    if_match: Option<u64>,
    dry_run: bool,
    at_least: Option<u64>,
    at: Option<At>,
}

impl Wishes {
    fn of(headers: &HeaderMap, query: &[(String, String)], route: &Route) -> Result<Self, Problem> {
        let value = |name: &str| query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let idempotency_key = if route.changes { text(headers, "idempotency-key")? } else { None };
        if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(Problem::malformed("Idempotency-Key must have 1 to 255 characters"));
        }
        let if_match = if route.changes { text(headers, "if-match")? } else { None };
        let if_match = if_match.filter(|tag| tag != "*").map(|tag| entity_tag(&tag)).transpose()?;
        let at_least =
            text(headers, "rolecall-at-least")?.map(|text| revision(&text, "Rolecall-At-Least")).transpose()?;
        let at = value("at").map(moment).transpose()?;
        Ok(Wishes { idempotency_key, if_match, dry_run: route.plans || value("dry_run") == Some("true"), at_least, at })
    }

    const fn any(&self) -> bool {
        self.idempotency_key.is_some()
            || self.if_match.is_some()
            || self.dry_run
            || self.at_least.is_some()
            || self.at.is_some()
    }
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value
        .to_str()
        .map_err(|_| Problem::malformed(format!("the header {name} has characters that no header has")))?;
    Ok(Some(text.trim().to_owned()))
}

fn entity_tag(tag: &str) -> Result<u64, Problem> {
    let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(tag);
    revision(inner, "If-Match")
}

fn revision(text: &str, name: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::malformed(format!("{name} must be a revision, a whole number as an ETag has it")))
}

fn moment(text: &str) -> Result<At, Problem> {
    if let Some(number) = text.strip_prefix("revision:") {
        return Ok(At::Revision(revision(number, "at").map_err(|problem| problem.at("at"))?));
    }
    let instant = text.parse().map(At::Instant);
    instant.map_err(|_| Problem::malformed("at must be a time such as 2026-11-21T14:00:00Z, or revision:N").at("at"))
}

impl Call {
    /// The nouns that this call reads.
    pub(crate) fn org(&self) -> &Org {
        self.ctx.org()
    }

    /// A path parameter, decoded.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The thing that a path parameter names.
    pub(crate) fn target(&self, name: &str) -> Ref {
        reference(self.path(name))
    }

    /// The subject that a path parameter names.
    pub(crate) fn subject(&self, name: &str) -> SubjectRef {
        subject(self.path(name))
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The whole query but the page token, for pinning a page to it.
    pub(crate) fn query_without_page(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.iter().filter(|(name, _)| name != "page_token")
    }

    /// Whether the caller accepts a type of answer by name.
    pub(crate) fn accepts(&self, kind: &str) -> bool {
        let accept = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        accept.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(kind)))
    }

    /// The body as a stream, unread.
    pub(crate) fn stream(&self) -> Body {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// The body, read strictly.
    pub(crate) async fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let bytes = self.bytes().await?;
        json::read(&bytes)
    }

    async fn bytes(&self) -> Result<Bytes, Problem> {
        let Takes::Json(_, most) = self.route.takes else { return Ok(Bytes::new()) };
        self.require_json()?;
        let too_large = || Problem::new("body_too_large", format!("the body is larger than {} MiB", most >> 20));
        let announced =
            self.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut pieces = self.stream().into_data_stream();
        let mut bytes = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Problem::malformed(format!("the body broke off: {error}")))?;
            if bytes.len() + piece.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece);
        }
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(&bytes);
        Ok(bytes.freeze())
    }

    fn require_json(&self) -> Result<(), Problem> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") && !kind.eq_ignore_ascii_case("application/merge-patch+json")
        {
            let said = if kind.is_empty() {
                "there is no Content-Type".to_owned()
            } else {
                format!("the Content-Type is {kind}")
            };
            return Err(Problem::new("unsupported_media_type", format!("{said}; send application/json")));
        }
        if self.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity") {
            return Err(Problem::new("unsupported_media_type", "the body is compressed; send it as it is"));
        }
        Ok(())
    }

    /// Refuses when the caller read a thing at another revision, for things that no command names
    /// as its one target.
    pub(crate) fn require_tag(&self, revision: u64) -> Result<(), Problem> {
        match self.if_match {
            Some(read) if read != revision => Err(service::Error::Precondition { revision }.into()),
            _ => Ok(()),
        }
    }

    /// A digest of all that was asked.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize().into()
    }

    /// Carries out a command.
    pub(crate) async fn change(&self, command: impl Into<Command>) -> Result<Done, Problem> {
        Ok(service::execute_with(&self.ctx, command.into(), self.digest(), Vec::new()).await?)
    }

    /// Answers a change with the thing as it is now, or a dry run with its gains and losses.
    pub(crate) fn changed(&self, done: &Done, show: impl FnOnce(&View, &[Change]) -> Option<Answer>) -> Reply {
        let answer = match &done.difference {
            Some(difference) => Answer::json(&crate::difference::DryRunView::of(&self.ctx, done, difference))?,
            None => show(&done.view, &done.changes).unwrap_or_else(Answer::nothing),
        };
        Ok(answer.of(done))
    }

    /// Answers a deletion.
    pub(crate) fn gone(&self, done: &Done) -> Reply {
        self.changed(done, |_, _| None)
    }
}
