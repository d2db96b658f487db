//! The one writer of an organization: it decides waiting commands in order on the pending state,
//! appends their entries in one transaction, then publishes and answers. So many clients share one
//! sync, and pending state is never readable. What a command comes to is decided in `writer/batch.rs`.

mod batch;

use crate::checkpoint;
use crate::clock::{Clock, random};
use crate::execute::Origin;
use crate::idempotency::Idempotency;
use crate::organization::{Closing, Organization, Replayed, follow};
use crate::view::View;
use crate::{Error, Options};
use batch::{Batch, Known, Outcome};
use bytes::Bytes;
use futures::FutureExt;
use rolecall_model::entry::Entry;
use rolecall_model::{Change, Command};
use rolecall_store::{Record, Row, Store, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Most commands in one transaction.
const BATCH: usize = 256;
/// How long a batch waits for more, at most.
const LONGEST_PATIENCE: Duration = Duration::from_micros(500);
/// How often a batch is decided again after another node was first.
const RACES: u32 = 8;

/// A command on its way to the writer.
pub(crate) struct Job {
    pub command: Command,
    pub origin: Origin,
    /// The revision at which the caller read the command's target.
    pub if_match: Option<u64>,
    pub idempotency: Option<Idempotency>,
    pub rows: Vec<Row>,
    pub reply: oneshot::Sender<Result<Written, Error>>,
}

/// What a writer does next.
#[expect(clippy::large_enum_variant, reason = "there is one of it at a time")]
enum Next {
    /// A job; none when there are no more to come.
    Job(Option<Job>),
    /// Reading what another node wrote.
    Follow,
    /// Taking no more.
    Close,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct Written {
    pub revision: u64,
    pub changes: Vec<Change>,
    pub view: Arc<View>,
    pub repeated: bool,
}

/// The writer's own state.
pub(crate) struct Writer {
    store: Arc<dyn Store>,
    organization: Arc<Organization>,
    clock: Arc<dyn Clock>,
    /// The hash of the newest published entry.
    hash: [u8; 32],
    checkpoint_every: u64,
    /// Entries that a start would have to read one by one.
    since_checkpoint: u64,
    checkpointing: Option<JoinHandle<()>>,
    /// Jobs of the batch before.
    gathered: usize,
    /// How long as many are waited for: a quarter of what the last append took.
    patience: Duration,
}

impl Writer {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        organization: Arc<Organization>,
        hash: [u8; 32],
        since_checkpoint: u64,
        options: &Options,
    ) -> Self {
        let (clock, checkpoint_every) = (Arc::clone(&options.clock), options.checkpoint_every);
        let (checkpointing, gathered, patience) = (None, 0, Duration::ZERO);
        Writer {
            store,
            organization,
            clock,
            hash,
            checkpoint_every,
            since_checkpoint,
            checkpointing,
            gathered,
            patience,
        }
    }

    /// Works until it is told to close, and then finishes what waits.
    pub(crate) async fn run(mut self, mut jobs: mpsc::Receiver<Job>, mut closing: watch::Receiver<Option<Closing>>) {
        self.checkpoint_when_due();
        loop {
            let next = tokio::select! {
                job = jobs.recv() => Next::Job(job),
                () = self.organization.follow.notified() => Next::Follow,
                _ = closing.wait_for(Option::is_some), if !jobs.is_closed() => Next::Close,
            };
            let first = match next {
                Next::Job(Some(first)) => first,
                Next::Job(None) => break,
                Next::Follow => {
                    self.follow().await;
                    continue;
                }
                Next::Close => {
                    jobs.close();
                    continue;
                }
            };
            let mut batch = vec![first];
            take_waiting(&mut jobs, &mut batch);
            self.gather(&mut jobs, &mut batch).await;
            self.gathered = batch.len();
            self.organization.counters.waiting.store(jobs.len() as u64, Ordering::Relaxed);
            // A mistake in a batch must not end the writer: its callers learn that something went
            // wrong, and the next batch begins from what is published.
            if AssertUnwindSafe(self.work(batch)).catch_unwind().await.is_err() {
                tracing::error!("the writer of an organization panicked and goes on");
            }
            self.checkpoint_when_due();
        }
        let how = *closing.borrow();
        self.end(how).await;
    }

    /// Waits a moment for the clients who were answered together before: they mostly come again
    /// together, and then one sync is enough for all. Without it sixteen clients need two, one for
    /// the first of them and one for the rest.
    async fn gather(&self, jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>) {
        let began = Instant::now();
        while batch.len() < self.gathered && began.elapsed() < self.patience && !jobs.is_closed() {
            // The runtime's timers are too coarse for this.
            tokio::task::yield_now().await;
            take_waiting(jobs, batch);
        }
    }

    async fn work(&mut self, mut jobs: Vec<Job>) {
        for attempt in 0..RACES {
            let decided;
            (jobs, decided) = self.decide(jobs).await;
            let batch = match decided {
                Ok(batch) => batch,
                // One job makes the program fail: only that job is to be refused.
                Err(_) if jobs.len() > 1 => return self.work_singly(jobs).await,
                Err(error) => return refuse_all(jobs, &error),
            };
            match self.append(&batch).await {
                Ok(()) => return self.publish(batch, jobs),
                Err(StoreError::Raced) if attempt + 1 < RACES => {
                    if let Err(error) = self.catch_up().await {
                        return refuse_all(jobs, &error);
                    }
                }
                // One job's secret is another's: only that job is to be refused.
                Err(StoreError::SecretTaken | StoreError::Taken(_)) if jobs.len() > 1 => {
                    return self.work_singly(jobs).await;
                }
                Err(StoreError::SecretTaken) => {
                    return jobs.into_iter().for_each(|job| answer(job.reply, Err(StoreError::SecretTaken.into())));
                }
                Err(error) => return refuse_all(jobs, &error.into()),
            }
        }
    }

    async fn work_singly(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            Box::pin(self.work(vec![job])).await;
        }
    }

    /// Decides jobs off the async threads: some commands touch every subject.
    async fn decide(&self, jobs: Vec<Job>) -> (Vec<Job>, Result<Batch, Error>) {
        let now = self.clock.now();
        let mut known: Vec<Known> = Vec::with_capacity(jobs.len());
        for job in &jobs {
            known.push(match &job.idempotency {
                Some(key) => key.remembered(self.store.as_ref(), self.organization.key, job.origin.actor, now).await,
                None => Ok(None),
            });
        }
        let (view, hash) = (self.organization.view(), self.hash);
        let deciding = tokio::task::spawn_blocking(move || {
            let decided = catch_unwind(AssertUnwindSafe(|| Batch::decide(&view, hash, &jobs, known, now)));
            (jobs, decided.map_err(|_| Error::Internal("deciding a command panicked".to_owned())))
        });
        match deciding.await {
            Ok(decided) => decided,
            Err(error) => (Vec::new(), Err(Error::Internal(error.to_string()))),
        }
    }

    async fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.records.is_empty() && batch.rows.is_empty() {
            return Ok(());
        }
        let head = self.organization.view().revision();
        let began = Instant::now();
        self.store.append(self.organization.key, head, &batch.records, batch.rows.clone()).await?;
        self.patience = (began.elapsed() / 4).min(LONGEST_PATIENCE);
        Ok(())
    }

    /// Makes the new state readable, then answers. Nothing here can fail.
    fn publish(&mut self, batch: Batch, jobs: Vec<Job>) {
        let Batch { hash, records, outcomes, view, large, .. } = batch;
        if let Some(view) = view {
            let written = records.len() as u64;
            self.hash = hash;
            self.since_checkpoint += written + if large { self.checkpoint_every } else { 0 };
            self.organization.counters.changes.fetch_add(written, Ordering::Relaxed);
            self.organization.publish(view);
        }
        drop(records);
        let view = self.organization.view();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            let view = Arc::clone(&view);
            let written = |Outcome { revision, changes, repeated }| Written { revision, changes, view, repeated };
            answer(job.reply, outcome.map(written));
        }
    }

    /// Reads what another node wrote, when somebody saw that there is something.
    async fn follow(&mut self) {
        match AssertUnwindSafe(self.catch_up()).catch_unwind().await {
            Ok(Ok(())) => self.checkpoint_when_due(),
            Ok(Err(error)) => tracing::warn!(%error, "what another node wrote was not read"),
            Err(_) => tracing::error!("the writer of an organization panicked and goes on"),
        }
    }

    /// Reads what another node wrote.
    async fn catch_up(&mut self) -> Result<(), Error> {
        // A short random wait keeps two nodes from meeting again at once.
        let wait = u64::from(random()?[0] % 16);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let view = self.organization.view();
        let from = (view.org().clone(), self.hash);
        let Replayed { org, hash, entries, touched, .. } =
            follow(self.store.as_ref(), self.organization.key, from, u64::MAX).await?;
        if entries == 0 {
            return Ok(());
        }
        let view = checkpoint::blocking(move || Ok(Arc::new(View::new(view.index().advance(org, &touched))))).await?;
        self.hash = hash;
        self.since_checkpoint += entries;
        self.organization.publish(view);
        Ok(())
    }

    /// Takes a checkpoint beside the work, one at a time: at a million subjects it takes seconds.
    fn checkpoint_when_due(&mut self) {
        let busy = self.checkpointing.as_ref().is_some_and(|task| !task.is_finished());
        if busy || self.since_checkpoint < self.checkpoint_every {
            return;
        }
        self.since_checkpoint = 0;
        let (store, organization) = (Arc::clone(&self.store), Arc::clone(&self.organization));
        self.checkpointing = Some(tokio::spawn(async move { organization.keep(store.as_ref()).await }));
    }

    async fn end(mut self, how: Option<Closing>) {
        if let Some(task) = self.checkpointing.take()
            && let Err(error) = task.await
        {
            tracing::warn!(%error, "a checkpoint was not finished");
        }
        if how == Some(Closing::Keep) && self.since_checkpoint > 0 {
            self.organization.keep(self.store.as_ref()).await;
        }
    }
}

