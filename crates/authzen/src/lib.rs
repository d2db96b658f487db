//! `AuthZEN` 1.0: other programs ask here what their users may do. Wire to question, answer to wire.
//!
//! A question names a subject, an action and a resource. Subjects are of type `user` or
//! `application` and named by any identifier. What a resource stands for is said by the
//! organization's resource types: a project, an environment, the organization, or something that
//! lies in the project and environment of its properties. `{"options": {"explain": true}}` asks for
//! reasons; without it an answer carries nothing but the decision.
//!
//! Not here: who may do what (`rolecall-engine`), who may ask (`rolecall-service`), and changing
//! anything (`rolecall-rest`).

mod call;
mod discovery;
mod entity;
mod evaluation;
mod evaluations;
mod explanation;
mod fault;
mod page;
mod place;
mod point;
mod search;
mod text;

pub use point::{DecisionCall, DecisionPoint};

use axum::body::Bytes;
use rolecall_service::Service;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What all handlers share.
struct App {
    service: Service,
    point: DecisionPoint,
    pins: page::Pins,
    configuration: Bytes,
}

/// The routes under `/access/v1` and the discovery document, with their part of the API document.
/// `public_url` is the address by which others reach this server, such as `https://rbac.example.com`.
pub fn router(service: Service, public_url: impl Into<String>) -> (axum::Router, OpenApi) {
    let configuration = discovery::Configuration::written(&public_url.into());
    let point = DecisionPoint::new(service.clone());
    let app = Arc::new(App { service, point, pins: page::Pins::default(), configuration });
    let (router, document) = routes().split_for_parts();
    (router.method_not_allowed_fallback(call::wrong_method).with_state(app), document)
}

/// The API document of these routes alone.
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(evaluation::evaluation))
        .routes(routes!(evaluations::evaluations))
        .routes(routes!(search::search_subject))
        .routes(routes!(search::search_resource))
        .routes(routes!(search::search_action))
        .routes(routes!(discovery::configuration))
}
