//! Checkpoints: states at a revision, kept to make starting quick. Losing one loses nothing but time.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::{Checkpoint, OrganizationKey, StoreError};

/// The saved states of every organization.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Keeps a state. The chunks are written as they come, in short transactions that let appends pass, and the
    /// checkpoint is there only once all of them are durable. One that is already there at this revision is
    /// replaced. If a chunk is an error, nothing is kept: [`StoreError::Interrupted`].
    async fn save(
        &self,
        organization: OrganizationKey,
        checkpoint: Checkpoint,
        chunks: BoxStream<'_, std::io::Result<Bytes>>,
    ) -> Result<(), StoreError>;

    /// The checkpoints that this version wrote, newest first.
    async fn newest(&self, organization: OrganizationKey, version: u32) -> Result<Vec<Checkpoint>, StoreError>;

    /// The bytes of a checkpoint in pieces of at most [`PART`](crate::PART), one in memory at a time.
    ///
    /// The pieces need not be cut where they were cut when saved. Ends with [`StoreError::Damaged`] if a part is
    /// missing. Empty if there is no such checkpoint.
    fn load(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Bytes, StoreError>>;

    /// Removes a checkpoint that its reader found unusable; nothing happens if there is none.
    async fn drop_damaged(&self, organization: OrganizationKey, revision: u64) -> Result<(), StoreError>;

    /// Thins them out with age: keeps the newest three, then the newest of each day for a week before `now`
    /// (microseconds since the Unix epoch), then the newest of each week. Answers how many went.
    async fn thin(&self, organization: OrganizationKey, now: i64) -> Result<usize, StoreError>;

    /// Removes all checkpoints, and overwrites what they, and bodies replaced before, left in the files. For the
    /// erasure of a person, whose values would otherwise stay in old states.
    async fn forget_all(&self, organization: OrganizationKey) -> Result<(), StoreError>;
}
