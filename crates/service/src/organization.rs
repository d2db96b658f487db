//! An organization on this node: its published state, and the way to its one writer.

use crate::checkpoint;
use crate::history::Origins;
use crate::memory::Counted;
use crate::view::View;
use crate::writer::{Job, Writer};
use crate::{Error, Options};
use arc_swap::{ArcSwap, Guard};
use futures::StreamExt;
use rolecall_engine::Index;
use rolecall_model::Org;
use rolecall_model::entry::{Entry, chain_hash};
use rolecall_model::id::OrganizationId;
use rolecall_model::organization::Touched;
use rolecall_store::{OrganizationKey, OrganizationRow, Record, Store};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    closing: watch::Sender<Option<Closing>>,
    closed: AtomicBool,
    streams_end: watch::Sender<bool>,
    /// Tells the writer that another node wrote something.
    pub(crate) follow: tokio::sync::Notify,
    revisions: watch::Sender<u64>,
    /// Held while a checkpoint is written: one at a time, and none while a person is erased.
    keeping: tokio::sync::Mutex<()>,
    pub counters: Counters,
    /// What it was last found to cost.
    pub(crate) counted: Mutex<Option<Counted>>,
    /// What is remembered of when and by whom entries were made.
    pub(crate) origins: Origins,
}

/// An entry of more bytes than this is worth a checkpoint of its own: 1 MiB.
pub(crate) const LARGE: usize = 1 << 20;

