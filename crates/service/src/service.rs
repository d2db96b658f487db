//! The service: every organization of the installation on this node.

use crate::clock::{Clock, SystemClock, random};
use crate::credential::{Caller, Credentials, TokenUse};
use crate::ctx::{At, Ctx, Request};
use crate::event::Events;
use crate::limit::Limits;
use crate::mail::{Outbox, Post};
use crate::oauth::Oauth;
use crate::organization::{Closing, Organization};
use crate::past::Past;
use crate::tally::{Tallies, Tally};
use crate::{Error, Key, View};
use arc_swap::Guard;
use rolecall_model::Timestamp;
use rolecall_model::id::OrganizationId;
use rolecall_model::moment::Actor;
use rolecall_store::{OrganizationKey, OrganizationRow, Store};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

/// How long a read waits for the revision it demands.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often last uses are written down.
const LAST_USE_EVERY: Duration = Duration::from_secs(10);

/// How the service behaves.
#[derive(Clone)]
pub struct Options {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Memory that past states may take together, in bytes.
    pub past_bytes: usize,
    /// Entries after which a checkpoint is taken.
    pub checkpoint_every: u64,
    /// The key that seals data at rest; without one a fresh key seals it for as long as the process lives.
    pub key: Option<Arc<Key>>,
    /// The address by which browsers and clients reach the server, without a slash at the end: the
    /// issuer of access tokens, and the beginning of links.
    pub public_url: Arc<str>,
    /// Tries to sign in that one account has in a minute.
    pub tries_account: u32,
    /// Tries to sign in that one address has in a minute.
    pub tries_address: u32,
    /// How often a node looks whether another has written; none when no other node can. Within this time, and that
    /// of reading the entries, whatever another node ended counts here no more.
    pub follow_every: Option<Duration>,
    /// Takes letters to where they are read; without one no mail is sent.
    pub post: Option<Arc<dyn Post>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            clock: Arc::new(SystemClock),
            past_bytes: 1 << 30,
            checkpoint_every: 5_000,
            key: None,
            follow_every: None,
            post: None,
            public_url: "http://127.0.0.1:7400".into(),
            tries_account: 10,
            tries_address: 60,
        }
    }
}

type Cell = Arc<OnceCell<Arc<Organization>>>;

