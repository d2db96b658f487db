//! What can go wrong with a use case. Each façade translates this once.

use rolecall_model::Refusal;
use rolecall_store::StoreError;
use std::time::Duration;

/// Why a use case was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No credential, a wrong one, or one that counts no longer. The sentence says which.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may see it but not do it.
    #[error("{message}")]
    Forbidden {
        /// The action that is missing.
        action: String,
        /// Where it is missing.
        place: String,
        /// Both, as a sentence.
        message: String,
    },
    /// It is not there, or the caller may not see it.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
    },
    /// A rule of the model stands in the way.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Somebody changed the thing since the caller read it.
    #[error("it was changed since you read it (it is at revision {revision} now); read it again and repeat")]
    Precondition {
        /// The revision that last changed it.
        revision: u64,
    },
    /// The same idempotency key came with another request.
    #[error("this Idempotency-Key was used for another request; choose a new key for a new request")]
    IdempotencyMismatch,
    /// A revision was demanded that is not here yet.
    #[error("revision {wanted} is not here yet, this is {have}; try again")]
    NotYet {
        /// The revision demanded.
        wanted: u64,
        /// The newest known.
        have: u64,
    },
    /// Too much at once; later it will work.
    #[error("{message}")]
    Busy {
        /// When to try again.
        retry_after: Duration,
        /// What is busy.
        message: String,
        /// Whether it is for too many tries by whoever asks, or for one account.
        tries: bool,
    },
    /// What was sent cannot be read, at a line of it.
    #[error("{message}")]
    Unreadable {
        /// What is wrong and where.
        message: String,
    },
    /// The store failed; the cause is for the log only.
    #[error(
        "the database could not do it; nothing was changed, try again, and see the server's log if it happens again"
    )]
    Store(#[source] StoreError),
    /// What was read from the store is not what was written.
    #[error("the stored history cannot be read; see the server's log and restore a backup")]
    Damaged(String),
    /// A mistake in this program; what is known of it is for the log only.
    #[error(
        "something went wrong that should not; look whether it was done before you repeat it, and see the server's log"
    )]
    Internal(String),
    /// The service is stopping.
    #[error("the service is stopping")]
    Closing,
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SecretTaken => Error::Refused(Refusal::new(
                rolecall_model::refusal::Kind::Taken,
                "token",
                "the same secret is already in use; choose another",
            )),
            StoreError::Closed => Error::Closing,
            error => Error::Store(error),
        }
    }
}

impl Error {
    /// Something that is not there, or may not be seen: both read the same.
    pub fn not_found(noun: &str, name: &str) -> Self {
        let name = rolecall_model::refusal::shown(name);
        Error::NotFound { message: format!("no {noun} named \"{name}\"") }
    }
}
