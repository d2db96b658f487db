//! The log of an organization: append, read in both directions, and take a person's values out of it.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::{Head, OrganizationKey, Record, Row, StoreError, Subject};

/// The history of every organization.
#[async_trait]
pub trait Log: Send + Sync {
    /// Writes entries and rows in one transaction: when this returns, all of it is durable; when it fails, none
    /// of it is there.
    ///
    /// `expected_head` is the revision the first record follows, 0 for an empty log. Without records only the
    /// rows are written, and the head is not looked at. If the caller stops waiting, the transaction still ends
    /// one way or the other.
    ///
    /// Fails with [`StoreError::Raced`] if the head is not `expected_head`, with [`StoreError::NotContiguous`] if
    /// the records do not count up from it, and with [`StoreError::NoOrganization`].
    async fn append(
        &self,
        organization: OrganizationKey,
        expected_head: u64,
        records: &[Record],
        rows: Vec<Row>,
    ) -> Result<(), StoreError>;

    /// The newest entry's revision, hash and time; `None` if there is no entry.
    async fn head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError>;

    /// Entries after `revision`, oldest first, up to the newest at the time of each look.
    ///
    /// Reads a few MiB at a time and holds no lock in between, so a slow reader hinders nobody.
    fn after(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Record, StoreError>>;

    /// At most `limit` entries before `revision`, newest first. `u64::MAX` begins at the newest.
    fn before(
        &self,
        organization: OrganizationKey,
        revision: u64,
        limit: usize,
    ) -> BoxStream<'_, Result<Record, StoreError>>;

    /// One entry.
    async fn record(&self, organization: OrganizationKey, revision: u64) -> Result<Option<Record>, StoreError>;

    /// Replaces a body in place, keeping its time and hash, and forgets that it mentions `forget`.
    ///
    /// Only for erasing a person's values, which the chain of hashes allows. The old bytes are overwritten in
    /// the file; [`Checkpoints::forget_all`](crate::Checkpoints::forget_all) makes sure that they have also left
    /// the write-ahead log. Fails with [`StoreError::NoEntry`].
    async fn rewrite(
        &self,
        organization: OrganizationKey,
        revision: u64,
        body: Vec<Bytes>,
        forget: Subject,
    ) -> Result<(), StoreError>;

    /// The revisions whose entries hold personal values of the subject, oldest first.
    async fn mentions(&self, organization: OrganizationKey, subject: Subject) -> Result<Vec<u64>, StoreError>;
}
