//! Deciding waiting commands in order, each on what those before it leave. Nothing here is durable or
//! readable yet, and nothing waits; what can fail fails here, before anything is written.

use super::{Job, record};
use crate::clock::random;
use crate::idempotency::Remembered;
use crate::organization::LARGE;
use crate::view::View;
use crate::{Error, codes, credential, link, need, sso, target};
use rolecall_engine::Index;
use rolecall_model::decide::{Decision, decide};
use rolecall_model::entry::{Entry, READS};
use rolecall_model::moment::Moment;
use rolecall_model::organization::Touched;
use rolecall_model::parallel;
use rolecall_model::principal::{PrincipalChange, Profile, Subject};
use rolecall_model::provider::ProviderChange;
use rolecall_model::rights::Rights;
use rolecall_model::token::TokenChange;
use rolecall_model::{Change, Org, Timestamp};
use rolecall_store::{Record, Row};
use std::collections::HashMap;
use std::sync::Arc;

/// Decided commands.
pub(super) struct Batch {
    /// The hash of the newest entry.
    pub hash: [u8; 32],
    pub records: Vec<Record>,
    pub rows: Vec<Row>,
    /// What each job came to, in order.
    pub outcomes: Vec<Result<Outcome, Error>>,
    /// The state after it; none when nothing changes.
    pub view: Option<Arc<View>>,
    /// Whether an entry is so large that a start should not have to read it again.
    pub large: bool,
}

/// What a job came to.
#[derive(Clone)]
pub(super) struct Outcome {
    pub revision: u64,
    pub changes: Vec<Change>,
    pub repeated: bool,
}

/// What is known of a job before it is decided: its answer, when it was given before.
pub(super) type Known = Result<Option<Remembered>, Error>;

impl Batch {
    /// Decides jobs on a state whose newest entry has this hash.
    pub(super) fn decide(base: &View, hash: [u8; 32], jobs: &[Job], known: Vec<Known>, now: Timestamp) -> Self {
        let mut draft = Draft {
            index: base.index().clone(),
            org: base.org().clone(),
            now,
            touched: Touched::default(),
            keys: HashMap::new(),
            batch: Batch {
                hash,
                records: Vec::new(),
                rows: Vec::new(),
                outcomes: Vec::new(),
                view: None,
                large: false,
            },
        };
        for (job, known) in jobs.iter().zip(known) {
            let outcome = known.and_then(|known| draft.take(job, known));
            draft.batch.outcomes.push(outcome);
        }
        let Draft { index, org, touched, mut batch, .. } = draft;
        if !batch.records.is_empty() {
            batch.view = Some(Arc::new(View::new(index.advance(org, &touched))));
        }
        batch
    }
}

/// A caller and the key it chose.
type Key<'a> = ([u8; 16], &'a str);

struct Draft<'a> {
    /// The newest index that is there, which may be older than the state.
    index: Index,
    org: Org,
    now: Timestamp,
    /// What differs between the index and the state.
    touched: Touched,
    /// Keys answered in this batch, and the place of their outcomes.
    keys: HashMap<Key<'a>, ([u8; 32], usize)>,
    batch: Batch,
}

impl<'a> Draft<'a> {
    fn take(&mut self, job: &'a Job, known: Option<Remembered>) -> Result<Outcome, Error> {
        if let Some(Remembered { revision, changes, .. }) = known {
            return Ok(Outcome { revision, changes, repeated: true });
        }
        if let Some(outcome) = self.answered_here(job)? {
            return Ok(outcome);
        }
        let now = self.now.max(self.org.at());
        let decision = self.decide(job, now)?;
        self.add(decision, job, now)
    }

    fn answered_here(&self, job: &Job) -> Result<Option<Outcome>, Error> {
        let Some(key) = &job.idempotency else { return Ok(None) };
        let Some((digest, place)) = self.keys.get(&(key.caller, key.key.as_str())) else { return Ok(None) };
        if *digest != key.digest {
            return Err(Error::IdempotencyMismatch);
        }
        let Some(Ok(outcome)) = self.batch.outcomes.get(*place) else { return Ok(None) };
        Ok(Some(Outcome { repeated: true, ..outcome.clone() }))
    }

