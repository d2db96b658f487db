//! A backup of the running installation: log and rows in one consistent snapshot.

use crate::Error;
use crate::ctx::Ctx;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use rolecall_engine::Place;
use rolecall_model::operation as op;
use std::io;
use std::path::PathBuf;
use tokio::io::AsyncReadExt;

/// Bytes handed over at once.
const PIECE: usize = 1 << 18;

/// One consistent snapshot of the whole installation, as the bytes of a database file. Counts in the
/// home organization only.
///
/// # Errors
/// `Forbidden`; `Store` when the snapshot cannot be taken.
pub async fn backup(ctx: &Ctx) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
    if !ctx.is_home() {
        return Err(ctx.forbidden(op::BACKUP, Place::ORGANIZATION));
    }
    ctx.require(op::BACKUP, Place::ORGANIZATION)?;
    let folder = Folder::make()?;
    let file = folder.0.join("snapshot.db");
    ctx.service.store().backup(&file).await?;
    let opened = tokio::fs::File::open(&file).await.map_err(|error| Error::Damaged(error.to_string()))?;
    let stream = futures::stream::try_unfold((opened, folder), |(mut file, folder)| async move {
        let mut piece = vec![0; PIECE];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok((count > 0).then(|| (Bytes::from(piece), (file, folder))))
    });
    Ok(stream.boxed())
}

/// A folder of this process only, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt;
        let mut bits = [0; 16];
        bits.copy_from_slice(&crate::clock::random()?[..16]);
        let path = std::env::temp_dir().join(format!("rolecall-backup-{:032x}", u128::from_be_bytes(bits)));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::Damaged(format!("no folder for the snapshot: {error}")))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the folder of a snapshot was not removed");
        }
    }
}
