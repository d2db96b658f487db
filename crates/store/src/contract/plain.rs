//! The plain tables beside the log: organizations, secrets, idempotency keys, events, last use, settings.

use async_trait::async_trait;

use crate::{Event, Head, IdempotencyKey, OrganizationKey, OrganizationRow, Record, Row, Secret, StoreError};

/// What is kept outside the log.
#[async_trait]
pub trait Plain: Send + Sync {
    /// All organizations, by time of creation.
    async fn organizations(&self) -> Result<Vec<OrganizationRow>, StoreError>;

    /// Creates an organization with the first entries of its log and their rows, in one transaction.
    ///
    /// Fails with [`StoreError::Taken`] if its key, its name or the place of the home organization is taken.
    async fn found(&self, organization: &OrganizationRow, records: &[Record], rows: Vec<Row>)
    -> Result<(), StoreError>;

    /// Removes an organization and everything of it, in one transaction. Answers whether it was there.
    async fn delete_organization(&self, organization: OrganizationKey) -> Result<bool, StoreError>;

    /// Whose secret has this hash, looked for in all organizations.
    async fn secret_by_hash(
        &self,
        kind: &str,
        hash: [u8; 32],
    ) -> Result<Option<(OrganizationKey, [u8; 16])>, StoreError>;

    /// One secret.
    async fn secret(
        &self,
        organization: OrganizationKey,
        kind: &str,
        key: [u8; 16],
    ) -> Result<Option<Secret>, StoreError>;

    /// What this caller's key was answered with, however long ago; the caller decides what is too old.
    async fn idempotency(
        &self,
        organization: OrganizationKey,
        caller: [u8; 16],
        key: &str,
    ) -> Result<Option<IdempotencyKey>, StoreError>;

    /// Removes the idempotency keys of all organizations from before this time, in microseconds since the Unix
    /// epoch. Answers how many went.
    async fn prune_idempotency(&self, before: i64) -> Result<u64, StoreError>;

    /// Writes events in one transaction. Positions count on from the newest without gaps, else
    /// [`StoreError::Raced`] or [`StoreError::NotContiguous`].
    async fn append_events(&self, organization: OrganizationKey, events: &[Event]) -> Result<(), StoreError>;

    /// The newest event's position (as `revision`), hash and time.
    async fn event_head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError>;

    /// At most `limit` events after `position`, oldest first.
    async fn events_after(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// At most `limit` events before `position`, newest first. `u64::MAX` begins at the newest.
    async fn events_before(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Remembers when each of these was last used, in microseconds since the Unix epoch. Never goes backwards.
    async fn touch(
        &self,
        organization: OrganizationKey,
        kind: &str,
        uses: &[([u8; 16], i64)],
    ) -> Result<(), StoreError>;

    /// When each was last used, of those that ever were, in no order.
    async fn last_used(
        &self,
        organization: OrganizationKey,
        kind: &str,
        keys: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], i64)>, StoreError>;

    /// A setting of the installation.
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts a setting in its place, over the one that was there.
    async fn set(&self, name: &str, value: Vec<u8>) -> Result<(), StoreError>;

    /// The random number that names this installation: made when the database is first opened, and the same for
    /// good.
    async fn installation(&self) -> Result<[u8; 16], StoreError>;
}
