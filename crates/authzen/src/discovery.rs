//! Where everything is: `GET /.well-known/authzen-configuration`, open to all.

use crate::App;
use crate::call::close;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What this decision point offers, and where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Configuration)]
pub(crate) struct Configuration {
    /// The address by which this decision point is known.
    policy_decision_point: String,
    /// Single questions.
    access_evaluation_endpoint: String,
    /// Many questions at once.
    access_evaluations_endpoint: String,
    /// The search for subjects.
    search_subject_endpoint: String,
    /// The search for resources.
    search_resource_endpoint: String,
    /// The search for actions.
    search_action_endpoint: String,
}

impl Configuration {
    /// The configuration at an address, written out.
    pub(crate) fn written(public_url: &str) -> Bytes {
        let at = public_url.trim_end_matches('/');
        let configuration = Configuration {
            policy_decision_point: at.to_owned(),
            access_evaluation_endpoint: format!("{at}/access/v1/evaluation"),
            access_evaluations_endpoint: format!("{at}/access/v1/evaluations"),
            search_subject_endpoint: format!("{at}/access/v1/search/subject"),
            search_resource_endpoint: format!("{at}/access/v1/search/resource"),
            search_action_endpoint: format!("{at}/access/v1/search/action"),
        };
        // Six strings are always written.
        serde_json::to_vec(&configuration).map(Bytes::from).unwrap_or_default()
    }
}

/// Says where each part of this decision point is.
#[utoipa::path(
    get,
    path = "/.well-known/authzen-configuration",
    operation_id = "authzen_configuration",
    tag = "AuthZEN",
    responses((status = 200, description = "The endpoints, as absolute addresses", body = Configuration)),
    security(()),
)]
pub(crate) async fn configuration(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    let mut response = close(&headers, Ok(crate::call::Reply::open(app.configuration.clone())));
    let shortly = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, shortly);
    response
}
