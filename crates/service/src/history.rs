//! History: entries of the log and events beside it, in one order; the feed of changes; the stream
//! for replicas; and the check of the hash chain.

mod feed;
mod origin;
mod replicate;

pub use feed::{Feed, changes};
pub(crate) use origin::Origins;
pub use origin::{actors, instants};
pub use replicate::{FRAME_CHECKPOINT, FRAME_ENTRY, FRAME_HEAD, HEAD_EVERY, replicate};

use crate::ctx::Ctx;
use crate::event::{self, Event};
use crate::organization::{is_large, read};
use crate::{Error, checkpoint};
use futures::StreamExt;
use rolecall_engine::Place;
use rolecall_model::Timestamp;
use rolecall_model::entry::{Entry, NO_HASH, chain_hash};
use rolecall_model::id::PrincipalId;
use rolecall_model::operation as op;
use rolecall_store::Record;
use std::collections::HashSet;

/// Entries looked through for one page; a page may therefore be short and still have a next one.
const LOOKED_THROUGH: usize = 5_000;

/// Something that happened: it changed the state, or it did not.
#[derive(Clone, Debug)]
pub enum Item {
    /// An entry of the log.
    Entry(Entry),
    /// An event beside it.
    Event(Event),
}

impl Item {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Item::Entry(entry) => entry.at,
            Item::Event(event) => event.at,
        }
    }

    fn actor(&self) -> Option<u32> {
        match self {
            Item::Entry(entry) => entry.actor.principal().map(PrincipalId::number),
            Item::Event(event) => event.principal,
        }
    }

    fn facade(&self) -> &str {
        match self {
            Item::Entry(entry) => &entry.facade,
            Item::Event(event) => &event.facade,
        }
    }
}

/// Where a page of history begins: before this entry and before this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Before this revision.
    pub revision: u64,
    /// Before this event.
    pub event: u64,
}

impl Cursor {
    /// At the newest.
    pub const NEWEST: Cursor = Cursor { revision: u64::MAX, event: u64::MAX };
}

/// What of the history is wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what this user or application did.
    pub actor: Option<PrincipalId>,
    /// Only what came through this façade.
    pub facade: Option<String>,
    /// Only what happened at or after this instant.
    pub since: Option<Timestamp>,
    /// Only what happened before this instant.
    pub until: Option<Timestamp>,
    /// Only entries with a change of this noun: the word in the log, such as `role`.
    pub noun: Option<String>,
    /// Only what has this text somewhere in it.
    pub text: Option<String>,
}

impl Filter {
    fn takes(&self, item: &Item) -> bool {
        self.actor.is_none_or(|actor| item.actor() == Some(actor.number()))
            && self.facade.as_ref().is_none_or(|facade| item.facade() == facade)
            && self.since.is_none_or(|since| item.at() >= since)
            && self.until.is_none_or(|until| item.at() < until)
            && self.noun.as_ref().is_none_or(|noun| has_noun(item, noun))
            && self.text.as_ref().is_none_or(|text| has_text(item, text))
    }
}

fn has_noun(item: &Item, noun: &str) -> bool {
    let Item::Entry(entry) = item else { return noun == "event" };
    entry.changes.iter().any(|change| word(change) == noun)
}

/// The word by which the log calls a change's noun.
pub fn word(change: &rolecall_model::Change) -> &'static str {
    use rolecall_model::Change as C;
    match change {
        C::Organization(_) => "organization",
        C::Action(_) => "action",
        C::Role(_) => "role",
        C::Policy(_) => "policy",
        C::Environment(_) => "environment",
        C::Project(_) => "project",
        C::Principal(_) => "principal",
        C::Group(_) => "group",
        C::Membership(_) => "membership",
        C::Assignment(_) => "assignment",
        C::Token(_) => "token",
        C::ResourceType(_) => "resource_type",
        C::Provider(_) => "provider",
        C::Imported(_) => "imported",
    }
}

fn has_text(item: &Item, text: &str) -> bool {
    let whole = match item {
        Item::Entry(entry) => {
            let own = entry.changes.iter().filter(|change| word(change) != "imported");
            serde_json::to_string(&own.collect::<Vec<_>>())
        }
        Item::Event(event) => serde_json::to_string(event),
    };
    whole.is_ok_and(|whole| whole.to_lowercase().contains(&text.to_lowercase()))
}