/// Adds what waits already.
fn take_waiting(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>) {
    while batch.len() < BATCH
        && let Ok(job) = jobs.try_recv()
    {
        batch.push(job);
    }
}

/// An entry as the store keeps it, chained to the one before.
pub(crate) fn record(entry: &Entry, previous: &[u8; 32]) -> Result<Record, Error> {
    let mut failed = None;
    let encoded = entry.encode(previous, &mut || salt(&mut failed));
    if let Some(error) = failed {
        return Err(error);
    }
    let encoded = encoded.map_err(|error| Error::Damaged(error.to_string()))?;
    let body = encoded.body.into_iter().map(Bytes::from).collect();
    let (revision, at) = (entry.revision.0, entry.at.micros());
    Ok(Record { revision, at, hash: encoded.hash, body, subjects: encoded.subjects })
}

fn salt(failed: &mut Option<Error>) -> [u8; 16] {
    let mut salt = [0; 16];
    match random() {
        Ok(bytes) => salt.copy_from_slice(&bytes[..16]),
        Err(error) => *failed = Some(error),
    }
    salt
}

/// Sends an answer; who does not wait any more does not get it.
fn answer(reply: oneshot::Sender<Result<Written, Error>>, result: Result<Written, Error>) {
    let _nobody_waits = reply.send(result);
}

/// Refuses jobs of which nothing was written.
fn refuse_all(jobs: Vec<Job>, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::error!(%error, cause, "a batch of changes was not written");
    let busy =
        |message: &str| Error::Busy { retry_after: Duration::from_secs(1), message: message.to_owned(), tries: false };
    for job in jobs {
        let refusal = match error {
            Error::Closing => Error::Closing,
            Error::Internal(what) => Error::Internal(what.clone()),
            Error::Store(StoreError::NoOrganization) => {
                Error::NotFound { message: "the organization is gone".to_owned() }
            }
            Error::Store(StoreError::Full) => busy("the disk of the database is full; nothing was changed"),
            Error::Store(StoreError::Raced) => {
                busy("other nodes keep changing the organization; nothing was changed, try again")
            }
            _ => busy("the database could not write; nothing was changed, try again"),
        };
        answer(job.reply, Err(refusal));
    }
}
