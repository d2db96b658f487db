//! The one writer of an organization: it decides waiting commands in order on the pending state,
//! appends their entries in one transaction, then publishes and answers. So many clients share one
//! sync, and pending state is never readable.

use crate::checkpoint;
use crate::clock::{Clock, random};
use crate::execute::{Idempotency, Origin};
use crate::need::Need;
use crate::organization::{Counters, Organization, replay};
use crate::target;
use crate::view::View;
use crate::{Error, Options};
use bytes::Bytes;
use rolecall_engine::Index;
use rolecall_model::decide::{Decision, decide};
use rolecall_model::entry::Entry;
use rolecall_model::moment::Moment;
use rolecall_model::organization::Touched;
use rolecall_model::rights::Rights;
use rolecall_model::{Change, Command, Org, Timestamp};
use rolecall_store::{Record, Row, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Most commands in one transaction.
const BATCH: usize = 256;
/// How often a batch is decided again after another node was first.
const RACES: u32 = 8;
/// Version of the entry form that this node writes; older readers than this cannot read it.
const READS: u32 = 1;
/// An idempotency key counts for 24 hours.
pub(crate) const IDEMPOTENCY_SECONDS: i64 = 24 * 60 * 60;

/// A command on its way to the writer.
pub(crate) struct Job {
    pub command: Command,
    pub origin: Origin,
    /// What the caller must hold, looked at once more on the pending state.
    pub needs: Vec<Need>,
    /// The revision at which the caller read the command's target.
    pub if_match: Option<u64>,
    pub idempotency: Option<Idempotency>,
    pub rows: Vec<Row>,
    pub reply: oneshot::Sender<Result<Written, Error>>,
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
    hash: [u8; 32],
    checkpoint_every: u64,
    since_checkpoint: u64,
}

/// A batch being decided.
struct Batch {
    org: Org,
    hash: [u8; 32],
    touched: Touched,
    records: Vec<Record>,
    rows: Vec<Row>,
    /// Keys answered in this batch, not yet in the store.
    keys: Vec<(Idempotency, u64, Vec<Change>)>,
    /// What each job came to, in order.
    outcomes: Vec<Result<Outcome, Error>>,
    large: bool,
}

struct Outcome {
    revision: u64,
    changes: Vec<Change>,
    repeated: bool,
}

impl Writer {
    pub(crate) fn new(store: Arc<dyn Store>, organization: Arc<Organization>, hash: [u8; 32], options: &Options) -> Self {
        let (clock, checkpoint_every) = (Arc::clone(&options.clock), options.checkpoint_every);
        Writer { store, organization, clock, hash, checkpoint_every, since_checkpoint: 0 }
    }

    /// Works until it is told to close, and then finishes what waits.
    pub(crate) async fn run(mut self, mut jobs: mpsc::Receiver<Job>, mut closing: watch::Receiver<bool>) {
        loop {
            let first = tokio::select! {
                job = jobs.recv() => job,
                _ = closing.wait_for(|closing| *closing), if !jobs.is_closed() => {
                    jobs.close();
                    continue;
                }
            };
            let Some(first) = first else { break };
            let mut batch = vec![first];
            while batch.len() < BATCH {
                match jobs.try_recv() {
                    Ok(job) => batch.push(job),
                    Err(_) => break,
                }
            }
            self.organization.counters.waiting.store(jobs.len() as u64, Ordering::Relaxed);
            self.work(batch).await;
            self.checkpoint(false).await;
        }
        self.checkpoint(true).await;
    }

    async fn work(&mut self, jobs: Vec<Job>) {
        for attempt in 0..RACES {
            let mut batch = self.empty_batch();
            for job in &jobs {
                let outcome = self.take(&mut batch, job).await;
                batch.outcomes.push(outcome);
            }
            match self.append(&mut batch).await {
                Ok(()) => return self.publish(batch, jobs).await,
                Err(StoreError::Raced) if attempt + 1 < RACES => {
                    if let Err(error) = self.catch_up().await {
                        return refuse_all(jobs, &error);
                    }
                }
                // One job's secret is another's: only that job is to be refused.
                Err(StoreError::SecretTaken) if jobs.len() > 1 => {
                    for job in jobs {
                        Box::pin(self.work(vec![job])).await;
                    }
                    return;
                }
                Err(StoreError::SecretTaken) => {
                    return jobs.into_iter().for_each(|job| answer(job.reply, Err(StoreError::SecretTaken.into())));
                }
                Err(error) => return refuse_all(jobs, &error.into()),
            }
        }
    }

    fn empty_batch(&self) -> Batch {
        Batch {
            org: self.organization.view().org().clone(),
            hash: self.hash,
            touched: Touched::default(),
            records: Vec::new(),
            rows: Vec::new(),
            keys: Vec::new(),
            outcomes: Vec::new(),
            large: false,
        }
    }

    /// Decides one job into the batch.
    async fn take(&self, batch: &mut Batch, job: &Job) -> Result<Outcome, Error> {
        if let Some((revision, changes)) = self.repeated(batch, job).await? {
            return Ok(Outcome { revision, changes, repeated: true });
        }
        let (decision, now) = self.decide(&batch.org, job).await?;
        batch.add(decision, job, now)
    }

    async fn decide(&self, org: &Org, job: &Job) -> Result<(Decision, Timestamp), Error> {
        let now = self.clock.now().max(org.at());
        let actor = job.origin.actor;
        let rights = Rights::of_actor(org, actor, now);
        for need in &job.needs {
            need.recheck(org, &rights)?;
        }
        target::require(org, &job.command, job.if_match)?;
        let moment = Moment::new(now, actor, random()?);
        let command = job.command.clone();
        let decision = if matches!(command, Command::Import(_)) {
            let org = org.clone();
            checkpoint::blocking(move || Ok(decide(&org, command, &moment)?)).await?
        } else {
            decide(org, command, &moment)?
        };
        Ok((decision, now))
    }

    /// The answer a caller's key was given before, if it was.
    async fn repeated(&self, batch: &Batch, job: &Job) -> Result<Option<(u64, Vec<Change>)>, Error> {
        let Some(key) = &job.idempotency else { return Ok(None) };
        let here = batch.keys.iter().find(|(other, ..)| other.caller == key.caller && other.key == key.key);
        if let Some((other, revision, changes)) = here {
            return if other.digest == key.digest {
                Ok(Some((*revision, changes.clone())))
            } else {
                Err(Error::IdempotencyMismatch)
            };
        }
        let organization = self.organization.key;
        let Some(found) = self.store.idempotency(organization, key.caller, &key.key).await? else { return Ok(None) };
        if found.at < self.clock.now().plus_seconds(-IDEMPOTENCY_SECONDS).micros() {
            return Ok(None);
        }
        if found.digest != key.digest {
            return Err(Error::IdempotencyMismatch);
        }
        let Some(record) = self.store.record(organization, found.revision).await? else { return Ok(Some((found.revision, Vec::new()))) };
        let body: Vec<&[u8]> = record.body.iter().map(AsRef::as_ref).collect();
        let entry = Entry::decode(&body).map_err(|error| Error::Damaged(error.to_string()))?;
        // A command without effect is remembered at the revision it left unchanged.
        let own = entry.idempotency.as_deref() == Some(key.key.as_str());
        Ok(Some((found.revision, if own { entry.changes } else { Vec::new() })))
    }

    async fn append(&self, batch: &mut Batch) -> Result<(), StoreError> {
        if batch.records.is_empty() && batch.rows.is_empty() {
            return Ok(());
        }
        let head = self.organization.view().revision();
        self.store.append(self.organization.key, head, &batch.records, std::mem::take(&mut batch.rows)).await
    }

    /// Makes the new state readable, then answers.
    async fn publish(&mut self, batch: Batch, jobs: Vec<Job>) {
        let Batch { org, hash, touched, records, outcomes, large, .. } = batch;
        let mut view = self.organization.view();
        if !records.is_empty() {
            self.hash = hash;
            self.since_checkpoint += records.len() as u64 + if large { self.checkpoint_every } else { 0 };
            self.organization.counters.changes.fetch_add(records.len() as u64, Ordering::Relaxed);
            drop(records);
            view = match advance(view, org, touched).await {
                Ok(view) => view,
                Err(error) => return refuse_all(jobs, &error),
            };
            self.organization.publish(Arc::clone(&view));
        }
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            if outcome.is_err() {
                Counters::count(&self.organization.counters.refusals);
            }
            let view = Arc::clone(&view);
            answer(job.reply, outcome.map(|Outcome { revision, changes, repeated }| Written { revision, changes, view, repeated }));
        }
    }

    /// Reads what another node wrote.
    async fn catch_up(&mut self) -> Result<(), Error> {
        // A short random wait keeps two nodes from meeting again at once.
        let wait = u64::from(random()?[0] % 16);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let (org, hash) = replay(self.store.as_ref(), self.organization.key, u64::MAX).await?;
        self.hash = hash;
        let index = checkpoint::blocking(move || Ok(Index::build(org))).await?;
        self.organization.publish(Arc::new(View::new(index)));
        Ok(())
    }

    async fn checkpoint(&mut self, closing: bool) {
        let due = if closing { self.since_checkpoint > 0 } else { self.since_checkpoint >= self.checkpoint_every };
        if !due {
            return;
        }
        self.since_checkpoint = 0;
        let view = self.organization.view();
        if let Err(error) = checkpoint::save(self.store.as_ref(), self.organization.key, view.org()).await {
            // The log is the truth; without a checkpoint only the next start is slower.
            tracing::warn!(%error, "no checkpoint was taken");
        }
    }
}

