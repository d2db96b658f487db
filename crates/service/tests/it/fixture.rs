//! A running service on a database in a folder of its own, with a clock that a test sets. The words
//! for commands are those of the model's tests.

use crate::watched::Watched;
use crate::word;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::name::Text;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::{Kind, Refusal};
use rolecall_model::role::PermitRef;
use rolecall_model::scope::ScopeRef;
use rolecall_model::time::Timestamp;
use rolecall_service::{
    Clock, Ctx, Done, Error, FirstStart, NewToken, Options, Request, Service, execute, issue_token,
};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use tempfile::TempDir;

/// A small shop: two projects, three environments, four actions.
pub const SHOP: &str = "
name: test
environments: [{name: development}, {name: staging}, {name: production, protected: true}]
initial_projects: [{name: shop, protected: true}, {name: blog}]
actions:
  - {name: view, level: environment, includes: [rolecall.projects.read]}
  - {name: deploy, level: environment, includes: [view]}
  - {name: administer, level: project, includes: [deploy, rolecall.projects.write, rolecall.projects.delete]}
  - {name: bill, level: organization}
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Maintainer, bindable: project, permits: [administer]}
  - {name: Everyone, bindable: organization, permits: [rolecall.actions.read]}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
everyone: [{role: Everyone}]
creator: [Maintainer]
resource_types: [{name: cart, stands: within}]
administrator: {policy: Admin}
";

/// The token of the first administrator, an application.
pub const ROOT: &str = "the-token-of-the-root";

/// A clock that stands still until it is set.
pub struct Hands {
    now: AtomicI64,
    /// How often it may be read before it breaks; it never does when this is far away.
    reads: AtomicUsize,
}

impl Hands {
    fn new() -> Self {
        Hands { now: AtomicI64::new(second(0).micros()), reads: AtomicUsize::new(usize::MAX / 2) }
    }

    pub fn set(&self, seconds: i64) {
        self.now.store(second(seconds).micros(), Ordering::SeqCst);
    }

    /// Lets whoever reads it next panic, once.
    pub fn break_once(&self) {
        self.reads.store(0, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        let left = self.reads.fetch_sub(1, Ordering::SeqCst);
        if left == 0 {
            self.reads.store(usize::MAX / 2, Ordering::SeqCst);
            panic!("a clock that was told to break");
        }
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }
}

/// An instant so many seconds after the beginning of the tests.
pub fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

/// A service, its store and its clock.
pub struct House {
    pub service: Service,
    pub store: Arc<Watched>,
    pub clock: Arc<Hands>,
    pub folder: TempDir,
    pub checkpoint_every: u64,
}

/// Options of a request that most do without.
#[derive(Clone, Default)]
pub struct Asked<'a> {
    pub key: Option<&'a str>,
    pub if_match: Option<u64>,
    pub dry_run: bool,
    pub at_least: Option<u64>,
    pub at: Option<rolecall_service::At>,
}

/// The small shop with `ada@example.com`, an administrator, beside the first application.
pub async fn shop() -> House {
    House::of(SHOP).await.with(word::user("ada").given("policy Admin").password()).await
}

/// Unleash's catalog: exact names, closed projects, the `root` slot.
pub async fn unleash() -> House {
    let house = House::of(builtin("unleash").unwrap()).await;
    house.with(word::user("ada").given("role Admin").password()).await
}

/// Union's catalog: folded names, open projects.
pub async fn union() -> House {
    let house = House::of(builtin("union").unwrap()).await;
    house.with(word::user("ada").given("policy Admin").password()).await
}

/// What the first start needs, with ROOT as the token.
pub fn start(name: &str, catalog: &str) -> FirstStart {
    FirstStart {
        organization: name.to_owned(),
        title: String::new(),
        catalog: Arc::new(Catalog::read(catalog).unwrap()),
        admin_email: None,
        admin_password: None,
        admin_token: Some(ROOT.to_owned()),
    }
}

impl House {
    /// A service without an organization.
    pub async fn empty() -> Self {
        Self::empty_keeping_every(5_000).await
    }

