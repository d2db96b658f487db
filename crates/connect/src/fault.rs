//! The one translation of the service's errors into those of gRPC and Connect.

use axum::http::{HeaderValue, header};
use connectrpc::ConnectError;
use rolecall_service::Error;

/// The error as a code that programs act on, with a sentence for people. What will work later is `unavailable`, which
/// clients repeat by themselves.
pub(crate) fn fault(error: Error) -> ConnectError {
    let message = error.to_string();
    match error {
        Error::Unauthenticated(_) => with(
            ConnectError::unauthenticated(message),
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"rolecall\""),
        ),
        Error::Forbidden { .. } => ConnectError::permission_denied(message),
        Error::NotFound { .. } => ConnectError::not_found(message),
        Error::Refused(_) | Error::Unreadable { .. } => ConnectError::invalid_argument(message),
        Error::NotYet { .. } | Error::Closing => later(message, 1),
        Error::Busy { retry_after, .. } => later(message, retry_after.as_secs()),
        error => {
            tracing::error!(?error, "a question could not be answered");
            ConnectError::internal(message)
        }
    }
}

fn later(message: String, seconds: u64) -> ConnectError {
    with(ConnectError::unavailable(message), header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
}

fn with(mut error: ConnectError, name: header::HeaderName, value: HeaderValue) -> ConnectError {
    error.response_headers_mut().insert(name, value);
    error
}
