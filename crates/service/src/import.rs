//! Importing a workload: lines stream in, one entry goes out.

use crate::Error;
use crate::ctx::Ctx;
use crate::execute::{Done, execute_with, may_give, note_refusal};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use rolecall_model::Command;
use rolecall_model::import::{Workload, WorkloadReader};
use sha2::{Digest, Sha256};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Pieces that may wait to be read.
const WAITING: usize = 8;
/// Bytes that are read at once, by two threads: 1 MiB.
const BATCH: usize = 1 << 20;
/// The longest line, in bytes: a group of a hundred thousand members fits.
const LONGEST_LINE: usize = 16 << 20;

/// Imports a workload as one entry. Nothing is changed unless every line is sound.
///
/// # Errors
/// `Unreadable`, naming the first bad line; `Closing` when the service stops before all was sent;
/// then as [`crate::execute`].
pub async fn import(ctx: &Ctx, lines: impl Stream<Item = io::Result<Bytes>>) -> Result<Done, Error> {
    // Who may not import need not send all of it first.
    if let Err(refusal) = may_give(ctx, &Command::Import(Arc::default())) {
        note_refusal(ctx, &refusal);
        return Err(refusal);
    }
    let (sender, receiver) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || read(receiver));
    let mut lines = pin!(lines);
    let mut closing = ctx.organization.closing();
    loop {
        let next = tokio::select! {
            biased;
            // An upload may go on for minutes and nothing of it is done yet: a stop need not wait for it.
            _ = closing.wait_for(|closing| *closing) => return Err(Error::Closing),
            next = lines.next() => next,
        };
        let Some(piece) = next else { break };
        let piece = piece.map_err(|error| Error::Unreadable { message: format!("the upload broke off: {error}") })?;
        if sender.send(piece).await.is_err() {
            // The reader stopped at a bad line, which it names below.
            break;
        }
    }
    drop(sender);
    let (workload, digest) = reading.await.map_err(|error| Error::Internal(error.to_string()))??;
    execute_with(ctx, Command::Import(Arc::new(workload)), digest, Vec::new()).await
}

fn read(mut pieces: mpsc::Receiver<Bytes>) -> Result<(Workload, [u8; 32]), Error> {
    let mut reader = WorkloadReader::new();
    let mut hash = Sha256::new();
    let mut rest = BytesMut::new();
    let mut end = None;
    let unreadable = |message: String| Error::Unreadable { message };
    while let Some(piece) = pieces.blocking_recv() {
        hash.update(&piece);
        if let Some(last) = last_end(&piece) {
            end = Some(rest.len() + last);
        }
        rest.extend_from_slice(&piece);
        let since = rest.len() - end.map_or(0, |end| end + 1);
        if since > LONGEST_LINE {
            return Err(unreadable(format!("a line is longer than {LONGEST_LINE} bytes; is this a file of lines?")));
        }
        if let Some(last) = end.filter(|end| *end >= BATCH) {
            let whole = rest.split_to(last + 1);
            reader.read(&whole).map_err(|bad| unreadable(bad.to_string()))?;
            end = None;
        }
    }
    if !rest.is_empty() {
        reader.read(&rest).map_err(|bad| unreadable(bad.to_string()))?;
    }
    let workload = reader.finish().map_err(|bad| unreadable(bad.to_string()))?;
    Ok((workload, hash.finalize().into()))
}

fn last_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n')
}
