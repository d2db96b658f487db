//! An organization with its API, and a way to ask it.

use crate::schema;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use rolecall_model::Timestamp;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{Clock, FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";

/// A clock that stands still until it is moved.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct House {
    pub clock: Arc<TestClock>,
    pub service: Service,
    pub router: axum::Router,
    pub document: Value,
    _folder: tempfile::TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn revision(&self) -> u64 {
        self.header("rolecall-revision").expect("a revision").parse().unwrap()
    }

    /// The same answer, which must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The same answer, which must be this problem.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}", self.text);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        self
    }

    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap().to_owned()
    }

    pub fn field(&self) -> String {
        self.json()["field"].as_str().unwrap_or_default().to_owned()
    }

    /// The names of a page's items.
    pub fn names(&self) -> Vec<String> {
        let items = self.json()["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A request that is being made.
pub struct Asking<'a> {
    house: &'a House,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl Asking<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        if self.headers.iter().any(|(name, _)| name == "content-type") {
            self
        } else {
            self.header("content-type", "application/json")
        }
    }
    pub async fn response(self) -> axum::response::Response {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        self.house.router.clone().oneshot(request.body(self.body).unwrap()).await.unwrap()
    }
    pub async fn send(self) -> Answer {
        let (house, method, path) = (self.house, self.method.clone(), self.path.clone());
        let (parts, body) = self.response().await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = parts.status.as_u16();
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if status != 405 {
            schema::hold(&house.document, &method, &path, status, kind, &text);
        }
        Answer { status, headers: parts.headers, text }
    }
}

impl House {
    pub async fn new(catalog: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_000_000_000_000)));
        let options = Options { clock: Arc::<TestClock>::clone(&clock), ..Options::default() };
        let service = Service::open(Arc::new(store), options).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(builtin(catalog).unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let (router, document) = rolecall_rest::router(service.clone());
        let document = serde_json::to_value(document).unwrap();
        House { clock, service, router, document, _folder: folder }
    }

    pub async fn union() -> House {
        House::new("union").await
    }

    /// A request by the administrator. A path that does not begin with `/` stands under `/api/v1`.
    pub fn ask(&self, method: &str, path: &str) -> Asking<'_> {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
        let asking = Asking { house: self, method: method.to_owned(), path, headers: Vec::new(), body: Body::empty() };
        asking.token(ADMIN)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path).json(&body).send().await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path).json(&body).send().await
    }
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path).json(&body).send().await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path).send().await
    }

    /// Adds a user and issues a token for it.
    pub async fn user(&self, email: &str, policies: &[&str]) -> String {
        self.post("users", json!({"email": email, "policies": policies})).await.is(201);
        self.token_of(email).await
    }

    pub async fn token_of(&self, who: &str) -> String {
        let issued = self.post("tokens", json!({"subject": who, "name": "test"})).await.is(201);
        issued.json()["token"].as_str().unwrap().to_owned()
    }

    /// Whether somebody may do something somewhere.
    pub async fn may(&self, who: &str, action: &str, project: Option<&str>, environment: Option<&str>) -> bool {
        let body = json!({"subject": who, "action": action, "project": project, "environment": environment});
        self.post("check", body).await.is(200).json()["allowed"].as_bool().unwrap()
    }
}
