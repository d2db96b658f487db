//! Answering a repeated request: a caller's key is remembered for 24 hours, with what it was
//! answered. Commands that were refused are not remembered.

use crate::Error;
use crate::organization::read;
use rolecall_model::moment::Actor;
use rolecall_model::{Change, Timestamp};
use rolecall_store::{OrganizationKey, Row, Store};

/// How long a key counts.
pub(crate) const SECONDS: i64 = 24 * 60 * 60;

/// A caller's key for repeating a request safely.
#[derive(Clone, Debug)]
pub(crate) struct Idempotency {
    /// The caller's subject, which outlives its tokens.
    pub caller: [u8; 16],
    pub key: String,
    /// Of what was asked, to know another request under the same key.
    pub digest: [u8; 32],
}

/// What a key was answered before.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub revision: u64,
    pub changes: Vec<Change>,
    /// Who made the entry; none when the command had no effect.
    pub actor: Option<Actor>,
}

impl Idempotency {
    /// The row that remembers an answer.
    pub(crate) fn row(&self, revision: u64, at: Timestamp) -> Row {
        let Idempotency { caller, key, digest } = self.clone();
        Row::Idempotency { caller, key, digest, revision, at: at.micros() }
    }

    /// What this key was answered before, if it was.
    pub(crate) async fn remembered(
        &self,
        store: &dyn Store,
        organization: OrganizationKey,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Option<Remembered>, Error> {
        let Some(found) = store.idempotency(organization, self.caller, &self.key).await? else { return Ok(None) };
        if found.at < now.plus_seconds(-SECONDS).micros() {
            return Ok(None);
        }
        if found.digest != self.digest {
            return Err(Error::IdempotencyMismatch);
        }
        let nothing = Remembered { revision: found.revision, changes: Vec::new(), actor: None };
        let Some(record) = store.record(organization, found.revision).await? else { return Ok(Some(nothing)) };
        // A command without effect is remembered at the revision it left unchanged, whose entry may
        // be anybody's.
        if record.at != found.at {
            return Ok(Some(nothing));
        }
        let entry = read(record).await?;
        let own =
            entry.idempotency.as_deref() == Some(self.key.as_str()) && entry.actor.principal() == actor.principal();
        Ok(Some(if own { Remembered { changes: entry.changes, actor: Some(entry.actor), ..nothing } } else { nothing }))
    }
}
