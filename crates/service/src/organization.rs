//! An organization on this node: its published state, and the way to its one writer.

use crate::checkpoint;
use crate::view::View;
use crate::writer::{Job, Writer};
use crate::{Error, Options};
use arc_swap::ArcSwap;
use futures::StreamExt;
use rolecall_engine::Index;
use rolecall_model::Org;
use rolecall_model::entry::{Entry, chain_hash};
use rolecall_model::id::OrganizationId;
use rolecall_model::organization::Stamp;
use rolecall_store::{OrganizationKey, OrganizationRow, Record, Store};
use std::sync::{Arc, Mutex, PoisonError};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Commands that may wait for the writer.
const WAITING: usize = 4_096;

/// An organization, loaded.
pub(crate) struct Organization {
    pub key: OrganizationKey,
    pub home: bool,
    published: ArcSwap<View>,
    pub(crate) jobs: mpsc::Sender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
    streams_end: watch::Sender<bool>,
    revisions: watch::Sender<u64>,
    pub counters: Counters,
}

/// What happened here since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub changes: AtomicU64,
    pub refusals: AtomicU64,
    pub waiting: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Organization {
    /// Reads the newest usable checkpoint and the entries after it, and starts the writer.
    pub(crate) async fn load(store: Arc<dyn Store>, row: &OrganizationRow, options: &Options) -> Result<Arc<Self>, Error> {
        let (org, hash) = replay(store.as_ref(), row.key, u64::MAX).await?;
        let revision = org.revision().0;
        let index = checkpoint::blocking(move || Ok(Index::build(org))).await?;
        let (jobs, receiver) = mpsc::channel(WAITING);
        let organization = Arc::new(Organization {
            key: row.key,
            home: row.home,
            published: ArcSwap::from_pointee(View::new(index)),
            jobs,
            writer: Mutex::new(None),
            closing: watch::Sender::new(false),
            streams_end: watch::Sender::new(false),
            revisions: watch::Sender::new(revision),
            counters: Counters::default(),
        });
        let writer = Writer::new(store, Arc::clone(&organization), hash, options);
        let closing = organization.closing.subscribe();
        let writing = tokio::spawn(writer.run(receiver, closing));
        *organization.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
        Ok(organization)
    }

    /// Lets the writer finish what waits, take a checkpoint and end.
    pub(crate) async fn close(&self) {
        self.end_streams();
        self.closing.send_replace(true);
        let writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writing) = writing
            && let Err(error) = writing.await
        {
            tracing::error!(%error, "a writer ended badly");
        }
    }

    /// Tells streams that follow the log to end.
    pub(crate) fn end_streams(&self) {
        self.streams_end.send_replace(true);
    }

    /// Tells when streams that follow the log shall end.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.streams_end.subscribe()
    }

    /// Its opaque id.
    pub(crate) fn id(&self) -> OrganizationId {
        OrganizationId::from_bytes(self.key.0)
    }

    /// The newest published state.
    pub(crate) fn view(&self) -> Arc<View> {
        self.published.load_full()
    }

    /// Puts a new state in place of the old one and tells who waits for it.
    pub(crate) fn publish(&self, view: Arc<View>) {
        let revision = view.revision();
        self.published.store(view);
        self.revisions.send_replace(revision);
    }

    /// Follows the published revisions.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }
}

/// The state at the newest entry not after `until`, and that entry's hash.
pub(crate) async fn replay(store: &dyn Store, key: OrganizationKey, until: u64) -> Result<(Org, [u8; 32]), Error> {
    let mut org = checkpoint::load(store, key, until).await?.unwrap_or_else(Org::empty);
    let start = org.revision().0;
    let mut hash = match store.record(key, start).await? {
        Some(record) => record.hash,
        None if start == 0 => [0; 32],
        None => return Err(Error::Damaged(format!("entry {start} of a checkpoint is not in the log"))),
    };
    let mut records = store.after(key, start);
    while let Some(record) = records.next().await {
        let record = record?;
        if record.revision > until {
            break;
        }
        (org, hash) = apply_record(org, hash, record).await?;
    }
    Ok((org, hash))
}

async fn apply_record(org: Org, previous: [u8; 32], record: Record) -> Result<(Org, [u8; 32]), Error> {
    // An import takes seconds to read; anything else takes microseconds.
    if record.size() > 1 << 20 {
        return checkpoint::blocking(move || apply_now(org, previous, &record)).await;
    }
    apply_now(org, previous, &record)
}

fn apply_now(mut org: Org, previous: [u8; 32], record: &Record) -> Result<(Org, [u8; 32]), Error> {
    let damaged = |why: String| Error::Damaged(format!("entry {}: {why}", record.revision));
    let body: Vec<&[u8]> = record.body.iter().map(AsRef::as_ref).collect();
    let hash = chain_hash(&previous, &body).map_err(|error| damaged(error.to_string()))?;
    if hash != record.hash {
        return Err(damaged("its hash does not continue the chain".to_owned()));
    }
    let entry = Entry::decode(&body).map_err(|error| damaged(error.to_string()))?;
    org.apply(&stamp(&entry), &entry.changes);
    Ok((org, hash))
}

/// The head of an entry, as `apply` wants it.
pub(crate) const fn stamp(entry: &Entry) -> Stamp {
    Stamp { revision: entry.revision, at: entry.at, actor: entry.actor }
}
