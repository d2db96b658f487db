//! A server on a port of its own, served as the real one is, and clients for it.

use axum::http::Uri;
use axum_server::Handle;
use connectrpc::Protocol;
use connectrpc::client::{ClientConfig, Http2Connection, HttpClient, SharedHttp2Connection};
use rolecall_connect::v1::{CheckRequest, DecisionServiceClient, Question};
use rolecall_model::catalog::Catalog;
use rolecall_service::{FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";

/// Two projects, two environments, and somebody who may deploy in one of each.
const SHOP: &str = "
name: test
environments: [{name: staging}, {name: production}]
initial_projects: [{name: shop}, {name: blog}]
actions:
  - {name: view, level: environment}
  - {name: deploy, level: environment, includes: [view]}
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Deployer, bindable: anywhere, permits: [deploy]}
  - {name: Asker, bindable: anywhere, permits: [rolecall.access.check]}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
administrator: {policy: Admin}
";

pub struct House {
    pub service: Service,
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

impl House {
    /// A server where Ada may deploy in the shop's production.
    pub async fn new() -> House {
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(SHOP).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let handle = Handle::new();
        let app = rolecall_connect::router(service.clone()).merge(rolecall_rest::router(service.clone()).0);
        let server = axum_server::from_tcp(listener).unwrap().handle(handle.clone());
        tokio::spawn(server.serve(app.into_make_service()));
        let house = House { service, http: reqwest::Client::new(), url, handle, _folder: folder };
        house.post("users", json!({"email": "ada@example.com"})).await;
        let deploys =
            json!({"subject": "ada@example.com", "role": "Deployer", "project": "shop", "environment": "production"});
        house.post("assignments", deploys).await;
        house
    }

    /// Asks the REST API as the administrator.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/api/v1/{path}", self.url)).bearer_auth(ADMIN).json(&body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// A token of a user, and the key by which it is revoked.
    pub async fn token_of(&self, subject: &str) -> (String, String) {
        let issued = self.post("tokens", json!({"subject": subject, "name": "test"})).await;
        let text = |field: &str| issued[field].as_str().unwrap().to_owned();
        (text("token"), text("key"))
    }

    pub async fn revoke(&self, key: &str) {
        let request = self.http.delete(format!("{}/api/v1/tokens/{key}", self.url)).bearer_auth(ADMIN);
        assert_eq!(request.send().await.unwrap().status(), 204);
    }

    /// Asks in Connect's JSON over HTTP/1.1, as `curl` would.
    pub async fn ask(&self, method: &str, authorization: Option<&str>, body: &str) -> reqwest::Response {
        let mut request = self.http.post(format!("{}/rolecall.v1.DecisionService/{method}", self.url));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        request.header("content-type", "application/json").body(body.to_owned()).send().await.unwrap()
    }

    pub fn config(&self, token: &str) -> ClientConfig {
        let uri: Uri = self.url.parse().unwrap();
        ClientConfig::new(uri).with_default_header("authorization", format!("Bearer {token}"))
    }

    /// A client of gRPC, or of another protocol, over HTTP/2 without TLS.
    pub async fn http2(&self, protocol: Protocol, token: &str) -> DecisionServiceClient<SharedHttp2Connection> {
        let connection = Http2Connection::connect_plaintext(self.url.parse().unwrap()).await.unwrap();
        DecisionServiceClient::new(connection.shared(64), self.config(token).with_protocol(protocol))
    }
}

/// A client over HTTP/1.1.
pub fn http1(config: ClientConfig) -> DecisionServiceClient<HttpClient> {
    DecisionServiceClient::new(HttpClient::plaintext(), config)
}

/// A question; parts that are not named are empty.
pub fn question(subject: &str, action: &str, project: &str, environment: &str) -> Question {
    Question {
        subject: subject.into(),
        action: action.into(),
        project: project.into(),
        environment: environment.into(),
    }
}

/// A single question.
pub fn check(subject: &str, action: &str, project: &str, environment: &str) -> CheckRequest {
    CheckRequest {
        subject: subject.into(),
        action: action.into(),
        project: project.into(),
        environment: environment.into(),
    }
}
