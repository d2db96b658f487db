//! The stream from which a replica is made: where it begins, perhaps a checkpoint, then entries as they are stored, and
//! now and then how far the log has come.
//!
//! A frame is: one byte of kind, the revision (8 bytes), the time in microseconds since 1970 (8
//! bytes), a hash (32 bytes), the length of the body (8 bytes), all big-endian, and the body. An
//! entry's hash is its link of the chain; a checkpoint's is that of the unpacked state. A frame of kind *head* says the
//! newest revision there is at that time, and as its hash the link up to which the stream has come: that of the entry
//! before the next frame. Its body is the version of `apply` (4 bytes) that wrote the checkpoints.

use crate::Error;
use crate::ctx::Ctx;
use bytes::{BufMut, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use rolecall_engine::Place;
use rolecall_model::entry::NO_HASH;
use rolecall_model::operation as op;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_store::Record;
use std::time::Duration;
use tokio::time::Instant;

/// The kind of a frame that holds a checkpoint.
pub const FRAME_CHECKPOINT: u8 = 1;
/// The kind of a frame that holds an entry.
pub const FRAME_ENTRY: u8 = 2;
/// The kind of a frame that says how far the log has come.
pub const FRAME_HEAD: u8 = 3;

/// How often the head is told: a replica that hears nothing for several times as long knows that the line is dead.
pub const HEAD_EVERY: Duration = Duration::from_secs(5);

/// How far a stream has come.
struct Sent {
    ctx: Ctx,
    revision: u64,
    hash: [u8; 32],
    head_due: Instant,
}

/// Everything a replica needs: with `after`, the entries after it; without, the newest checkpoint (if
/// there is one) and the entries after that. Then whatever is written, for ever. The first frame is a head.
///
/// # Errors
/// `Forbidden` without `rolecall.replicate`; `NotYet` when there is no entry `after`.
pub async fn replicate(ctx: &Ctx, after: Option<u64>) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
    ctx.require(op::REPLICATE, Place::ORGANIZATION)?;
    let mut checkpoint = Vec::new();
    let revision = match after {
        Some(after) => after,
        None => newest_checkpoint(ctx, &mut checkpoint).await?,
    };
    let hash = link(ctx, revision).await?;
    let sent = Sent { ctx: ctx.clone(), revision, hash, head_due: Instant::now() + HEAD_EVERY };
    let first = futures::stream::iter(std::iter::once(sent.head()).chain(checkpoint).map(Ok));
    let rest = futures::stream::unfold(Some(sent), |sent| async move {
        let mut sent = sent?;
        match sent.next().await {
            Ok(Some(frame)) => Some((Ok(frame), Some(sent))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(first.chain(rest).boxed())
}

/// The link of the chain that an entry is; none before the first.
async fn link(ctx: &Ctx, revision: u64) -> Result<[u8; 32], Error> {
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    if revision == 0 {
        return Ok(NO_HASH);
    }
    let head = store.head(key).await?;
    let have = head.as_ref().map_or(0, |head| head.revision);
    match head.filter(|head| head.revision == revision) {
        Some(head) => Ok(head.hash),
        None => match store.record(key, revision).await? {
            Some(record) => Ok(record.hash),
            None => Err(Error::NotYet { wanted: revision, have }),
        },
    }
}

impl Sent {
    /// Waits for the next frame; none when there will be no more. The right is looked at anew for
    /// each, so that a replica whose right was taken away gets nothing more.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let mut revisions = self.ctx.organization.revisions();
        let mut closing = self.ctx.organization.closing();
        let head_is_due = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return Ok(None),
            () = tokio::time::sleep_until(self.head_due) => true,
            newer = revisions.wait_for(|revision| *revision > self.revision) => {
                if newer.is_err() { return Ok(None) }
                false
            },
        };
        let Some(ctx) = self.ctx.renewed() else { return Ok(None) };
        self.ctx = ctx;
        self.ctx.require(op::REPLICATE, Place::ORGANIZATION)?;
        if head_is_due {
            self.head_due = Instant::now() + HEAD_EVERY;
            return Ok(Some(self.head()));
        }
        let record = self.ctx.service.store().record(self.ctx.organization.key, self.revision + 1).await?;
        Ok(record.map(|record| {
            (self.revision, self.hash) = (record.revision, record.hash);
            entry(&record)
        }))
    }

    fn head(&self) -> Bytes {
        let (newest, now) = (self.ctx.revision(), self.ctx.now().micros());
        let mut frame = BytesMut::from(&head(FRAME_HEAD, newest, now, &self.hash, 4)[..]);
        frame.put_u32(APPLY_VERSION);
        frame.freeze()
    }
}

async fn newest_checkpoint(ctx: &Ctx, frames: &mut Vec<Bytes>) -> Result<u64, Error> {
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    let Some(newest) = store.newest(key, APPLY_VERSION).await?.into_iter().next() else { return Ok(0) };
    let mut body = Vec::new();
    let mut pieces = store.load(key, newest.revision);
    while let Some(piece) = pieces.next().await {
        body.push(piece?);
    }
    let length = body.iter().map(Bytes::len).sum();
    frames.push(head(FRAME_CHECKPOINT, newest.revision, newest.at, &newest.state_hash, length));
    frames.extend(body);
    Ok(newest.revision)
}

fn entry(record: &Record) -> Bytes {
    let mut frame = BytesMut::from(&head(FRAME_ENTRY, record.revision, record.at, &record.hash, record.size())[..]);
    for piece in &record.body {
        frame.extend_from_slice(piece);
    }
    frame.freeze()
}

fn head(kind: u8, revision: u64, at: i64, hash: &[u8; 32], length: usize) -> Bytes {
    let mut head = BytesMut::with_capacity(57);
    head.put_u8(kind);
    head.put_u64(revision);
    head.put_i64(at);
    head.put_slice(hash);
    head.put_u64(length as u64);
    head.freeze()
}
