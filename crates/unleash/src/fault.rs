//! What goes wrong, in Unleash's shape: the one place where it gets a status and a name. Clients look at those two and
//! show `details[].message`; the id is there for who looks for it in a log.

use crate::answer;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rolecall_model::refusal::{Kind, Refusal};
use rolecall_service::Error;
use serde_json::{Map, Value, json};

/// What went wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    status: StatusCode,
    name: &'static str,
    message: String,
    details: Vec<Value>,
    /// Fields that only this fault has.
    extra: Map<String, Value>,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
    /// Whether it is said by its status alone.
    silent: bool,
}

impl Fault {
    /// A fault of this status and name; the message is the only detail.
    pub(crate) fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let details = vec![json!({"message": message})];
        Fault { status, name, message, details, extra: Map::new(), retry_after: None, silent: false }
    }

    /// A fault that is said by its status alone, without a body.
    pub(crate) fn silent(status: StatusCode) -> Self {
        Fault { silent: true, ..Fault::new(status, "", "") }
    }

    /// 400: what was sent cannot be what it is.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Fault::all_bad(vec![json!({"message": message.into()})])
    }

    /// 400, at a place such as `/body/rootRole`.
    pub(crate) fn bad_at(path: &str, message: impl Into<String>) -> Self {
        Fault::all_bad(vec![json!({"message": message.into(), "path": path})])
    }

    fn all_bad(details: Vec<Value>) -> Self {
        let first = details.first().and_then(|detail| detail["message"].as_str()).unwrap_or_default();
        let message = format!("Request validation failed: your request body or params contain invalid data: {first}");
        Fault { details, ..Fault::new(StatusCode::BAD_REQUEST, "BadDataError", message) }
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Fault::new(StatusCode::NOT_FOUND, "NotFoundError", message)
    }

    /// 404 for what was there a moment ago, and is gone again.
    pub(crate) fn gone() -> Self {
        Fault::not_found("it was there a moment ago and is gone again")
    }

    /// 404 for a path that leads nowhere.
    pub(crate) fn no_such_path(path: &str) -> Self {
        let path = rolecall_model::refusal::shown(path);
        Fault::not_found(format!("The path you were looking for ({path}) is not available."))
    }

    /// 403 for want of one of these permissions.
    pub(crate) fn permission(names: &[&str]) -> Self {
        let quoted = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let which = if names.len() == 1 {
            format!("the {quoted} permission")
        } else {
            format!("one of the following permissions: {quoted}")
        };
        let message = format!(
            "You don't have the required permissions to perform this operation. To perform this action, you need {which}."
        );
        Fault::new(StatusCode::FORBIDDEN, "PermissionError", message).with("permissions", json!(names))
    }

    /// 403 for what a rule does not let anybody do.
    pub(crate) fn invalid_operation(message: impl Into<String>) -> Self {
        Fault::new(StatusCode::FORBIDDEN, "InvalidOperationError", message)
    }

    /// 409: the name belongs to another.
    pub(crate) fn name_exists(message: impl Into<String>) -> Self {
        Fault::new(StatusCode::CONFLICT, "NameExistsError", message)
    }

    /// 415.
    pub(crate) fn content_type(given: &str) -> Self {
        let given = rolecall_model::refusal::shown(given);
        let message = format!(
            "We do not accept the content-type you provided ({given}). Try using one of application/json instead."
        );
        Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "ContentTypeError", message)
    }

    /// 401 for who shows nothing by which it is known.
    pub(crate) fn sign_in_first() -> Self {
        let message = "You must log in to use Unleash. Your request had no authorization header, so we could not \
                       authorize you. Try logging in at /auth/simple/login.";
        let fault = Fault::new(StatusCode::UNAUTHORIZED, "AuthenticationRequired", message);
        fault.with("path", "/auth/simple/login".into()).with("type", "password".into())
    }

    /// 401 for an Authorization header that means nothing.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Fault::new(StatusCode::UNAUTHORIZED, "UnauthorizedError", message)
    }

    /// The same with one more field.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// The same with other details.
    pub(crate) fn with_details(self, details: Vec<Value>) -> Self {
        Fault { details, ..self }
    }

    /// The same as bad data: for nouns of which a name that is taken is that.
    pub(crate) fn into_bad(self) -> Self {
        if self.name == "BadDataError" { self } else { Fault::bad(self.message) }
    }

    /// The name, by which handlers tell faults apart.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    fn after(self, seconds: u64) -> Self {
        Fault { retry_after: Some(seconds.max(1)), ..self }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if self.silent {
            return self.status.into_response();
        }
        let mut body = self.extra;
        body.insert("id".to_owned(), uuid::Uuid::now_v7().to_string().into());
        body.insert("name".to_owned(), self.name.into());
        body.insert("message".to_owned(), self.message.into());
        body.insert("details".to_owned(), self.details.into());
        let mut response = answer::json(self.status, &body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let said = refusal.message.clone();
        match refusal.kind {
            Kind::Unknown if refusal.target => Fault::not_found(said),
            Kind::Invalid | Kind::Unknown | Kind::Changed => Fault::bad_at(&place(&refusal.field), said),
            Kind::Taken => Fault::name_exists(said),
            Kind::TooMany => Fault::new(StatusCode::BAD_REQUEST, "ExceedsLimitError", said),
            Kind::Managed => Fault::new(StatusCode::FORBIDDEN, "ForbiddenError", said),
            Kind::NotNow => Fault::new(StatusCode::FORBIDDEN, "OperationDeniedError", said),
            Kind::InUse | Kind::Predefined | Kind::NotHeld | Kind::LastAdministrator | Kind::Archived => {
                Fault::invalid_operation(said)
            }
        }
    }
}

/// Where in a body the field of a command stands.
fn place(field: &str) -> String {
    match field.rsplit('.').next().unwrap_or_default() {
        "" => "/body".to_owned(),
        "role" => "/body/rootRole".to_owned(),
        "sso_names" => "/body/mappingsSSO".to_owned(),
        "title" => "/body/name".to_owned(),
        last => format!("/body/{}", last.replace('[', "/").replace(']', "")),
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error {
            Error::Unauthenticated(_) => Fault::unauthorized(said),
            Error::Forbidden { action, .. } => {
                // What guards our own operations is held by whoever holds all.
                let name =
                    if action.starts_with(rolecall_model::operation::PREFIX) { "ADMIN" } else { action.as_str() };
                Fault::permission(&[name])
            }
            Error::NotFound { .. } => Fault::not_found(said),
            Error::Refused(refusal) => refusal.into(),
            Error::Busy { retry_after, tries: true, .. } => {
                Fault::new(StatusCode::TOO_MANY_REQUESTS, "RateLimitError", said).after(retry_after.as_secs())
            }
            Error::Busy { retry_after, .. } => later(said).after(retry_after.as_secs()),
            Error::NotYet { .. } => later(said).after(1),
            Error::Closing => later(said).after(5),
            Error::Store(cause) => {
                tracing::error!(%cause, "the store failed");
                later(said).after(1)
            }
            other => {
                tracing::error!(error = ?other, "a request failed");
                Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "UnknownError", said)
            }
        }
    }
}

fn later(said: String) -> Fault {
    Fault::new(StatusCode::SERVICE_UNAVAILABLE, "UnknownError", said)
}
