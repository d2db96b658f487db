//! Answers: JSON with the documented header, or a status without a body.

use crate::fault::Fault;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a handler answers.
pub(crate) type Reply = Result<Response, Fault>;

/// The content type of every JSON answer.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A body with a status.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, JSON)], Body::from(bytes)).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// 200 with a body.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub(crate) fn ok(body: &impl Serialize) -> Reply {
    Ok(json(StatusCode::OK, body))
}

/// 200 with a body that is JSON already.
pub(crate) fn written(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON)], Body::from(body)).into_response()
}

/// 201 with a body and, where the protocol has one, the `Location` it says.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub(crate) fn created(body: &impl Serialize, location: Option<&str>) -> Reply {
    let mut response = json(StatusCode::CREATED, body);
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// 200 without a body: what a deletion and most changes answer.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub(crate) fn empty() -> Reply {
    Ok(StatusCode::OK.into_response())
}
