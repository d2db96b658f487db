//! Refusals of OAuth 2.0 over the wire: as JSON to clients (RFC 6749, 5.2; RFC 6750, 3), as a page to people.

use crate::shell::{Page, sentence};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rolecall_service::oauth::Fault;
use rolecall_service::{Error, html::escape};
use serde_json::json;

/// An answer that nobody keeps.
pub(super) fn not_kept(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(fault: &Fault) -> StatusCode {
    match (fault, fault.code()) {
        (_, "invalid_client" | "invalid_token") => StatusCode::UNAUTHORIZED,
        (_, "insufficient_scope") => StatusCode::FORBIDDEN,
        (Fault::Failed(Error::Busy { .. }), _) => StatusCode::TOO_MANY_REQUESTS,
        (_, "temporarily_unavailable") => StatusCode::SERVICE_UNAVAILABLE,
        (_, "server_error") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn log(fault: &Fault) {
    if let Fault::Failed(error) = fault
        && status(fault).is_server_error()
    {
        tracing::error!(error = %error, cause = ?std::error::Error::source(error), "an OAuth request failed");
    }
}

fn with_retry(mut response: Response, fault: &Fault) -> Response {
    if let Fault::Failed(Error::Busy { retry_after, .. }) = fault {
        let seconds = HeaderValue::from(retry_after.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// The refusal of a client.
pub(super) fn refusal(fault: &Fault) -> Response {
    log(fault);
    let body = json!({ "error": fault.code(), "error_description": fault.description() });
    let mut response = with_retry(not_kept((status(fault), Json(body))), fault);
    if fault.code() == "invalid_client" {
        let how = HeaderValue::from_static("Basic realm=\"rolecall\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}

/// The refusal of who shows an access token.
pub(super) fn bearer_refusal(fault: &Fault) -> Response {
    let mut response = refusal(fault);
    let description = fault.description().replace(['"', '\\'], "'");
    let how = format!("Bearer realm=\"rolecall\", error=\"{}\", error_description=\"{description}\"", fault.code());
    if let Ok(how) = HeaderValue::from_str(&how) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}

/// What people are shown when nobody can be sent back.
pub(super) fn page(title: &str, fault: &Fault) -> Response {
    log(fault);
    let body = format!(
        "<h1>{}</h1><p class=\"wrong\" role=\"alert\">{}</p><p class=\"soft\">Nothing was granted to anybody. \
         If an application sent you here, tell whoever makes it; it was told <code>{}</code>.</p>",
        escape(title),
        escape(&sentence(&fault.description())),
        escape(fault.code()),
    );
    // A client that is not known is no credential of whoever looks at the page.
    let status = if status(fault).is_client_error() { StatusCode::BAD_REQUEST } else { status(fault) };
    with_retry(Page::new(title, body).status(status).into_response(), fault)
}
