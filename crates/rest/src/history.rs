//! History over the wire: the audit, the check of its chain, the feed of changes and the stream for
//! replicas.

use crate::answer::{Answer, Reply};
use crate::call::{Call, subject};
use crate::change::ChangeView;
use crate::page::{After, Asked};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::wire;
use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use rolecall_model::id::PrincipalId;
use rolecall_model::{Org, Timestamp, operation as op, resolve};
use rolecall_service::history::{self, Cursor, Feed, Filter, Item};
use rolecall_service::{Ctx, Error};
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;
use utoipa::ToSchema;

/// How often a quiet feed shows that it is alive.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The nouns that the history can be searched for.
const NOUNS: &[&str] = &[
    "organization",
    "action",
    "role",
    "policy",
    "environment",
    "project",
    "principal",
    "group",
    "membership",
    "assignment",
    "token",
    "resource_type",
    "imported",
    "event",
];

/// Something that happened: an entry of the log, which changed something, or an event, which did not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    /// `entry` or `event`.
    pub kind: &'static str,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it: a subject, `system` or `home`; absent when nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What people call who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// Through which façade.
    pub facade: String,
    /// The request's id.
    pub request_id: String,
    /// Of an entry: its revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Of an entry: what happened, with before and after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// Of an event: what kind, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Of an event: what was said to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl HistoryView {
    fn of(org: &Org, item: Item) -> Self {
        match item {
            Item::Entry(entry) => HistoryView {
                kind: "entry",
                at: entry.at,
                actor: Some(wire::actor(org, entry.actor)),
                actor_name: entry.actor.principal().and_then(|id| name(org, id)),
                facade: entry.facade.to_string(),
                request_id: entry.request.to_string(),
                revision: Some(entry.revision.0),
                changes: ChangeView::all(org, &entry.changes),
                event: None,
                message: None,
            },
            Item::Event(event) => {
                let actor = event.principal.and_then(PrincipalId::new);
                HistoryView {
                    kind: "event",
                    at: event.at,
                    actor: actor.map(|id| wire::principal(org, id)),
                    actor_name: actor.and_then(|id| name(org, id)),
                    facade: event.facade,
                    request_id: event.request,
                    revision: None,
                    changes: Vec::new(),
                    event: Some(event.kind),
                    message: Some(event.message),
                }
            }
        }
    }
}

fn name(org: &Org, id: PrincipalId) -> Option<String> {
    org.principal(id).map(|principal| principal.name.to_string())
}

/// What the check of the chain found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerifiedView {
    /// Always true; a broken chain is a problem.
    pub verified: bool,
    /// Entries looked at.
    pub entries: u64,
    /// Events looked at.
    pub events: u64,
    /// The hash of the newest entry, in hexadecimal: keep it elsewhere to notice a rewritten history.
    pub head: String,
}

/// One entry in the feed, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedView {
    /// Its revision.
    pub revision: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who made it: a subject, `system` or `home`.
    pub actor: String,
    /// Its visible changes; empty when there are none, so that the revision is still told.
    pub changes: Vec<ChangeView>,
}

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let filter = filter(&call)?;
    let before = match asked.after {
        Some(After::Pair(revision, event)) => Cursor { revision, event },
        // What happens while somebody pages does not move the pages.
        _ => Cursor { revision: asked.view.revision().saturating_add(1), event: u64::MAX },
    };
    let (items, next) = history::list(&call.ctx, &filter, before, asked.limit).await?;
    let views = items.into_iter().map(|item| HistoryView::of(call.org(), item)).collect();
    asked.answer(&call, views, next.map(|Cursor { revision, event }| After::Pair(revision, event)))
}

fn filter(call: &Call) -> Result<Filter, Problem> {
    let actor = call
        .query("actor")
        .map(|name| resolve::principal(call.org(), &subject(name), "actor").map(|(id, _)| id))
        .transpose()?;
    let time = |name: &str| call.query(name).and_then(|text| text.parse().ok());
    let text = |name: &str| call.query(name).map(str::to_owned);
    Ok(Filter {
        actor,
        facade: text("facade"),
        since: time("since"),
        until: time("until"),
        noun: text("noun"),
        text: text("text"),
    })
}

