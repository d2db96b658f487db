//! Opening and closing a SQLite file: who may, and what is said when it cannot be.

use std::{fs, io::Write, path::Path};

use rolecall_store::{Log, OpenOptions, Outbox, Plain, SqliteStore, Store, StoreError, Tickets};
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{ORG, Temporary, all, chain, found, sqlite};

async fn open(path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, OpenOptions::default()).await
}

async fn refused(path: impl AsRef<Path>) -> String {
    open(path).await.unwrap_err().to_string()
}

/// A connection that knows nothing of Rolecall.
pub async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

/// A closed database with a log of this length.
pub async fn written(entries: u64) -> Temporary<SqliteStore> {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    made.append(ORG, 0, &chain(entries), vec![]).await.unwrap();
    made.close().await.unwrap();
    made
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening() {
    let made = written(3).await;
    let names: Vec<_> = fs::read_dir(made.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with("-wal")), "{names:?}");
    let again = open(made.path()).await.unwrap();
    assert_eq!(all(&again, ORG, 0).await, chain(3));
}

#[tokio::test]
async fn only_one_store_may_have_a_database_open() {
    let made = sqlite().await;
    let second = open(made.path()).await.unwrap_err();
    let path = made.path().canonicalize().unwrap();
    let expected = format!(
        "the database {} is in use by another rolecall process (pid {}, since ",
        path.display(),
        std::process::id()
    );
    assert!(second.to_string().starts_with(&expected), "{second}");
    assert!(matches!(second, StoreError::Locked { .. }));
    made.close().await.unwrap();
    open(made.path()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_is_the_database_it_leads_to() {
    let made = sqlite().await;
    let link = made.folder.path().join("link.db");
    std::os::unix::fs::symlink(made.path(), &link).unwrap();
    assert!(matches!(open(&link).await, Err(StoreError::Locked { .. })));
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    made.close().await.unwrap();
    made.close().await.unwrap();
    assert!(matches!(made.append(ORG, 0, &chain(1), vec![]).await, Err(StoreError::Closed)));
    assert!(matches!(made.head(ORG).await, Err(StoreError::Closed)));
    assert!(matches!(made.organizations().await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn a_dropped_store_lets_go_of_its_file() {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    let Temporary { store, folder } = made;
    drop(store);
    let again = open(folder.path().join("rolecall.db")).await.unwrap();
    assert_eq!(again.organizations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_path_that_cannot_be_a_database_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = refused(folder.path().join("missing/rolecall.db")).await;
    assert!(missing.contains("there is no folder ") && missing.ends_with("missing; create it first"), "{missing}");
    let directory = refused(folder.path()).await;
    assert!(directory.ends_with("it is a folder; name a file in it"), "{directory}");
    assert!(refused("/").await.contains("it is not the name of a file"));
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let made = written(1).await;
    let mut permissions = fs::metadata(made.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(made.path(), permissions).unwrap();
    let said = refused(made.path()).await;
    assert!(said.ends_with("it is read-only; make it writable"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_sqlite_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "dear reader, ".repeat(500);
    fs::write(&path, &letter).unwrap();
    let said = refused(&path).await;
    assert!(said.contains("it is not a SQLite database"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut other = raw(&path).await;
    other.execute("CREATE TABLE theirs (a)").await.unwrap();
    other.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    let said = refused(&path).await;
    assert!(said.contains("a SQLite database of another program"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rolecall.db");
    fs::write(&path, "").unwrap();
    assert_eq!(open(&path).await.unwrap().organizations().await.unwrap(), []);
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let made = written(1).await;
    newer(&made.path()).await;
    let before = fs::read(made.path()).unwrap();
    let said = refused(made.path()).await;
    assert!(said.contains("has format 99, and this program knows formats up to "), "{said}");
    assert_eq!(fs::read(made.path()).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_the_first_format_is_brought_to_the_newest_and_keeps_its_log() {
    let made = written(3).await;
    let mut old = raw(&made.path()).await;
    old.execute("DROP TABLE ticket; DROP TABLE outbox; DELETE FROM _sqlx_migrations WHERE version > 1").await.unwrap();
    old.close().await.unwrap();
    let again = open(made.path()).await.unwrap();
    assert_eq!(all(&again, ORG, 0).await, chain(3));
    assert_eq!(again.waiting_mail().await.unwrap(), 0);
    assert_eq!(again.prune_tickets(0).await.unwrap(), 0);
}

/// Makes a database look like one of a later program.
pub async fn newer(path: &Path) {
    let mut connection = raw(path).await;
    connection
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'later', 1, x'00', 0)",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_told_apart_from_an_empty_log() {
    let made = written(2_000).await;
    scribble(&made.path());
    let outcome = match open(made.path()).await {
        Ok(store) => {
            use futures::TryStreamExt;
            store.after(ORG, 0).try_collect::<Vec<_>>().await.map(drop)
        }
        Err(error) => Err(error),
    };
    let said = outcome.unwrap_err();
    assert!(matches!(said, StoreError::Damaged(_)), "{said}");
    assert!(said.to_string().ends_with("restore it from a backup"), "{said}");
}

/// Overwrites the middle of a file.
pub fn scribble(path: &Path) {
    use std::io::{Seek, SeekFrom};
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&vec![0xab; 40_960]).unwrap();
}

#[tokio::test]
async fn a_file_that_lost_its_end_is_damaged() {
    let made = written(2_000).await;
    let file = fs::OpenOptions::new().write(true).open(made.path()).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let outcome = match open(made.path()).await {
        Ok(store) => store.head(ORG).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(matches!(outcome, Err(StoreError::Damaged(_))), "{outcome:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let written = written(1).await;
    let store = open(written.path()).await.unwrap();
    for entry in fs::read_dir(written.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let permissions = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        // The lock holds nothing but a process number, for the one that is refused.
        let is_lock = path.extension().is_some_and(|ending| ending == "lock");
        assert!(is_lock || permissions.trailing_zeros() >= 6, "{} {permissions:o}", path.display());
    }
    store.close().await.unwrap();
}
