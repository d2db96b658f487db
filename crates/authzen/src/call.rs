//! One call: credential first, then the body; and the answer with what every answer carries. The
//! permission is decided before a body is complained about.

use crate::fault::Fault;
use crate::text::Object;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use rolecall_engine::Place;
use rolecall_model::operation::ACCESS_CHECK;
use rolecall_service::{Asker, At, Ctx, Service};
use serde::Deserialize;
use std::pin::Pin;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AT_LEAST: HeaderName = HeaderName::from_static("rolecall-at-least");
const REVISION: HeaderName = HeaderName::from_static("rolecall-revision");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The name under which the service knows this façade.
pub(crate) const FACADE: &str = "authzen";
/// A body of at most so many bytes is received before the credential is looked at.
const SMALL: u64 = 64 << 10;

/// A call whose credential was checked and whose body was received.
pub(crate) struct Call<'a> {
    pub(crate) asker: Asker,
    service: &'a Service,
    headers: &'a HeaderMap,
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

impl<'a> Call<'a> {
    /// Checks the credential and receives the body, of at most so many bytes.
    pub(crate) async fn open(
        service: &'a Service,
        headers: &'a HeaderMap,
        body: Body,
        most: usize,
    ) -> Result<Self, Fault> {
        if !is_small(&body) {
            // Who has no credential need not be listened to for long.
            ask(service, headers).await?;
        }
        let received = receive(headers, body, most).await;
        // After the body: what is asked is answered by the newest state, and with a credential of now.
        let asker = ask(service, headers).await?;
        let call = Call { asker, service, headers, body: Bytes::new() };
        match received {
            Ok(body) => Ok(Call { body, ..call }),
            Err(fault) => Err(call.complain(fault)),
        }
    }

    /// The caller, with all that searches and explanations need.
    pub(crate) fn ctx(&self) -> Ctx {
        self.asker.ctx(self.service, FACADE, text(self.headers, &REQUEST_ID).unwrap_or_default())
    }

    /// Reads the body as one JSON object.
    pub(crate) fn read<'b, T: Deserialize<'b>>(&'b self) -> Result<T, Fault> {
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

    /// A complaint about what the body says; who may ask nothing at all hears only that. An unreadable
    /// question cannot be shown to be about the caller itself, so it is refused before it is complained
    /// about.
    pub(crate) fn complain(&self, fault: Fault) -> Fault {
        let ctx = self.ctx();
        match ctx.require(ACCESS_CHECK, Place::ORGANIZATION) {
            Err(error) if !may_ask_somewhere(&ctx) => error.into(),
            _ => fault,
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// The revision that the answer must include.
fn at_least(headers: &HeaderMap) -> Result<Option<u64>, Fault> {
    let wanted = text(headers, &AT_LEAST).map(str::parse).transpose();
    wanted.map_err(|_| Fault::bad_request("Rolecall-At-Least must be a revision, such as 17".to_owned()))
}

async fn ask(service: &Service, headers: &HeaderMap) -> Result<Asker, Fault> {
    let at_least = at_least(headers)?;
    Ok(service.ask(text(headers, &header::AUTHORIZATION), at_least).await?)
}

/// Checks the credential for a state that is not kept any more.
pub(crate) async fn enter(service: &Service, headers: &HeaderMap, at: At) -> Result<Ctx, Fault> {
    let request = rolecall_service::Request {
        credential: text(headers, &header::AUTHORIZATION),
        facade: FACADE,
        request_id: text(headers, &REQUEST_ID).unwrap_or_default(),
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: at_least(headers)?,
        at: Some(at),
    };
    Ok(service.enter(request).await?)
}

/// Whether a body says that it is small.
fn is_small(body: &Body) -> bool {
    body.size_hint().upper().is_some_and(|upper| upper <= SMALL)
}

async fn receive(headers: &HeaderMap, mut body: Body, most: usize) -> Result<Bytes, Fault> {
    if !is_json(headers) {
        let message = "send the question with Content-Type: application/json".to_owned();
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let mut received = Bytes::new();
    loop {
        let size = received.len() as u64 + body.size_hint().lower();
        if size > most as u64 {
            let message = format!("the body is larger than {} MiB; send less at once", most >> 20);
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        if body.is_end_stream() {
            return Ok(received);
        }
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(frame) = frame else { return Ok(received) };
        let frame = frame.map_err(|_| Fault::bad_request("the body broke off".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        // Nearly always all of it comes at once and need not be copied.
        received = if received.is_empty() { data } else { joined(received, &data) };
    }
}

fn joined(before: Bytes, data: &[u8]) -> Bytes {
    let mut joined: Vec<u8> = before.into();
    joined.extend_from_slice(data);
    joined.into()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn may_ask_somewhere(ctx: &Ctx) -> bool {
    let held = ctx.index().where_can(ctx.principal(), ACCESS_CHECK, ctx.now());
    let token = ctx.token().and_then(|id| ctx.org().token(id));
    let reach = token.map(|token| token.scope).unwrap_or_default();
    held.into_iter().filter_map(|scope| scope.meet(reach)).any(|scope| ctx.may(ACCESS_CHECK, scope.into()))
}

/// The answer, with the caller's request id.
pub(crate) fn close(headers: &HeaderMap, reply: Result<Reply, Fault>) -> Response<Body> {
    let mut response = match reply {
        Ok(reply) => {
            let mut response = Response::new(Body::from(reply.body));
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
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
