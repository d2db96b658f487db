//! The front of the server: questions for decisions are answered here, everything else goes on to the
//! routes. Routing, layers and label look-ups cost a request about as much as reading and answering
//! the question itself.

use crate::loopback;
use crate::metrics::{Hot, Metrics};
use crate::observe::{REQUEST_ID, dress, fresh_id, note, sane_id, since};
use crate::routes::broken;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use futures::FutureExt;
use rolecall_authzen::{DecisionCall, DecisionPoint};
use rolecall_signin::PeerAddr;
use rolecall_union::Unasked;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tower::Service;

/// Everything the server answers, the decisions first. Cheap to copy.
#[derive(Clone)]
pub struct Front {
    inner: Arc<Inner>,
    /// Where the connection came from, when it came from anywhere.
    peer: Option<SocketAddr>,
    /// Whether the Union client needs no credential on this machine.
    trusts_loopback: bool,
}

/// Makes the front of each connection, which knows where that came from.
#[derive(Clone)]
pub(crate) struct Door(pub Front);

impl Service<SocketAddr> for Door {
    type Response = Front;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Front, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        std::future::ready(Ok(self.0.of(peer)))
    }
}

struct Inner {
    point: DecisionPoint,
    metrics: Metrics,
    hot: [Hot; DecisionCall::ALL.len()],
    router: Router,
}

impl Front {
    pub(crate) fn new(point: DecisionPoint, metrics: Metrics, router: Router) -> Self {
        let hot = DecisionCall::ALL.map(|call| metrics.hot("POST", call.path(), StatusCode::OK.as_u16()));
        Front { inner: Arc::new(Inner { point, metrics, hot, router }), peer: None, trusts_loopback: false }
    }

    /// The same, for a server that was told to trust its own machine: calls of the `flyte` client that come from there, with
    /// no credential, act as the first administrator.
    #[must_use]
    pub fn trusting_loopback(self) -> Self {
        Front { trusts_loopback: true, ..self }
    }

    /// The same, for a connection from this address.
    #[must_use]
    pub fn of(&self, peer: SocketAddr) -> Self {
        Front { peer: Some(peer), ..self.clone() }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        if let Some(call) = DecisionCall::of(request.method(), request.uri().path()) {
            return Box::pin(Arc::clone(&self.inner).decide(call, request));
        }
        let mut request = request.map(Body::new);
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(PeerAddr(peer));
            if self.trusts_loopback && loopback::is_from_here(&request, peer) {
                request.extensions_mut().insert(Unasked);
            }
        }
        Box::pin(self.inner.router.clone().call(request))
    }
}

impl Inner {
    async fn decide<B>(self: Arc<Self>, call: DecisionCall, request: Request<B>) -> Result<Response<Body>, Infallible>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let begin = SystemTime::now();
        let (mut parts, body) = request.into_parts();
        let id = sane_id(&parts.headers).unwrap_or_else(|| fresh_id(begin));
        drop_odd_id(&mut parts.headers, &id);
        let answer = self.point.answer(call, &parts.headers, Body::new(body));
        let mut response = AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| broken());
        let (status, took) = (response.status().as_u16(), since(begin));
        match self.hot.get(call as usize) {
            Some(hot) if status == StatusCode::OK => hot.count(took),
            _ => self.metrics.count("POST", call.path(), status, took),
        }
        note(&id, "POST", call.path(), status, took);
        dress(response.headers_mut(), id, call.path(), status);
        Ok(response)
    }
}

/// An id that is too long or too odd to be logged is not sent back either.
fn drop_odd_id(headers: &mut HeaderMap, id: &axum::http::HeaderValue) {
    if headers.get(REQUEST_ID).is_some_and(|given| given != id) {
        headers.remove(REQUEST_ID);
    }
}
