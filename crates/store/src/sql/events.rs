//! Events in SQL: statements and rows, used by the plain tables.

use super::{Batch, Cells, batch::values, rows::contiguous};
use crate::{Event, OrganizationKey, StoreError};

/// As with entries, a position without its predecessor is null and so refused.
const EVENT: &str = "INSERT INTO event (organization, position, at, hash, body) VALUES ($1, \
    (SELECT $2 WHERE $2 = 1 OR EXISTS (SELECT 1 FROM event WHERE organization = $1 AND position = $2 - 1)), \
    $3, $4, $5)";
pub const HEAD: &str = "SELECT position, hash, at FROM event WHERE organization = $1 ORDER BY position DESC LIMIT 1";
pub const AFTER: &str = "SELECT position, at, hash, body FROM event WHERE organization = $1 AND position > $2 \
    ORDER BY position LIMIT $3";
pub const BEFORE: &str = "SELECT position, at, hash, body FROM event WHERE organization = $1 AND position < $2 \
    ORDER BY position DESC LIMIT $3";

/// The batch that writes events.
pub fn append(organization: OrganizationKey, events: &[Event]) -> Result<Batch, StoreError> {
    let mut batch = Batch::new();
    let before = events.first().map_or(0, |first| first.position.saturating_sub(1));
    contiguous(before, events.iter().map(|event| event.position))?;
    for event in events {
        let Event { position, at, hash, body } = event;
        batch.add(EVENT, values![organization, *position, *at, *hash, body.clone()]);
    }
    Ok(batch)
}

/// An event out of a row of position, time, hash and body.
pub fn event(row: &Cells) -> Result<Event, StoreError> {
    Ok(Event { position: row.count(0)?, at: row.int(1)?, hash: row.exactly(2)?, body: row.bytes(3)?.into() })
}