/// All organizations of an installation. Cheap to copy.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    options: Options,
    key: Arc<Key>,
    organizations: RwLock<HashMap<OrganizationKey, (OrganizationRow, Cell)>>,
    credentials: Credentials,
    events: Events,
    outbox: Outbox,
    tallies: Tallies,
    past: Past,
    limits: Limits,
    oauth: Oauth,
    setup_key: Mutex<Option<String>>,
    closing: AtomicBool,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Service {
    /// Lists the organizations of a store. They load on first use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(store: Arc<dyn Store>, options: Options) -> Result<Self, Error> {
        let rows = store.organizations().await?;
        let setup_key = if rows.is_empty() { Some(fresh_key()?) } else { None };
        let organizations = rows.into_iter().map(|row| (row.key, (row, Cell::default()))).collect();
        let (events, writing) = Events::start(Arc::clone(&store));
        let (past, limits) = (Past::new(options.past_bytes), Limits::new(&options));
        let key = options.key.clone().map_or_else(|| Key::generate().map(Arc::new), Ok)?;
        let inner = Inner {
            store,
            options,
            oauth: Oauth::default(),
            key,
            organizations: RwLock::new(organizations),
            credentials: Credentials::default(),
            events,
            outbox: Outbox::default(),
            tallies: Tallies::default(),
            past,
            limits,
            setup_key: Mutex::new(setup_key),
            closing: AtomicBool::new(false),
            tasks: Mutex::new(vec![writing]),
        };
        let service = Service { inner: Arc::new(inner) };
        service.keep_house();
        service.start_mail();
        service.follow_others();
        Ok(service)
    }

    /// Writes down last uses and drops what is too old, now and then.
    fn keep_house(&self) {
        let weak = Arc::downgrade(&self.inner);
        let task = tokio::spawn(async move {
            let mut rounds = 0_u32;
            loop {
                tokio::time::sleep(LAST_USE_EVERY).await;
                let Some(inner) = weak.upgrade() else { return };
                let service = Service { inner };
                if let Err(error) = service.flush_last_use().await {
                    tracing::warn!(%error, "last uses were not written");
                }
                service.past().tidy();
                service.limits().tidy();
                if rounds.is_multiple_of(360) {
                    let before = service.now().plus_seconds(-crate::idempotency::SECONDS).micros();
                    if let Err(error) = service.store().prune_idempotency(before).await {
                        tracing::warn!(%error, "old idempotency keys were not dropped");
                    }
                    if let Err(error) = service.store().prune_tickets(service.now().micros()).await {
                        tracing::warn!(%error, "old tickets were not dropped");
                    }
                }
                rounds = rounds.wrapping_add(1);
            }
        });
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Looks now and then whether another node has written.
    fn follow_others(&self) {
        let Some(every) = self.options().follow_every else { return };
        let weak = Arc::downgrade(&self.inner);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(inner) = weak.upgrade() else { return };
                let service = Service { inner };
                for (_, organization) in service.loaded() {
                    if let Err(error) = service.look_for_others(&organization).await {
                        tracing::warn!(%error, "it is not known whether another node has written");
                    }
                }
            }
        });
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Has the writer read what another node wrote, if there is something, and says which entry is the newest.
    async fn look_for_others(&self, organization: &Organization) -> Result<u64, Error> {
        let head = self.store().head(organization.key).await?.map_or(0, |head| head.revision);
        if head > organization.look().revision() {
            organization.follow.notify_one();
        }
        Ok(head)
    }

    /// Waits until what other nodes have written by now is read here.
    pub(crate) async fn hear_of_others(&self, organization: &Organization) -> Result<(), Error> {
        let head = self.look_for_others(organization).await?;
        self.at_least(organization, organization.view(), Some(head)).await.map(|_| ())
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The address by which browsers and clients reach the server, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.inner.options.public_url
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The key that seals data at rest.
    pub(crate) fn key(&self) -> &Key {
        &self.inner.key
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }

    /// A way back to the service that does not keep it.
    pub(crate) fn weak(&self) -> impl Fn() -> Option<Service> + Send + Sync + use<> {
        let weak = Arc::downgrade(&self.inner);
        move || weak.upgrade().map(|inner| Service { inner })
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn events(&self) -> &Events {
        &self.inner.events
    }

    /// The count of decisions that a façade answered, to be counted on; the same for the same name.
    pub fn tally(&self, facade: &'static str) -> Arc<Tally> {
        self.inner.tallies.of(facade)
    }

    pub(crate) fn tallies(&self) -> &Tallies {
        &self.inner.tallies
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn oauth(&self) -> &Oauth {
        &self.inner.oauth
    }

    pub(crate) fn past(&self) -> &Past {
        &self.inner.past
    }

    pub(crate) fn now(&self) -> rolecall_model::Timestamp {
        self.inner.options.clock.now()
    }

    /// The home organization, once there is one.
    pub fn home(&self) -> Option<OrganizationId> {
        let rows = self.rows();
        rows.into_iter().find(|row| row.home).map(|row| OrganizationId::from_bytes(row.key.0))
    }

    /// All organizations, as the installation lists them, by time of creation.
    pub(crate) fn rows(&self) -> Vec<OrganizationRow> {
        let organizations = self.inner.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<OrganizationRow> = organizations.values().map(|(row, _)| row.clone()).collect();
        rows.sort_by_key(|row| (row.created_at, row.key));
        rows
    }

    /// The organization of this name, in any case: two that differ only in it would be mistaken.
    pub(crate) fn row_named(&self, name: &str) -> Option<OrganizationRow> {
        self.rows().into_iter().find(|row| rolecall_model::name::same_name(&row.name, name.trim(), true))
    }

    pub(crate) fn add_organization(&self, row: OrganizationRow) {
        let mut organizations = self.inner.organizations.write().unwrap_or_else(PoisonError::into_inner);
        organizations.insert(row.key, (row, Cell::default()));
    }

    pub(crate) fn remove_organization(&self, key: OrganizationKey) {
        self.inner.organizations.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
        self.credentials().forget_organization(key);
    }

    /// An organization, loaded if it is not yet.
    pub(crate) async fn organization(&self, key: OrganizationKey) -> Result<Arc<Organization>, Error> {
        let found = {
            let organizations = self.inner.organizations.read().unwrap_or_else(PoisonError::into_inner);
            organizations.get(&key).map(|(row, cell)| (row.clone(), Arc::clone(cell)))
        };
        if self.inner.closing.load(Ordering::Acquire) {
            return Err(Error::Closing);
        }
        let Some((row, cell)) = found else {
            return Err(Error::Unauthenticated("the organization of this credential is gone".to_owned()));
        };
        let load = || Organization::load(Arc::clone(self.store()), &row, self.options());
        cell.get_or_try_init(load).await.cloned()
    }

    /// Why an organization takes no commands any more.
    pub(crate) fn why_closed(&self, key: OrganizationKey) -> Error {
        let organizations = self.inner.organizations.read().unwrap_or_else(PoisonError::into_inner);
        if self.inner.closing.load(Ordering::Acquire) || organizations.contains_key(&key) {
            return Error::Closing;
        }
        Error::Unauthenticated("the organization of this credential is gone".to_owned())
    }

    /// The organizations that are loaded.
    pub(crate) fn loaded(&self) -> Vec<(OrganizationRow, Arc<Organization>)> {
        let organizations = self.inner.organizations.read().unwrap_or_else(PoisonError::into_inner);
        organizations.values().filter_map(|(row, cell)| Some((row.clone(), Arc::clone(cell.get()?)))).collect()
    }

    /// Checks a credential and gives the caller's context: the only way to one.
    ///
    /// # Errors
    /// `Unauthenticated`; `NotYet` when the demanded revision does not come in time; `Busy` and
    /// `NotFound` for past states.
    pub async fn enter(&self, request: Request<'_>) -> Result<Ctx, Error> {
        let now = self.now();
        let caller = self.authenticate(request.credential, now).await?;
        self.admit(request, caller, now).await
    }

    /// Checks the SCIM client's credential: no other counts there, and it counts nowhere else. The
    /// context acts as the connection.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    pub async fn enter_scim(&self, request: Request<'_>) -> Result<Ctx, Error> {
        let now = self.now();
        let caller = self.authenticate_as(TokenUse::Scim, request.credential, now).await?;
        let token = caller.known.token;
        Ok(Ctx { acting: Some(Actor::Scim(token)), ..self.admit(request, caller, now).await? })
    }

    /// The context of a caller whose session cookie was checked: for its own pages.
    ///
    /// # Errors
    /// `Unauthenticated` when the session is over; as [`enter`](Self::enter).
    pub async fn enter_session(&self, request: Request<'_>) -> Result<Ctx, Error> {
        let now = self.now();
        let caller = self.authenticate_as(TokenUse::Session, request.credential, now).await?;
        self.admit(request, caller, now).await
    }

    /// The context of who sends no credential and is let in all the same: it acts as the first administrator of the home
    /// organization. Only for a server that was told to trust its own machine, and only for requests from there.
    ///
    /// # Errors
    /// `Busy` while there is no organization yet, `Unauthenticated` when nobody administers it.
    pub async fn enter_unasked(&self, request: Request<'_>) -> Result<Ctx, Error> {
        self.is_ready().await?;
        let now = self.now();
        let nobody =
            || Error::Unauthenticated("nobody administers the home organization; send a credential".to_owned());
        let home = self.home().ok_or_else(nobody)?;
        let organization = self.organization(OrganizationKey(home.bytes())).await?;
        let present = self.at_least(&organization, organization.view(), request.at_least).await?;
        let principal = present.org().first_administrator(now).ok_or_else(nobody)?;
        Ok(Ctx {
            service: self.clone(),
            organization,
            view: Arc::clone(&present),
            present,
            principal,
            token: None,
            acting: None,
            now,
            asked_at: now,
            facade: request.facade,
            request_id: request.request_id.into(),
            idempotency_key: request.idempotency_key.map(Into::into),
            if_match: request.if_match,
            dry_run: request.dry_run,
            past: false,
        })
    }

    async fn admit(&self, request: Request<'_>, caller: Caller, now: Timestamp) -> Result<Ctx, Error> {
        let organization = Arc::clone(&caller.known.organization);
        let present = Guard::into_inner(caller.view);
        let present = self.at_least(&organization, present, request.at_least).await?;
        let mut view = Arc::clone(&present);
        let mut asked_at = now;
        if let Some(at) = request.at {
            view = self.past().view(self.store(), &organization, &present, at).await?;
            asked_at = if let At::Instant(instant) = at { instant } else { view.org().at() };
        }
        Ok(Ctx {
            service: self.clone(),
            organization,
            view,
            present,
            principal: caller.principal,
            token: Some(caller.known.token),
            acting: None,
            now,
            asked_at,
            facade: request.facade,
            request_id: request.request_id.into(),
            idempotency_key: request.idempotency_key.map(Into::into),
            if_match: request.if_match,
            dry_run: request.dry_run,
            past: request.at.is_some(),
        })
    }

    /// A state of at least the revision that is wanted: the one at hand, or one that comes soon.
    pub(crate) async fn at_least(
        &self,
        organization: &Organization,
        view: Arc<View>,
        wanted: Option<u64>,
    ) -> Result<Arc<View>, Error> {
        let Some(wanted) = wanted.filter(|wanted| *wanted > view.revision()) else { return Ok(view) };
        let mut revisions = organization.revisions();
        let waiting = revisions.wait_for(|revision| *revision >= wanted);
        let came = tokio::time::timeout(PATIENCE, waiting).await.is_ok_and(|came| came.is_ok());
        let view = organization.view();
        if came { Ok(view) } else { Err(Error::NotYet { wanted, have: view.revision() }) }
    }

    /// Whether questions can be answered: the database can be read and the home organization is there.
    ///
    /// # Errors
    /// What is missing.
    pub async fn is_ready(&self) -> Result<(), Error> {
        let Some(home) = self.home() else {
            let message = "no organization has been made yet; open the set-up page that the log names".to_owned();
            return Err(Error::Busy { retry_after: Duration::from_secs(5), message, tries: false });
        };
        let key = OrganizationKey(home.bytes());
        self.organization(key).await?;
        self.store().head(key).await?;
        Ok(())
    }

    /// The key of the set-up page, while there is no organization.
    pub fn setup_key(&self) -> Option<String> {
        self.inner.setup_key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn forget_setup_key(&self) {
        *self.inner.setup_key.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Ends the streams that follow the log, which would otherwise keep their connections open.
    pub fn end_streams(&self) {
        for (_, organization) in self.loaded() {
            organization.end_streams();
        }
    }

    /// Finishes what is being written, takes checkpoints and closes the store. Whatever is asked
    /// afterwards is refused.
    pub async fn close(&self) {
        self.stop_mail().await;
        self.inner.closing.store(true, Ordering::Release);
        let loaded = self.loaded();
        self.inner.organizations.write().unwrap_or_else(PoisonError::into_inner).clear();
        futures::future::join_all(loaded.iter().map(|(_, organization)| organization.close(Closing::Keep))).await;
        // Nobody gets in any more, so these are the last ones.
        self.events().flush().await;
        if let Err(error) = self.flush_last_use().await {
            tracing::warn!(%error, "last uses were not written");
        }
        for task in self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        if let Err(error) = self.store().close().await {
            tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }
}

fn fresh_key() -> Result<String, Error> {
    use base64::Engine as _;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random()?))
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}
