//! The outbox in SQL.

use async_trait::async_trait;

use super::{Batch, Cells, Database, SqlStore, batch::values};
use crate::{Mail, OrganizationKey, Outbox, StoreError};

const PUT: &str = "INSERT INTO outbox (id, organization, at, next_at, attempts, data) VALUES ($1, $2, $3, $3, 0, $4)";
const DUE: &str = "SELECT id, organization, at, next_at, attempts, data FROM outbox WHERE next_at <= $1 \
    ORDER BY next_at, at, id LIMIT $2";
const POSTPONE: &str = "UPDATE outbox SET next_at = $2, attempts = $3 WHERE id = $1";
const DROP: &str = "DELETE FROM outbox WHERE id = $1";
const NEXT: &str = "SELECT next_at FROM outbox ORDER BY next_at LIMIT 1";
const WAITING: &str = "SELECT count(*) FROM outbox";

#[async_trait]
impl<D: Database> Outbox for SqlStore<D> {
    async fn put_mail(&self, organization: OrganizationKey, at: i64, data: Vec<u8>) -> Result<i64, StoreError> {
        let id = number()?;
        self.database.commit(Batch::new().with(PUT, values![id, organization, at, data])).await?;
        Ok(id)
    }

    async fn due_mail(&self, now: i64, limit: usize) -> Result<Vec<Mail>, StoreError> {
        let found = self.database.read(DUE, values![now, limit]).await?;
        found.iter().map(mail).collect()
    }

    async fn postpone_mail(&self, id: i64, next_at: i64, attempts: u32) -> Result<(), StoreError> {
        self.changed(POSTPONE, values![id, next_at, attempts]).await.map(drop)
    }

    async fn drop_mail(&self, id: i64) -> Result<(), StoreError> {
        self.changed(DROP, values![id]).await.map(drop)
    }

    async fn next_mail(&self) -> Result<Option<i64>, StoreError> {
        let found = self.database.read(NEXT, vec![]).await?;
        found.first().map(|row| row.int(0)).transpose()
    }

    async fn waiting_mail(&self) -> Result<u64, StoreError> {
        let found = self.database.read(WAITING, vec![]).await?;
        found.first().map_or(Ok(0), |row| row.count(0))
    }
}

/// Drawn rather than counted: both databases would have their own way to answer a counted one. Of 63 random bits, no
/// two are the same among the few mails that wait.
fn number() -> Result<i64, StoreError> {
    let drawn = getrandom::u64().map_err(|error| StoreError::Database(error.into()))?;
    Ok((drawn >> 1).cast_signed())
}

fn mail(row: &Cells) -> Result<Mail, StoreError> {
    let attempts = row.count(4)?;
    Ok(Mail {
        id: row.int(0)?,
        organization: OrganizationKey(row.exactly(1)?),
        at: row.int(2)?,
        next_at: row.int(3)?,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        data: row.bytes(5)?.into(),
    })
}
