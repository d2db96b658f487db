//! An organization with the Unleash catalog, and ways to ask it: through the façade, our own API and AuthZEN.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{Ctx, FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";
/// The address of the server.
pub const URL: &str = "https://roles.example";
/// A password that every rule likes.
pub const STRONG: &str = "Qw7#tangerine-Lamp";

pub struct House {
    pub service: Service,
    router: axum::Router,
    _folder: tempfile::TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The same answer, which must have no body.
    #[track_caller]
    pub fn bare(self, status: u16) {
        assert_eq!(self.is(status).text, "");
    }

    /// The body of an error of this status and name.
    #[track_caller]
    pub fn refused(self, status: u16, name: &str) -> Value {
        let body = self.is(status).json();
        assert_eq!(body["name"], name, "{body}");
        assert!(body["message"].as_str().unwrap().len() > 10, "{body}");
        assert!(body["details"].as_array().unwrap().iter().all(|detail| detail["message"].is_string()), "{body}");
        body
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl House {
    pub async fn new() -> House {
        House::with(Options::default()).await
    }

    pub async fn with(options: Options) -> House {
        House::of("unleash", options).await
    }

    /// An organization with another catalog.
    pub async fn of(catalog: &str, options: Options) -> House {
        let folder = tempfile::tempdir().unwrap();
        let open = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), open).await.unwrap();
        let service = Service::open(Arc::new(store), options).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: String::new(),
            catalog: Arc::new(Catalog::read(builtin(catalog).unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let router = rolecall_unleash::router(service.clone(), URL, rolecall_unleash::Settings::default())
            .merge(rolecall_rest::router(service.clone()).0)
            .merge(rolecall_authzen::router(service.clone(), URL).0)
            .merge(rolecall_scim::router(service.clone(), URL));
        House { service, router, _folder: folder }
    }

    pub async fn ctx(&self) -> Ctx {
        let request = rolecall_service::Request {
            credential: Some(ADMIN),
            facade: "test",
            request_id: "",
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        };
        self.service.enter(request).await.unwrap()
    }

    /// How many entries there are.
    pub async fn revision(&self) -> u64 {
        self.ctx().await.revision()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Asks the façade as the holder of a token; null is no body.
    pub async fn ask_as(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.send(request(method, &format!("/unleash{path}"), Some(token), &body)).await
    }

    /// Asks the façade as the administrator; null is no body.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        self.ask_as(ADMIN, method, path, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.ask_as(token, "GET", path, Value::Null).await
    }

    /// Asks the façade without a credential.
    pub async fn visit(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(request(method, &format!("/unleash{path}"), None, &body)).await
    }

    /// Asks our own API as the administrator.
    pub async fn rest(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(request(method, &format!("/api/v1{path}"), Some(ADMIN), &body)).await
    }

    /// Whether somebody may, as AuthZEN says it; empty project and environment are not said.
    pub async fn decides(&self, kind: &str, who: &str, action: &str, project: &str, environment: &str) -> bool {
        let mut properties = serde_json::Map::new();
        for (name, value) in [("project", project), ("environment", environment)] {
            if !value.is_empty() {
                properties.insert(name.to_owned(), value.into());
            }
        }
        let question = json!({
            "subject": {"type": kind, "id": who}, "action": {"name": action},
            "resource": {"type": "resource", "id": "any", "properties": properties},
        });
        let answer = self.send(request("POST", "/access/v1/evaluation", Some(ADMIN), &question)).await;
        answer.is(200).json()["decision"].as_bool().unwrap()
    }

    /// A token for somebody, from our own API.
    pub async fn token_of(&self, subject: &str) -> String {
        let issued = self.rest("POST", "/tokens", json!({"subject": subject, "name": "of tests"})).await.is(201);
        issued.json()["token"].as_str().unwrap().to_owned()
    }

    /// Adds a user with a root role by our own API, and answers its id and a token.
    pub async fn user(&self, name: &str, role: &str) -> (u64, String) {
        let body = json!({"username": name, "roles": [{"role": role}]});
        let made = self.rest("POST", "/users", body).await.is(201).json();
        (made["number"].as_u64().unwrap(), self.token_of(name).await)
    }
}

/// A request with JSON; null is no body.
pub fn request(method: &str, path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, token);
    }
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}