async fn verify(call: Call) -> Reply {
    let verified = history::verify(&call.ctx).await?;
    let [high, low] = [&verified.head[..16], &verified.head[16..]].map(half);
    let head = format!("{high:032x}{low:032x}");
    Answer::json(&VerifiedView { verified: true, entries: verified.entries, events: verified.events, head })
}

/// Half of a hash as a number, for writing it.
fn half(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

fn after(call: &Call) -> Option<u64> {
    call.query("after").and_then(|text| text.parse().ok())
}

async fn changes(call: Call) -> Reply {
    let after = after(&call).unwrap_or_else(|| call.ctx.revision());
    let as_events = call.accepts("text/event-stream");
    let ctx = call.ctx.clone();
    let feed = history::changes(&call.ctx, after).map(move |feed| line(&ctx, feed, as_events));
    let alive = if as_events { Bytes::from_static(b":\n\n") } else { Bytes::from_static(b"\n") };
    let body = Body::from_stream(with_signs_of_life(feed.boxed(), alive));
    Ok(Answer::stream(if as_events { "text/event-stream" } else { "application/x-ndjson" }, body))
}

fn line(ctx: &Ctx, feed: Result<Feed, Error>, as_events: bool) -> Bytes {
    let (id, kind, data) = match feed {
        Ok(feed) => {
            // The stream outlives the state it began with, and what is new has its name in the newest.
            let newest = ctx.renewed();
            let org = newest.as_ref().unwrap_or(ctx).org();
            let Feed { revision, at, actor, changes } = feed;
            let view =
                FeedView { revision, at, actor: wire::actor(org, actor), changes: ChangeView::all(org, &changes) };
            (Some(revision), "entry", serde_json::to_string(&view))
        }
        Err(error) => (None, "problem", serde_json::to_string(&Problem::from(error))),
    };
    let data = data.unwrap_or_default();
    if !as_events {
        return Bytes::from(data + "\n");
    }
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {kind}\ndata: {data}\n\n"))
}

/// A stream with a sign of life whenever it is quiet for long, so that a broken line is noticed.
fn with_signs_of_life(
    feed: futures::stream::BoxStream<'static, Bytes>,
    alive: Bytes,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold((feed, alive), |(mut feed, alive)| async move {
        let next = match tokio::time::timeout(ALIVE_EVERY, feed.next()).await {
            Ok(next) => next?,
            Err(_) => alive.clone(),
        };
        Some((Ok(next), (feed, alive)))
    })
}

async fn replicate(call: Call) -> Reply {
    let frames = history::replicate(&call.ctx, after(&call)).await?;
    Ok(Answer::stream("application/octet-stream", Body::from_stream(frames)))
}

/// The routes of history.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/history", "list_history", "What happened, newest first: entries of the log and events beside it")
            .needs(op::AUDIT_READ)
            .present_only()
            .pages::<HistoryView>()
            .param("actor", Value::Text, "Only what this user or application did.")
            .param("facade", Value::Text, "Only what came through this façade, such as `rest`.")
            .param("noun", Value::OneOf(NOUNS), "Only entries with a change of this noun; `event` for events.")
            .param("since", Value::Time, "Only what happened at or after this instant.")
            .param("until", Value::Time, "Only what happened before this instant.")
            .param("text", Value::Text, "Only what has this text somewhere in it.")
            .by(list),
        Route::get("/history/verify", "verify_history", "Walk the whole chain of hashes")
            .needs(op::AUDIT_READ)
            .present_only()
            .answers::<VerifiedView>()
            .by(verify),
        Route::get(
            "/changes",
            "follow_changes",
            "Follow what happens, as far as the caller may see it; never ends by itself",
        )
        .open("each change is shown only to those who may see its noun")
        .present_only()
        .streams(&["application/x-ndjson", "text/event-stream"])
        .param("after", Value::Number, "Begin after this revision; absent means now.")
        .by(changes),
        Route::get(
            "/replicate",
            "replicate",
            "Stream the newest checkpoint and the log as they are stored; never ends by itself",
        )
        .needs(op::REPLICATE)
        .present_only()
        .streams(&["application/octet-stream"])
        .param("after", Value::Number, "Only entries after this revision; absent means the newest checkpoint first.")
        .by(replicate),
    ]
}
