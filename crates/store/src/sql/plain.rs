//! Organizations, secrets, idempotency keys, last use and settings in SQL.

use async_trait::async_trait;

use super::{
    Batch, Cells, Database, SqlStore,
    batch::values,
    events,
    log::{add_all, head},
    rows::contiguous,
};
use crate::{Event, Head, IdempotencyKey, OrganizationKey, OrganizationRow, Plain, Record, Row, Secret, StoreError};

const ORGANIZATIONS: &str = "SELECT key, name, home, created_at FROM organization ORDER BY created_at, name";
const FOUND: &str = "INSERT INTO organization (key, name, home, created_at) VALUES ($1, $2, $3, $4)";
/// Everything of an organization, what refers first.
const DELETE: [&str; 12] = [
    "DELETE FROM outbox WHERE organization = $1",
    "DELETE FROM ticket WHERE organization = $1",
    "DELETE FROM last_use WHERE organization = $1",
    "DELETE FROM event WHERE organization = $1",
    "DELETE FROM idempotency WHERE organization = $1",
    "DELETE FROM secret WHERE organization = $1",
    "DELETE FROM checkpoint_part WHERE organization = $1",
    "DELETE FROM checkpoint WHERE organization = $1",
    "DELETE FROM mention WHERE organization = $1",
    "DELETE FROM entry_part WHERE organization = $1",
    "DELETE FROM entry WHERE organization = $1",
    "DELETE FROM organization WHERE key = $1",
];
const SECRET_BY_HASH: &str = "SELECT organization, key FROM secret WHERE kind = $1 AND hash = $2";
const SECRET: &str = "SELECT hash, data FROM secret WHERE organization = $1 AND kind = $2 AND key = $3";
const IDEMPOTENCY: &str = "SELECT digest, revision, at FROM idempotency \
    WHERE organization = $1 AND caller = $2 AND key = $3";
const PRUNE: &str = "DELETE FROM idempotency WHERE at < $1";
const TOUCH: &str = "INSERT INTO last_use (organization, kind, key, at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (organization, kind, key) DO UPDATE SET at = excluded.at WHERE excluded.at > last_use.at";
const LAST_USED: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4) \
    SELECT l.key, l.at FROM n JOIN last_use l ON l.organization = $1 AND l.kind = $2 \
    AND l.key = substr($3, CAST(16 * i + 1 AS INTEGER), 16)";
const SETTING: &str = "SELECT value FROM setting WHERE name = $1";
const SET: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const SET_ONCE: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const INSTALLATION: &str = "installation";

#[async_trait]
impl<D: Database> Plain for SqlStore<D> {
    async fn organizations(&self) -> Result<Vec<OrganizationRow>, StoreError> {
        let found = self.database.read(ORGANIZATIONS, vec![]).await?;
        found.iter().map(organization).collect()
    }

    async fn found(
        &self,
        organization: &OrganizationRow,
        records: &[Record],
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        contiguous(0, records.iter().map(|record| record.revision))?;
        let OrganizationRow { key, name, home, created_at } = organization;
        let mut batch = Batch::new().with(FOUND, values![*key, name.as_str(), *home, *created_at]);
        add_all(&mut batch, *key, records, rows);
        self.database.commit(batch).await.map(drop)
    }

    async fn delete_organization(&self, organization: OrganizationKey) -> Result<bool, StoreError> {
        let mut batch = Batch::new();
        for sql in DELETE {
            batch.add(sql, values![organization]);
        }
        let changed = self.database.commit(batch).await?;
        Ok(changed.last() == Some(&1))
    }

    async fn secret_by_hash(
        &self,
        kind: &str,
        hash: [u8; 32],
    ) -> Result<Option<(OrganizationKey, [u8; 16])>, StoreError> {
        let found = self.database.read(SECRET_BY_HASH, values![kind, hash]).await?;
        found.first().map(|row| Ok((OrganizationKey(row.exactly(0)?), row.exactly(1)?))).transpose()
    }

