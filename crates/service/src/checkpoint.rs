//! Checkpoints: a state written whole, compressed and hashed, so that a start need not replay the
//! whole history. One that is damaged or of another version is replayed around. Their form is the model's.

use crate::Error;
use bytes::Bytes;
use futures::StreamExt;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_model::{Org, checkpoint};
use rolecall_store::{Checkpoint, OrganizationKey, Store, StoreError};
use std::io;
use tokio::sync::mpsc;

/// Writes the state into the store.
pub(crate) async fn save(store: &dyn Store, key: OrganizationKey, org: &Org) -> Result<(), Error> {
    let (state, other) = (org.clone(), org.clone());
    let hash = blocking(move || checkpoint::hash(&state).map_err(|error| Error::Damaged(error.to_string()))).await?;
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    let writing = tokio::task::spawn_blocking(move || {
        for piece in checkpoint::pack(&other) {
            // The store keeps nothing of a stream that ends in an error.
            let piece = piece.map(Bytes::from).map_err(io::Error::other);
            if sender.blocking_send(piece).is_err() {
                // The reader has given up, and says itself why.
                return;
            }
        }
    });
    let checkpoint =
        Checkpoint { revision: org.revision().0, version: APPLY_VERSION, at: org.at().micros(), state_hash: hash };
    let chunks = tokio_stream(receiver);
    store.save(key, checkpoint, chunks).await?;
    writing.await.map_err(|error| Error::Damaged(error.to_string()))?;
    store.thin(key, org.at().micros()).await?;
    Ok(())
}

fn tokio_stream(receiver: mpsc::Receiver<io::Result<Bytes>>) -> futures::stream::BoxStream<'static, io::Result<Bytes>> {
    futures::stream::unfold(
        receiver,
        |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) },
    )
    .boxed()
}

/// The newest state that can be used at or before `until`, if any. Unusable ones are dropped and
/// said in the log.
pub(crate) async fn load(store: &dyn Store, key: OrganizationKey, until: u64) -> Result<Option<Org>, Error> {
    for checkpoint in store.newest(key, APPLY_VERSION).await? {
        if checkpoint.revision > until {
            continue;
        }
        match read(store, key, &checkpoint).await {
            Ok(org) => return Ok(Some(org)),
            Err(Unusable::Store(error)) => return Err(error.into()),
            Err(Unusable::Damaged(why)) => {
                tracing::warn!(revision = checkpoint.revision, why, "a checkpoint cannot be used; replaying around it");
                store.drop_damaged(key, checkpoint.revision).await?;
            }
        }
    }
    Ok(None)
}

enum Unusable {
    Store(StoreError),
    Damaged(String),
}

async fn read(store: &dyn Store, key: OrganizationKey, checkpoint: &Checkpoint) -> Result<Org, Unusable> {
    let mut packed = Vec::new();
    let mut pieces = store.load(key, checkpoint.revision);
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => packed.push(piece),
            Err(error @ StoreError::Damaged(_)) => return Err(Unusable::Damaged(error.to_string())),
            Err(error) => return Err(Unusable::Store(error)),
        }
    }
    drop(pieces);
    let (revision, hash) = (checkpoint.revision, checkpoint.state_hash);
    let unpacking = tokio::task::spawn_blocking(move || checkpoint::unpack(&packed.concat(), revision, hash));
    let unpacked = unpacking.await.map_err(|error| Unusable::Damaged(error.to_string()))?;
    unpacked.map_err(|error| Unusable::Damaged(error.to_string()))
}

/// Runs work that takes long off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}
