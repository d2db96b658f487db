//! The calls that decide. They are asked for every click of every user, so a server may answer them
//! before it looks for a route: what a router does for a request takes longer than a decision.

use crate::call::{Call, FACADE, Reply, close};
use crate::fault::Fault;
use crate::{evaluation, evaluations};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Response};
use rolecall_service::{Service, Tally};
use std::sync::Arc;

/// The largest body of a question or a search, in bytes.
pub(crate) const LARGEST: usize = 1 << 20;
/// The largest body of a batch, in bytes.
pub(crate) const LARGEST_BATCH: usize = 8 << 20;

/// A call that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionCall {
    /// One question.
    Evaluation,
    /// Many questions.
    Evaluations,
}

impl DecisionCall {
    /// Both of them.
    pub const ALL: [DecisionCall; 2] = [DecisionCall::Evaluation, DecisionCall::Evaluations];

    /// Where it is asked.
    pub const fn path(self) -> &'static str {
        match self {
            DecisionCall::Evaluation => "/access/v1/evaluation",
            DecisionCall::Evaluations => "/access/v1/evaluations",
        }
    }

    /// The call that a request is, if it is one.
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let of_path = DecisionCall::ALL.into_iter().find(|call| call.path() == path)?;
        (method == Method::POST).then_some(of_path)
    }
}

/// Answers the calls that decide.
#[derive(Clone, Debug)]
pub struct DecisionPoint {
    service: Service,
    tally: Arc<Tally>,
}

impl DecisionPoint {
    /// Answers by the organizations of a service.
    pub fn new(service: Service) -> Self {
        let tally = service.tally(FACADE);
        DecisionPoint { service, tally }
    }

    /// Answers a call. Whatever is wrong with it is said in the answer.
    pub async fn answer(&self, call: DecisionCall, headers: &HeaderMap, body: Body) -> Response<Body> {
        close(headers, self.decide(call, headers, body).await)
    }

    async fn decide(&self, call: DecisionCall, headers: &HeaderMap, body: Body) -> Result<Reply, Fault> {
        match call {
            DecisionCall::Evaluation => {
                evaluation::decide(&Call::open(&self.service, headers, body, LARGEST).await?, &self.tally)
            }
            DecisionCall::Evaluations => {
                evaluations::decide(&Call::open(&self.service, headers, body, LARGEST_BATCH).await?, &self.tally)
            }
        }
    }
}
