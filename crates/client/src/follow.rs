//! Decisions in process: a follower keeps a copy of one organization, ready to be asked, and current by the server's
//! stream of replication. An answer then takes no trip and no server, and is as right as one of the server's that is
//! at most [`FollowOptions::oldest`] old.
//!
//! ```no_run
//! use rolecall_client::engine::Place;
//! use rolecall_client::{Client, Connection, FollowOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = Connection {
//!     url: "http://127.0.0.1:7400".to_owned(),
//!     token: Some("a token with rolecall.replicate".to_owned()),
//!     ..Connection::default()
//! };
//! let follower = Client::new(connection)?.follow(FollowOptions::default()).await?;
//! let now = rolecall_client::now();
//! let decision = follower.index()?.check_named("ada@example.com", "deploy", Some("shop"), Some("production"), now);
//! println!("{} at revision {}", decision.allowed, follower.revision());
//! # Ok(())
//! # }
//! ```
//!
//! The whole organization is in it, with the names and addresses of its people: give the token to nobody else.

mod checkpoint;
mod frame;
mod line;
mod replica;

use crate::{Client, ClientError};
use arc_swap::ArcSwap;
use line::Following;
use rolecall_engine::Index;
use rolecall_model::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How to follow.
#[derive(Clone, Copy, Debug)]
pub struct FollowOptions {
    /// The oldest state that is still answered from, 60 seconds unless set. While the server is there states are at
    /// most about five seconds old by this count; it matters when the server is away.
    pub oldest: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        FollowOptions { oldest: Duration::from_mins(1) }
    }
}

/// Why an organization cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The server cannot be reached, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What came does not continue the chain of hashes.
    #[error(
        "what the server sent as revision {revision} does not continue the history; it was changed on the way or there"
    )]
    Tampered {
        /// The revision it claims to be.
        revision: u64,
    },
    /// What came is not understood.
    #[error("what the server sent is not understood: {0}")]
    Unreadable(String),
}

impl FollowError {
    /// Whether the server has not come as far as we have.
    fn says_that_the_server_is_behind(&self) -> bool {
        matches!(self, FollowError::Client(ClientError::Refused { code, .. }) if code == "not_yet")
    }
}

/// The newest state is too old to be answered from.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the newest state is {} ms old and may be {}: {trouble}", age.as_millis(), oldest.as_millis())]
pub struct Stale {
    /// How old it is.
    pub age: Duration,
    /// How old it may be.
    pub oldest: Duration,
    /// What keeps it from being renewed.
    pub trouble: String,
}

/// A copy of an organization that keeps itself current in the background. Any number of threads may ask it at once.
/// It stops when it is dropped.
pub struct Follower {
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// What readers and the background share.
struct Shared {
    published: ArcSwap<Index>,
    begun: Instant,
    /// When the server had nothing newer than what is published, in microseconds since `begun`.
    current: AtomicU64,
    /// Counts everything new, for those who wait.
    news: watch::Sender<u64>,
    trouble: Mutex<Option<String>>,
    oldest: Duration,
}

impl Client {
    /// Loads the organization of this client's token and follows it from then on. The token needs `rolecall.replicate`.
    /// Returns once everything is there that the server had when it was asked.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or when what it sends is not a history. Once it is followed,
    /// the follower tries again by itself.
    pub async fn follow(&self, options: FollowOptions) -> Result<Follower, FollowError> {
        let mut following = line::load(self).await?;
        let shared = Arc::new(Shared::new(&following, options));
        following.show(&shared);
        let task = tokio::spawn(line::keep_up(self.clone(), Arc::clone(&shared), following)).abort_handle();
        Ok(Follower { shared, task })
    }
}

impl Follower {
    /// The newest state, ready for questions. Take it once for questions that belong together: it never changes.
    ///
    /// # Errors
    /// When it is older than it may be; the server is then away, or takes the token no more.
    pub fn index(&self) -> Result<Arc<Index>, Stale> {
        // Loaded before its age is looked at: a state that comes in between is newer than the age says, never older.
        let index = self.shared.published.load_full();
        let age = self.age();
        if age <= self.shared.oldest {
            return Ok(index);
        }
        let trouble = self.trouble().unwrap_or_else(|| "the server sends nothing".to_owned());
        Err(Stale { age, oldest: self.shared.oldest, trouble })
    }

    /// The newest state, however old: for showing, not for deciding.
    pub fn last_known(&self) -> Arc<Index> {
        self.shared.published.load_full()
    }

    /// The revision of the newest state.
    pub fn revision(&self) -> u64 {
        self.shared.published.load().org().revision().0
    }

    /// How long ago the server had nothing newer: stale since then.
    pub fn age(&self) -> Duration {
        self.shared.age()
    }

    /// What went wrong last, while it has not been overcome.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells whenever something is new: a state, its age, or trouble. The number has no meaning.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// Waits until the state has a revision in it, such as the one that a write answered with, and is fresh enough to be
    /// answered from. Waits for as long as that takes: limit it with a timeout.
    pub async fn wait_for(&self, revision: u64) -> Arc<Index> {
        let mut news = self.news();
        loop {
            if let Ok(index) = self.index()
                && index.org().revision().0 >= revision
            {
                return index;
            }
            // The sender lives in what we hold, so there is always a next change to wait for.
            let _told = news.changed().await.is_ok();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower(revision {}, {:?} old)", self.revision(), self.age())
    }
}

impl Shared {
    fn new(following: &Following, options: FollowOptions) -> Self {
        Shared {
            published: ArcSwap::new(Arc::clone(following.replica.index())),
            begun: following.as_of(),
            current: AtomicU64::new(0),
            news: watch::Sender::new(0),
            trouble: Mutex::new(None),
            oldest: options.oldest,
        }
    }

    fn publish(&self, index: Arc<Index>) {
        self.published.store(index);
        self.news.send_modify(|count| *count += 1);
    }

    /// What is published was all there was at this instant.
    fn current_as_of(&self, at: Instant) {
        let since = at.saturating_duration_since(self.begun);
        self.current.store(u64::try_from(since.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.news.send_modify(|count| *count += 1);
    }

    fn stumble(&self, error: &FollowError) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        self.news.send_modify(|count| *count += 1);
    }

    fn age(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_micros(self.current.load(Ordering::Acquire)))
    }
}

/// This instant by the system's clock, to ask about.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
