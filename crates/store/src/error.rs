//! What can go wrong with the store, in words for whoever has to mend it. Not here: what a façade says.

use std::path::PathBuf;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else wrote that revision or position first: read on and decide again.
    #[error("another writer was first at this revision; read the newer entries and decide again")]
    Raced,
    /// The caller's records do not follow each other. Nothing was written.
    #[error("entry {found} cannot follow entry {head}: revisions have no gaps")]
    NotContiguous {
        /// The revision that was to be followed.
        head: u64,
        /// The revision that was given.
        found: u64,
    },
    /// The organization is not there, or no longer.
    #[error("there is no such organization in the database")]
    NoOrganization,
    /// There is no such entry.
    #[error("the log has no entry {0}")]
    NoEntry(u64),
    /// An organization of that name, key or home place, or a ticket of that secret, is already there.
    #[error("it cannot be created: its {0} is taken")]
    Taken(&'static str),
    /// A secret with the same hash belongs to somebody else.
    #[error("the same secret is already in use; choose another")]
    SecretTaken,
    /// Another process has the database open.
    #[error("the database {} is in use by another rolecall process ({holder}); stop it first", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
        /// Its process number and since when, as far as its lock file says.
        holder: String,
    },
    /// The database cannot be opened, with the reason and what to mend.
    #[error("cannot open the database {}: {reason}", path.display())]
    Unopenable {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer program wrote the database.
    #[error("the database {} has format {found}, and this program knows formats up to {known}; use a newer rolecall", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// A backup or restore was refused before it changed anything.
    #[error("{0}")]
    Refused(String),
    /// What was read is not what was written.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// The disk, or the room the database may take, is full. Nothing was written.
    #[error("the disk that holds the database is full; nothing was written")]
    Full,
    /// The disk could not be read or written. A write that failed so did not happen.
    #[error("the disk that holds the database fails: {0}; look at the system's log")]
    Disk(String),
    /// Another program keeps the database busy.
    #[error("another program keeps the database locked; close it and try again")]
    Busy,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// A file could not be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The caller's stream of chunks broke off, so the checkpoint was not kept.
    #[error("the checkpoint was not kept, its content broke off: {0}")]
    Interrupted(#[source] std::io::Error),
    /// Anything else that the database said.
    #[error("the database refused: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The error for a file that could not be handled; `what` is a verb.
    pub(crate) fn file(what: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { what, path: path.to_owned(), source }
    }
}
