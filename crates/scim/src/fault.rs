//! What goes wrong, in SCIM's shape (RFC 7644, section 3.12): the one place where it gets a status.

use crate::urn;
use rolecall_model::refusal::{Kind, Refusal};
use rolecall_service::Error;
use serde_json::{Value, json};

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// SCIM's word for it, where it has one.
    pub word: Option<&'static str>,
    /// What to mend.
    pub detail: String,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
}

impl Fault {
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Fault { status, word: None, detail: detail.into(), retry_after: None }
    }

    fn bad(word: &'static str, detail: impl Into<String>) -> Self {
        Fault { word: Some(word), ..Fault::new(400, detail) }
    }

    /// The request is not made as it must be.
    pub(crate) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Fault::bad("invalidSyntax", detail)
    }

    /// A value cannot be what it is.
    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Fault::bad("invalidValue", detail)
    }

    /// A filter cannot be read, or compares what cannot be compared.
    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Fault::bad("invalidFilter", detail)
    }

    /// A path names nothing.
    pub(crate) fn invalid_path(detail: impl Into<String>) -> Self {
        Fault::bad("invalidPath", detail)
    }

    /// A path leads to nothing that could be changed.
    pub(crate) fn no_target(detail: impl Into<String>) -> Self {
        Fault::bad("noTarget", detail)
    }

    /// A value that never changes, or not by a client.
    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Fault::bad("mutability", detail)
    }

    /// What must be unique is taken.
    pub(crate) fn uniqueness(detail: impl Into<String>) -> Self {
        Fault { word: Some("uniqueness"), ..Fault::new(409, detail) }
    }

    /// It is not there.
    pub(crate) fn not_found(noun: &str, id: &str) -> Self {
        Fault::new(404, format!("there is no {noun} \"{}\"", rolecall_model::refusal::shown(id)))
    }

    fn after(self, seconds: u64) -> Self {
        Fault { retry_after: Some(seconds.max(1)), ..self }
    }

    /// A refused filter or path as one of another word, the detail kept.
    pub(crate) fn worded(self, word: &'static str) -> Self {
        Fault { word: self.word.and(Some(word)), ..self }
    }

    /// The same fault, found at this place of a larger request.
    pub(crate) fn under(self, place: &str) -> Self {
        Fault { detail: format!("{place}: {}", self.detail), ..self }
    }

    /// As a body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"schemas": [urn::ERROR], "status": self.status.to_string(), "detail": self.detail});
        if let (Some(word), Some(body)) = (self.word, body.as_object_mut()) {
            body.insert("scimType".to_owned(), word.into());
        }
        body
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let said = refusal.message.clone();
        match refusal.kind {
            Kind::Unknown if refusal.target => Fault::new(404, said),
            Kind::Invalid | Kind::Unknown => Fault::invalid_value(said).under(attribute(&refusal.field)),
            Kind::Taken => Fault::uniqueness(said).under(attribute(&refusal.field)),
            Kind::NotHeld => Fault::new(403, said),
            Kind::TooMany => Fault::new(413, said),
            Kind::Changed => Fault::new(412, said),
            _ => Fault::new(409, said),
        }
    }
}

/// What SCIM calls a field of a command.
fn attribute(field: &str) -> &str {
    match field {
        "email" => "emails",
        "username" => "userName",
        "name" => "displayName",
        "" => "the request",
        field => field,
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error {
            Error::Unauthenticated(_) => Fault::new(401, said),
            Error::Forbidden { .. } => Fault::new(403, said),
            Error::NotFound { .. } => Fault::new(404, said),
            Error::Refused(refusal) => refusal.into(),
            Error::Precondition { .. } => Fault::new(412, said),
            Error::NotYet { .. } => Fault::new(503, said).after(1),
            Error::Busy { retry_after, .. } => Fault::new(503, said).after(retry_after.as_secs()),
            Error::Closing => Fault::new(503, said).after(5),
            Error::Store(cause) => {
                tracing::error!(%cause, "the store failed");
                Fault::new(503, said).after(1)
            }
            Error::Damaged(cause) | Error::Internal(cause) => {
                tracing::error!(cause, "a request failed");
                Fault::new(500, said)
            }
            other => {
                tracing::error!(error = %other, "a request failed");
                Fault::new(500, said)
            }
        }
    }
}
