//! Events: what happened and changed no state, such as a refused command. They are chained like the
//! log, with the log's head in every link.

use crate::ctx::Ctx;
use crate::organization::Organization;
use rolecall_model::Timestamp;
use rolecall_store::{Event as Stored, Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Events that may wait to be written; a flood beyond it is counted, not kept.
const WAITING: usize = 10_000;
const BATCH: usize = 500;

/// Something that happened and changed no state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place among the organization's events.
    #[serde(skip)]
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// The number of who tried, if known.
    pub principal: Option<u32>,
    /// Through which façade.
    pub facade: String,
    /// The request's id.
    pub request: String,
    /// What kind of event, as a stable word.
    pub kind: String,
    /// What was said to the caller.
    pub message: String,
}

struct Noted {
    organization: Arc<Organization>,
    event: Event,
}

enum Message {
    Noted(Noted),
    /// To be answered when everything before it was written.
    Flush(oneshot::Sender<()>),
}

/// The way to the task that writes events.
#[derive(Clone)]
pub(crate) struct Events {
    sender: mpsc::Sender<Message>,
}

impl Events {
    pub(crate) fn start(store: Arc<dyn Store>) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Events { sender }, tokio::spawn(write(store, receiver)))
    }

    pub(crate) fn note(&self, organization: &Arc<Organization>, event: Event) {
        let noted = Noted { organization: Arc::clone(organization), event };
        if self.sender.try_send(Message::Noted(noted)).is_err() {
            tracing::warn!("too many events at once; one was not kept");
        }
    }

    /// Waits until everything noted so far is written.
    pub(crate) async fn flush(&self) {
        let (reply, written) = oneshot::channel();
        if self.sender.send(Message::Flush(reply)).await.is_ok() {
            // The task answers, or is gone and then there is nothing to wait for.
            let _gone = written.await;
        }
    }
}

/// Notes an event of this caller.
pub(crate) fn note(ctx: &Ctx, kind: &str, message: &str) {
    let event = Event {
        position: 0,
        at: ctx.now,
        principal: Some(ctx.principal.number()),
        facade: ctx.facade.to_owned(),
        request: ctx.request_id.to_string(),
        kind: kind.to_owned(),
        message: message.to_owned(),
    };
    ctx.service.events().note(&ctx.organization, event);
}

async fn write(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, BATCH).await > 0 {
        let (mut waiting, mut flushed) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Noted(noted) => waiting.push(noted),
                Message::Flush(reply) => flushed.push(reply),
            }
        }
        waiting.sort_by_key(|noted| noted.organization.key);
        for same in waiting.chunk_by(|a, b| a.organization.key == b.organization.key) {
            // Another node may take the same positions; then these come after its own.
            for _ in 0..5 {
                match write_for(store.as_ref(), same).await {
                    Err(StoreError::Raced) => {}
                    Err(error) => {
                        tracing::warn!(%error, "events were not written");
                        break;
                    }
                    Ok(()) => break,
                }
            }
        }
        for reply in flushed {
            let _nobody_waits = reply.send(());
        }
    }
}

async fn write_for(store: &dyn Store, noted: &[Noted]) -> Result<(), StoreError> {
    let Some(first) = noted.first() else { return Ok(()) };
    let key = first.organization.key;
    let head = store.head(key).await?.map(|head| head.hash).unwrap_or_default();
    let last = store.event_head(key).await?;
    let positions = last.map_or(0, |last| last.revision) + 1..;
    let mut previous = last.map(|last| last.hash).unwrap_or_default();
    let mut events = Vec::with_capacity(noted.len());
    for (position, Noted { event, .. }) in positions.zip(noted) {
        let body = serde_json::to_vec(event).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let link = Sha256::new().chain_update(previous).chain_update(head).chain_update(&body);
        previous = link.finalize().into();
        // The head stands before the body, so that the link can be checked later.
        let body = [head.as_slice(), &body].concat();
        events.push(Stored { position, at: event.at.micros(), hash: previous, body });
    }
    store.append_events(key, &events).await
}

/// Reads an event as it is stored.
pub(crate) fn read(stored: &Stored) -> Option<Event> {
    let mut event: Event = serde_json::from_slice(stored.body.get(32..)?).ok()?;
    event.position = stored.position;
    Some(event)
}

/// The hash of the log's newest entry when an event was written.
pub(crate) fn log_head(stored: &Stored) -> Option<[u8; 32]> {
    stored.body.first_chunk().copied()
}

/// Whether an event continues the chain.
pub(crate) fn continues(previous: &[u8; 32], stored: &Stored) -> bool {
    let digest: [u8; 32] = Sha256::new().chain_update(previous).chain_update(&stored.body).finalize().into();
    digest == stored.hash
}
