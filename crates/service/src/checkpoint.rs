//! Checkpoints: a state written whole, compressed and hashed, so that a start need not replay the
//! whole history. One that is damaged or of another version is replayed around.

use crate::Error;
use bytes::Bytes;
use futures::StreamExt;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use rolecall_model::Org;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_store::{Checkpoint, OrganizationKey, Store, StoreError};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use tokio::sync::mpsc;

/// Pieces handed to the store: 1 MiB.
const PIECE: usize = 1 << 20;
/// A state larger than this once unpacked is not believed: 16 GiB.
const LARGEST: u64 = 16 << 30;

/// The hash of a state.
pub(crate) fn state_hash(org: &Org) -> Result<[u8; 32], Error> {
    let mut hash = Sha256::new();
    // Fields are written one by one; hashing them in blocks is many times faster.
    let buffered = io::BufWriter::with_capacity(1 << 16, Hashing(&mut hash, io::sink()));
    let written = postcard::to_io(org, buffered).map_err(|error| unwritable(&error))?;
    written.into_inner().map_err(|error| Error::Damaged(error.to_string()))?;
    Ok(hash.finalize().into())
}

/// Writes the state into the store.
pub(crate) async fn save(store: &dyn Store, key: OrganizationKey, org: &Org) -> Result<(), Error> {
    let (state, other) = (org.clone(), org.clone());
    let hash = blocking(move || state_hash(&state)).await?;
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    let writing = tokio::task::spawn_blocking(move || {
        if let Err(error) = pack(&other, &sender) {
            // The store keeps nothing of a stream that ends in an error. A closed channel has no reader to tell.
            let _unread = sender.blocking_send(Err(error));
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

fn pack(org: &Org, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let pieces = Pieces { sender: sender.clone(), buffer: Vec::with_capacity(PIECE) };
    let buffered = io::BufWriter::with_capacity(1 << 16, FrameEncoder::new(pieces));
    let written = postcard::to_io(org, buffered).map_err(|error| io::Error::other(error.to_string()))?;
    let encoder = written.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    encoder.finish().map_err(io::Error::other)?.hand_over()
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
    let unpacking = tokio::task::spawn_blocking(move || unpack(packed, revision, hash));
    unpacking.await.map_err(|error| Unusable::Damaged(error.to_string()))?.map_err(Unusable::Damaged)
}

fn unpack(packed: Vec<Bytes>, revision: u64, hash: [u8; 32]) -> Result<Org, String> {
    let mut state = Vec::new();
    let decoder = FrameDecoder::new(Chained { pieces: packed.into_iter(), current: Bytes::new() });
    decoder.take(LARGEST).read_to_end(&mut state).map_err(|error| error.to_string())?;
    if Sha256::digest(&state)[..] != hash {
        return Err("its hash is another".to_owned());
    }
    let mut org: Org = postcard::from_bytes(&state).map_err(|error| error.to_string())?;
    drop(state);
    if org.revision().0 != revision {
        return Err("its revision is another".to_owned());
    }
    org.index();
    Ok(org)
}

/// Runs work that takes long off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}

fn unwritable(error: &postcard::Error) -> Error {
    Error::Damaged(format!("the state cannot be written: {error}"))
}

struct Hashing<'a, W>(&'a mut Sha256, W);

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        self.1.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}

/// Cuts what is written into pieces and hands them over; waits when the reader is behind, so memory
/// stays bounded.
#[derive(Debug)]
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Pieces {
    fn hand_over(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        if full.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Ok(Bytes::from(full))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Chained {
    pieces: std::vec::IntoIter<Bytes>,
    current: Bytes,
}

impl Read for Chained {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.next() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.current.len());
        let part = self.current.split_to(count);
        into[..count].copy_from_slice(&part);
        Ok(count)
    }
}
