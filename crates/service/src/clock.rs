//! The clock, handed in so that a test can hold it.

use rolecall_model::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The instant now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Thirty-two random bytes from the operating system.
///
/// # Errors
/// `Damaged` when the system has none, which stops whatever needed them.
pub(crate) fn random() -> Result<[u8; 32], crate::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| crate::Error::Damaged(format!("the operating system gives no randomness: {error}")))?;
    Ok(bytes)
}