    /// Looks once more at what the caller may and at what it read, now on the pending state: a right
    /// lost in the meantime is lost.
    fn decide(&self, job: &Job, now: Timestamp) -> Result<Decision, Error> {
        let (org, actor) = (&self.org, job.origin.actor);
        let rights = Rights::of_actor(org, actor, now);
        let may = |action, place| need::holds(&rights, action, place);
        need::of(org, &job.command, Some(actor)).iter().try_for_each(|need| need.check(org, &may))?;
        target::require(org, &job.command, job.if_match)?;
        let moment = Moment::new(now, actor, random()?);
        Ok(decide(org, job.command.clone(), &moment)?)
    }

    /// Puts a decision into the batch: an entry when something happens, and the rows beside it.
    fn add(&mut self, decision: Decision, job: &'a Job, now: Timestamp) -> Result<Outcome, Error> {
        let mut changes = Vec::new();
        if !decision.changes.is_empty() {
            changes = self.add_entry(decision, job)?;
        }
        let revision = self.org.revision().0;
        if let Some(key) = &job.idempotency {
            self.batch.rows.push(key.row(revision, now));
            self.keys.insert((key.caller, key.key.as_str()), (key.digest, self.batch.outcomes.len()));
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
        let previous = self.batch.hash;
        let encode = || record(&entry, &previous);
        let record = if touched.all && org.principal_bound() > parallel::WORTH_A_THREAD {
            // An import is written down while everything is indexed anew.
            let built = org.clone();
            let (index, record) = parallel::both(true, || Index::build(built), encode);
            let record = record?;
            (self.index, self.touched) = (index, Touched::default());
            record
        } else {
            let record = encode()?;
            self.touched.merge(touched);
            record
        };
        self.batch.large |= record.size() > LARGE;
        self.batch.hash = record.hash;
        self.batch.records.push(record);
        self.batch.rows.extend(job.rows.iter().cloned());
        self.batch.rows.extend(secrets_gone(&self.org, &entry.changes));
        self.org = org;
        Ok(entry.changes)
    }
}

/// The secrets that go with what an entry takes away.
fn secrets_gone(before: &Org, changes: &[Change]) -> Vec<Row> {
    let token = |key: rolecall_model::id::TokenKey| Row::SecretGone { kind: credential::TOKEN, key: key.bytes() };
    let mut rows = Vec::new();
    let mut gone = Vec::new();
    for change in changes {
        match change {
            Change::Token(TokenChange::Revoked(revoked)) => rows.push(token(revoked.key)),
            Change::Principal(PrincipalChange::Changed { subject, before, after, .. }) => {
                rows.extend(outdated(*subject, before, after));
            }
            Change::Provider(ProviderChange::Deleted(provider)) => {
                rows.push(Row::SecretGone { kind: sso::PROVIDER, key: sso::secret_key(&provider.name) });
            }
            Change::Principal(PrincipalChange::Deleted { id, subject, .. }) => {
                gone.push(*id);
                rows.extend(link::OF_A_USER.map(|kind| Row::SecretGone { kind, key: subject.bytes() }));
                rows.extend(link::TICKETS_OF_A_USER.map(|kind| Row::TicketsGone { kind, owner: subject.bytes() }));
            }
            _ => {}
        }
    }
    let theirs = gone.iter().flat_map(|id| before.tokens_of(*id)).filter_map(|id| before.token(id));
    rows.extend(theirs.map(|each| token(each.key)));
    rows
}

/// What a changed profile makes worthless: links that went to another address, and what one-time codes
/// were made from.
fn outdated(subject: Subject, before: &Profile, after: &Profile) -> Vec<Row> {
    let mut rows = Vec::new();
    // Nothing differs when a password took the place of another.
    let password = before == after || before.sign_in.password != after.sign_in.password;
    if before.email != after.email || before.active && !after.active || password {
        rows.extend(link::LINKS.map(|kind| Row::TicketsGone { kind, owner: subject.bytes() }));
    }
    if password || before.sign_in.codes != after.sign_in.codes {
        rows.extend(link::BEGUN.map(|kind| Row::TicketsGone { kind, owner: subject.bytes() }));
    }
    if before.sign_in.codes && !after.sign_in.codes {
        rows.push(Row::SecretGone { kind: codes::CODES, key: subject.bytes() });
        rows.push(Row::TicketsGone { kind: codes::RECOVERY, owner: subject.bytes() });
    }
    rows
}
