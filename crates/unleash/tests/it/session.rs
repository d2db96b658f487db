//! A browser that signed in by password, and a clock that stands still until it is moved.

use crate::house::{Answer, House, STRONG, request};
use axum::http::header;
use rolecall_model::Timestamp;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::ProviderId;
use rolecall_model::principal::Identity;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_service::{Clock, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Another password that every rule likes.
pub const OTHER: &str = "Zx9!marble-Orchard";

/// What a browser keeps.
#[derive(Clone, Debug)]
pub struct Browser(pub String);

impl Browser {
    /// Signs in.
    pub async fn new(house: &House, name: &str, password: &str) -> Browser {
        let answer = sign_in(house, name, password).await.is(200);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Browser(cookie)
    }

    pub async fn ask(&self, house: &House, method: &str, path: &str, body: Value) -> Answer {
        let mut request = request(method, &format!("/unleash{path}"), None, &body);
        request.headers_mut().insert(header::COOKIE, self.0.parse().unwrap());
        house.send(request).await
    }

    pub async fn get(&self, house: &House, path: &str) -> Answer {
        self.ask(house, "GET", path, Value::Null).await
    }

    /// Whether the session still counts.
    pub async fn counts(&self, house: &House) -> bool {
        self.get(house, "/api/admin/user").await.status == 200
    }
}

pub async fn sign_in(house: &House, name: &str, password: &str) -> Answer {
    house.visit("POST", "/auth/simple/login", json!({"username": name, "password": password})).await
}

/// Adds a user with a password by the façade, and answers its id.
pub async fn add(house: &House, name: &str, role: &str) -> u64 {
    let body = json!({"username": name, "rootRole": role, "password": STRONG, "sendEmail": false});
    house.ask("POST", "/api/admin/user-admin", body).await.is(201).json()["id"].as_u64().unwrap()
}

/// A house where many may try often: what is not about limits should not meet them.
pub async fn patient() -> House {
    House::with(Options { tries_account: 10_000, tries_address: 10_000, ..Options::default() }).await
}

/// Lets the administrator of the house sign in by a provider, too.
pub async fn link_administrator(house: &House) {
    let new = json!({"name": "other", "issuer": "https://idp.example.com", "client_id": "x"});
    let number = house.rest("POST", "/providers", new).await.is(201).json()["number"].as_u64().unwrap();
    let provider = ProviderId::new(u32::try_from(number).unwrap()).unwrap();
    let link = Identity { provider, issuer: "https://idp.example.com".into(), sub: "root".into() };
    let patch = UserPatch { link: Some(link), ..UserPatch::default() };
    let command = UserCommand::Change(SubjectRef::User("root@example.com".into()), patch);
    rolecall_service::execute(&house.ctx().await, command.into()).await.unwrap();
}

/// A clock that is moved by hand, in microseconds since 1970.
pub struct Hands(AtomicI64);

impl Hands {
    pub fn plus_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A patient house with a clock that is moved by hand.
pub async fn with_hands() -> (House, Arc<Hands>) {
    let hands = Arc::new(Hands(AtomicI64::new(1_795_000_000_000_000)));
    let clock: Arc<dyn Clock> = Arc::<Hands>::clone(&hands);
    let options = Options { clock, tries_account: 10_000, tries_address: 10_000, ..Options::default() };
    (House::with(options).await, hands)
}

impl House {
    /// Adds a user as a SCIM client does, and answers its id.
    pub async fn scim(&self, token: &str, name: &str) -> u64 {
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name});
        let made = self.send(request("POST", "/scim/v2/Users", Some(token), &body)).await.is(201);
        let subject = made.json()["id"].as_str().unwrap().to_owned();
        self.rest("GET", &format!("/users/{subject}"), Value::Null).await.is(200).json()["number"].as_u64().unwrap()
    }

    /// What a SCIM client with this token is answered.
    pub async fn scim_counts(&self, token: &str) -> u16 {
        self.send(request("GET", "/scim/v2/Users", Some(token), &Value::Null)).await.status.as_u16()
    }

    /// The history as text, once it has an event of each of these kinds through this façade.
    pub async fn history_of(&self, kinds: &[&str]) -> String {
        for _ in 0..1_000 {
            let told = self.rest("GET", "/history?facade=unleash&limit=500", Value::Null).await.is(200).text;
            if kinds.iter().all(|kind| told.contains(&format!("\"{kind}\""))) {
                return told;
            }
            tokio::task::yield_now().await;
        }
        panic!("the history has not all of {kinds:?}");
    }
}
