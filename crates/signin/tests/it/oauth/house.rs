//! A server in process with a clock that a test sets, browsers that visit it and clients that ask it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request as HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rolecall_model::Timestamp;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::TokenKey;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{NewToken, TokenCommand, TokenKind};
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_service::{Clock, Ctx, FirstStart, Options, Request, Secret, Service, execute, execute_with};
use rolecall_store::{Durability, OpenOptions, Row, SqliteStore};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tower::ServiceExt;

/// Where browsers and clients reach it.
pub const PUBLIC: &str = "http://127.0.0.1:7400";
/// The administrator's token, an application's.
pub const ADMIN: &str = "an-administrator-of-tests";
/// The administrator's password, a user's.
pub const PASSWORD: &str = "a Password of tests: 17!";
/// The administrator, a user.
pub const ROOT: &str = "root@example.com";
/// When the tests begin.
const BEGIN: i64 = 1_795_000_000_000_000;

/// A clock that stands still until it is moved.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct House {
    pub service: Service,
    pub router: Router,
    clock: Arc<Hands>,
    _folder: TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same answer, which must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.header("location"), self.text);
        self
    }

    /// The same answer, which must be this refusal of a client.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json()["error"], code, "{}", answer.text);
        assert!(answer.json()["error_description"].as_str().is_some_and(|text| text.len() > 10), "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        answer
    }

    /// A text of the answer.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text)).to_owned()
    }

    /// Where it sends the browser, and with what.
    #[track_caller]
    pub fn sent(&self) -> (String, BTreeMap<String, String>) {
        assert!([302, 303].contains(&self.status), "{}: {}", self.status, self.text);
        let location = self.header("location");
        let (address, query) = location.split_once('?').unwrap_or((location, ""));
        (address.to_owned(), read_query(query))
    }

    /// The value of a hidden field of its form.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let value = self.text.split_once(&mark).and_then(|(_, rest)| rest.split('"').next());
        unescape(value.unwrap_or_else(|| panic!("no field {name} in {}: {}", self.status, self.text)))
    }

    /// All hidden fields of its form.
    pub fn all_hidden(&self) -> BTreeMap<String, String> {
        let fields = self.text.split("<input type=\"hidden\" name=\"").skip(1).filter_map(|rest| {
            let (name, rest) = rest.split_once('"')?;
            Some((name.to_owned(), unescape(rest.strip_prefix(" value=\"")?.split('"').next()?)))
        });
        fields.collect()
    }
}

