//! The one translation of what went wrong into a code and a message of the wire.
//!
//! What the client makes of them decides which: it repeats `unavailable`, `internal` and `unknown`, and it signs in again
//! on `unauthenticated`, on `unknown`, and on any message with one of two words in it.

use axum::http::{HeaderValue, header};
use connectrpc::{ConnectError, ErrorCode};
use rolecall_model::refusal::Kind;
use rolecall_service::Error;

/// Words by which the client takes any error for a missing credential. They are written with a hyphen after `un`.
const MISTAKEN: [&str; 2] = ["unauthorized", "unauthenticated"];

/// What went wrong in a use case.
pub(crate) fn fault(error: Error) -> ConnectError {
    let message = error.to_string();
    match error {
        Error::Unauthenticated(_) => {
            let mut said = ConnectError::unauthenticated(message);
            said.response_headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"rolecall\""));
            said
        }
        Error::Forbidden { .. } => said(ErrorCode::PermissionDenied, &message),
        Error::NotFound { .. } => said(ErrorCode::NotFound, &message),
        Error::Refused(refusal) => said(of_kind(refusal.kind), &message),
        Error::Precondition { .. } => said(ErrorCode::Aborted, &message),
        Error::IdempotencyMismatch => said(
            ErrorCode::InvalidArgument,
            "this x-request-id was sent with another request before; send a fresh one with every request",
        ),
        Error::Unreadable { .. } => said(ErrorCode::InvalidArgument, &message),
        Error::NotYet { .. } | Error::Closing => later(&message, 1),
        Error::Busy { retry_after, .. } => later(&message, retry_after.as_secs()),
        Error::Store(cause) => {
            tracing::error!(%cause, "the store failed");
            later(&message, 1)
        }
        error => {
            tracing::error!(?error, "a call failed");
            // Final for the client, unlike `internal`, which it would send three times more.
            said(ErrorCode::DataLoss, &message)
        }
    }
}

const fn of_kind(kind: Kind) -> ErrorCode {
    match kind {
        Kind::Invalid | Kind::TooMany => ErrorCode::InvalidArgument,
        Kind::Unknown => ErrorCode::NotFound,
        Kind::Taken => ErrorCode::AlreadyExists,
        Kind::NotHeld => ErrorCode::PermissionDenied,
        Kind::Changed => ErrorCode::Aborted,
        Kind::InUse | Kind::Predefined | Kind::LastAdministrator | Kind::Archived | Kind::Managed | Kind::NotNow => {
            ErrorCode::FailedPrecondition
        }
    }
}

/// An error of any code but `unauthenticated`, in words that cannot be mistaken for it.
pub(crate) fn said(code: ErrorCode, message: &str) -> ConnectError {
    ConnectError::new(code, plain(message))
}

/// A request that cannot be what it is.
pub(crate) fn invalid(message: impl AsRef<str>) -> ConnectError {
    said(ErrorCode::InvalidArgument, message.as_ref())
}

fn later(message: &str, seconds: u64) -> ConnectError {
    let mut error = said(ErrorCode::Unavailable, message);
    error.response_headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    error
}

/// The message without the words by which the client would sign in again, in whatever case.
fn plain(message: &str) -> String {
    MISTAKEN.iter().fold(message.to_owned(), |text, word| {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text.as_str();
        // ASCII case folding keeps every byte where it is.
        while let Some(at) = rest.to_ascii_lowercase().find(word) {
            let (before, found) = rest.split_at(at);
            let (begin, end) = found[..word.len()].split_at(2);
            plain.push_str(before);
            plain.push_str(begin);
            plain.push('-');
            plain.push_str(end);
            rest = &found[word.len()..];
        }
        plain.push_str(rest);
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_word_by_which_the_client_would_sign_in_again() {
        assert_eq!(plain("no role named \"Unauthorized\""), "no role named \"Un-authorized\"");
        assert_eq!(
            plain("UNAUTHENTICATED, unauthorizedunauthorized é"),
            "UN-AUTHENTICATED, un-authorizedun-authorized é"
        );
        assert_eq!(plain("authorized"), "authorized");
    }
}
