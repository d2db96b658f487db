//! Putting a backup in the place of a database that no process has open.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::{ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tracing::log::LevelFilter;

use super::{
    backup::{Partial, folder, sync, unique},
    lock::{Lock, beside},
    open::{accept, close, settled, unopenable},
    refusal::refusal,
    schema::{self, Found},
};
use crate::StoreError;

/// Copies the backup `from` to `to`, and answers under what name the database that was there is kept, if one was.
///
/// The copy is checked from the first page to the last before anything is replaced, and then takes the place of the
/// old file at once: whenever this is interrupted, a whole database is there. Takes the lock, so the server must be
/// stopped: [`StoreError::Locked`].
pub async fn restore(from: &Path, to: &Path) -> Result<Option<PathBuf>, StoreError> {
    let to = &settled(to)?;
    let folder = folder(to)?;
    refuse_unfinished(from)?;
    let lock = Lock::take(to)?;
    let partial = Partial::new(beside(to, &format!(".{:x}.partial", unique()?)));
    copy(from, &partial.0).await?;
    verify(&partial.0, from).await?;
    let kept = put_aside(to, &folder).await?;
    partial.replace_file(to, &folder)?;
    lock.release();
    Ok(kept)
}

/// A file with a write-ahead log beside it is not a backup: what it lacks is in the log.
fn refuse_unfinished(from: &Path) -> Result<(), StoreError> {
    let log = beside(from, "-wal");
    if log.metadata().is_ok_and(|found| found.len() > 0) {
        let from = from.display();
        return Err(StoreError::Refused(format!(
            "{from} is a database in use, not a backup: {} belongs to it; take a backup of it first",
            log.display()
        )));
    }
    Ok(())
}

async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let (source, target) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || fs::copy(source, target)).await;
    match copied.map_err(|error| StoreError::Database(error.into()))? {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::file("copy", from, error)),
    }
}

async fn verify(copy: &Path, from: &Path) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
    let options = options.log_statements(LevelFilter::Off);
    let mut connection = options.connect().await.map_err(|error| unopenable(from, error))?;
    let found = schema::look(&mut connection).await.map_err(|error| unopenable(from, error));
    let outcome = match found {
        Ok(Found::Empty) => Err(StoreError::Refused(format!("{} is empty, not a backup", from.display()))),
        Ok(found) => match accept(from, &found) {
            Ok(()) => intact(&mut connection, from).await,
            refused => refused,
        },
        Err(error) => Err(error),
    };
    close(connection).await;
    outcome
}

async fn intact(connection: &mut SqliteConnection, from: &Path) -> Result<(), StoreError> {
    for check in ["PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"] {
        let rows = sqlx::query(check).fetch_all(&mut *connection).await.map_err(refusal)?;
        for row in rows {
            let said: String = row.try_get(0).map_err(refusal)?;
            if said != "ok" {
                return Err(StoreError::Refused(format!("the backup {} is damaged: {said}", from.display())));
            }
        }
    }
    Ok(())
}

/// Keeps the old database under another name, with its write-ahead log folded in or, if it is too damaged for that,
/// beside it. The log must not stay: it would be taken for the new file's.
async fn put_aside(to: &Path, folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    if to.symlink_metadata().is_err() {
        return forget_log(to).map(|()| None);
    }
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ");
    let aside = beside(to, &format!(".before-restore-{stamp}"));
    fold(to).await;
    fs::hard_link(to, &aside).map_err(|error| StoreError::file("keep the old", to, error))?;
    let log = beside(to, "-wal");
    if log.exists() {
        let kept = beside(&aside, "-wal");
        fs::rename(&log, &kept).map_err(|error| StoreError::file("keep", &log, error))?;
    }
    forget_log(to)?;
    sync(folder)?;
    Ok(Some(aside))
}

/// Opening and closing a sound database folds its log in and removes it.
async fn fold(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).log_statements(LevelFilter::Off);
    let Ok(mut connection) = options.connect().await else {
        return;
    };
    if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await {
        tracing::warn!(%error, "the database that is being replaced is damaged; it is kept as it is");
    }
    close(connection).await;
}

fn forget_log(of: &Path) -> Result<(), StoreError> {
    for path in [beside(of, "-wal"), beside(of, "-shm")] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::file("remove", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}
