//! Answers: a status, a body and the headers that every answer of a kind has.

use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rolecall_service::Done;
use serde::Serialize;

/// What a handler gives.
pub(crate) type Reply = Result<Answer, Problem>;

/// A thing and the revision that last changed it: its entity tag.
pub(crate) struct Item<V> {
    pub revision: u64,
    pub view: V,
}

/// An answer that is not yet a response.
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    tag: Option<u64>,
    revision: Option<u64>,
}

impl Answer {
    const fn new(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Answer { status, headers, body, tag: None, revision: None }
    }

    /// A JSON body.
    pub(crate) fn json<V: Serialize>(view: &V) -> Reply {
        let bytes = serde_json::to_vec(view).map_err(|error| Problem::new("internal", error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Answer::new(StatusCode::OK, headers, Body::from(bytes)))
    }

    /// A thing with its entity tag.
    pub(crate) fn item<V: Serialize>(item: &Item<V>) -> Reply {
        Ok(Answer { tag: Some(item.revision), ..Answer::json(&item.view)? })
    }

    /// No body.
    pub(crate) fn nothing() -> Self {
        Answer::new(StatusCode::NO_CONTENT, HeaderMap::new(), Body::empty())
    }

    /// A stream of a type.
    pub(crate) fn stream(kind: &'static str, body: Body) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A proxy that buffers would hold a feed back.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        Answer::new(StatusCode::OK, headers, body)
    }

    /// The same, as the answer about a thing that was made at this path.
    #[must_use]
    pub(crate) fn made(mut self, path: &str) -> Self {
        self.status = StatusCode::CREATED;
        if let Ok(value) = HeaderValue::from_str(&format!("/api/v1{path}")) {
            self.headers.insert(header::LOCATION, value);
        }
        self
    }

    /// The same, not to be kept by anybody on the way: it holds a secret.
    #[must_use]
    pub(crate) fn secret(mut self) -> Self {
        self.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self
    }

    /// The same, at the revision of what was done.
    #[must_use]
    pub(crate) fn of(mut self, done: &Done) -> Self {
        self.revision = Some(done.revision);
        if done.repeated {
            self.headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
        }
        self
    }

    /// The same, at a revision.
    #[must_use]
    pub(crate) const fn at(mut self, revision: u64) -> Self {
        self.revision = Some(revision);
        self
    }

    /// The response; `revision` is that of the state read, `known` what the caller has already.
    pub(crate) fn into_response(self, revision: u64, known: Option<&str>) -> Response {
        let Answer { mut status, mut headers, mut body, tag, revision: own } = self;
        headers.insert(HeaderName::from_static("rolecall-revision"), own.unwrap_or(revision).into());
        if let Some(tag) = tag {
            let tag = format!("\"{tag}\"");
            if own.is_none() && known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
                (status, body) = (StatusCode::NOT_MODIFIED, Body::empty());
                headers.remove(header::CONTENT_TYPE);
            }
            if let Ok(value) = HeaderValue::from_str(&tag) {
                headers.insert(header::ETAG, value);
            }
        }
        (status, headers, body).into_response()
    }
}

/// A name as a path has it.
pub(crate) fn encoded(name: &str) -> String {
    let mut path = String::new();
    // A leading `~` would read as a number.
    let name = if name.starts_with('~') { format!("~{name}") } else { name.to_owned() };
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'@') {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
    }
    path
}
