//! The real store with a door that a test can hold shut, a count of transactions, and failures on
//! demand. Nothing of it is imitated: every call goes through.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use rolecall_store::{
    Checkpoint, Checkpoints, Event, Head, IdempotencyKey, Log, Mail, OrganizationKey, OrganizationRow, Outbox, Plain,
    Record, Row, Secret, SqliteStore, Store, StoreError, Subject, Ticket, Tickets,
};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What an append does instead of appending, once.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Another node is first.
    Raced,
    /// The disk is full.
    Full,
    /// The program has a mistake.
    Panic,
}

pub struct Watched {
    inner: SqliteStore,
    /// Transactions that brought entries.
    pub appends: AtomicU64,
    /// Appends that have come to the door.
    pub arrived: AtomicU64,
    /// Checkpoints that have come to their door.
    pub saving: AtomicU64,
    door: Semaphore,
    saves: Semaphore,
    faults: Mutex<Vec<Fault>>,
    /// Whether tickets and letters cannot be kept.
    pub full: AtomicBool,
}

impl Watched {
    pub fn new(inner: SqliteStore) -> Self {
        let (door, saves) = (Semaphore::new(1), Semaphore::new(1));
        Watched {
            inner,
            appends: AtomicU64::new(0),
            arrived: AtomicU64::new(0),
            saving: AtomicU64::new(0),
            door,
            saves,
            faults: Mutex::default(),
            full: AtomicBool::new(false),
        }
    }

    /// Holds appends until what this answers is dropped.
    pub async fn hold(&self) -> SemaphorePermit<'_> {
        self.door.acquire().await.unwrap()
    }

    /// Holds checkpoints until what this answers is dropped.
    pub async fn hold_saves(&self) -> SemaphorePermit<'_> {
        self.saves.acquire().await.unwrap()
    }

    pub fn fail(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults.iter().rev());
    }

    pub fn appended(&self) -> u64 {
        self.appends.load(Ordering::SeqCst)
    }

    /// Waits until so many appends have come to the door.
    pub async fn at_the_door(&self, count: u64) {
        while self.arrived.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Log for Watched {
    async fn append(
        &self,
        organization: OrganizationKey,
        head: u64,
        records: &[Record],
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        let _door = self.door.acquire().await.unwrap();
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            Some(Fault::Raced) => return Err(StoreError::Raced),
            Some(Fault::Full) => return Err(StoreError::Full),
            Some(Fault::Panic) => panic!("a store that was told to panic"),
            None => {}
        }
        self.inner.append(organization, head, records, rows).await?;
        self.appends.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    async fn head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError> {
        self.inner.head(organization).await
    }
    fn after(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Record, StoreError>> {
        self.inner.after(organization, revision)
    }
    fn before(
        &self,
        organization: OrganizationKey,
        revision: u64,
        limit: usize,
    ) -> BoxStream<'_, Result<Record, StoreError>> {
        self.inner.before(organization, revision, limit)
    }
    async fn record(&self, organization: OrganizationKey, revision: u64) -> Result<Option<Record>, StoreError> {
        self.inner.record(organization, revision).await
    }
    async fn rewrite(
        &self,
        organization: OrganizationKey,
        revision: u64,
        body: Vec<Bytes>,
        forget: Subject,
    ) -> Result<(), StoreError> {
        self.inner.rewrite(organization, revision, body, forget).await
    }
    async fn mentions(&self, organization: OrganizationKey, subject: Subject) -> Result<Vec<u64>, StoreError> {
        self.inner.mentions(organization, subject).await
    }
}

#[async_trait]
impl Checkpoints for Watched {
    async fn save(
        &self,
        organization: OrganizationKey,
        checkpoint: Checkpoint,
        chunks: BoxStream<'_, std::io::Result<Bytes>>,
    ) -> Result<(), StoreError> {
        self.saving.fetch_add(1, Ordering::SeqCst);
        let _turn = self.saves.acquire().await.unwrap();
        self.inner.save(organization, checkpoint, chunks).await
    }
    async fn newest(&self, organization: OrganizationKey, version: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.inner.newest(organization, version).await
    }
    fn load(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Bytes, StoreError>> {
        self.inner.load(organization, revision)
    }
    async fn drop_damaged(&self, organization: OrganizationKey, revision: u64) -> Result<(), StoreError> {
        self.inner.drop_damaged(organization, revision).await
    }
    async fn thin(&self, organization: OrganizationKey, now: i64) -> Result<usize, StoreError> {
        self.inner.thin(organization, now).await
    }
    async fn forget_all(&self, organization: OrganizationKey) -> Result<(), StoreError> {
        self.inner.forget_all(organization).await
    }
}

#[async_trait]
impl Plain for Watched {
    async fn organizations(&self) -> Result<Vec<OrganizationRow>, StoreError> {
        self.inner.organizations().await
    }
    async fn found(
        &self,
        organization: &OrganizationRow,
        records: &[Record],
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        self.inner.found(organization, records, rows).await
    }
    async fn delete_organization(&self, organization: OrganizationKey) -> Result<bool, StoreError> {
        self.inner.delete_organization(organization).await
    }
    async fn secret_by_hash(
        &self,
        kind: &str,
        hash: [u8; 32],
    ) -> Result<Option<(OrganizationKey, [u8; 16])>, StoreError> {
        self.inner.secret_by_hash(kind, hash).await
    }
    async fn secret(
        &self,
        organization: OrganizationKey,
        kind: &str,
        key: [u8; 16],
    ) -> Result<Option<Secret>, StoreError> {
        self.inner.secret(organization, kind, key).await
    }
    async fn idempotency(
        &self,
        organization: OrganizationKey,
        caller: [u8; 16],
        key: &str,
    ) -> Result<Option<IdempotencyKey>, StoreError> {
        self.inner.idempotency(organization, caller, key).await
    }
    async fn prune_idempotency(&self, before: i64) -> Result<u64, StoreError> {
        self.inner.prune_idempotency(before).await
    }
    async fn append_events(&self, organization: OrganizationKey, events: &[Event]) -> Result<(), StoreError> {
        self.inner.append_events(organization, events).await
    }
    async fn event_head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError> {
        self.inner.event_head(organization).await
    }
    async fn events_after(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.events_after(organization, position, limit).await
    }
    async fn events_before(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.events_before(organization, position, limit).await
    }
    async fn touch(
        &self,
        organization: OrganizationKey,
        kind: &str,
        uses: &[([u8; 16], i64)],
    ) -> Result<(), StoreError> {
        self.inner.touch(organization, kind, uses).await
    }
    async fn last_used(
        &self,
        organization: OrganizationKey,
        kind: &str,
        keys: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], i64)>, StoreError> {
        self.inner.last_used(organization, kind, keys).await
    }
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.setting(name).await
    }
    async fn set(&self, name: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.inner.set(name, value).await
    }
    async fn installation(&self) -> Result<[u8; 16], StoreError> {
        self.inner.installation().await
    }
}

