//! The floor of a call of the `flyte` client: a bare connectrpc method that reads the request and answers a constant, without
//! a credential, a log line or a metric. `bench-connect PORT`.

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt;
use connectrpc::{ConnectRpcService, RequestContext, Response, ServiceRequest, ServiceResult};
use rolecall_union::proto::auth::{IdentityService, IdentityServiceServer, UserInfoRequest, UserInfoResponse};

struct Constant;

#[allow(refining_impl_trait, reason = "the types that are named are what the trait asks for, said plainly")]
impl IdentityService for Constant {
    async fn user_info(
        &self,
        _call: RequestContext,
        _request: ServiceRequest<'_, UserInfoRequest>,
    ) -> ServiceResult<UserInfoResponse> {
        Response::ok(UserInfoResponse {
            subject: "app_0123456789abcdef".to_owned(),
            name: "Administrator".to_owned(),
            preferred_username: "Administrator".to_owned(),
            ..UserInfoResponse::default()
        })
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).context("usage: bench-connect PORT")?;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let calls = ConnectRpcService::new(IdentityServiceServer::new(Constant));
    Ok(axum::serve(listener, Router::new().fallback_service(calls)).await?)
}
