//! Rolecall's own HTTP API under `/api/v1`, its OpenAPI document at `/openapi.json` and a page to
//! read it at `/docs`. One file per noun: its wire types, its routes and the few lines between them
//! and the service.
//!
//! Not here: rules (`rolecall-model`), who may what (`rolecall-service`), listening (`rolecall-server`).

#![allow(clippy::option_option, reason = "in a merge patch, absent, null and a value are three things")]

mod access;
mod action;
mod answer;
mod application;
mod assignment;
mod batch;
mod call;
mod change;
mod connection;
mod difference;
mod docs;
mod environment;
mod group;
mod history;
mod json;
mod me;
mod membership;
mod noun;
mod openapi;
mod organization;
mod organizations;
mod page;
mod path;
mod policy;
mod problem;
mod project;
mod provider;
mod resource_type;
mod role;
mod route;
mod session;
mod sign_in;
mod slot;
mod token;
mod transfer;
mod user;
mod visible;
mod wire;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use call::Shared;
use problem::Problem;
use rolecall_service::Service;
use route::{Method, Route};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Routes that the OpenAPI document leaves out, each with the reason. They need no credential.
pub const NOT_DESCRIBED: &[(&str, &str)] = &[
    ("/openapi.json", "it is the document itself, the same for everybody"),
    ("/docs", "a page to read the document, the same for everybody"),
    ("/problems/{code}", "pages that explain problems, the same for everybody"),
];

/// The router of the whole API and the document that describes it.
pub fn router(service: Service) -> (axum::Router, OpenApi) {
    router_beside(service, None)
}

/// The same, its document with another façade's put beside it.
pub fn router_beside(service: Service, other: Option<OpenApi>) -> (axum::Router, OpenApi) {
    let shared = Shared { service, pins: Arc::default() };
    let described = OpenApiRouter::with_openapi(openapi::frame());
    let described = routes().into_iter().fold(described, |router, route| {
        let (paths, schemas) = openapi::described(&route);
        router.routes((schemas, paths, method_router(route, shared.clone())))
    });
    let (router, mut document) = described.split_for_parts();
    if let Some(other) = other {
        document.merge(other);
    }
    let router = router.merge(docs::router(&document)).method_not_allowed_fallback(not_allowed);
    (router, document)
}

/// The document alone, without a service: for generating files.
pub fn document() -> OpenApi {
    let described = OpenApiRouter::<()>::with_openapi(openapi::frame());
    let described = routes().into_iter().fold(described, |router, route| {
        let (paths, schemas) = openapi::described(&route);
        router.routes((schemas, paths, on(filter(route.method), || async {})))
    });
    described.into_openapi()
}

/// A route as a test sees it: method, path, and the action it needs (none: any credential).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// The HTTP method.
    pub method: &'static str,
    /// The whole path, with parameters in braces.
    pub path: String,
    /// The action without which it is refused; none when it only needs a credential.
    pub action: Option<&'static str>,
    /// Why a credential is enough, when it is.
    pub reason: &'static str,
}

/// Every route of the API.
pub fn table() -> Vec<RouteRow> {
    let row = |route: Route| {
        let (action, reason) = match route.need {
            route::Need::Credential(why) => (None, why),
            route::Need::Action { action, .. } => (rolecall_model::operation::name(action), ""),
        };
        RouteRow { method: route.method.word(), path: format!("{}{}", openapi::PREFIX, route.path), action, reason }
    };
    routes().into_iter().map(row).collect()
}

fn routes() -> Vec<Route> {
    let all = [
        me::routes(),
        organization::routes(),
        organizations::routes(),
        environment::routes(),
        project::routes(),
        action::routes(),
        role::routes(),
        policy::routes(),
        user::routes(),
        application::routes(),
        group::routes(),
        membership::routes(),
        assignment::routes(),
        slot::routes(),
        token::routes(),
        provider::routes(),
        session::routes(),
        sign_in::routes(),
        connection::routes(),
        resource_type::routes(),
        access::routes(),
        batch::routes(),
        history::routes(),
        transfer::routes(),
    ];
    all.into_iter().flatten().collect()
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

fn method_router(route: Route, shared: Shared) -> MethodRouter {
    let method = filter(route.method);
    let route = Arc::new(route);
    on(method, move |request: Request<Body>| call::serve(Arc::clone(&route), shared.clone(), request))
}

async fn not_allowed(request: Request<Body>) -> Response {
    let problem = Problem::new("method_not_allowed", format!("{} is not possible here", request.method()));
    call::refuse(problem, &call::request_id(request.headers()))
}