    /// A service without an organization, with options of the test's own.
    pub async fn with_options(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands::new());
        let mut options = Options { clock: Arc::<Hands>::clone(&clock), ..Options::default() };
        change(&mut options);
        let store = Arc::new(Watched::new(sqlite(folder.path().join("rolecall.db")).await));
        let service = Service::open(Arc::<Watched>::clone(&store), options).await.unwrap();
        service.first_start(start("test", SHOP)).await.unwrap();
        let house = House { service, store, clock, folder, checkpoint_every: 5_000 };
        house.with(word::user("ada").given("policy Admin").password()).await
    }

    pub async fn empty_keeping_every(checkpoint_every: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands::new());
        let (store, service) = open(folder.path().join("rolecall.db"), &clock, checkpoint_every).await;
        House { service, store, clock, folder, checkpoint_every }
    }

    pub async fn of(catalog: &str) -> Self {
        let house = Self::empty().await;
        house.service.first_start(start("test", catalog)).await.unwrap();
        house
    }

    pub async fn keeping_every(checkpoint_every: u64) -> Self {
        let house = Self::empty_keeping_every(checkpoint_every).await;
        house.service.first_start(start("test", SHOP)).await.unwrap();
        house.with(word::user("ada").given("policy Admin").password()).await
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("rolecall.db")
    }

    /// The same database, closed and opened again.
    pub async fn restarted(self) -> Self {
        self.service.close().await;
        let House { service, store, clock, folder, checkpoint_every } = self;
        drop((service, store));
        let (store, service) = open(folder.path().join("rolecall.db"), &clock, checkpoint_every).await;
        House { service, store, clock, folder, checkpoint_every }
    }

    /// Carries out a command that must be taken, as the first administrator.
    pub async fn with(self, command: impl Into<Command>) -> Self {
        self.root().takes(command).await;
        self
    }

    pub fn root(&self) -> Caller<'_> {
        self.through(ROOT.to_owned())
    }

    /// Somebody, through a fresh token without limits.
    pub async fn by(&self, who: &str) -> Caller<'_> {
        self.by_narrow(who, |_| {}).await
    }

    /// Somebody, through a fresh token.
    pub async fn by_narrow(&self, who: &str, narrow: impl FnOnce(&mut NewToken)) -> Caller<'_> {
        let mut new = new_token(who);
        narrow(&mut new);
        let ctx = self.root().ctx().await;
        let (_, secret) = issue_token(&ctx, new).await.unwrap();
        self.through(secret.unwrap().expose().to_owned())
    }

    pub fn through(&self, token: String) -> Caller<'_> {
        Caller { house: self, token }
    }

    /// Lets a request in, as the façades do.
    pub async fn enter(&self, token: &str, asked: Asked<'_>) -> Result<Ctx, Error> {
        let Asked { key, if_match, dry_run, at_least, at } = asked;
        let request = Request {
            credential: Some(token),
            facade: "test",
            request_id: "r1",
            idempotency_key: key,
            if_match,
            dry_run,
            at_least,
            at,
        };
        self.service.enter(request).await
    }

    pub async fn revision(&self) -> u64 {
        self.root().ctx().await.revision()
    }

    /// The whole state as bytes: two states are equal when these are.
    pub async fn state(&self) -> Vec<u8> {
        postcard::to_stdvec(self.root().ctx().await.org()).unwrap()
    }
}

/// A token for somebody, without limits.
pub fn new_token(who: &str) -> NewToken {
    NewToken {
        kind: rolecall_model::token::TokenKind::Personal,
        subject: subject(who),
        name: "a token".to_owned(),
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: None,
    }
}

/// What a test kills, it kills with its process only; the store's own tests pull the plug.
async fn sqlite(path: PathBuf) -> SqliteStore {
    let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
    SqliteStore::open(path, options).await.unwrap()
}

async fn open(path: PathBuf, clock: &Arc<Hands>, checkpoint_every: u64) -> (Arc<Watched>, Service) {
    let store = Arc::new(Watched::new(sqlite(path).await));
    let clock: Arc<dyn Clock> = Arc::<Hands>::clone(clock);
    let options = Options { clock, checkpoint_every, ..Options::default() };
    let service = Service::open(Arc::<Watched>::clone(&store), options).await.unwrap();
    (store, service)
}

/// Somebody with a token.
pub struct Caller<'a> {
    pub house: &'a House,
    pub token: String,
}

