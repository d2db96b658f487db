//! The door: the credential is checked before anything of a body is read, for every protocol and method alike.

use crate::decision::Decisions;
use crate::fault::fault;
use crate::v1::DecisionServiceServer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Response, header};
use connectrpc::{ConnectError, ConnectRpcService, RequestContext};
use rolecall_service::{Ctx, Service};
use std::sync::Arc;
use tower::Service as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AT_LEAST: HeaderName = HeaderName::from_static("rolecall-at-least");

/// The name under which the service knows this façade.
const FACADE: &str = "connect";

/// What every call needs.
pub(crate) struct App {
    pub service: Service,
    pub calls: ConnectRpcService<DecisionServiceServer<Decisions>>,
}

/// Lets a caller in and hands the call on. A refusal is said in the words of the caller's protocol.
pub(crate) async fn open(State(app): State<Arc<App>>, mut request: Request) -> Response<Body> {
    let response = match enter(&app.service, request.headers()).await {
        Ok(ctx) => {
            request.extensions_mut().insert(ctx);
            let Ok(response) = app.calls.clone().call(request).await;
            response
        }
        Err(refused) => refused.into_http_response(request.headers()),
    };
    response.map(Body::new)
}

async fn enter(service: &Service, headers: &HeaderMap) -> Result<Ctx, ConnectError> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let at_least = text(&AT_LEAST).map(str::parse).transpose();
    let at_least =
        at_least.map_err(|_| ConnectError::invalid_argument("rolecall-at-least must be a revision, such as 17"))?;
    let request = rolecall_service::Request {
        credential: text(&header::AUTHORIZATION),
        facade: FACADE,
        request_id: text(&REQUEST_ID).unwrap_or_default(),
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least,
        at: None,
    };
    service.enter(request).await.map_err(fault)
}

/// Who calls, as the door left it.
pub(crate) fn caller(call: &RequestContext) -> Result<&Ctx, ConnectError> {
    call.extensions().get::<Ctx>().ok_or_else(|| ConnectError::internal("the call did not come through the door"))
}
