//! A server on a port of its own that can be stopped and started again.

use axum_server::Handle;
use rolecall_client::{Ask, Client, Connection, FollowOptions, Follower, Method};
use rolecall_model::catalog::Catalog;
use rolecall_service::{FirstStart, Options, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// The administrator's token.
pub const ADMIN: &str = "an-administrator-of-tests";

const SHOP: &str = "
name: test
environments: [{name: staging}, {name: production}]
initial_projects: [{name: shop}]
actions:
  - {name: view, level: environment}
  - {name: deploy, level: environment, includes: [view]}
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Deployer, bindable: anywhere, permits: [deploy]}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
administrator: {policy: Admin}
";

pub struct House {
    pub address: SocketAddr,
    running: Option<(Service, Handle<SocketAddr>)>,
    folder: tempfile::TempDir,
}

impl House {
    /// A server with an organization.
    pub async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut house = House { address, running: None, folder };
        house.start().await;
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: "Acme".to_owned(),
            catalog: Arc::new(Catalog::read(SHOP).unwrap()),
            admin_email: Some("root@example.com".to_owned()),
            admin_password: Some("Seven-7-tests!walk".to_owned()),
            admin_token: Some(ADMIN.to_owned()),
        };
        house.service().first_start(start).await.unwrap();
        house
    }

    /// Starts the server on the database and the port that it had before.
    pub async fn start(&mut self) {
        let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
        let store = SqliteStore::open(self.folder.path().join("rolecall.db"), options).await.unwrap();
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.address = listener.local_addr().unwrap();
        let handle = Handle::new();
        let app = rolecall_rest::router(service.clone()).0;
        let server = axum_server::from_tcp(listener).unwrap().handle(handle.clone());
        tokio::spawn(server.serve(app.into_make_service()));
        self.running = Some((service, handle));
    }

    /// Stops the server as the real one stops.
    pub async fn stop(&mut self) {
        let (service, handle) = self.running.take().expect("a running server");
        service.end_streams();
        handle.shutdown();
        service.close().await;
    }

    pub fn service(&self) -> &Service {
        &self.running.as_ref().expect("a running server").0
    }

    pub fn client(&self, token: &str) -> Client {
        client(self.address, token)
    }

    pub async fn follower(&self) -> Follower {
        self.client(ADMIN).follow(FollowOptions::default()).await.unwrap()
    }

    /// Changes something as the administrator; answers with the revision.
    pub async fn post(&self, path: &str, body: Value) -> u64 {
        let answer = self.client(ADMIN).ask(&Ask::new(Method::POST, path).body(body)).await.unwrap();
        answer["revision"].as_u64().unwrap()
    }

    /// Adds a user who may deploy to production.
    pub async fn deployer(&self, email: &str) -> u64 {
        self.post("/users", json!({"email": email})).await;
        let grant = json!({"subject": email, "role": "Deployer", "project": "shop", "environment": "production"});
        self.post("/assignments", grant).await
    }
}

pub fn client(address: SocketAddr, token: &str) -> Client {
    let connection =
        Connection { url: format!("http://{address}"), token: Some(token.to_owned()), ..Connection::default() };
    Client::new(connection).unwrap()
}

/// Whether somebody may deploy to the shop's production, by a follower.
pub fn may(follower: &Follower, subject: &str) -> bool {
    let (index, now) = (follower.index().unwrap(), rolecall_client::now());
    index.check_named(subject, "deploy", Some("shop"), Some("production"), now).allowed
}
