//! OAuth 2.0 and `OpenID` Connect over the wire: endpoints for clients, pages for people. What is granted to whom is
//! decided in `rolecall-service`.

mod authorize;
mod consent;
mod device;
mod discovery;
mod endpoint;
mod fault;
mod parameters;

use crate::shell::Shell;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// More than any honest request of a client, in bytes.
const LARGEST: usize = 32 * 1024;

pub(crate) fn router() -> Router<Shell> {
    Router::new()
        .route("/oauth2/authorize", get(authorize::show).post(authorize::take))
        .route("/oauth2/token", post(endpoint::token))
        .route("/oauth2/device", post(endpoint::device))
        .route("/oauth2/revoke", post(endpoint::revoke))
        .route("/oauth2/introspect", post(endpoint::introspect))
        .route("/oauth2/userinfo", get(endpoint::user_info).post(endpoint::user_info))
        .route("/device", get(device::show).post(device::take))
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route("/.well-known/jwks.json", get(discovery::keys))
        .layer(DefaultBodyLimit::max(LARGEST))
}
