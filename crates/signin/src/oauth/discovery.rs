//! What clients read before they ask: where everything is (RFC 8414, `OpenID` Connect Discovery), and the keys.

use crate::shell::{Shell, problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use rolecall_service::oauth::{ALGORITHM, DEVICE_GRANT, Scope};
use serde_json::json;

/// It changes with the version, and keys a while after that; a client that knows an older one looks again.
const KEPT: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=300")];

/// Where everything is.
pub(super) async fn metadata(shell: State<Shell>) -> Response {
    let issuer = shell.service.public_url();
    let at = |path: &str| format!("{issuer}{path}");
    let secret = ["client_secret_basic", "client_secret_post"];
    let any = [secret[0], secret[1], "none"];
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "device_authorization_endpoint": at("/oauth2/device"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": Scope::ALL.map(Scope::word),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": any,
        "revocation_endpoint_auth_methods_supported": any,
        "introspection_endpoint_auth_methods_supported": secret,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "org", "name",
            "preferred_username", "picture", "email"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    (KEPT, Json(body)).into_response()
}

/// The public halves of the keys.
pub(super) async fn keys(shell: State<Shell>) -> Response {
    match shell.service.public_keys().await {
        Ok(keys) => (KEPT, Json(keys)).into_response(),
        Err(error) => problem(&error).into_response(),
    }
}
