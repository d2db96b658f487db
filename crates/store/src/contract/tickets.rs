//! Tickets: short-lived things that count once and are no state, such as an invitation or an authorization code.

use async_trait::async_trait;

use crate::{OrganizationKey, StoreError, Ticket};

/// The tickets of every organization. Each is found by its kind and the hash of its secret.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket. Fails with [`StoreError::Taken`] if one of this kind and hash is there, and with
    /// [`StoreError::NoOrganization`].
    async fn put_ticket(&self, kind: &'static str, hash: [u8; 32], ticket: &Ticket) -> Result<(), StoreError>;

    /// One ticket, whatever its age: the caller compares with its clock.
    async fn ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError>;

    /// Removes a ticket and answers it as it last was. Of several who take the same one, exactly one gets it.
    async fn take_ticket(&self, kind: &str, hash: [u8; 32]) -> Result<Option<Ticket>, StoreError>;

    /// Puts other data in a ticket, if its data is still `before`. Answers whether it was.
    async fn change_ticket(
        &self,
        kind: &str,
        hash: [u8; 32],
        before: &[u8],
        after: Vec<u8>,
    ) -> Result<bool, StoreError>;

    /// An owner's tickets of one kind, whatever their age, in no order: the caller compares with its clock.
    async fn tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<Vec<Ticket>, StoreError>;

    /// Removes an owner's tickets of one kind. Answers how many went.
    async fn drop_tickets_of(
        &self,
        organization: OrganizationKey,
        kind: &str,
        owner: [u8; 16],
    ) -> Result<u64, StoreError>;

    /// Removes the tickets of all organizations that expired before this time, in microseconds since the Unix epoch.
    /// Answers how many went.
    async fn prune_tickets(&self, before: i64) -> Result<u64, StoreError>;
}
