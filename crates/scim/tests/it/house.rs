//! An organization with a SCIM connection, and ways to ask it: as the client, and by hand.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use rolecall_model::Command;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::TokenKind;
use rolecall_service::{Ctx, FirstStart, NewToken, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";
/// The address of the server.
pub const URL: &str = "https://roles.example";

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub struct House {
    pub service: Service,
    /// The SCIM client's token.
    pub token: String,
    scim: axum::Router,
    rest: axum::Router,
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

    /// The same answer, which must be an error of this status and SCIM's word.
    #[track_caller]
    pub fn refused(self, status: u16, word: Option<&str>) -> Value {
        let body = self.is(status).json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert_eq!(body.get("scimType").and_then(Value::as_str), word, "{body}");
        assert!(body["detail"].as_str().unwrap().len() > 10, "{body}");
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
        House::with("none").await
    }

    pub async fn with(catalog: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: String::new(),
            catalog: Arc::new(Catalog::read(builtin(catalog).unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let scim = rolecall_scim::router(service.clone(), URL);
        let rest = rolecall_rest::router(service.clone()).0;
        let mut house = House { service, token: String::new(), scim, rest, _folder: folder };
        house.token = house.scim_token().await;
        house
    }

    /// Forgets whatever the routes remember, as a restart does.
    pub fn forget(&mut self) {
        self.scim = rolecall_scim::router(self.service.clone(), URL);
    }

    async fn scim_token(&self) -> String {
        let new = NewToken {
            subject: SubjectRef::Any("root@example.com".into()),
            name: "SCIM".to_owned(),
            scope: ScopeRef::ORGANIZATION,
            actions: None,
            until: None,
            kind: TokenKind::Scim,
        };
        let (_, secret) = rolecall_service::issue_token(&self.ctx().await, new).await.unwrap();
        secret.unwrap().expose().to_owned()
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

    pub async fn revision(&self) -> u64 {
        self.ctx().await.revision()
    }

    /// Changes the organization by hand, as its administrator.
    pub async fn by_hand(&self, commands: Vec<Command>) {
        rolecall_service::execute(&self.ctx().await, Command::Batch(commands)).await.unwrap();
    }

    /// Asks our own API, as the administrator.
    pub async fn rest(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = request(method, &format!("/api/v1{path}"), ADMIN, "application/json", &body);
        answer(self.rest.clone().oneshot(request).await.unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        answer(self.scim.clone().oneshot(request).await.unwrap()).await
    }

    /// Asks as the SCIM client.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(request(method, &format!("/scim/v2{path}"), &self.token, "application/scim+json", &body)).await
    }

    /// Asks with one more header.
    pub async fn ask_with(&self, method: &str, path: &str, (name, value): (&str, &str), body: Value) -> Answer {
        let mut request = request(method, &format!("/scim/v2{path}"), &self.token, "application/scim+json", &body);
        request.headers_mut().insert(axum::http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        self.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    /// A list of what a filter finds.
    #[track_caller]
    pub fn filter(&self, endpoint: &str, filter: &str) -> impl Future<Output = Value> {
        let path = format!("/{endpoint}?filter={}", encoded(filter));
        async move { self.get(&path).await.is(200).json() }
    }

    /// The ids of what a filter finds.
    pub async fn found(&self, endpoint: &str, filter: &str) -> Vec<String> {
        ids(&self.filter(endpoint, filter).await)
    }

    /// Adds a user and answers it.
    pub async fn add(&self, user_name: &str) -> Value {
        self.ask("POST", "/Users", json!({"schemas": [USER], "userName": user_name})).await.is(201).json()
    }

    /// Adds a user and answers its id.
    pub async fn add_id(&self, user_name: &str) -> String {
        id(&self.add(user_name).await)
    }

    /// Adds a group of these users and answers its id.
    pub async fn add_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        id(&self.ask("POST", "/Groups", body).await.is(201).json())
    }

    /// The ids of a group's members, in order of their ids.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{group}")).await.is(200).json();
        let mut members: Vec<String> = group["members"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["value"].as_str().unwrap().to_owned())
            .collect();
        members.sort();
        members
    }
}

/// Operations of PATCH as a body.
pub fn patch(operations: Value) -> Value {
    json!({"schemas": [PATCH], "Operations": operations})
}

pub fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

pub fn ids(list: &Value) -> Vec<String> {
    list["Resources"].as_array().unwrap().iter().map(id).collect()
}

pub fn sorted<const N: usize>(ids: [&str; N]) -> Vec<String> {
    let mut ids = ids.map(str::to_owned).to_vec();
    ids.sort();
    ids
}

/// A text as a query has it.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn request(method: &str, path: &str, token: &str, kind: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).header(header::CONTENT_TYPE, kind);
    request.body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) }).unwrap()
}

async fn answer(response: axum::response::Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}
