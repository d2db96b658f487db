//! Checkpoints in SQL. The parts go in first and the row last, so a checkpoint that is there is whole, and appends
//! pass between the parts.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::{Batch, Cells, Database, SqlStore, batch::values, rows::Recut, thinning};
use crate::{Checkpoint, Checkpoints, OrganizationKey, StoreError};

const GONE: &str = "DELETE FROM checkpoint WHERE organization = $1 AND revision = $2";
const PARTS_GONE: &str = "DELETE FROM checkpoint_part WHERE organization = $1 AND revision = $2";
/// Parts that a save left behind when it was interrupted.
const ORPHANS_GONE: &str = "DELETE FROM checkpoint_part WHERE organization = $1 AND NOT EXISTS \
    (SELECT 1 FROM checkpoint c WHERE c.organization = $1 AND c.revision = checkpoint_part.revision)";
const PART: &str = "INSERT INTO checkpoint_part (organization, revision, part, body) VALUES ($1, $2, $3, $4)";
/// Counts the parts once more, since another save may have taken them for orphans.
const SAVE: &str = "INSERT INTO checkpoint (organization, revision, version, at, state_hash, parts) \
    SELECT $1, $2, $3, $4, $5, $6 WHERE $6 = \
    (SELECT count(*) FROM checkpoint_part WHERE organization = $1 AND revision = $2)";
const NEWEST: &str = "SELECT revision, version, at, state_hash FROM checkpoint \
    WHERE organization = $1 AND version = $2 ORDER BY revision DESC";
const ALL: &str = "SELECT revision, at FROM checkpoint WHERE organization = $1 ORDER BY revision DESC";
const COUNT: &str = "SELECT parts FROM checkpoint WHERE organization = $1 AND revision = $2";
const LOAD: &str = "SELECT body FROM checkpoint_part WHERE organization = $1 AND revision = $2 AND part = $3";
const ALL_GONE: &str = "DELETE FROM checkpoint WHERE organization = $1";
const ALL_PARTS_GONE: &str = "DELETE FROM checkpoint_part WHERE organization = $1";

#[async_trait]
impl<D: Database> Checkpoints for SqlStore<D> {
    async fn save(
        &self,
        organization: OrganizationKey,
        checkpoint: Checkpoint,
        mut chunks: BoxStream<'_, std::io::Result<Bytes>>,
    ) -> Result<(), StoreError> {
        let Checkpoint { revision, version, at, state_hash } = checkpoint;
        let clear = gone(organization, revision).with(ORPHANS_GONE, values![organization]);
        self.database.commit(clear).await?;
        let mut recut = Recut::default();
        let mut parts = 0;
        while let Some(chunk) = chunks.next().await {
            for part in recut.push(chunk.map_err(StoreError::Interrupted)?) {
                self.save_part(organization, revision, &mut parts, part).await?;
            }
        }
        if let Some(part) = recut.finish() {
            self.save_part(organization, revision, &mut parts, part).await?;
        }
        let row = values![organization, revision, version, at, state_hash, parts];
        match self.database.commit(Batch::new().with(SAVE, row)).await?.first() {
            Some(1) => Ok(()),
            _ => Err(StoreError::Raced),
        }
    }

    async fn newest(&self, organization: OrganizationKey, version: u32) -> Result<Vec<Checkpoint>, StoreError> {
        let found = self.database.read(NEWEST, values![organization, version]).await?;
        found.iter().map(checkpoint).collect()
    }

    fn load(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Bytes, StoreError>> {
        Box::pin(stream::try_unfold((0, None), move |(part, parts)| async move {
            let parts = match parts {
                Some(parts) => parts,
                None => self.count(organization, revision).await?,
            };
            if part == parts {
                return Ok(None);
            }
            let body = self.load_part(organization, revision, part).await?;
            Ok(Some((body, (part + 1, Some(parts)))))
        }))
    }

    async fn drop_damaged(&self, organization: OrganizationKey, revision: u64) -> Result<(), StoreError> {
        self.database.commit(gone(organization, revision)).await.map(drop)
    }

    async fn thin(&self, organization: OrganizationKey, now: i64) -> Result<usize, StoreError> {
        let found = self.database.read(ALL, values![organization]).await?;
        let all = found.iter().map(|row| Ok((row.count(0)?, row.int(1)?))).collect::<Result<Vec<_>, _>>()?;
        let superfluous = thinning::superfluous(&all, now);
        for revision in &superfluous {
            self.database.commit(gone(organization, *revision)).await?;
        }
        Ok(superfluous.len())
    }

    async fn forget_all(&self, organization: OrganizationKey) -> Result<(), StoreError> {
        let batch = Batch::new().with(ALL_GONE, values![organization]).with(ALL_PARTS_GONE, values![organization]);
        self.database.commit(batch).await?;
        self.database.scrub().await
    }
}

impl<D: Database> SqlStore<D> {
    async fn save_part(
        &self,
        organization: OrganizationKey,
        revision: u64,
        parts: &mut u64,
        body: Bytes,
    ) -> Result<(), StoreError> {
        let batch = Batch::new().with(PART, values![organization, revision, *parts, body]);
        *parts += 1;
        self.database.commit(batch).await.map(drop)
    }

    async fn count(&self, organization: OrganizationKey, revision: u64) -> Result<u64, StoreError> {
        let found = self.database.read(COUNT, values![organization, revision]).await?;
        found.first().map_or(Ok(0), |row| row.count(0))
    }

    async fn load_part(&self, organization: OrganizationKey, revision: u64, part: u64) -> Result<Bytes, StoreError> {
        let found = self.database.read(LOAD, values![organization, revision, part]).await?;
        let Some(row) = found.first() else {
            return Err(StoreError::Damaged(format!("the checkpoint at {revision} has no part {part}")));
        };
        row.bytes(0)
    }
}

fn gone(organization: OrganizationKey, revision: u64) -> Batch {
    Batch::new().with(GONE, values![organization, revision]).with(PARTS_GONE, values![organization, revision])
}

fn checkpoint(row: &Cells) -> Result<Checkpoint, StoreError> {
    let version = u32::try_from(row.count(1)?)
        .map_err(|_| StoreError::Damaged("a checkpoint's version is out of range".into()))?;
    Ok(Checkpoint { revision: row.count(0)?, version, at: row.int(2)?, state_hash: row.exactly(3)? })
}
