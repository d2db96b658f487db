//! A server on a port of its own, served as the real one is, and clients for it.

use axum_server::Handle;
use connectrpc::Protocol;
use connectrpc::client::{ClientConfig, Http2Connection, SharedHttp2Connection};
use reqwest::Method;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";

pub struct House {
    pub http: reqwest::Client,
    pub url: String,
    handle: Handle<SocketAddr>,
    _folder: tempfile::TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// What a call was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub challenge: String,
}

impl Answer {
    /// The answer of a call that did what it was asked.
    #[track_caller]
    pub fn well(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The message of a call that was refused with this code.
    #[track_caller]
    pub fn refused(self, code: &str) -> String {
        assert_eq!(self.body["code"], code, "{}: {}", self.status, self.body);
        self.body["message"].as_str().unwrap().to_owned()
    }
}

impl House {
    /// A server with Union's catalog and an administrator.
    pub async fn new() -> House {
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(builtin("union").unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let handle = Handle::new();
        let app = rolecall_union::router(service.clone()).merge(rolecall_rest::router(service).0);
        let server = axum_server::from_tcp(listener).unwrap().handle(handle.clone());
        tokio::spawn(server.serve(app.into_make_service()));
        House { http: reqwest::Client::new(), url, handle, _folder: folder }
    }

    /// Calls a method in Connect's JSON as the holder of a token: `RoleService/List` of `cloudidl.identity` unless another
    /// package is named.
    pub async fn call_as(&self, token: Option<&str>, method: &str, body: Value) -> Answer {
        let path = if method.contains('.') { method.to_owned() } else { format!("cloudidl.identity.{method}") };
        let mut request = self.http.post(format!("{}/{path}", self.url)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        Answer { status, challenge: challenge.unwrap_or_default(), body: response.json().await.unwrap() }
    }

    /// The same as the administrator.
    pub async fn call(&self, method: &str, body: Value) -> Answer {
        self.call_as(Some(ADMIN), method, body).await
    }

    /// Asks the REST API as the administrator.
    pub async fn rest(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}/api/v1/{path}", self.url)).bearer_auth(ADMIN);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap_or_default()
    }

    /// How many changes there have been.
    pub async fn revision(&self) -> Value {
        self.rest(Method::GET, "organization", Value::Null).await["revision"].clone()
    }

    /// A token of a fresh user who holds nothing.
    pub async fn nobody(&self) -> String {
        self.rest(Method::POST, "users", json!({"email": "nobody@example.com"})).await;
        let token = json!({"subject": "nobody@example.com", "name": "test"});
        self.rest(Method::POST, "tokens", token).await["token"].as_str().unwrap().to_owned()
    }

    pub fn config(&self, token: &str) -> ClientConfig {
        ClientConfig::new(self.url.parse().unwrap()).with_default_header("authorization", format!("Bearer {token}"))
    }

    /// A connection of HTTP/2 without TLS, and what to call over it.
    pub async fn http2(&self, protocol: Protocol, token: &str) -> (SharedHttp2Connection, ClientConfig) {
        let connection = Http2Connection::connect_plaintext(self.url.parse().unwrap()).await.unwrap();
        (connection.shared(64), self.config(token).with_protocol(protocol))
    }
}
