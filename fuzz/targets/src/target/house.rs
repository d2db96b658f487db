//! A whole server in process, with an organization in it, for parsers that stand behind a router. Its folder goes with it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, Uri, header};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const TOKEN: &str = "a-token-of-the-fuzzer";
/// No answer of these small organizations is longer.
const LONGEST_ANSWER: usize = 64 << 20;

pub(super) struct House {
    runtime: Runtime,
    router: Router,
    _folder: TempDir,
}

impl House {
    /// A house whose router the façade makes.
    pub(super) fn new(facade: impl FnOnce(Service) -> Router) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let service = runtime.block_on(founded(&folder));
        let router = {
            let _inside = runtime.enter();
            facade(service)
        };
        Self { runtime, router, _folder: folder }
    }

    /// Sends a request whose first line is method and path, and whose body is the rest. Whatever it is, the server has
    /// an answer of its own, which is JSON unless it is a page or a stream.
    /// `more` says by method and path what is put at the end of the query. The status is handed back, or none when the
    /// bytes are no request.
    pub(super) fn send(&self, data: &[u8], more: fn(&str, &str) -> &'static str) -> Option<StatusCode> {
        let request = request(data, more)?;
        let shown = format!("{} {}", request.method(), request.uri());
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("a router does not fail");
            let status = response.status();
            assert!(status.as_u16() < 500 || status == StatusCode::SERVICE_UNAVAILABLE, "{shown} gave {status}");
            let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec());
            // A stream of changes has no end, so only what says that it is one JSON value is read.
            if kind.is_some_and(|kind| kind.ends_with(b"json") && !kind.ends_with(b"ndjson")) {
                let body = to_bytes(response.into_body(), LONGEST_ANSWER).await.expect("the answer ends");
                assert!(serde_json::from_slice::<Value>(&body).is_ok(), "{shown} gave {status} without JSON");
            }
            Some(status)
        })
    }
}

async fn founded(folder: &TempDir) -> Service {
    let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
    let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.expect("a store");
    let service = Service::open(Arc::new(store), Options::default()).await.expect("a service");
    let catalog = builtin("unleash").and_then(|yaml| Catalog::read(yaml).ok()).expect("a catalog");
    let start = FirstStart {
        organization: "default".to_owned(),
        title: String::new(),
        catalog: Arc::new(catalog),
        admin_email: Some("ada@example.com".to_owned()),
        admin_password: None,
        admin_token: Some(TOKEN.to_owned()),
    };
    service.first_start(start).await.expect("an organization");
    service
}

/// The request that these bytes are, if they are one at all.
fn request(data: &[u8], more: fn(&str, &str) -> &'static str) -> Option<Request<Body>> {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, body) = (std::str::from_utf8(&data[..end]).ok()?, data.get(end + 1..).unwrap_or_default());
    let (method, path) = line.trim().split_once(' ')?;
    let (mark, more) = (if path.contains('?') { '&' } else { '?' }, more(method, path));
    let uri: Uri = if more.is_empty() { path.parse() } else { format!("{path}{mark}{more}").parse() }.ok()?;
    Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_vec()))
        .ok()
}
