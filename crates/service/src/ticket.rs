//! Tickets: short-lived things that are no state and count once, such as an invitation or a sign-in
//! that waits for its second factor. What they hold is sealed; who has the secret finds them.

use crate::secret::{Secret, hash};
use crate::{Error, Service};
use rolecall_model::Timestamp;
use rolecall_store::{OrganizationKey, Ticket};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A ticket that counts.
pub(crate) struct Found<T> {
    pub organization: OrganizationKey,
    pub content: T,
}

impl Service {
    /// Makes a ticket that counts for some seconds.
    pub(crate) async fn make_ticket(
        &self,
        kind: &'static str,
        (organization, owner): (OrganizationKey, [u8; 16]),
        seconds: i64,
        content: &impl Serialize,
    ) -> Result<(Secret, Timestamp), Error> {
        let (secret, expires) = (Secret::generate()?, self.now().plus_seconds(seconds));
        let data = self.sealed(kind, content)?;
        let ticket = Ticket { organization, owner, expires_at: expires.micros(), data };
        self.store().put_ticket(kind, secret.hash(), &ticket).await?;
        Ok((secret, expires))
    }

    /// The ticket of this secret, if it counts. It stays.
    pub(crate) async fn look_at_ticket<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        secret: &str,
    ) -> Result<Option<Found<T>>, Error> {
        let ticket = self.store().ticket(kind, hash(secret)).await?;
        self.opened(kind, ticket)
    }

    /// The ticket of this secret, if it counts. Exactly one of several takers gets it.
    pub(crate) async fn take_ticket<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        secret: &str,
    ) -> Result<Option<Found<T>>, Error> {
        let ticket = self.store().take_ticket(kind, hash(secret)).await?;
        self.opened(kind, ticket)
    }

    fn opened<T: DeserializeOwned>(&self, kind: &str, ticket: Option<Ticket>) -> Result<Option<Found<T>>, Error> {
        let Some(Ticket { organization, expires_at, data, .. }) = ticket else { return Ok(None) };
        if expires_at <= self.now().micros() {
            return Ok(None);
        }
        let content = self.unsealed(kind, &data)?;
        Ok(Some(Found { organization, content }))
    }

    /// A value as sealed JSON.
    pub(crate) fn sealed(&self, purpose: &str, content: &impl Serialize) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(content).map_err(|error| Error::Internal(error.to_string()))?;
        self.key().seal(purpose, &plain)
    }

    /// The value of sealed JSON.
    pub(crate) fn unsealed<T: DeserializeOwned>(&self, purpose: &str, sealed: &[u8]) -> Result<T, Error> {
        let plain = self.key().open(purpose, sealed)?;
        serde_json::from_slice(&plain).map_err(|error| Error::Damaged(error.to_string()))
    }
}