impl Caller<'_> {
    pub async fn ctx(&self) -> Ctx {
        self.asking(Asked::default()).await
    }

    pub async fn asking(&self, asked: Asked<'_>) -> Ctx {
        self.house.enter(&self.token, asked).await.unwrap()
    }

    pub async fn run(&self, command: impl Into<Command>) -> Result<Done, Error> {
        execute(&self.ctx().await, command.into()).await
    }

    pub async fn run_with(&self, asked: Asked<'_>, command: impl Into<Command>) -> Result<Done, Error> {
        execute(&self.asking(asked).await, command.into()).await
    }

    pub async fn dry(&self, command: impl Into<Command>) -> Result<Done, Error> {
        self.run_with(Asked { dry_run: true, ..Asked::default() }, command).await
    }

    #[track_caller]
    pub fn takes(&self, command: impl Into<Command>) -> impl Future<Output = Done> {
        let (command, at) = (command.into(), std::panic::Location::caller());
        async move { self.run(command).await.unwrap_or_else(|error| panic!("refused: {error} at {at}")) }
    }

    /// The error of a command that must not be taken, tried on every path: alone, in a batch and as
    /// a dry run, which must agree and change nothing.
    pub async fn error(&self, command: impl Into<Command>) -> Error {
        let command = command.into();
        let before = self.house.revision().await;
        let alone = self.run(command.clone()).await.expect_err("taken alone");
        let dry = self.dry(command.clone()).await.expect_err("taken as a dry run");
        let batch = self.run(Command::Batch(vec![command])).await.expect_err("taken in a batch");
        assert_eq!(alone.to_string(), dry.to_string());
        assert_eq!(alone.to_string(), batch.to_string());
        assert_eq!(self.house.revision().await, before, "a refused command changed something");
        alone
    }

    /// The refusal of a rule, on every path.
    pub async fn refusal(&self, command: impl Into<Command>) -> Refusal {
        match self.error(command).await {
            Error::Refused(refusal) => refusal,
            other => panic!("not by a rule: {other:?}"),
        }
    }

    pub async fn refuses(&self, command: impl Into<Command>, kind: Kind) {
        let refusal = self.refusal(command).await;
        assert_eq!(refusal.kind, kind, "{refusal}");
    }
}

/// An identifier: a short name stands for an address.
pub fn known(who: &str) -> Text {
    let is_plain = who.chars().all(|c| c.is_ascii_lowercase());
    if is_plain { Text::from(format!("{who}@example.com")) } else { Text::from(who) }
}

/// A subject: `group NAME`, else an identifier.
pub fn subject(who: &str) -> SubjectRef {
    match who.strip_prefix("group ") {
        Some(group) => SubjectRef::Group(Ref::from(group)),
        None => SubjectRef::Any(known(who)),
    }
}

/// A scope: `*`, `shop`, `*/production`, `shop/production`.
pub fn scope(text: &str) -> ScopeRef {
    let (project, environment) = text.split_once('/').unwrap_or((text, "*"));
    let part = |text: &str| (!matches!(text, "*" | "")).then(|| Ref::from(text));
    ScopeRef { project: part(project), environment: part(environment) }
}

/// A permit: `deploy`, `deploy at shop/production`.
pub fn permit(text: &str) -> PermitRef {
    let (action, at) = text.split_once(" at ").unwrap_or((text, "*"));
    PermitRef { action: Ref::from(action), scope: scope(at) }
}

/// A binding: `runner`, `runner at shop`.
pub fn binding(text: &str) -> BindingRef {
    let (role, at) = text.split_once(" at ").unwrap_or((text, "*"));
    BindingRef { role: Ref::from(role), scope: scope(at) }
}

/// A grant: `policy Team`, `role runner at shop/production`.
pub fn grant(text: &str) -> GrantRef {
    match (text.strip_prefix("policy "), text.strip_prefix("role ")) {
        (Some(policy), _) => GrantRef::Policy(Ref::from(policy)),
        (_, Some(role)) => GrantRef::Role(binding(role)),
        _ => panic!("{text} is neither a policy nor a role"),
    }
}

/// Gives something by hand, for good.
pub fn give(who: &str, what: &str) -> Command {
    give_on(who, what, by_hand())
}

/// Gives something on terms.
pub fn give_on(who: &str, what: &str, terms: Terms) -> Command {
    AssignmentCommand::Grant(subject(who), grant(what), terms).into()
}

/// Takes something away, whatever it came from.
pub fn end(who: &str, what: &str) -> Command {
    AssignmentCommand::End { subject: subject(who), grant: grant(what), source: None, quietly: false }.into()
}

/// Terms of something given by hand, for good.
pub fn by_hand() -> Terms {
    Terms::of(Source::Manual)
}

/// Terms that hold from and until such seconds.
pub fn between(from: Option<i64>, until: Option<i64>) -> Terms {
    Terms { from: from.map(second), until: until.map(second), ..by_hand() }
}
