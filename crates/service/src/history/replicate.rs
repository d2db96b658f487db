//! The stream from which a replica is made: a checkpoint, then entries as they are stored.
//!
//! A frame is: one byte of kind, the revision (8 bytes), the time in microseconds since 1970 (8
//! bytes), a hash (32 bytes), the length of the body (8 bytes), all big-endian, and the body. An
//! entry's hash is its link of the chain; a checkpoint's is that of the unpacked state.

use crate::Error;
use crate::ctx::Ctx;
use bytes::{BufMut, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use rolecall_engine::Place;
use rolecall_model::operation as op;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_store::Record;

/// The kind of a frame that holds a checkpoint.
pub const FRAME_CHECKPOINT: u8 = 1;
/// The kind of a frame that holds an entry.
pub const FRAME_ENTRY: u8 = 2;

/// Everything a replica needs: with `after`, the entries after it; without, the newest checkpoint (if
/// there is one) and the entries after that. Then whatever is written, for ever.
///
/// # Errors
/// `Forbidden` without `rolecall.replicate`.
pub async fn replicate(ctx: &Ctx, after: Option<u64>) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
    ctx.require(op::REPLICATE, Place::ORGANIZATION)?;
    let mut first = Vec::new();
    let after = match after {
        Some(after) => after,
        None => newest_checkpoint(ctx, &mut first).await?,
    };
    let first = futures::stream::iter(first.into_iter().map(Ok));
    let rest = futures::stream::unfold(Some((ctx.clone(), after)), |state| async move {
        let (ctx, after) = state?;
        match next(&ctx, after).await {
            Ok(Some((frame, revision))) => Some((Ok(frame), Some((ctx, revision)))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(first.chain(rest).boxed())
}

/// Waits for the entry after this one; none when there will be no more. The right is looked at anew
/// for each, so that a replica whose right was taken away gets nothing more.
async fn next(ctx: &Ctx, after: u64) -> Result<Option<(Bytes, u64)>, Error> {
    let mut revisions = ctx.organization.revisions();
    let mut closing = ctx.organization.closing();
    tokio::select! {
        newer = revisions.wait_for(|revision| *revision > after) => if newer.is_err() { return Ok(None) },
        _ = closing.wait_for(|closing| *closing) => return Ok(None),
    }
    let Some(ctx) = ctx.renewed() else { return Ok(None) };
    ctx.require(op::REPLICATE, Place::ORGANIZATION)?;
    let record = ctx.service.store().record(ctx.organization.key, after + 1).await?;
    Ok(record.map(|record| (entry(&record), record.revision)))
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
