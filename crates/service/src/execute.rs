//! Changing something: permission, precondition, decision, durability, in this order.

use crate::ctx::Ctx;
use crate::idempotency::Idempotency;
use crate::mail::notice::Beside;
use crate::need;
use crate::organization::{Counters, Organization};
use crate::target;
use crate::view::View;
use crate::writer::{Job, Written};
use crate::{Error, Service, event};
use rolecall_engine::Delta;
use rolecall_model::decide::decide;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::refusal::Kind;
use rolecall_model::{Change, Command};
use rolecall_store::Row;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Deltas of a dry run that one answer holds; the rest is counted.
pub const MOST_DELTAS: usize = 10_000;

/// Commands of a batch whose permission is looked at without leaving the async thread.
const QUICK: usize = 100;

/// Where a command comes from, as its entry says.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub actor: Actor,
    pub facade: &'static str,
    pub request: String,
}

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    /// The revision of its entry; the present one when it had no effect.
    pub revision: u64,
    /// What happened.
    pub changes: Vec<Change>,
    /// The state after it; for a dry run the state that would be.
    pub view: Arc<View>,
    /// Whether this request was carried out before and is only answered again.
    pub repeated: bool,
    /// For a dry run: who would gain and who would lose what.
    pub difference: Option<DryRun>,
}

/// Who would gain and who would lose what, where.
#[derive(Debug)]
pub struct DryRun {
    /// What would be gained.
    pub gains: Vec<Delta>,
    /// What would be lost.
    pub losses: Vec<Delta>,
    /// How many users and applications gain or lose something.
    pub subjects: usize,
    /// How many gains and losses there are, those beyond [`MOST_DELTAS`] too.
    pub total: usize,
}

/// Carries out a command for the caller.
///
/// # Errors
/// What stands in the way; then nothing has changed.
pub async fn execute(ctx: &Ctx, command: Command) -> Result<Done, Error> {
    let digest = ctx.idempotency_key.as_ref().map(|_| Sha256::digest(format!("{command:?}")).into());
    execute_with(ctx, command, digest.unwrap_or_default(), Vec::new()).await
}

/// Carries out a command whose request has this digest, and writes rows beside its entry.
///
/// # Errors
/// What stands in the way; then nothing has changed.
pub async fn execute_with(ctx: &Ctx, command: Command, digest: [u8; 32], rows: Vec<Row>) -> Result<Done, Error> {
    let result = carry_out(ctx, command, digest, rows).await;
    if let Err(error) = &result {
        note_refusal(ctx, error);
    }
    result
}

async fn carry_out(ctx: &Ctx, command: Command, digest: [u8; 32], rows: Vec<Row>) -> Result<Done, Error> {
    if ctx.past {
        let message = "the past cannot be changed; leave \"at\" out";
        return Err(rolecall_model::Refusal::new(Kind::NotNow, "at", message).into());
    }
    let idempotency = idempotency(ctx, digest);
    let (command, allowed) = allowed(ctx, command).await?;
    if let Err(refusal) = allowed {
        return repeat(ctx, idempotency.as_ref(), refusal).await;
    }
    if ctx.dry_run {
        return dry_run(ctx, command).await;
    }
    let origin = Origin { actor: ctx.actor(), facade: ctx.facade, request: ctx.request_id.to_string() };
    let asked = Asked { command, origin, if_match: ctx.if_match, idempotency, rows };
    submit(&ctx.service, &ctx.organization, asked).await
}

/// What the writer is asked for.
pub(crate) struct Asked {
    pub command: Command,
    pub origin: Origin,
    pub if_match: Option<u64>,
    pub idempotency: Option<Idempotency>,
    pub rows: Vec<Row>,
}

/// Hands a command to the writer, which looks once more at what the actor may.
pub(crate) async fn submit(service: &Service, organization: &Arc<Organization>, asked: Asked) -> Result<Done, Error> {
    let (reply, answer) = oneshot::channel();
    let Asked { command, origin, if_match, idempotency, rows } = asked;
    let beside = Beside::of(&rows);
    let sent = organization.jobs.send(Job { command, origin, if_match, idempotency, rows, reply }).await;
    sent.map_err(|_| service.why_closed(organization.key))?;
    let lost = || Error::Internal("the writer gave no answer".to_owned());
    let Written { revision, changes, view, repeated } = answer.await.map_err(|_| lost())??;
    let done = Done { revision, changes, view, repeated, difference: None };
    service.tell(organization, &done, beside).await;
    Ok(done)
}

