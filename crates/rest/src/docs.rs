//! The OpenAPI document as a file, a page to read it, and the pages that explain problems. The page
//! is our own and loads nothing from anywhere else.

use crate::problem;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::OpenApi;

/// Nothing may be loaded but from here; the page's own script and style stand in it.
const POLICY: &str = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(crate) fn router(document: &OpenApi) -> axum::Router {
    let text = Bytes::from(serde_json::to_vec_pretty(document).unwrap_or_default());
    let file = move || async move { ([(header::CONTENT_TYPE, "application/json")], text) };
    let page = || async { ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(include_str!("docs.html"))) };
    axum::Router::new()
        .route("/openapi.json", get(file))
        .route("/docs", get(page))
        .route("/problems/{code}", get(explain))
}

async fn explain(Path(code): Path<String>) -> Response {
    match problem::page(&code) {
        Some(page) => Html(page).into_response(),
        None => (
            StatusCode::NOT_FOUND,
            Html("<!doctype html><title>No such problem</title><p>There is no such problem.</p>"),
        )
            .into_response(),
    }
}
