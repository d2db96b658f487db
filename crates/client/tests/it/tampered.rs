//! Somebody on the way, or at the server's disk, changes history.

use crate::house::{ADMIN, House, client, may};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum_server::Handle;
use futures::StreamExt;
use rolecall_client::{FollowError, FollowOptions};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A man in the middle: passes on what the server sends, with `before` replaced by `after` (of the same length) once
/// it is told to.
struct Middle {
    address: SocketAddr,
    at_work: Arc<AtomicBool>,
    handle: Handle<SocketAddr>,
}

#[derive(Clone)]
struct Lie {
    server: SocketAddr,
    before: &'static str,
    after: &'static str,
    at_work: Arc<AtomicBool>,
}

impl Middle {
    fn new(server: SocketAddr, before: &'static str, after: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (at_work, handle) = (Arc::new(AtomicBool::new(false)), Handle::new());
        let lie = Lie { server, before, after, at_work: Arc::clone(&at_work) };
        let app = Router::new().fallback(pass_on).with_state(lie);
        tokio::spawn(axum_server::from_tcp(listener).unwrap().handle(handle.clone()).serve(app.into_make_service()));
        Middle { address, at_work, handle }
    }
}

impl Drop for Middle {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn pass_on(State(lie): State<Lie>, request: Request) -> Response {
    let url = format!("http://{}{}", lie.server, request.uri());
    let token = request.headers()["authorization"].clone();
    let answer = reqwest::Client::new().get(url).header("authorization", token).send().await.unwrap();
    // The server sends a frame as one piece, so the text is never cut in two.
    let pieces = answer.bytes_stream().map(move |piece| {
        let mut piece = piece?.to_vec();
        if lie.at_work.load(Ordering::SeqCst) {
            let found = piece.windows(lie.before.len()).position(|part| part == lie.before.as_bytes());
            if let Some(at) = found {
                piece[at..at + lie.after.len()].copy_from_slice(lie.after.as_bytes());
            }
        }
        Ok::<_, reqwest::Error>(piece)
    });
    Response::new(Body::from_stream(pieces))
}

#[tokio::test]
async fn an_entry_that_was_changed_is_not_let_in() {
    let house = House::new().await;
    house.deployer("ada@example.com").await;
    let middle = Middle::new(house.address, "evil@example.com", "good@example.com");
    let follower = client(middle.address, ADMIN).follow(FollowOptions::default()).await.unwrap();
    let (known, mut news) = (follower.revision(), follower.news());
    middle.at_work.store(true, Ordering::SeqCst);
    let revision = house.deployer("evil@example.com").await;
    while follower.trouble().is_none() {
        news.changed().await.unwrap();
    }
    let trouble = follower.trouble().unwrap_or_default();
    assert!(trouble.contains(&format!("revision {}", known + 1)), "{trouble}");
    assert_eq!(follower.revision(), known);
    assert!(may(&follower, "ada@example.com"), "the last state that was right is kept");
    middle.at_work.store(false, Ordering::SeqCst);
    follower.wait_for(revision).await;
    assert!(may(&follower, "evil@example.com") && !may(&follower, "good@example.com"));
}

#[tokio::test]
async fn a_history_that_was_changed_is_not_loaded() {
    let house = House::new().await;
    house.deployer("evil@example.com").await;
    let middle = Middle::new(house.address, "evil@example.com", "good@example.com");
    middle.at_work.store(true, Ordering::SeqCst);
    let error = client(middle.address, ADMIN).follow(FollowOptions::default()).await.unwrap_err();
    assert!(matches!(error, FollowError::Tampered { .. }), "{error}");
}