#[async_trait]
impl Tickets for Watched {
    async fn put_ticket(&self, kind: &'static str, hash: [u8; 32], ticket: &Ticket) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        self.inner.put_ticket(kind, hash, ticket).await
    }
    async fn ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError> {
        self.inner.ticket(kind, hash).await
    }
    async fn take_ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError> {
        self.inner.take_ticket(kind, hash).await
    }
    async fn change_ticket(
        &self,
        kind: &str,
        hash: [u8; 32],
        before: &[u8],
        after: Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.inner.change_ticket(kind, hash, before, after).await
    }
    async fn tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<Vec<Ticket>, StoreError> {
        self.inner.tickets_of(organization, kind, owner).await
    }
    async fn drop_tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<u64, StoreError> {
        self.inner.drop_tickets_of(organization, kind, owner).await
    }
    async fn prune_tickets(&self, before: i64) -> Result<u64, StoreError> {
        self.inner.prune_tickets(before).await
    }
}

#[async_trait]
impl Outbox for Watched {
    async fn put_mail(&self, organization: OrganizationKey, at: i64, data: Vec<u8>) -> Result<i64, StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        self.inner.put_mail(organization, at, data).await
    }
    async fn due_mail(&self, now: i64, limit: usize) -> Result<Vec<Mail>, StoreError> {
        self.inner.due_mail(now, limit).await
    }
    async fn postpone_mail(&self, id: i64, next_at: i64, attempts: u32) -> Result<(), StoreError> {
        self.inner.postpone_mail(id, next_at, attempts).await
    }
    async fn drop_mail(&self, id: i64) -> Result<(), StoreError> {
        self.inner.drop_mail(id).await
    }
    async fn next_mail(&self) -> Result<Option<i64>, StoreError> {
        self.inner.next_mail().await
    }
    async fn waiting_mail(&self) -> Result<u64, StoreError> {
        self.inner.waiting_mail().await
    }
}

#[async_trait]
impl Store for Watched {
    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.inner.backup(to).await
    }
    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}
