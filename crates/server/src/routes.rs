//! All routes on one router: the façades, and the server's own few.

use crate::front::Front;
use crate::metrics::Metrics;
use crate::observe::{REQUEST_ID, observe};
use crate::setup;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rolecall_authzen::DecisionPoint;
use rolecall_model::operation as op;
use rolecall_service::{Error, Service};
use rolecall_signin::Page;
use std::net::IpAddr;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

/// The server's own routes, each with the reason why it needs no credential or is not in the API
/// document.
pub const OWN_ROUTES: [(&str, &str); 21] = [
    ("/", "a page that says what this is; it shows nothing of any organization"),
    ("/setup", "makes the first organization; it needs the one-time key from the log and is gone afterwards"),
    ("/healthz", "says only that the process is alive"),
    ("/readyz", "says only whether requests can be served"),
    ("/metrics", "numbers for operators; needs rolecall.metrics.read in the home organization"),
    (rolecall_connect::PATH, "decisions over gRPC and Connect; needs a credential, and is described by decision.proto"),
    (rolecall_scim::ROUTES[0], SCIM),
    (rolecall_scim::ROUTES[1], SCIM),
    (rolecall_scim::ROUTES[2], SCIM),
    (rolecall_unleash::ROUTES[0], UNLEASH),
    (rolecall_unleash::ROUTES[1], UNLEASH),
    (rolecall_unleash::ROUTES[2], UNLEASH),
    (
        rolecall_union::GUARDED[0],
        "roles for the public Union client; needs a credential, and is described by identity.proto",
    ),
    (rolecall_union::GUARDED[1], "policies for the public Union client; needs a credential, as above"),
    (rolecall_union::GUARDED[2], "users for the public Union client; needs a credential, as above"),
    (rolecall_union::GUARDED[3], "members for the public Union client; needs a credential, as above"),
    (rolecall_union::GUARDED[4], "applications for the public Union client; needs a credential, as above"),
    (rolecall_union::GUARDED[5], "assignments and checks for the public Union client; see authorizer.proto"),
    (rolecall_union::GUARDED[6], "says to the public Union client who it is; needs a credential, see auth.proto"),
    (rolecall_union::GUARDED[7], "projects for the public flyte client; needs a credential, see project.proto"),
    (rolecall_union::OPEN, "where the public Union client can sign in: discovery comes before credentials"),
];

const SCIM: &str = "SCIM 2.0; needs the token of the SCIM connection, and describes itself under /Schemas";
const UNLEASH: &str = "Unleash's Admin API, documented by Unleash; needs a credential or the cookie of its own sign-in";

#[derive(Clone)]
struct Own {
    service: Service,
    metrics: Metrics,
}

/// Everything the server answers, in process: for tests, and for who serves it in a way of their own.
pub fn app(service: Service, public_url: &str) -> Router {
    router(service, Metrics::new(), public_url, Vec::new())
}

/// The same with the calls that decide answered in front of the routes, as it is served.
pub fn front(service: Service, public_url: &str) -> Front {
    served(service, Metrics::new(), public_url, Vec::new())
}

/// What is served.
pub(crate) fn served(service: Service, metrics: Metrics, public_url: &str, trusted_proxies: Vec<IpAddr>) -> Front {
    let point = DecisionPoint::new(service.clone());
    Front::new(point, metrics.clone(), router(service, metrics, public_url, trusted_proxies))
}

/// Everything the server answers, as routes.
fn router(service: Service, metrics: Metrics, public_url: &str, trusted_proxies: Vec<IpAddr>) -> Router {
    let (authzen, described) = rolecall_authzen::router(service.clone(), public_url);
    let (rest, _) = rolecall_rest::router_beside(service.clone(), Some(described));
    let connect = rolecall_connect::router(service.clone()).merge(rolecall_union::router(service.clone()));
    let scim = rolecall_scim::router(service.clone(), public_url);
    let secure = public_url.starts_with("https://");
    let unleash = rolecall_unleash::Settings { secure, trusted_proxies: trusted_proxies.clone() };
    let unleash = rolecall_unleash::router(service.clone(), public_url, unleash);
    let signin = rolecall_signin::router(service.clone(), rolecall_signin::Settings { secure, trusted_proxies });
    let setup = Router::new().route("/setup", get(setup::show).post(setup::make)).with_state(service.clone());
    let own = Router::new()
        .route("/", get(landing))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(guarded_metrics))
        .with_state(Own { service, metrics: metrics.clone() });
    dressed(
        rest.merge(authzen)
            .merge(connect)
            .merge(scim)
            .merge(unleash)
            .merge(signin)
            .merge(setup)
            .merge(own)
            .fallback(nothing_here),
        metrics,
    )
}