fn idempotency(ctx: &Ctx, digest: [u8; 32]) -> Option<Idempotency> {
    let key = ctx.idempotency_key.as_ref().filter(|_| !ctx.dry_run)?;
    let caller = ctx.present.org().principal(ctx.principal)?.subject.bytes();
    Some(Idempotency { caller, key: key.to_string(), digest })
}

/// Whether the caller may give a command. A long batch is looked at off the async threads.
async fn allowed(ctx: &Ctx, command: Command) -> Result<(Command, Result<(), Error>), Error> {
    if !matches!(&command, Command::Batch(commands) if commands.len() > QUICK) {
        let allowed = may_give(ctx, &command);
        return Ok((command, allowed));
    }
    let ctx = ctx.clone();
    crate::checkpoint::blocking(move || {
        let allowed = may_give(&ctx, &command);
        Ok((command, allowed))
    })
    .await
}

/// Refuses a caller who may not give a command.
pub(crate) fn may_give(ctx: &Ctx, command: &Command) -> Result<(), Error> {
    let org = ctx.present.org();
    let may = |action, place| ctx.may(action, place);
    need::of(org, command, Some(ctx.actor())).iter().try_for_each(|need| need.check(org, &may))
}

/// Who repeats a request through the same token is answered as before, even when the request itself
/// took away what it needed: the project it deleted, the right it gave up.
async fn repeat(ctx: &Ctx, idempotency: Option<&Idempotency>, refusal: Error) -> Result<Done, Error> {
    let Some(key) = idempotency else { return Err(refusal) };
    let (store, actor) = (ctx.service.store().as_ref(), ctx.actor());
    match key.remembered(store, ctx.organization.key, actor, ctx.now).await {
        Ok(Some(before)) if before.actor == Some(actor) => {
            let (revision, changes) = (before.revision, before.changes);
            Ok(Done { revision, changes, view: ctx.organization.view(), repeated: true, difference: None })
        }
        _ => Err(refusal),
    }
}

/// Decides without writing, and compares what would be with what is.
async fn dry_run(ctx: &Ctx, command: Command) -> Result<Done, Error> {
    target::require(ctx.present.org(), &command, ctx.if_match)?;
    rehearse(Arc::clone(&ctx.present), command, ctx.actor(), ctx.now).await
}

/// Decides for an actor without writing, and compares what would be with what is.
pub(crate) async fn rehearse(
    before: Arc<View>,
    command: Command,
    actor: Actor,
    now: rolecall_model::Timestamp,
) -> Result<Done, Error> {
    let moment = Moment::new(now, actor, crate::clock::random()?);
    crate::checkpoint::blocking(move || {
        let decision = decide(before.org(), command, &moment)?;
        let index = before.index().advance(decision.org, &decision.touched);
        let difference = DryRun::of(&before, &index, &decision.touched, now);
        let (revision, changes) = (before.revision(), decision.changes);
        let view = Arc::new(View::new(index));
        Ok(Done { revision, changes, view, repeated: false, difference: Some(difference) })
    })
    .await
}

impl DryRun {
    fn of(
        before: &View,
        after: &rolecall_engine::Index,
        touched: &rolecall_model::organization::Touched,
        now: rolecall_model::Timestamp,
    ) -> Self {
        let mut run = DryRun { gains: Vec::new(), losses: Vec::new(), subjects: 0, total: 0 };
        for each in rolecall_engine::differences(before.index(), after, touched, now) {
            run.subjects += 1;
            run.total += each.gains.len() + each.losses.len();
            let room = MOST_DELTAS.saturating_sub(run.gains.len() + run.losses.len());
            let gains = each.gains.len().min(room);
            run.gains.extend(each.gains.into_iter().take(gains));
            run.losses.extend(each.losses.into_iter().take(room - gains));
        }
        run
    }

    /// Whether every gain and loss is listed.
    pub fn is_complete(&self) -> bool {
        self.gains.len() + self.losses.len() == self.total
    }
}

/// Carries work of several steps on to its end, also when the caller goes away between them.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.map_err(|error| Error::Internal(error.to_string()))?
}

/// A refused command changes no state, so it goes to the events beside the log.
pub(crate) fn note_refusal(ctx: &Ctx, error: &Error) {
    if !matches!(
        error,
        Error::Refused(_) | Error::Forbidden { .. } | Error::NotFound { .. } | Error::Precondition { .. }
    ) {
        return;
    }
    Counters::count(&ctx.organization.counters.refusals);
    let code = match error {
        Error::Forbidden { .. } => "forbidden",
        Error::Refused(refusal) if matches!(refusal.kind, Kind::NotHeld | Kind::LastAdministrator) => {
            refusal.kind.code()
        }
        _ => return,
    };
    event::note(ctx, code, &error.to_string());
}
