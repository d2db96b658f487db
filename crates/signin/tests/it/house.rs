//! A service with the pages, and browsers that ask for them.

use crate::idp::{CLIENT, Idp, SECRET};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::provider::NewProvider;
use rolecall_service::history::{Cursor, Filter, Item, list};
use rolecall_service::{Ctx, FirstStart, Options, Service, execute, sso};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

pub const ADMIN: &str = "an-administrator-of-tests";

pub struct House {
    pub service: Service,
    pub router: Router,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(folder.path().join("rolecall.db"), options).await.unwrap();
        let options = Options { tries_address: 1_000, tries_account: 1_000, ..Options::default() };
        let service = Service::open(Arc::new(store), options).await.unwrap();
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(builtin("union").unwrap()).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("a-password-of-tests-9A".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        service.first_start(start).await.unwrap();
        let router = rolecall_signin::router(service.clone(), rolecall_signin::Settings::default());
        House { service, router, _folder: folder }
    }

    /// A house with a provider called okta, which lets everybody in and syncs groups.
    pub async fn with_okta() -> (Self, Idp) {
        let house = House::new().await;
        let idp = house.provider("okta").await;
        let ctx = house.root().await;
        let group = NewGroup { name: "red".to_owned(), sso_names: vec!["RED".to_owned()], ..NewGroup::default() };
        execute(&ctx, GroupCommand::Create(group).into()).await.unwrap();
        (house, idp)
    }

    pub async fn provider(&self, name: &str) -> Idp {
        let idp = Idp::start().await;
        let mut new = NewProvider {
            name: name.to_owned(),
            title: format!("The <{name}>"),
            issuer: idp.issuer.clone(),
            client_id: CLIENT.to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            create_users: true,
            link_by_email: true,
            ..NewProvider::default()
        };
        new.group_sync.enabled = true;
        new.group_sync.path = "$.groups".into();
        new.group_sync.add_groups_scope = true;
        sso::create_provider(&self.root().await, new, Some(SECRET.to_owned())).await.unwrap();
        idp
    }

    pub async fn root(&self) -> Ctx {
        let request = rolecall_service::Request {
            credential: Some(ADMIN),
            facade: "test",
            request_id: "r1",
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        };
        self.service.enter(request).await.unwrap()
    }

    /// A browser nobody has used.
    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookies: BTreeMap::new() }
    }

    /// Waits for this many events and gives kinds and messages, oldest first.
    pub async fn events(&self, count: usize) -> Vec<(String, String)> {
        let ctx = self.root().await;
        loop {
            let (items, _) = list(&ctx, &Filter::default(), Cursor::NEWEST, 1_000).await.unwrap();
            let events = items.into_iter().rev().filter_map(|item| match item {
                Item::Event(event) => Some((event.kind, event.message)),
                Item::Entry(_) => None,
            });
            let events: Vec<_> = events.collect();
            if events.len() >= count {
                return events;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The groups of somebody.
    pub async fn groups_of(&self, who: &str) -> Vec<String> {
        let ctx = self.root().await;
        let (_, user) = ctx.org().find_principal(who).unwrap();
        user.memberships.iter().map(|m| ctx.org().group(m.group).unwrap().name.to_string()).collect()
    }
}

/// A browser with its cookies.
#[derive(Clone)]
pub struct Browser<'a> {
    house: &'a House,
    pub cookies: BTreeMap<String, String>,
}

/// A page.
#[derive(Debug)]
pub struct Shown {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Shown {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Shown {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::get(path).header(header::HOST, "127.0.0.1:7400");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response = self.house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Shown { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    pub fn has_session(&self) -> bool {
        self.cookies.get("rolecall").is_some_and(|value| !value.is_empty())
    }
}
