//! A call on its way to its handler: who calls, what its path and query say, and only when the handler asks for it, after
//! its permission, the body. Calls that come before signing in have no caller: [`Visit`].

use crate::door::{App, Turn};
use crate::fault::Fault;
use crate::number::digits;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use rolecall_model::{Command, Org};
use rolecall_service::{self as service, Ctx, Done};
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest body; access for a hundred thousand users fits in.
const LARGEST_BODY: usize = 4 << 20;

/// What a request says.
pub(crate) struct Asked {
    pub parts: Parts,
    params: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// In a lock for the type's sake only: a body cannot be looked at by two threads.
    body: Mutex<Option<Body>>,
}

impl Asked {
    async fn of(mut parts: Parts, body: Body) -> Result<Self, Fault> {
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let params = match params {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(error) if error.status() == StatusCode::BAD_REQUEST => {
                return Err(Fault::bad_at("/params", "the path is not percent-encoded UTF-8"));
            }
            // A route without parameters.
            Err(_) => Vec::new(),
        };
        let query = Query::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default();
        Ok(Asked { parts, params, query, body: Mutex::new(Some(body)) })
    }

    /// A part of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// An id that the path has.
    ///
    /// # Errors
    /// 400 when it is not a number.
    pub(crate) fn id(&self, name: &str) -> Result<u32, Fault> {
        let unfit =
            || Fault::bad_at(&format!("/params/{name}"), format!("The `/params/{name}` property must be integer."));
        digits(self.param(name)).ok_or_else(unfit)
    }

    /// A part of the query; an empty one is as good as none.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter().filter(|(known, value)| known == name && !value.is_empty());
        all.next().map(|(_, value)| value.as_str())
    }

    /// The body, read as JSON. To be asked for once, and after the permission.
    ///
    /// # Errors
    /// 415 when it is sent as something else, 400 when it is not what it should be.
    pub(crate) async fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let kind = self.parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| kind.to_str().unwrap_or("unreadable")).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Fault::content_type(kind));
        }
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let bytes = to_bytes(body, LARGEST_BODY).await.map_err(|_| {
            Fault::bad_at(
                "/body",
                format!("the body broke off or is larger than {LARGEST_BODY} bytes; send less at once"),
            )
        })?;
        read(&bytes)
    }
}

/// JSON as a body has it. What is wrong is said with its place.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        if cause.is_syntax() || cause.is_eof() {
            return Fault::bad_at("/body", format!("the body is not JSON: {cause}"));
        }
        unfit(&path, &cause.to_string())
    })?;
    reader.end().map_err(|error| Fault::bad_at("/body", format!("the body is not JSON: {error}")))?;
    Ok(read)
}

/// A part of the body that is not there or of another kind, with a path such as `/body/users/0/user/id`.
fn unfit(path: &str, cause: &str) -> Fault {
    let cause = cause.rsplit_once(" at line ").map_or(cause, |(cause, _)| cause);
    let mut place = String::from("/body");
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty() && *part != "?") {
        place.push('/');
        place.push_str(part);
    }
    if let Some(missing) = cause.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        place = format!("{place}/{missing}");
        return Fault::bad_at(
            &place,
            format!("The `{place}` property is required. It was not present on the data you sent."),
        );
    }
    Fault::bad_at(&place, format!("The `{place}` property is not as it should be: {cause}"))
}

/// A call of somebody who is known.
pub(crate) struct Call {
    pub ctx: Ctx,
    pub app: Arc<App>,
    pub asked: Asked,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let ctx = app.enter(&parts).await?;
        Ok(Call { ctx, app: Arc::clone(app), asked: Asked::of(parts, body).await? })
    }
}

/// A call of anybody.
pub(crate) struct Visit {
    pub app: Arc<App>,
    pub asked: Asked,
}

impl FromRequest<Arc<App>> for Visit {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        Ok(Visit { app: Arc::clone(app), asked: Asked::of(parts, body).await? })
    }
}

impl Call {
    /// The state that the call reads.
    pub(crate) fn org(&self) -> &Org {
        self.ctx.org()
    }

    /// The same call in the newest state, and alone: what it makes of what it reads there is not overtaken by another
    /// replacement. To be asked for after the body was read, which takes a client as long as it likes.
    ///
    /// # Errors
    /// 401 when the credential counts no longer.
    pub(crate) async fn in_turn(self) -> Result<(Call, Turn), Fault> {
        let turn = self.app.turn(self.ctx.organization()).await;
        let ctx = self.ctx.renewed().ok_or_else(Fault::sign_in_first)?;
        Ok((Call { ctx, ..self }, turn))
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// What stands in the way; then nothing has changed.
    pub(crate) async fn execute(&self, command: impl Into<Command>) -> Result<Done, Fault> {
        Ok(service::execute(&self.ctx, command.into()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        #[expect(dead_code, reason = "only read")]
        root_role: Number,
        #[expect(dead_code, reason = "only read")]
        #[serde(default)]
        users: Vec<Number>,
    }

    fn refused(text: &str) -> String {
        format!("{:?}", read::<Body>(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_with_its_place() {
        assert!(refused("{}").contains("/body/rootRole"));
        assert!(refused(r#"{"rootRole": "x"}"#).contains("/body/rootRole"));
        assert!(refused(r#"{"rootRole": 1, "users": [1, null]}"#).contains("/body/users/1"));
        assert!(refused("{").contains("not JSON"));
        assert!(refused(r#"{"rootRole": 1} x"#).contains("not JSON"));
    }
}
