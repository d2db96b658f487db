//! A server in process, and a way to ask it.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";
/// A credential that was never given out.
pub const WRONG: &str = "somebody-who-was-never-here";

pub struct House {
    pub service: Service,
    pub router: axum::Router,
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

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same answer, which must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Whether it says that no route is there, rather than no thing.
    pub fn is_no_route(&self) -> bool {
        self.status == 404 && self.text.contains("there is nothing at this address")
    }
}

impl House {
    /// A server that waits to be set up.
    pub async fn empty() -> House {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let router = rolecall_server::app(service.clone(), "https://roles.example");
        House { service, router, _folder: folder }
    }

    /// A server with an organization and its administrator.
    pub async fn with(catalog: &str) -> House {
        let house = House::empty().await;
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(builtin(catalog).unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        house.service.first_start(start).await.unwrap();
        house
    }

    /// Sends a request; the body of a success that may be a stream without an end is not awaited.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let endless = parts.status.is_success() && (path.contains("/changes") || path.contains("/replicate"));
        let bytes = if endless { Vec::new() } else { to_bytes(body, usize::MAX).await.unwrap().to_vec() };
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Sends JSON with a credential, or with none.
    pub async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.send(method, path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// Sends a form as a browser without cookies would.
    pub async fn form(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], body).await
    }

    /// Adds a user who holds nothing, and answers its token.
    pub async fn nobody(&self) -> String {
        self.ask("POST", "/api/v1/users", Some(ADMIN), &json!({"email": "nobody@example.com"}).to_string())
            .await
            .is(201);
        let token = json!({"subject": "nobody@example.com", "name": "test"});
        let issued = self.ask("POST", "/api/v1/tokens", Some(ADMIN), &token.to_string()).await.is(201);
        issued.json()["token"].as_str().unwrap().to_owned()
    }
}
