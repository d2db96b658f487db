//! One call: credential first, then the body; and the answer with what every answer carries. The
//! permission is decided before a body is complained about.

use crate::App;
use crate::fault::Fault;
use crate::text::Object;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use rolecall_engine::Place;
use rolecall_model::operation::ACCESS_CHECK;
use rolecall_service::{At, Ctx};
use serde::Deserialize;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AT_LEAST: HeaderName = HeaderName::from_static("rolecall-at-least");
const REVISION: HeaderName = HeaderName::from_static("rolecall-revision");

/// The name under which the service knows this façade.
const FACADE: &str = "authzen";

/// A call whose credential was checked and whose body was received.
pub(crate) struct Call {
    pub(crate) ctx: Ctx,
    body: Bytes,
}

/// A JSON document, and the revision of the state that it speaks of.
pub(crate) struct Reply {
    revision: Option<u64>,
    body: Bytes,
}

impl Reply {
    pub(crate) fn new(revision: u64, body: impl Into<Bytes>) -> Self {
        Reply { revision: Some(revision), body: body.into() }
    }

    /// A document that speaks of no organization.
    pub(crate) const fn open(body: Bytes) -> Self {
        Reply { revision: None, body }
    }
}

impl Call {
    /// Checks the credential and receives the body.
    pub(crate) async fn open(app: &App, headers: &HeaderMap, request: Request) -> Result<Self, Fault> {
        let ctx = enter(app, headers, None).await?;
        match receive(headers, request).await {
            Ok(body) => Ok(Call { ctx, body }),
            Err(fault) => Err(unless_forbidden(&ctx, fault)),
        }
    }

    /// Reads the body as one JSON object.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        let read = || {
            if self.body.is_empty() {
                return Err(Fault::bad_request("the body is empty; send a JSON object".to_owned()));
            }
            let text = std::str::from_utf8(&self.body);
            let text = text.map_err(|error| Fault::bad_request(format!("the body is not UTF-8: {error}")))?;
            let read: Result<Object<T>, _> = serde_json::from_str(text);
            read.map_err(|error| Fault::bad_request(format!("the body cannot be read: {error}")))
        };
        read().map(|object| object.0).map_err(|fault| self.complain(fault))
    }

    /// A complaint about what the body says; who may ask nothing at all hears only that.
    pub(crate) fn complain(&self, fault: Fault) -> Fault {
        unless_forbidden(&self.ctx, fault)
    }
}

/// Checks the credential; with a past moment, for a state that is not kept any more.
pub(crate) async fn enter(app: &App, headers: &HeaderMap, at: Option<At>) -> Result<Ctx, Fault> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let at_least = match text(&AT_LEAST).map(str::parse) {
        None => None,
        Some(Ok(revision)) => Some(revision),
        Some(Err(_)) => {
            return Err(Fault::bad_request("Rolecall-At-Least must be a revision, such as 17".to_owned()));
        }
    };
    let request = rolecall_service::Request {
        credential: text(&header::AUTHORIZATION),
        facade: FACADE,
        request_id: text(&REQUEST_ID).unwrap_or_default(),
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least,
        at,
    };
    Ok(app.service.enter(request).await?)
}

async fn receive(headers: &HeaderMap, request: Request) -> Result<Bytes, Fault> {
    if !is_json(headers) {
        let message = "send the question with Content-Type: application/json".to_owned();
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let received = Bytes::from_request(request, &()).await;
    received.map_err(|error| Fault::new(error.status(), error.body_text()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The fault, or that the caller may ask nothing anywhere. An unreadable question cannot be shown to
/// be about the caller itself, so it is refused before it is complained about.
fn unless_forbidden(ctx: &Ctx, fault: Fault) -> Fault {
    match ctx.require(ACCESS_CHECK, Place::ORGANIZATION) {
        Err(error) if !may_ask_somewhere(ctx) => error.into(),
        _ => fault,
    }
}

fn may_ask_somewhere(ctx: &Ctx) -> bool {
    let held = ctx.index().where_can(ctx.principal(), ACCESS_CHECK, ctx.now());
    let token = ctx.token().and_then(|id| ctx.org().token(id));
    let reach = token.map(|token| token.scope).unwrap_or_default();
    held.into_iter().filter_map(|scope| scope.meet(reach)).any(|scope| ctx.may(ACCESS_CHECK, scope.into()))
}

/// Takes a request's headers out, so that they outlive its body.
pub(crate) fn split(mut request: Request) -> (HeaderMap, Request) {
    let headers = std::mem::take(request.headers_mut());
    (headers, request)
}

/// The answer, with the caller's request id.
pub(crate) fn close(headers: &HeaderMap, reply: Result<Reply, Fault>) -> Response<Body> {
    let mut response = match reply {
        Ok(reply) => {
            let mut response = Response::new(Body::from(reply.body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            if let Some(revision) = reply.revision {
                response.headers_mut().insert(REVISION, HeaderValue::from(revision));
            }
            response
        }
        Err(fault) => fault.into_response(),
    };
    if let Some(id) = headers.get(&REQUEST_ID) {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    response
}

/// What a path answers to a method it does not have.
pub(crate) async fn wrong_method(headers: HeaderMap) -> Response<Body> {
    let message = "this path answers another method; the Allow header says which".to_owned();
    close(&headers, Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, message)))
}
