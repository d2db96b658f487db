//! Tickets in SQL.

use async_trait::async_trait;

use super::{Batch, Cells, Database, SqlStore, batch::values};
use crate::{OrganizationKey, StoreError, Ticket, Tickets};

/// Also how a ticket is written beside entries.
pub const PUT: &str = "INSERT INTO ticket (kind, hash, organization, owner, expires_at, data) \
    VALUES ($1, $2, $3, $4, $5, $6)";
/// Also how an owner's tickets are removed beside entries.
pub const GONE: &str = "DELETE FROM ticket WHERE organization = $1 AND kind = $2 AND owner = $3";
const OF_OWNER: &str = "SELECT organization, owner, expires_at, data FROM ticket \
    WHERE organization = $1 AND kind = $2 AND owner = $3";
const TICKET: &str = "SELECT organization, owner, expires_at, data FROM ticket WHERE kind = $1 AND hash = $2";
/// Only as it was read, so that what was taken is what was answered.
const TAKE: &str = "DELETE FROM ticket WHERE kind = $1 AND hash = $2 \
    AND organization = $3 AND owner = $4 AND expires_at = $5 AND data = $6";
const CHANGE: &str = "UPDATE ticket SET data = $4 WHERE kind = $1 AND hash = $2 AND data = $3";
const PRUNE: &str = "DELETE FROM ticket WHERE expires_at < $1";

#[async_trait]
impl<D: Database> Tickets for SqlStore<D> {
    async fn put_ticket(&self, kind: &'static str, hash: [u8; 32], ticket: &Ticket) -> Result<(), StoreError> {
        let Ticket { organization, owner, expires_at, data } = ticket;
        let row = values![kind, hash, *organization, *owner, *expires_at, data.clone()];
        self.database.commit(Batch::new().with(PUT, row)).await.map(drop)
    }

    async fn ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError> {
        let found = self.database.read(TICKET, values![kind, hash]).await?;
        found.first().map(ticket).transpose()
    }

    async fn take_ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError> {
        // Goes round again only when somebody else changed or took it in between.
        while let Some(found) = self.ticket(kind, hash).await? {
            let Ticket { organization, owner, expires_at, data } = &found;
            let seen = values![kind, hash, *organization, *owner, *expires_at, data.clone()];
            if self.changed(TAKE, seen).await? > 0 {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn change_ticket(
        &self,
        kind: &str,
        hash: [u8; 32],
        before: &[u8],
        after: Vec<u8>,
    ) -> Result<bool, StoreError> {
        Ok(self.changed(CHANGE, values![kind, hash, before.to_vec(), after]).await? > 0)
    }

    async fn tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<Vec<Ticket>, StoreError> {
        let found = self.database.read(OF_OWNER, values![organization, kind, owner]).await?;
        found.iter().map(ticket).collect()
    }

    async fn drop_tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<u64, StoreError> {
        self.changed(GONE, values![organization, kind, owner]).await
    }

    async fn prune_tickets(&self, before: i64) -> Result<u64, StoreError> {
        self.changed(PRUNE, values![before]).await
    }
}

fn ticket(row: &Cells) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        organization: OrganizationKey(row.exactly(0)?),
        owner: row.exactly(1)?,
        expires_at: row.int(2)?,
        data: row.bytes(3)?.into(),
    })
}