fn unescape(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

pub fn read_query(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

/// Fields as a form or an address has them.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let escape = |text: &str| rolecall_service::oauth::escaped(text).into_owned();
    let pairs = fields.into_iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl House {
    /// A server with an organization, an administrator and `bob@example.com`, who holds nothing.
    pub async fn new() -> House {
        House::with(|_| {}).await
    }

    /// The same with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> House {
        let folder = tempfile::tempdir().unwrap();
        let open = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), open).await.unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(BEGIN)));
        // A test is one address; its limits are tried where they are set.
        let mut options = Options {
            clock: Arc::<Hands>::clone(&clock),
            public_url: PUBLIC.into(),
            tries_account: 1_000,
            tries_address: 1_000,
            ..Options::default()
        };
        change(&mut options);
        let service = Service::open(Arc::new(store), options).await.unwrap();
        service.first_start(start("acme", ADMIN, ROOT)).await.unwrap();
        let signin = rolecall_signin::router(service.clone(), rolecall_signin::Settings::default());
        let router = rolecall_rest::router(service.clone()).0.merge(signin);
        let house = House { service, router, clock, _folder: folder };
        let bob = NewUser { email: Some("bob@example.com".to_owned()), ..NewUser::default() };
        execute(&house.ctx(ADMIN).await, UserCommand::Create(bob).into()).await.unwrap();
        house
    }

    /// Moves the clock on.
    pub fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().micros() / 1_000_000
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = HttpRequest::builder().method(method).uri(path).header("host", "127.0.0.1:7400");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// Asks the API.
    pub async fn api(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("/api/v1{path}"), &headers, body).await
    }

    /// Who the API says that a credential is.
    pub async fn me(&self, token: &str) -> Answer {
        self.api("GET", "/me", token, &Value::Null).await
    }

    /// Sends a form as a client does, without a browser.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &headers, form(fields.iter().copied())).await
    }

    /// The same with the client's id and secret in the header.
    pub async fn post_as(&self, path: &str, (id, secret): (&str, &str), fields: &[(&str, &str)]) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        self.send("POST", path, &headers, form(fields.iter().copied())).await
    }

    /// Asks the token endpoint.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/oauth2/token", fields).await
    }

    /// The context of a credential.
    pub async fn ctx(&self, credential: &str) -> Ctx {
        let request = Request {
            credential: Some(credential),
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

    /// A browser in which somebody has signed in.
    pub async fn browser_of(&self, email: &str) -> Browser<'_> {
        self.browser_by(ADMIN, email).await
    }

    /// The same in the organization of this administrator's token.
    pub async fn browser_by(&self, admin: &str, email: &str) -> Browser<'_> {
        let secret = Secret::generate().unwrap();
        let key = TokenKey::new(u128::from_be_bytes(secret.hash()[..16].try_into().unwrap()));
        let ctx = self.ctx(admin).await;
        let command = TokenCommand::Issue(NewToken {
            key,
            name: "Firefox on Linux".to_owned(),
            subject: SubjectRef::User(email.into()),
            scope: ScopeRef::ORGANIZATION,
            actions: None,
            until: Some(ctx.now().plus_seconds(24 * 60 * 60)),
            kind: TokenKind::Session,
            client: None,
        });
        let row = Row::Secret { kind: "token", key: key.bytes(), hash: Some(secret.hash()), data: None };
        execute_with(&ctx, command.into(), [0; 32], vec![row]).await.unwrap();
        let mut browser = self.browser();
        browser.cookies.insert("rolecall".to_owned(), secret.expose().to_owned());
        browser
    }

    /// A browser in which nobody has signed in.
    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookies: BTreeMap::new() }
    }

    /// Revokes a token as the administrator.
    pub async fn revoke(&self, key: TokenKey) {
        let ctx = self.ctx(ADMIN).await;
        execute(&ctx, TokenCommand::Revoke(key).into()).await.unwrap();
    }

    /// The grants that count, with what they are called.
    pub async fn grants(&self) -> Vec<(TokenKey, String)> {
        let ctx = self.ctx(ADMIN).await;
        let org = ctx.org();
        let mut grants = Vec::new();
        for email in [ROOT, "bob@example.com"] {
            let Some((id, _)) = org.find_principal(email) else { continue };
            let theirs = org.tokens_of(id).filter_map(|id| org.token(id));
            let theirs = theirs.filter(|token| token.kind == TokenKind::Grant && token.counts_at(ctx.now()));
            grants.extend(theirs.map(|token| (token.key, token.value.name.to_string())));
        }
        grants
    }

    /// The newest revision: each entry of the log is one.
    pub async fn revision(&self) -> u64 {
        self.ctx(ADMIN).await.revision()
    }

    /// What happened beside the log, as the API lists it.
    pub async fn events(&self) -> String {
        self.api("GET", "/history?noun=event", ADMIN, &Value::Null).await.is(200).text
    }
}

/// What makes an organization.
pub fn start(name: &str, token: &str, email: &str) -> FirstStart {
    FirstStart {
        organization: name.to_owned(),
        title: name.to_uppercase(),
        catalog: Arc::new(Catalog::read(builtin("union").unwrap()).unwrap()),
        admin_email: Some(email.to_owned()),
        admin_password: Some(PASSWORD.to_owned()),
        admin_token: Some(token.to_owned()),
    }
}

/// A browser with its cookies.
pub struct Browser<'a> {
    house: &'a House,
    pub cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub async fn get(&mut self, address: &str) -> Answer {
        self.ask("GET", address, String::new()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, form(fields.iter().copied())).await
    }

    /// Sends the form of a page with all that is hidden in it and what somebody adds.
    pub async fn submit(&mut self, page: &Answer, path: &str, more: &[(&str, &str)]) -> Answer {
        let hidden = page.all_hidden();
        let fields: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(path, &[fields.as_slice(), more].concat()).await
    }

    async fn ask(&mut self, method: &str, address: &str, body: String) -> Answer {
        let path = address.strip_prefix(PUBLIC).unwrap_or(address);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("cookie", cookies.as_str())];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
            headers.push(("origin", PUBLIC));
            headers.push(("sec-fetch-site", "same-origin"));
        }
        let answer = self.house.send(method, path, &headers, body).await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}
