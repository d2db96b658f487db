//! What a client reads before it has a credential: where to sign in, and as which OAuth client.

use crate::wire::auth::{
    AuthMetadataService, AuthMetadataServiceServer, GetOAuth2MetadataRequest, GetOAuth2MetadataResponse,
    GetPublicClientConfigRequest, GetPublicClientConfigResponse,
};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http;
use connectrpc::{ConnectRpcService, RequestContext, Response, ServiceRequest, ServiceResult};
use rolecall_service::Service;
use rolecall_service::oauth::{Client, DEVICE_GRANT, Scope};
use tower::Service as _;

/// The OAuth client that the public client is.
const CLIENT: &str = "flyte";

type Calls = ConnectRpcService<AuthMetadataServiceServer<Metadata>>;

/// The service.
pub(crate) fn calls(service: Service) -> Calls {
    ConnectRpcService::new(AuthMetadataServiceServer::new(Metadata { service }))
}

/// Answers a call, whoever makes it.
pub(crate) async fn open(State(mut calls): State<Calls>, request: Request) -> http::Response<Body> {
    let Ok(response) = calls.call(request).await;
    response.map(Body::new)
}

/// Says where everything is, to everybody.
pub(crate) struct Metadata {
    service: Service,
}

#[allow(refining_impl_trait, reason = "the types that are named are what the trait asks for, said plainly")]
impl AuthMetadataService for Metadata {
    async fn get_o_auth2_metadata(
        &self,
        _call: RequestContext,
        _request: ServiceRequest<'_, GetOAuth2MetadataRequest>,
    ) -> ServiceResult<GetOAuth2MetadataResponse> {
        let issuer = self.service.public_url();
        let at = |path: &str| format!("{issuer}{path}");
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Response::ok(GetOAuth2MetadataResponse {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/oauth2/authorize"),
            token_endpoint: at("/oauth2/token"),
            response_types_supported: words(&["code"]),
            scopes_supported: words(&Scope::ALL.map(Scope::word)),
            token_endpoint_auth_methods_supported: words(&["client_secret_basic", "client_secret_post", "none"]),
            jwks_uri: at("/.well-known/jwks.json"),
            code_challenge_methods_supported: words(&["S256"]),
            grant_types_supported: words(&["authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT]),
            device_authorization_endpoint: at("/oauth2/device"),
        })
    }

    async fn get_public_client_config(
        &self,
        _call: RequestContext,
        _request: ServiceRequest<'_, GetPublicClientConfigRequest>,
    ) -> ServiceResult<GetPublicClientConfigResponse> {
        let redirect_uri = Client::named(CLIENT).and_then(Client::exact_callback).unwrap_or_default();
        Response::ok(GetPublicClientConfigResponse {
            client_id: CLIENT.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: vec![Scope::All.word().to_owned()],
            // The client fails when this is empty.
            authorization_metadata_key: "authorization".to_owned(),
            service_http_endpoint: self.service.public_url().to_owned(),
            ..GetPublicClientConfigResponse::default()
        })
    }
}
