//! SCIM 2.0 (RFC 7643 and 7644) under `/scim/v2`: an identity provider manages users and groups. What it
//! says of them and the model does not know is kept beside them as it was sent.
//!
//! Not here: rules (`rolecall-model`), who may what (`rolecall-service`).

mod attribute_path;
mod bulk;
mod call;
mod canonical;
mod change;
mod condition;
mod discovery;
mod fault;
mod filter;
mod group;
mod known;
mod list;
mod member;
pub mod parse;
mod patch;
mod resource;
mod route;
mod schema;
mod selection;
mod state;
mod urn;
mod user;

use axum::Router;
use axum::routing::any;
use rolecall_service::Service;
use std::sync::Arc;

/// Under which path everything lies.
pub const PATH: &str = "/scim/v2";

/// Its routes, as a router shows them.
pub const ROUTES: [&str; 3] = ["/scim/v2", "/scim/v2/", "/scim/v2/{*path}"];

/// The routes under `/scim/v2`. `public_url` is the address by which others reach this server.
pub fn router(service: Service, public_url: &str) -> Router {
    let app = Arc::new(call::App::new(service, public_url));
    ROUTES.into_iter().fold(Router::new(), |router, path| router.route(path, any(call::serve))).with_state(app)
}
