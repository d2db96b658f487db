//! What callers ask of the store: five small contracts and their sum. Not here: any SQL.

mod checkpoints;
mod log;
mod outbox;
mod plain;
mod tickets;

use std::path::Path;

use async_trait::async_trait;

pub use self::{checkpoints::Checkpoints, log::Log, outbox::Outbox, plain::Plain, tickets::Tickets};
use crate::StoreError;

/// Everything the service needs, in one object.
#[async_trait]
pub trait Store: Log + Checkpoints + Plain + Tickets + Outbox {
    /// Writes one consistent snapshot of everything into a new file, while the store keeps working.
    ///
    /// Refuses to overwrite. When this returns, the file is whole and on the disk.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// Finishes what is being written, folds the write-ahead log into the database and lets go of it.
    ///
    /// Whatever is asked afterwards fails with [`StoreError::Closed`]. Closing twice does nothing.
    async fn close(&self) -> Result<(), StoreError>;
}
