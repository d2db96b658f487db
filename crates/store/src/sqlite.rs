//! SQLite as a [`Database`]: one writer and a few readers on one file. Not here: the statements themselves.

mod backup;
mod lock;
mod open;
mod reader;
mod refusal;
mod restore;
mod schema;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::SqlitePool;

use self::writer::Writer;
pub use self::{
    open::{Durability, OpenOptions},
    restore::restore,
};
use crate::{
    StoreError,
    sql::{Batch, Cells, Database, SqlStore, Value},
};

/// The store in one SQLite file, which only this process may have open.
pub type SqliteStore = SqlStore<Sqlite>;

/// A SQLite file that is open.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens a database, and creates it if there is no such file.
    ///
    /// Fails with [`StoreError::Locked`] if another process has it open, with [`StoreError::Newer`] if a newer
    /// program wrote it, with [`StoreError::Damaged`], and with [`StoreError::Unopenable`] for everything that is
    /// wrong with the path or the file.
    pub async fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, StoreError> {
        let database = open::open(path.as_ref(), &options).await?;
        Ok(Self { database })
    }

    /// The file, as an absolute path without symbolic links.
    pub fn path(&self) -> &Path {
        &self.database.path
    }
}

#[async_trait]
impl Database for Sqlite {
    async fn commit(&self, batch: Batch) -> Result<Vec<u64>, StoreError> {
        self.writer.commit(batch).await
    }

    async fn read(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Cells>, StoreError> {
        reader::read(&self.readers, sql, values).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.writer.fold().await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup::backup(&self.readers, to).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        self.writer.close().await
    }
}
