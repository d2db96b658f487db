//! `rolecall.v1`: decisions over gRPC, gRPC-Web and Connect, for who asks often and wants little beside the answer.
//!
//! The wire is described by `proto/rolecall/v1/decision.proto`. One question, a batch on one state, or a stream of
//! questions; the three protocols and both encodings are connectrpc's.
//!
//! Not here: who may do what (`rolecall-engine`), who may ask (`rolecall-service`), reasons and searches
//! (`rolecall-authzen`, `rolecall-rest`).

mod batch;
mod conversation;
mod decision;
mod door;
mod fault;
mod question;

/// The messages, the service and a client of package `rolecall.v1`, written by the build script.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated; its rules are its generator's")]
#[rustfmt::skip]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/rolecall.v1.rs"));
}

pub use batch::MOST_QUESTIONS;

use axum::Router;
use axum::routing::any;
use connectrpc::ConnectRpcService;
use rolecall_service::Service;
use std::sync::Arc;

/// The path of every call: the service, then the method.
pub const PATH: &str = "/rolecall.v1.DecisionService/{method}";

/// The routes of `rolecall.v1.DecisionService`. gRPC needs a server that speaks HTTP/2.
pub fn router(service: Service) -> Router {
    let calls = ConnectRpcService::new(v1::DecisionServiceServer::new(decision::Decisions));
    Router::new().route(PATH, any(door::open)).with_state(Arc::new(door::App { service, calls }))
}
