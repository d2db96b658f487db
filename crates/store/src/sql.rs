//! The contracts, once, in SQL that SQLite and PostgreSQL both understand: `$1` placeholders, and only bytes,
//! text, 64-bit integers and null. Not here: how a database is opened, and how a batch becomes a transaction.

mod batch;
mod checkpoints;
mod events;
mod log;
mod outbox;
mod plain;
mod rows;
mod thinning;
mod tickets;

use std::path::Path;

use async_trait::async_trait;

pub use self::batch::{Batch, Cells, Statement, Value};
use crate::{Store, StoreError};

/// What differs between databases, and all that the contracts need of one.
#[async_trait]
pub trait Database: Send + Sync + 'static {
    /// Runs the statements in one transaction and answers how many rows each changed. When this returns, the
    /// rows are durable; when it fails, or nobody waits any more, all of them are there or none.
    async fn commit(&self, batch: Batch) -> Result<Vec<u64>, StoreError>;

    /// All rows that a query answers, as one consistent view.
    async fn read(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Cells>, StoreError>;

    /// Makes sure that deleted bytes are in no file any more.
    async fn scrub(&self) -> Result<(), StoreError>;

    /// See [`Store::backup`].
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// See [`Store::close`].
    async fn close(&self) -> Result<(), StoreError>;
}

/// The store on a database that speaks SQL.
#[derive(Debug)]
pub struct SqlStore<D> {
    pub(crate) database: D,
}

impl<D: Database> SqlStore<D> {
    /// Runs one statement and answers how many rows it changed.
    async fn changed(&self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let changed = self.database.commit(Batch::new().with(sql, values)).await?;
        Ok(changed.first().copied().unwrap_or_default())
    }
}

#[async_trait]
impl<D: Database> Store for SqlStore<D> {
    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.database.backup(to).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.database.close().await
    }
}