/// How a writer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// With a checkpoint, so that the next start is quick.
    Keep,
    /// Without: the organization is being deleted.
    Discard,
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
    pub(crate) async fn load(
        store: Arc<dyn Store>,
        row: &OrganizationRow,
        options: &Options,
    ) -> Result<Arc<Self>, Error> {
        let Replayed { org, hash, entries, large, .. } = replay(store.as_ref(), row.key, u64::MAX).await?;
        let since_checkpoint = entries + if large { options.checkpoint_every } else { 0 };
        let revision = org.revision().0;
        let index = checkpoint::blocking(move || Ok(Index::build(org))).await?;
        let (jobs, receiver) = mpsc::channel(WAITING);
        let organization = Arc::new(Organization {
            key: row.key,
            home: row.home,
            published: ArcSwap::from_pointee(View::new(index)),
            jobs,
            writer: Mutex::new(None),
            closing: watch::Sender::new(None),
            closed: AtomicBool::new(false),
            streams_end: watch::Sender::new(false),
            follow: tokio::sync::Notify::new(),
            revisions: watch::Sender::new(revision),
            keeping: tokio::sync::Mutex::new(()),
            counters: Counters::default(),
            counted: Mutex::new(None),
            origins: Origins::default(),
        });
        let writer = Writer::new(store, Arc::clone(&organization), hash, since_checkpoint, options);
        let closing = organization.closing.subscribe();
        let writing = tokio::spawn(writer.run(receiver, closing));
        *organization.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
        Ok(organization)
    }

    /// Lets the writer finish what waits, take a checkpoint unless told otherwise, and end.
    pub(crate) async fn close(&self, how: Closing) {
        self.closed.store(true, Ordering::Release);
        self.end_streams();
        self.closing.send_replace(Some(how));
        let writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writing) = writing
            && let Err(error) = writing.await
        {
            tracing::error!(%error, "a writer ended badly");
        }
    }

    /// Keeps the newest state as a checkpoint. The log is the truth: when it fails, only the next
    /// start is slower.
    pub(crate) async fn keep(&self, store: &dyn Store) {
        let _one_at_a_time = self.keeping.lock().await;
        let view = self.view();
        if let Err(error) = checkpoint::save(store, self.key, view.org()).await {
            tracing::warn!(%error, "no checkpoint was taken");
        }
    }

    /// Drops every checkpoint and keeps the newest state alone: after an erasure, whose values old
    /// states still have. One that is being written is waited for, as it would bring them back.
    pub(crate) async fn keep_only_newest(&self, store: &dyn Store) -> Result<(), Error> {
        let _one_at_a_time = self.keeping.lock().await;
        store.forget_all(self.key).await?;
        checkpoint::save(store, self.key, self.view().org()).await
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

    /// The newest published state, for a look at it: 10 ns less than [`view`](Self::view), and no
    /// cache line that all readers write. Not to be kept, as a thread can hold only a few.
    pub(crate) fn look(&self) -> Guard<Arc<View>> {
        self.published.load()
    }

    /// Whether it is closed, for good or because the service stops.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
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

/// A state with what led to it.
pub(crate) struct Replayed {
    pub org: Org,
    /// The hash of its newest entry.
    pub hash: [u8; 32],
    /// Entries that were read one by one.
    pub entries: u64,
    /// Whether one of them is so large that a start should not have to read it again.
    pub large: bool,
    /// What those touched.
    pub touched: Touched,
}

/// The state at the newest entry not after `until`: the newest usable checkpoint and the entries
/// after it.
pub(crate) async fn replay(store: &dyn Store, key: OrganizationKey, until: u64) -> Result<Replayed, Error> {
    let org = checkpoint::load(store, key, until).await?.unwrap_or_else(Org::empty);
    let start = org.revision().0;
    // The newest entry's hash is at hand without its body, which may be a large import's.
    if let Some(head) = store.head(key).await?.filter(|head| head.revision == start) {
        return follow(store, key, (org, head.hash), until).await;
    }
    let hash = match store.record(key, start).await? {
        Some(record) => record.hash,
        None if start == 0 => [0; 32],
        None => return Err(Error::Damaged(format!("entry {start} of a checkpoint is not in the log"))),
    };
    follow(store, key, (org, hash), until).await
}

/// A state and its hash, brought to the newest entry not after `until`.
pub(crate) async fn follow(
    store: &dyn Store,
    key: OrganizationKey,
    from: (Org, [u8; 32]),
    until: u64,
) -> Result<Replayed, Error> {
    let mut replayed = Replayed { org: from.0, hash: from.1, entries: 0, large: false, touched: Touched::default() };
    let mut records = store.after(key, replayed.org.revision().0);
    while let Some(record) = records.next().await {
        let record = record?;
        if record.revision > until {
            break;
        }
        // An import takes seconds to read; anything else takes microseconds.
        replayed = if is_large(&record) {
            checkpoint::blocking(move || replayed.with(&record)).await?
        } else {
            replayed.with(&record)?
        };
    }
    Ok(replayed)
}

impl Replayed {
    fn with(mut self, record: &Record) -> Result<Self, Error> {
        let damaged = |why: String| Error::Damaged(format!("entry {}: {why}", record.revision));
        let hash = chain_hash(&self.hash, &record.body).map_err(|error| damaged(error.to_string()))?;
        if hash != record.hash {
            return Err(damaged("its hash does not continue the chain".to_owned()));
        }
        let entry = Entry::decode(&record.body).map_err(|error| damaged(error.to_string()))?;
        if entry.revision != self.org.revision().next() || entry.revision.0 != record.revision {
            return Err(damaged(format!("it says that it is entry {}", entry.revision)));
        }
        let touched = self.org.apply(&entry.stamp(), &entry.changes);
        self.touched.merge(touched);
        self.hash = hash;
        self.entries += 1;
        self.large |= record.size() > LARGE;
        Ok(self)
    }
}

/// Whether reading an entry takes so long that it is done off the async threads.
pub(crate) fn is_large(record: &Record) -> bool {
    record.size() > 1 << 18
}

/// Reads an entry, off the async threads when it is large.
pub(crate) async fn read(record: Record) -> Result<Entry, Error> {
    let read = move |record: Record| {
        Entry::decode(&record.body).map_err(|error| Error::Damaged(format!("entry {}: {error}", record.revision)))
    };
    if is_large(&record) { checkpoint::blocking(move || read(record)).await } else { read(record) }
}