/// A page of history, newest first, and where the next one begins.
///
/// # Errors
/// `Forbidden` without `rolecall.audit.read`.
pub async fn list(
    ctx: &Ctx,
    filter: &Filter,
    before: Cursor,
    limit: usize,
) -> Result<(Vec<Item>, Option<Cursor>), Error> {
    ctx.require(op::AUDIT_READ, Place::ORGANIZATION)?;
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    let limit = limit.max(1);
    let mut cursor = before;
    let mut items = Vec::new();
    let mut events = store.events_before(key, cursor.event, LOOKED_THROUGH).await?.into_iter().peekable();
    let mut records = store.before(key, cursor.revision, LOOKED_THROUGH);
    let mut next = records.next().await.transpose()?;
    for _ in 0..LOOKED_THROUGH {
        let item = match (&next, events.peek()) {
            (None, None) => return Ok((items, None)),
            (Some(record), event) if event.is_none_or(|event| event.at <= record.at) => {
                cursor.revision = record.revision;
                let record = next.take();
                next = records.next().await.transpose()?;
                match record {
                    Some(record) => Some(Item::Entry(read(record).await?)),
                    None => None,
                }
            }
            _ => events.next().and_then(|stored| {
                cursor.event = stored.position;
                event::read(&stored).map(Item::Event)
            }),
        };
        items.extend(item.filter(|item| filter.takes(item)));
        if items.len() == limit {
            break;
        }
    }
    let more = next.is_some() || events.peek().is_some();
    Ok((items, more.then_some(cursor)))
}

/// When an entry was made.
///
/// # Errors
/// `NotFound` when there is none of this revision.
pub async fn instant_of(ctx: &Ctx, revision: u64) -> Result<Timestamp, Error> {
    let mut records = ctx.service.store().before(ctx.organization.key, revision.saturating_add(1), 1);
    match records.next().await.transpose()? {
        Some(record) if record.revision == revision => Ok(Timestamp::from_micros(record.at)),
        _ => Err(Error::NotFound { message: format!("there is no entry {revision}") }),
    }
}

/// What the check of the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries looked at.
    pub entries: u64,
    /// Events looked at.
    pub events: u64,
    /// The hash of the newest entry.
    pub head: [u8; 32],
}

/// Walks the whole chain of entries and the chain of events, and looks that each is as long as it
/// must be: the log as the state in memory says, and as every event says that saw its head.
///
/// # Errors
/// `Forbidden` without `rolecall.audit.read`; `Damaged`, naming the first link that does not fit.
pub async fn verify(ctx: &Ctx) -> Result<Verified, Error> {
    ctx.require(op::AUDIT_READ, Place::ORGANIZATION)?;
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    let mut verified = Verified { entries: 0, events: 0, head: NO_HASH };
    let mut heads = verify_events(ctx, &mut verified).await?;
    heads.remove(&NO_HASH);
    let mut records = store.after(key, 0);
    while let Some(record) = records.next().await {
        let record = record?;
        let (revision, expected) = (record.revision, record.hash);
        let hash = link(verified.head, record).await?;
        if hash != expected || revision != verified.entries + 1 {
            return Err(Error::Damaged(format!("entry {revision} does not continue the chain")));
        }
        heads.remove(&hash);
        verified.entries = revision;
        verified.head = hash;
    }
    if verified.entries < ctx.present.revision() {
        let message =
            format!("the log ends at entry {}, and entry {} was written", verified.entries, ctx.present.revision());
        return Err(Error::Damaged(message));
    }
    if !heads.is_empty() {
        return Err(Error::Damaged(format!("{} entries that events name are not in the log", heads.len())));
    }
    Ok(verified)
}

async fn link(previous: [u8; 32], record: Record) -> Result<[u8; 32], Error> {
    let hash =
        move |record: &Record| chain_hash(&previous, &record.body).map_err(|error| Error::Damaged(error.to_string()));
    if is_large(&record) { checkpoint::blocking(move || hash(&record)).await } else { hash(&record) }
}

/// Walks the chain of events and answers with the heads of the log that they saw.
async fn verify_events(ctx: &Ctx, verified: &mut Verified) -> Result<HashSet<[u8; 32]>, Error> {
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    let mut heads = HashSet::new();
    let mut previous = [0; 32];
    loop {
        let events = store.events_after(key, verified.events, 1_000).await?;
        if events.is_empty() {
            return Ok(heads);
        }
        for stored in events {
            if !event::continues(&previous, &stored) || stored.position != verified.events + 1 {
                return Err(Error::Damaged(format!("event {} does not continue the chain", stored.position)));
            }
            previous = stored.hash;
            verified.events = stored.position;
            heads.extend(event::log_head(&stored));
        }
    }
}
