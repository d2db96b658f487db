//! Opening a database: what must be true of the path and the file, and how SQLite is set.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tracing::log::LevelFilter;

use super::{
    Sqlite,
    lock::Lock,
    refusal::{primary_code, refusal},
    schema::{self, Found},
    writer::Writer,
};
use crate::StoreError;

/// What an acknowledged write has survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It is on the disk: it outlives the process, the system and the power.
    #[default]
    Disk,
    /// It is with the operating system: it outlives the process only. For throw-away databases and measurements.
    Process,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// What an acknowledged write has survived. On the disk, unless set.
    pub durability: Durability,
    /// Connections that read, at most. 4 unless set.
    pub readers: u32,
    /// How long to wait for another program's lock on the file. 5 seconds unless set.
    pub busy: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { durability: Durability::Disk, readers: 4, busy: Duration::from_secs(5) }
    }
}

/// Write-ahead log that is kept rather than cut back after it was folded in: 64 MiB.
const KEPT_LOG: &str = "67108864";

/// Pages that a connection keeps in memory, at most: 16 MiB, in SQLite's way of saying KiB.
const CACHE: &str = "-16384";

/// Checks the path, takes the lock, looks whether the file is ours, and brings it to the newest format.
pub async fn open(path: &Path, options: &OpenOptions) -> Result<Sqlite, StoreError> {
    let path = settled(path)?;
    let lock = Lock::take(&path)?;
    inspect(&path).await?;
    make_private(&path)?;
    let writing = settings(&path, options).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let mut connection = writing.connect().await.map_err(|error| unopenable(&path, error))?;
    schema::migrate(&mut connection).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .min_connections(0)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(settings(&path, options).read_only(true));
    Ok(Sqlite { path, writer: Writer::new(connection, writing, lock), readers })
}

/// Makes a new file readable by its owner alone: it holds addresses of people and hashes of secrets.
/// SQLite gives its logs the same mode. A file that is there keeps the mode that somebody chose.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    match new.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Unopenable { path: path.to_owned(), reason: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// The options that readers and the writer share. Deleted bytes are overwritten, since a person may be erased.
fn settings(path: &Path, options: &OpenOptions) -> SqliteConnectOptions {
    let synchronous = match options.durability {
        Durability::Disk => SqliteSynchronous::Full,
        Durability::Process => SqliteSynchronous::Off,
    };
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(synchronous)
        .foreign_keys(true)
        .busy_timeout(options.busy)
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", KEPT_LOG)
        .pragma("cache_size", CACHE)
        .log_statements(LevelFilter::Off)
        .log_slow_statements(LevelFilter::Debug, Duration::from_secs(1))
}

/// The path without symbolic links, so that one file has one lock. Refuses what cannot be a database.
pub fn settled(path: &Path) -> Result<PathBuf, StoreError> {
    let unopenable = |reason: String| Err(StoreError::Unopenable { path: path.to_owned(), reason });
    let Some(name) = path.file_name() else {
        return unopenable("it is not the name of a file".into());
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(folder) = folder.canonicalize() else {
        return unopenable(format!("there is no folder {}; create it first", folder.display()));
    };
    let path = folder.join(name);
    let path = path.canonicalize().unwrap_or(path);
    match path.metadata() {
        Ok(found) if found.is_dir() => unopenable("it is a folder; name a file in it".into()),
        Ok(found) if !found.is_file() => unopenable("it is not an ordinary file".into()),
        Ok(found) if found.permissions().readonly() => unopenable("it is read-only; make it writable".into()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => unopenable(error.to_string()),
        _ => Ok(path),
    }
}

/// Refuses a file that is not ours or too new, before anything in it is changed.
async fn inspect(path: &Path) -> Result<(), StoreError> {
    if !path.metadata().is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let plain = SqliteConnectOptions::new().filename(path).log_statements(LevelFilter::Off);
    let mut connection = plain.connect().await.map_err(|error| unopenable(path, error))?;
    let found = schema::look(&mut connection).await.map_err(|error| unopenable(path, error));
    close(connection).await;
    accept(path, &found?)
}

/// Refuses what [`schema::look`] found unless this program can work with it.
pub fn accept(path: &Path, found: &Found) -> Result<(), StoreError> {
    match found {
        Found::Format(found) if *found > schema::NEWEST => {
            Err(StoreError::Newer { path: path.to_owned(), found: *found, known: schema::NEWEST })
        }
        Found::Foreign => Err(StoreError::Unopenable {
            path: path.to_owned(),
            reason: "it is a SQLite database of another program; name another file".into(),
        }),
        _ => Ok(()),
    }
}

/// Closes a connection that has nothing left to write; what it says on the way out does not matter.
pub async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing a database");
    }
}

/// Why a file could not be opened.
pub fn unopenable(path: &Path, error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(primary_code);
    let reason = match code {
        Some(26) => "it is not a SQLite database; name another file or restore a backup",
        Some(14) => "the file cannot be opened; look at the permissions of it and of its folder",
        Some(8) => "it is read-only; make it and its folder writable",
        _ => return refusal(error),
    };
    StoreError::Unopenable { path: path.to_owned(), reason: reason.into() }
}
