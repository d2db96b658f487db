//! What can be wrong with a request, and the one translation of the service's errors. AuthZEN wants
//! a status and a message string; a denied question is no error, but an answer.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use rolecall_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request, or one evaluation of it, gets no answer.
#[derive(Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    message: String,
    header: Option<(header::HeaderName, HeaderValue)>,
}

/// Why an evaluation could not be answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Error)]
pub(crate) struct ErrorView {
    /// The HTTP status that it would have had alone.
    status: u16,
    /// What to mend.
    message: String,
}

impl Fault {
    pub(crate) const fn new(status: StatusCode, message: String) -> Self {
        Fault { status, message, header: None }
    }

    pub(crate) const fn bad_request(message: String) -> Self {
        Fault::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    pub(crate) fn view(&self) -> ErrorView {
        ErrorView { status: self.status.as_u16(), message: self.message.clone() }
    }

    fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    fn retry_after(status: StatusCode, message: String, seconds: u64) -> Self {
        Fault::new(status, message).with(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The answer that says it.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.message));
        *response.status_mut() = self.status;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unauthenticated(_) => {
                let challenge = HeaderValue::from_static("Bearer realm=\"rolecall\"");
                Fault::new(StatusCode::UNAUTHORIZED, message).with(header::WWW_AUTHENTICATE, challenge)
            }
            Error::Forbidden { .. } => Fault::new(StatusCode::FORBIDDEN, message),
            Error::NotFound { .. } => Fault::new(StatusCode::NOT_FOUND, message),
            Error::Refused(_) | Error::Unreadable { .. } => Fault::bad_request(message),
            Error::NotYet { .. } | Error::Closing => Fault::retry_after(StatusCode::SERVICE_UNAVAILABLE, message, 1),
            Error::Busy { retry_after, .. } => {
                Fault::retry_after(StatusCode::SERVICE_UNAVAILABLE, message, retry_after.as_secs())
            }
            error => {
                tracing::error!(?error, "a question could not be answered");
                Fault::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        }
    }
}