    async fn secret(
        &self,
        organization: OrganizationKey,
        kind: &str,
        key: [u8; 16],
    ) -> Result<Option<Secret>, StoreError> {
        let found = self.database.read(SECRET, values![organization, kind, key]).await?;
        found.first().map(secret).transpose()
    }

    async fn idempotency(
        &self,
        organization: OrganizationKey,
        caller: [u8; 16],
        key: &str,
    ) -> Result<Option<IdempotencyKey>, StoreError> {
        let found = self.database.read(IDEMPOTENCY, values![organization, caller, key]).await?;
        found.first().map(idempotency).transpose()
    }

    async fn prune_idempotency(&self, before: i64) -> Result<u64, StoreError> {
        self.changed(PRUNE, values![before]).await
    }

    async fn append_events(&self, organization: OrganizationKey, events: &[Event]) -> Result<(), StoreError> {
        self.database.commit(events::append(organization, events)?).await.map(drop)
    }

    async fn event_head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError> {
        let found = self.database.read(events::HEAD, values![organization]).await?;
        found.first().map(head).transpose()
    }

    async fn events_after(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let found = self.database.read(events::AFTER, values![organization, position, limit]).await?;
        found.iter().map(events::event).collect()
    }

    async fn events_before(
        &self,
        organization: OrganizationKey,
        position: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let found = self.database.read(events::BEFORE, values![organization, position, limit]).await?;
        found.iter().map(events::event).collect()
    }

    async fn touch(
        &self,
        organization: OrganizationKey,
        kind: &str,
        uses: &[([u8; 16], i64)],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for (key, at) in uses {
            batch.add(TOUCH, values![organization, kind, *key, *at]);
        }
        self.database.commit(batch).await.map(drop)
    }

    async fn last_used(
        &self,
        organization: OrganizationKey,
        kind: &str,
        keys: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], i64)>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = values![organization, kind, keys.concat(), keys.len()];
        let found = self.database.read(LAST_USED, wanted).await?;
        found.iter().map(|row| Ok((row.exactly(0)?, row.int(1)?))).collect()
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.database.read(SETTING, values![name]).await?;
        found.first().map(|row| row.bytes(0).map(Vec::from)).transpose()
    }

    async fn set(&self, name: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.database.commit(Batch::new().with(SET, values![name, value])).await.map(drop)
    }

    async fn installation(&self) -> Result<[u8; 16], StoreError> {
        let mut found = self.database.read(SETTING, values![INSTALLATION]).await?;
        if found.is_empty() {
            let mut fresh = [0; 16];
            getrandom::fill(&mut fresh).map_err(|error| StoreError::Database(error.into()))?;
            self.database.commit(Batch::new().with(SET_ONCE, values![INSTALLATION, fresh])).await?;
            found = self.database.read(SETTING, values![INSTALLATION]).await?;
        }
        let row = found.first().ok_or_else(|| StoreError::Damaged("the installation has no number".into()))?;
        row.exactly(0)
    }
}

fn organization(row: &Cells) -> Result<OrganizationRow, StoreError> {
    Ok(OrganizationRow {
        key: OrganizationKey(row.exactly(0)?),
        name: row.text(1)?.to_owned(),
        home: row.int(2)? != 0,
        created_at: row.int(3)?,
    })
}

fn secret(row: &Cells) -> Result<Secret, StoreError> {
    let hash = if row.is_null(0) { None } else { Some(row.exactly(0)?) };
    let data = if row.is_null(1) { None } else { Some(row.bytes(1)?.into()) };
    Ok(Secret { hash, data })
}

fn idempotency(row: &Cells) -> Result<IdempotencyKey, StoreError> {
    Ok(IdempotencyKey { digest: row.exactly(0)?, revision: row.count(1)?, at: row.int(2)? })
}
