//! Problems (RFC 9457): the one place where what went wrong becomes a status, a code and a body.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rolecall_model::refusal::{Kind, Refusal};
use rolecall_service::Error;
use serde::Serialize;
use std::ops::{Deref, DerefMut};
use utoipa::ToSchema;

/// What every code means, for the pages under `/problems/` and the OpenAPI document.
pub(crate) const CODES: &[(&str, u16, &str, &str)] = &[
    (
        "unauthenticated",
        401,
        "Who are you?",
        "There is no credential, or it is wrong, expired or revoked. Send a token as `Authorization: Bearer …`.",
    ),
    (
        "forbidden",
        403,
        "You may see it but not do it",
        "The detail names the action that is missing and where. Ask an administrator for a role that permits it.",
    ),
    (
        "not_held",
        403,
        "You cannot give what you do not hold",
        "Whatever lets somebody do more must be held by who gives it, at that scope.",
    ),
    (
        "not_found",
        404,
        "It is not there",
        "The thing that the path names is not there, or you may not see it: both read the same.",
    ),
    (
        "method_not_allowed",
        405,
        "Not with this method",
        "The path is right, the method is not. The Allow header lists those that are.",
    ),
    (
        "taken",
        409,
        "The name belongs to another",
        "Names are unique among their kind; identifiers of users and applications share one space.",
    ),
    ("in_use", 409, "It is used elsewhere", "The details list where. Take it out there first."),
    ("predefined", 409, "It comes with the catalog", "Predefined nouns never change. Create one of your own instead."),
    (
        "last_administrator",
        409,
        "No administrator would remain",
        "At least one active user who can sign in keeps every administrative action without an end.",
    ),
    (
        "managed",
        409,
        "SCIM manages it",
        "An identity provider keeps this user or group over SCIM. Change it there, or take it out of SCIM's hands with its `unlink` route first.",
    ),
    ("archived", 409, "The project is archived", "Restore the project to grant something there."),
    ("not_now", 409, "The state does not allow it", "The detail says what stands in the way."),
    (
        "page_expired",
        410,
        "The page expired",
        "A page token counts for five minutes. Start the list again; it is never silently shortened.",
    ),
    (
        "changed",
        412,
        "It was changed since you read it",
        "Read it again, look at what changed, and repeat with the new ETag.",
    ),
    (
        "body_too_large",
        413,
        "The body is too large",
        "Most bodies may have 1 MiB, batches 16 MiB. Use import for more.",
    ),
    ("unsupported_media_type", 415, "Not this type of content", "Send application/json in UTF-8, without compression."),
    (
        "malformed",
        400,
        "It cannot be read",
        "The body is not JSON, or a header or query parameter is not what it should be.",
    ),
    (
        "unreadable",
        422,
        "A line cannot be read",
        "The detail names the first bad line of the import. Nothing was changed.",
    ),
    ("invalid", 422, "A value cannot be what it is", "The field says where, the detail what to mend."),
    ("unknown", 422, "Something named is not there", "The field says where; the detail has the nearest known name."),
    ("too_many", 422, "Too much at once", "Split it, or import."),
    (
        "idempotency_mismatch",
        422,
        "The same key, another request",
        "An Idempotency-Key belongs to one request for 24 hours.",
    ),
    (
        "too_many_tries",
        429,
        "Too many tries",
        "Whoever guesses is slowed down. Try again after the time in Retry-After.",
    ),
    (
        "not_yet",
        503,
        "That revision is not here yet",
        "Another node wrote it; try again after the time in Retry-After.",
    ),
    ("busy", 503, "Busy", "Try again after the time in Retry-After."),
    (
        "unavailable",
        503,
        "Not available",
        "The database cannot be reached or the server is stopping. Nothing was changed.",
    ),
    ("internal", 500, "A fault of the server", "The server's log has the cause under the request id."),
];

/// What went wrong. In a box, since it goes back through many hands.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<ProblemView>);