impl Batch {
    /// Puts a decision into the batch: an entry when something happens, and the rows beside it.
    fn add(&mut self, decision: Decision, job: &Job, now: Timestamp) -> Result<Outcome, Error> {
        let mut revision = self.org.revision().0;
        let mut changes = Vec::new();
        if !decision.changes.is_empty() {
            changes = self.add_entry(decision, job)?;
            revision = self.org.revision().0;
        }
        if let Some(key) = &job.idempotency {
            let Idempotency { caller, key: text, digest } = key.clone();
            self.rows.push(Row::Idempotency { caller, key: text, digest, revision, at: now.micros() });
            self.keys.push((key.clone(), revision, changes.clone()));
        }
        Ok(Outcome { revision, changes, repeated: false })
    }

    fn add_entry(&mut self, decision: Decision, job: &Job) -> Result<Vec<Change>, Error> {
        let Decision { changes, org, stamp, touched } = decision;
        let entry = Entry {
            revision: stamp.revision,
            at: stamp.at,
            actor: stamp.actor,
            facade: job.origin.facade.into(),
            request: job.origin.request.as_str().into(),
            idempotency: job.idempotency.as_ref().map(|key| key.key.as_str().into()),
            reads: READS,
            changes,
        };
        let record = record(&entry, &self.hash)?;
        self.large |= record.size() > 1 << 20;
        self.hash = record.hash;
        self.records.push(record);
        self.org = org;
        self.touched.merge(touched);
        self.rows.extend(job.rows.iter().cloned());
        Ok(entry.changes)
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

async fn advance(view: Arc<View>, org: Org, touched: Touched) -> Result<Arc<View>, Error> {
    if touched.all {
        return checkpoint::blocking(move || Ok(Arc::new(View::new(view.index().advance(org, &touched))))).await;
    }
    Ok(Arc::new(View::new(view.index().advance(org, &touched))))
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

fn refuse_all(jobs: Vec<Job>, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::error!(%error, cause, "a batch of changes was not written");
    let message = match error {
        Error::Store(StoreError::Full) => "the disk of the database is full; nothing was changed",
        Error::Closing => "the service is stopping; nothing was changed",
        Error::Store(StoreError::Raced) => "other nodes keep changing the organization; nothing was changed, try again",
        _ => "the database could not write; nothing was changed, try again",
    };
    for job in jobs {
        answer(job.reply, Err(Error::Busy { retry_after: Duration::from_secs(1), message: message.to_owned() }));
    }
}
