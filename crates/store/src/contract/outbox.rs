//! The outbox: mail that waits to be sent.

use async_trait::async_trait;

use crate::{Mail, OrganizationKey, StoreError};

/// The waiting mail of every organization. Times are in microseconds since the Unix epoch.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a mail that is due at once, and answers its number. Fails with [`StoreError::NoOrganization`].
    async fn put_mail(&self, organization: OrganizationKey, at: i64, data: Vec<u8>) -> Result<i64, StoreError>;

    /// At most `limit` mails that are due at `now`, the longest due first.
    async fn due_mail(&self, now: i64, limit: usize) -> Result<Vec<Mail>, StoreError>;

    /// Says when a mail is to be tried again, and how often it was. Nothing happens if it is gone.
    async fn postpone_mail(&self, id: i64, next_at: i64, attempts: u32) -> Result<(), StoreError>;

    /// Removes a mail that was sent or given up; nothing happens if it is gone.
    async fn drop_mail(&self, id: i64) -> Result<(), StoreError>;

    /// When the next mail is due, `None` if none waits.
    async fn next_mail(&self) -> Result<Option<i64>, StoreError>;

    /// How many mails wait.
    async fn waiting_mail(&self) -> Result<u64, StoreError>;
}
