//! An organization made by commands, and a way to ask it.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use rolecall_model::action::{ActionCommand, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::policy::BindingRef;
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::resource_type::{ResourceTypeCommand, Stands};
use rolecall_model::role::{NewRole, PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Command, Ref, Timestamp};
use rolecall_service::{Clock, Ctx, FirstStart, NewToken, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";
/// The address that the discovery document speaks of.
pub const PUBLIC_URL: &str = "https://rbac.example.com";

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

/// A running house.
pub struct House {
    pub clock: Arc<TestClock>,
    service: Service,
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
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    pub fn decision(&self) -> bool {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()["decision"].as_bool().expect("a decision")
    }

    pub fn decisions(&self) -> Vec<bool> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        let all = self.json()["evaluations"].as_array().expect("evaluations").clone();
        all.iter().map(|one| one["decision"].as_bool().expect("a decision")).collect()
    }

    /// The ids or names that a search found.
    pub fn found(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        let all = self.json()["results"].as_array().expect("results").clone();
        let name = |one: &Value| one.get("id").or(one.get("name")).and_then(Value::as_str).expect("an id").to_owned();
        all.iter().map(name).collect()
    }

    pub fn next_token(&self) -> String {
        self.json()["page"]["next_token"].as_str().expect("a token").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl House {
    pub async fn new(commands: Vec<Command>) -> House {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_000_000_000_000)));
        let options = Options { clock: Arc::<TestClock>::clone(&clock), ..Options::default() };
        let service = Service::open(Arc::new(store), options).await.unwrap();
        let catalog = Catalog::read(builtin("none").unwrap()).unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: String::new(),
            catalog: Arc::new(catalog),
            admin_email: None,
            admin_password: None,
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let (router, _) = rolecall_authzen::router(service.clone(), PUBLIC_URL);
        let house = House { clock, service, router, _folder: folder };
        house.change(commands).await;
        house
    }

    /// Forgets whatever the routes remember, as a restart does.
    pub fn forget(&mut self) {
        (self.router, _) = rolecall_authzen::router(self.service.clone(), PUBLIC_URL);
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

    /// Changes the organization as its administrator.
    pub async fn change(&self, commands: Vec<Command>) {
        rolecall_service::execute(&self.ctx().await, Command::Batch(commands)).await.unwrap();
    }

    /// A token of a user, perhaps narrowed to a project.
    pub async fn token(&self, username: &str, project: Option<&str>) -> String {
        let new = NewToken {
            kind: rolecall_model::token::TokenKind::Personal,
            subject: SubjectRef::User(username.into()),
            name: "test".to_owned(),
            scope: scope(project, None),
            actions: None,
            until: None,
        };
        let (_, secret) = rolecall_service::issue_token(&self.ctx().await, new).await.unwrap();
        secret.unwrap().expose().to_owned()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Posts a body as the administrator.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.post_as(ADMIN, path, body).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request(path).header(header::AUTHORIZATION, format!("Bearer {token}")).body(body.into()).unwrap())
            .await
    }

    /// One question about a user.
    pub async fn ask(&self, subject: &str, action: &str, resource: &Value) -> bool {
        let question = serde_json::json!({
            "subject": {"type": "user", "id": subject}, "action": {"name": action}, "resource": resource,
        });
        self.post("/access/v1/evaluation", question.to_string()).await.decision()
    }
}

/// A post of JSON.
pub fn request(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/json")
}

pub fn scope(project: Option<&str>, environment: Option<&str>) -> ScopeRef {
    ScopeRef { project: project.map(Ref::from), environment: environment.map(Ref::from) }
}

pub fn action(name: &str, level: Level) -> Command {
    let new = NewAction {
        name: name.to_owned(),
        level,
        title: String::new(),
        description: String::new(),
        category: String::new(),
        includes: Vec::new(),
        attributes: Map::new(),
    };
    ActionCommand::Create(new).into()
}

pub fn project(name: &str) -> Command {
    let (name, title, description) = (name.to_owned(), String::new(), String::new());
    ProjectCommand::Create(NewProject { name, title, description, attributes: Map::new() }).into()
}

pub fn environment(name: &str) -> Command {
    let (name, title) = (name.to_owned(), String::new());
    EnvironmentCommand::Create(NewEnvironment { name, title, attributes: Map::new() }).into()
}

pub fn user(username: &str) -> Command {
    UserCommand::Create(NewUser {
        username: Some(username.to_owned()),
        terms: Terms::of(Source::Manual),
        ..NewUser::default()
    })
    .into()
}

pub fn application(name: &str) -> Command {
    ApplicationCommand::Create(NewApplication {
        name: name.to_owned(),
        terms: Terms::of(Source::Manual),
        ..NewApplication::default()
    })
    .into()
}

pub fn role(name: &str, actions: &[&str]) -> Command {
    let permit = |action: &&str| PermitRef { action: Ref::from(*action), scope: ScopeRef::ORGANIZATION };
    let new = NewRole {
        name: name.to_owned(),
        description: String::new(),
        bindable: None,
        slot: None,
        permits: actions.iter().map(permit).collect(),
        attributes: Map::new(),
    };
    RoleCommand::Create(new).into()
}

pub fn give(subject: &str, role: &str, scope: ScopeRef) -> Command {
    let grant = GrantRef::Role(BindingRef { role: Ref::from(role), scope });
    AssignmentCommand::Grant(SubjectRef::Any(subject.into()), grant, Terms::of(Source::Manual)).into()
}

pub fn resource_type(name: &str, stands: Stands, actions: Option<&[&str]>) -> Command {
    let actions = actions.map(|actions| actions.iter().map(|action| Ref::from(*action)).collect());
    ResourceTypeCommand::Create { name: name.to_owned(), stands, actions }.into()
}

/// The projects record-1 and record-2 under the alias type `record`; alice reads and writes both,
/// bob reads both.
pub fn records() -> Vec<Command> {
    let mut commands: Vec<Command> = ["read", "write", "delete"].map(|name| action(name, Level::Project)).into();
    commands.extend(["record-1", "record-2"].map(project));
    commands.extend(["alice", "bob"].map(user));
    commands.push(resource_type("record", Stands::ForProject, Some(&["read", "write", "delete"])));
    commands.push(role("reader", &["read"]));
    commands.push(role("writer", &["read", "write"]));
    for name in ["record-1", "record-2"] {
        commands.push(give("alice", "writer", scope(Some(name), None)));
        commands.push(give("bob", "reader", scope(Some(name), None)));
    }
    commands
}

/// The public cases.
pub fn cases() -> Value {
    serde_json::from_str(include_str!("../cases/authzen_cases.json")).unwrap()
}
