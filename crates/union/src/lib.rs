//! The services of the public Union client (`flyte` with `flyteplugins-union`): roles, policies, assignments, users,
//! members, applications, projects, checks, and what a client reads before it signs in.
//!
//! The wire is described by `proto/`; connectrpc speaks Connect, gRPC and gRPC-Web. One file for each noun, and each does
//! the same: from the wire to a command or a question, from the answer to the wire.
//!
//! Not here: rules (`rolecall-model`), who may do what (`rolecall-service`), the token endpoint (`rolecall-signin`).

mod action;
mod application;
mod assignment;
mod door;
mod fault;
mod filter;
mod identity;
mod me;
mod member;
mod metadata;
mod page;
mod policy;
mod project;
mod resource;
mod role;
mod services;
mod user;
mod wire;

pub use door::Unasked;

/// The messages, services and clients of the protocol, written by the build script.
pub mod proto {
    pub use crate::wire::{auth, authorizer, common, identity, project};
}

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::any;
use connectrpc::{ConnectError, ConnectRpcService};
use rolecall_service::Service;
use std::sync::Arc;

/// The services that need a credential, as paths of routes.
pub const GUARDED: [&str; 8] = [
    "/cloudidl.identity.RoleService/{method}",
    "/cloudidl.identity.PolicyService/{method}",
    "/cloudidl.identity.UserService/{method}",
    "/cloudidl.identity.MemberService/{method}",
    "/cloudidl.identity.AppsService/{method}",
    "/cloudidl.authorizer.AuthorizerService/{method}",
    "/flyteidl2.auth.IdentityService/{method}",
    "/flyteidl2.project.ProjectService/{method}",
];

/// The service that a client asks before it has a credential, as the path of a route.
pub const OPEN: &str = "/flyteidl2.auth.AuthMetadataService/{method}";

/// The routes of all services. gRPC needs a server that speaks HTTP/2.
pub fn router(service: Service) -> Router {
    let open = Router::new().route(OPEN, any(metadata::open)).with_state(metadata::calls(service.clone()));
    let door = Arc::new(door::Door { service, calls: ConnectRpcService::new(services::all()) });
    let guarded = GUARDED.iter().fold(Router::new(), |router, path| router.route(path, any(door::open)));
    guarded.with_state(door).merge(open)
}

/// Whether a path belongs to the client's protocol, offered here or not.
pub fn speaks(path: &str) -> bool {
    ["/cloudidl.", "/flyteidl2.", "/flyteidl."].iter().any(|begin| path.starts_with(begin))
}

/// The answer to a call of a service that is not offered.
pub fn not_offered(request: &Request) -> Response<Body> {
    unimplemented(request.uri().path()).into_http_response(request.headers()).map(Body::new)
}

fn unimplemented(path: &str) -> ConnectError {
    let method = rolecall_model::refusal::shown(path.trim_start_matches('/'));
    let message = format!(
        "Rolecall does not offer {method}; it manages roles, policies, assignments, users, members, applications and projects"
    );
    fault::said(connectrpc::ErrorCode::Unimplemented, &message)
}