/// What surrounds every route: a panic becomes an answer, and each request an id and a line in the log.
fn dressed(router: Router, metrics: Metrics) -> Router {
    router.layer(CatchPanicLayer::custom(|_| broken())).layer(from_fn_with_state(metrics, observe))
}

/// What a panic is answered with.
pub(crate) fn broken() -> Response {
    let message = "something went wrong in the server; its log says more under this request id";
    problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, None)
}

/// Metrics on an address of their own, without a credential.
pub(crate) fn metrics_router(service: Service, metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(open_metrics)).with_state(Own { service, metrics })
}

/// The API document of everything the server speaks.
pub fn openapi() -> OpenApi {
    let mut document = rolecall_rest::document();
    document.merge(rolecall_authzen::openapi());
    document
}

async fn landing(State(own): State<Own>) -> Page {
    let state = if own.service.home().is_some() {
        "<p>It is running.</p>"
    } else {
        "<p>It is running and waits to be set up: open the link that its log shows.</p>"
    };
    let door =
        if own.service.home().is_some() { "<p><a class=\"button\" href=\"/signin\">Sign in</a></p>" } else { "" };
    let body = format!(
        "<h1>Who may do what, and why</h1>{state}{door}<table>\
         <tr><td><a href=\"/docs\">/docs</a></td><td>the API, to read</td></tr>\
         <tr><td><a href=\"/openapi.json\">/openapi.json</a></td><td>the API, for programs</td></tr>\
         <tr><td><a href=\"/.well-known/authzen-configuration\">/access/v1</a></td><td>decisions by OpenID AuthZEN 1.0</td></tr>\
         <tr><td><a href=\"/healthz\">/healthz</a> <a href=\"/readyz\">/readyz</a></td><td>health</td></tr></table>"
    );
    Page::new("Running", body)
}

async fn ready(State(own): State<Own>) -> Response {
    match own.service.is_ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], format!("not ready: {error}\n"))
                .into_response()
        }
    }
}

async fn guarded_metrics(State(own): State<Own>, headers: HeaderMap) -> Response {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let credential = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let request = rolecall_service::Request {
        credential,
        facade: "metrics",
        request_id: &id,
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let allowed = match own.service.enter(request).await {
        Ok(ctx) if !ctx.is_home() => Err(Error::NotFound { message: "there is nothing here".to_owned() }),
        Ok(ctx) => ctx.require(op::METRICS_READ, rolecall_service::Place::ORGANIZATION),
        Err(error) => Err(error),
    };
    match allowed {
        Ok(()) => open_metrics(State(own)).await,
        Err(error @ Error::Unauthenticated(_)) => {
            let mut response = problem(StatusCode::UNAUTHORIZED, "unauthenticated", &error.to_string(), Some(&id));
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Err(error @ Error::NotFound { .. }) => {
            problem(StatusCode::NOT_FOUND, "not_found", &error.to_string(), Some(&id))
        }
        Err(error @ Error::Forbidden { .. }) => {
            problem(StatusCode::FORBIDDEN, "forbidden", &error.to_string(), Some(&id))
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &error.to_string(), Some(&id)),
    }
}

async fn open_metrics(State(own): State<Own>) -> Response {
    match own.metrics.text(&own.service).await {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the metrics cannot be written", None),
    }
}

async fn nothing_here(request: Request) -> Response {
    if rolecall_union::speaks(request.uri().path()) {
        return rolecall_union::not_offered(&request);
    }
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    problem(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address; /docs lists what there is", id)
}

/// A problem document (RFC 9457) of the server itself.
fn problem(status: StatusCode, code: &str, detail: &str, request_id: Option<&str>) -> Response {
    let title = status.canonical_reason().unwrap_or("error");
    let body = serde_json::json!({
        "type": format!("/problems/{code}"), "title": title, "status": status.as_u16(), "code": code, "detail": detail, "request_id": request_id,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    async fn broken() -> Response {
        panic!("a secret of the inside")
    }

    #[tokio::test]
    async fn a_panic_becomes_an_answer_that_tells_nothing_of_it() {
        let router = dressed(Router::new().route("/", get(broken)), Metrics::new());
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(response.headers().contains_key(REQUEST_ID));
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(!problem["detail"].as_str().unwrap().contains("secret"), "{problem}");
    }
}
