//! Single sign-on: what providers an organization has, who somebody is that comes back from one, and how
//! memberships follow what the provider says.
//!
//! Not here: speaking to a provider (`rolecall-signin`), the rules of providers and memberships
//! (`rolecall-model`).

mod arrive;
mod claim;
mod pending;
mod plan;
mod provider;
mod trial;

pub use arrive::{arrive, note_failure};
pub use claim::{Arrival, Claimed};
pub use pending::{Begun, Pending, begin, resume};
pub use plan::Barred;
pub use provider::{Client, change_provider, client, create_provider, shown_secret};
pub(crate) use provider::{PROVIDER, secret_key};
pub use trial::{Trial, Who, dry_run};

use crate::Error;

/// What went wrong with a sign-in by a provider.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person is not let in; an administrator can mend it.
    #[error("{0}")]
    Barred(#[from] Barred),
    /// What the provider sent back belongs to no sign-in under way: it took too long, or was used before.
    #[error("this sign-in took longer than ten minutes or was finished before; begin again")]
    Stale,
    /// What the provider sent back belongs to a sign-in in another browser.
    #[error("this sign-in was begun in another browser; begin it in this one")]
    OtherBrowser,
    /// Nobody can be signed in at all.
    #[error("{0}")]
    Error(#[from] Error),
}