impl Deref for Problem {
    type Target = ProblemView;
    fn deref(&self) -> &ProblemView {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut ProblemView {
        &mut self.0
    }
}

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemView {
    /// A page that explains this kind of problem, relative to the server: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every problem of the kind.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem as a stable word for machines.
    pub code: &'static str,
    /// What went wrong this time and what to mend.
    pub detail: String,
    /// Where in the body or query, as a path such as `bindings[2].role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where the thing is used, or what is missing; at most twenty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The request's id, by which the server's log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) retry_after: Option<u64>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) revision: Option<u64>,
}

impl Problem {
    /// A problem of a code that [`CODES`] lists.
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let known = CODES.iter().find(|(known, ..)| *known == code);
        let (status, title) = known.map_or((500, "A fault of the server"), |(_, status, title, _)| (*status, *title));
        Problem(Box::new(ProblemView {
            kind: format!("/problems/{code}"),
            title,
            status,
            code,
            detail: detail.into(),
            field: None,
            details: Vec::new(),
            request_id: None,
            retry_after: None,
            revision: None,
        }))
    }

    /// What cannot be read at all.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Problem::new("malformed", detail)
    }

    /// A value that cannot be what it is.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem::new("invalid", detail).at(field)
    }

    /// What the path names is not there, or may not be seen.
    pub(crate) fn not_found(noun: &str, name: &str) -> Self {
        Error::not_found(noun, name).into()
    }

    /// The same problem, at a field.
    #[must_use]
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.field = (!field.is_empty()).then_some(field);
        self
    }

    /// The same problem, found under `path` of a larger body.
    #[must_use]
    pub(crate) fn under(mut self, path: &str) -> Self {
        self.field = Some(match self.field.as_deref() {
            None | Some("") => path.to_owned(),
            Some(field) => format!("{path}.{field}"),
        });
        self
    }

    /// The same problem, with the first word of its field as the body has it.
    #[must_use]
    pub(crate) fn renamed(mut self, word: &str, own: &str) -> Self {
        if let Some(rest) = self.field.as_ref().and_then(|field| field.strip_prefix(word)) {
            self.field = Some(format!("{own}{rest}"));
        }
        self
    }

    fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.kind {
            Kind::Unknown if refusal.target => "not_found",
            kind => kind.code(),
        };
        let mut problem = Problem::new(code, refusal.message).at(refusal.field);
        problem.details = refusal.details;
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error {
            Error::Unauthenticated(_) => Problem::new("unauthenticated", said),
            Error::Forbidden { action, place, .. } => {
                let mut problem = Problem::new("forbidden", said);
                problem.details = vec![format!("action: {action}"), format!("place: {place}")];
                problem
            }
            Error::NotFound { .. } => Problem::new("not_found", said),
            Error::Refused(refusal) => refusal.into(),
            Error::Precondition { .. } => Problem::new("changed", said),
            Error::IdempotencyMismatch => Problem::new("idempotency_mismatch", said),
            Error::NotYet { .. } => Problem::new("not_yet", said).after(1),
            Error::Busy { retry_after, tries, .. } => {
                Problem::new(if tries { "too_many_tries" } else { "busy" }, said).after(retry_after.as_secs())
            }
            Error::Unreadable { .. } => Problem::new("unreadable", said),
            Error::Closing => Problem::new("unavailable", said).after(5),
            Error::Store(cause) => {
                tracing::error!(%cause, "the store failed");
                Problem::new("unavailable", said).after(1)
            }
            Error::Damaged(cause) | Error::Internal(cause) => {
                tracing::error!(cause, "a request failed");
                Problem::new("internal", said)
            }
            other => {
                tracing::error!(error = %other, "a request failed");
                Problem::new("internal", said)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(revision) = self.revision {
            headers.insert(HeaderName::from_static("rolecall-revision"), revision.into());
        }
        response
    }
}

/// The page that explains a code; none when there is no such code.
pub(crate) fn page(code: &str) -> Option<String> {
    let (code, status, title, text) = CODES.iter().find(|(known, ..)| *known == code)?;
    Some(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:1.1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>\
         <h1>{title}</h1><p>{text}</p><p>Code <code>{code}</code>, HTTP status {status}. <a href=\"/docs\">All routes</a></p></html>"
    ))
}
