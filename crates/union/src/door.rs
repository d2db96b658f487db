//! The door: the credential is checked before anything of a body is read, for every service and protocol alike.

use crate::fault::{fault, said};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, Response, header};
use connectrpc::{ConnectError, ConnectRpcService, ErrorCode, RequestContext, Router};
use rolecall_model::Command;
use rolecall_model::name::same_name;
use rolecall_service::{self as service, Ctx, Done, Error, Service};
use std::sync::Arc;
use tower::Service as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Beside the usual header, where some set-ups of the client send the token.
const FLYTE_AUTHORIZATION: HeaderName = HeaderName::from_static("flyte-authorization");

/// The name under which the service and the audit know this façade.
const FACADE: &str = "union";

/// An extension of requests: the server vouches that this one comes from the machine itself, and was started to let such
/// requests act as the first administrator when they carry no credential.
#[derive(Clone, Copy, Debug)]
pub struct Unasked;

/// What every call needs.
pub(crate) struct Door {
    pub service: Service,
    pub calls: ConnectRpcService<Router>,
}

/// Who calls, and what the client takes the organization's name for.
#[derive(Clone)]
pub(crate) struct Caller {
    pub ctx: Ctx,
    alias: Option<Arc<str>>,
}

/// Lets a caller in and hands the call on. A refusal is said in the words of the caller's protocol.
pub(crate) async fn open(State(door): State<Arc<Door>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let entered = enter(&door.service, &parts).await;
    let mut request = Request::from_parts(parts, body);
    let refused = match entered {
        Ok(caller) if door.calls.dispatcher().has_method(request.uri().path()) => {
            request.extensions_mut().insert(caller);
            let Ok(response) = door.calls.clone().call(request).await;
            return response.map(Body::new);
        }
        Ok(_) => crate::unimplemented(request.uri().path()),
        Err(refused) => refused,
    };
    refused.into_http_response(request.headers()).map(Body::new)
}

async fn enter(service: &Service, request: &Parts) -> Result<Caller, ConnectError> {
    let text = |name: &HeaderName| request.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let credential = text(&header::AUTHORIZATION).or_else(|| text(&FLYTE_AUTHORIZATION));
    let request_id = text(&REQUEST_ID).unwrap_or_default();
    let asked = service::Request {
        credential,
        facade: FACADE,
        request_id,
        idempotency_key: repeatable(request_id),
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let unasked = credential.is_none() && request.extensions.get::<Unasked>().is_some();
    let entered = if unasked { service.enter_unasked(asked).await } else { service.enter(asked).await };
    let ctx = entered.map_err(|error| match error {
        Error::Unauthenticated(_) if credential.is_none() => fault(Error::Unauthenticated(
            "a credential is missing, and the client sends none over plain http: use https, or start the server on \
             this machine with --trust-loopback"
                .to_owned(),
        )),
        error => fault(error),
    })?;
    let host = request.uri.host().or_else(|| text(&header::HOST));
    Ok(Caller { ctx, alias: host.and_then(alias).map(Arc::from) })
}

/// The client gives every request an id of its own and repeats it under the same one, so a change whose answer was lost
/// is answered again and not made again. Ids of another form may not be unique.
fn repeatable(request_id: &str) -> Option<&str> {
    let id = uuid::Uuid::try_parse(request_id).ok()?;
    (id.get_version_num() == 4).then_some(request_id)
}

/// What the client takes for the organization when nobody names it: the first label of a host with three or more.
fn alias(host: &str) -> Option<&str> {
    let host = host.split(':').next().unwrap_or_default();
    let (first, rest) = host.split_once('.')?;
    rest.contains('.').then_some(first)
}

/// Who calls, as the door left it.
pub(crate) fn caller(call: &RequestContext) -> Result<&Caller, ConnectError> {
    let lost = || said(ErrorCode::DataLoss, "the call did not come through the door");
    call.extensions().get::<Caller>().ok_or_else(lost)
}

impl Caller {
    /// The organization's name.
    pub(crate) fn own(&self) -> &str {
        self.ctx.org().settings().map(|settings| settings.name.as_str()).unwrap_or_default()
    }

    /// How answers name the organization, when a request names it so. The credential decides which it is: a name must be
    /// empty, its own, or what the client made of the server's address.
    pub(crate) fn organization(&self, named: &str) -> Result<String, ConnectError> {
        if named.is_empty() || same_name(self.own(), named, true) {
            return Ok(self.own().to_owned());
        }
        if self.alias.as_deref() == Some(named) {
            return Ok(named.to_owned());
        }
        let (own, named) = (self.own(), rolecall_model::refusal::shown(named));
        let message =
            format!("your credential is for the organization \"{own}\", not for \"{named}\"; use --org {own}");
        Err(said(ErrorCode::NotFound, &message))
    }

    /// Carries out a command.
    pub(crate) async fn execute(&self, command: impl Into<Command>) -> Result<Done, ConnectError> {
        service::execute(&self.ctx, command.into()).await.map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_s_own_guess_of_the_organization_is_understood() {
        assert_eq!(alias("127.0.0.1:7400"), Some("127"));
        assert_eq!(alias("acme.union.example"), Some("acme"));
        for host in ["localhost:7400", "union.example", "[::1]:7400", ""] {
            assert_eq!(alias(host), None, "{host}");
        }
    }

    #[test]
    fn only_an_id_that_is_surely_unique_marks_a_repeat() {
        assert!(repeatable("0f8fad5b-d9cb-469f-a165-70867728950e").is_some());
        for id in ["", "test", "req_0123", "018f3c2e-0000-7000-8000-000000000000"] {
            assert!(repeatable(id).is_none(), "{id}");
        }
    }
}
