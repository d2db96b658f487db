//! Backup of a running database, and restore into one that nobody has open.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall_store::{Log, OpenOptions, Plain, SqliteStore, Store, StoreError, restore};
use tempfile::TempDir;

use crate::{
    file::{newer, scribble, written},
    support::{ORG, all, chain, found, revisions, sqlite},
};

async fn entries(path: &Path) -> Vec<u64> {
    let store = SqliteStore::open(path, OpenOptions::default()).await.unwrap();
    let found = revisions(&all(&store, ORG, 0).await);
    store.close().await.unwrap();
    found
}

/// A backup with a log of this length, in a folder of its own.
async fn backup(entries: u64) -> (TempDir, PathBuf) {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    made.append(ORG, 0, &chain(entries), vec![]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.db");
    made.backup(&path).await.unwrap();
    (folder, path)
}

/// The files in a folder whose names have this in them.
fn with(folder: &Path, part: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.to_string_lossy().contains(part)).collect()
}

#[tokio::test]
async fn a_backup_is_one_moment_of_a_database_that_is_being_written() {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    let records = chain(400);
    made.append(ORG, 0, &records[..200], vec![]).await.unwrap();
    let to = made.folder.path().join("backup.db");
    let write = async {
        for record in &records[200..] {
            made.append(ORG, record.revision - 1, std::slice::from_ref(record), vec![]).await.unwrap();
        }
    };
    let (saved, ()) = tokio::join!(made.backup(&to), write);
    saved.unwrap();
    let kept = entries(&to).await;
    assert!(kept.len() >= 200, "{}", kept.len());
    assert_eq!(kept, (1..=kept.len() as u64).collect::<Vec<_>>());
    assert!(with(made.folder.path(), "partial").is_empty());
}

#[tokio::test]
async fn a_backup_never_overwrites_and_leaves_nothing_when_it_fails() {
    let made = sqlite().await;
    let taken = made.folder.path().join("letter.txt");
    fs::write(&taken, "dear reader").unwrap();
    let said = made.backup(&taken).await.unwrap_err().to_string();
    assert!(said.ends_with("letter.txt is there already; name a new file"), "{said}");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "dear reader");
    let said = made.backup(&made.folder.path().join("missing/backup.db")).await.unwrap_err().to_string();
    assert!(said.contains("there is no folder"), "{said}");
    assert!(with(made.folder.path(), "partial").is_empty());
}

#[tokio::test]
async fn a_backup_restores_to_a_new_place() {
    let (_folder, from) = backup(5).await;
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("rolecall.db");
    assert_eq!(restore(&from, &to).await.unwrap(), None);
    assert_eq!(entries(&to).await, [1, 2, 3, 4, 5]);
    assert_eq!(fs::read_dir(from.parent().unwrap()).unwrap().count(), 1, "the backup was only read");
}

#[tokio::test]
async fn a_restore_keeps_the_old_database_aside() {
    let (_folder, from) = backup(5).await;
    let made = written(9).await;
    let aside = restore(&from, &made.path()).await.unwrap().unwrap();
    assert!(aside.to_string_lossy().contains("rolecall.db.before-restore-2"), "{}", aside.display());
    assert_eq!(entries(&made.path()).await, [1, 2, 3, 4, 5]);
    assert_eq!(entries(&aside).await, (1..=9).collect::<Vec<_>>());
    assert!(with(made.folder.path(), "partial").is_empty());
}

/// A killed server leaves its newest entries in the write-ahead log.
#[tokio::test]
async fn a_restore_over_a_killed_servers_files_takes_nothing_of_its_log() {
    let (_folder, from) = backup(5).await;
    let made = sqlite().await;
    found(&made.store, ORG).await;
    made.append(ORG, 0, &chain(9), vec![]).await.unwrap();
    let place = tempfile::tempdir().unwrap();
    for name in ["rolecall.db", "rolecall.db-wal"] {
        fs::copy(made.folder.path().join(name), place.path().join(name)).unwrap();
    }
    let to = place.path().join("rolecall.db");
    let aside = restore(&from, &to).await.unwrap().unwrap();
    assert_eq!(entries(&to).await, [1, 2, 3, 4, 5]);
    assert_eq!(entries(&aside).await, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_database_in_use_is_neither_restored_nor_taken_for_a_backup() {
    let (_folder, from) = backup(5).await;
    let made = sqlite().await;
    found(&made.store, ORG).await;
    assert!(matches!(restore(&from, &made.path()).await, Err(StoreError::Locked { .. })));
    let place = tempfile::tempdir().unwrap();
    let said = restore(&made.path(), &place.path().join("new.db")).await.unwrap_err().to_string();
    assert!(said.contains("is a database in use, not a backup"), "{said}");
    assert_eq!(made.organizations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_a_whole_backup_replaces_nothing() {
    let made = written(3).await;
    let (folder, damaged) = backup(2_000).await;
    scribble(&damaged);
    let (_later, later) = backup(1).await;
    newer(&later).await;
    let letter = folder.path().join("letter.txt");
    fs::write(&letter, "dear reader, ".repeat(500)).unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    let cases = [
        (damaged, "damaged"),
        (later, "has format 99"),
        (letter, "is not a SQLite database"),
        (empty, "is empty, not a backup"),
        (folder.path().join("missing.db"), "cannot copy"),
        (folder.path().to_owned(), "cannot copy"),
    ];
    for (from, reason) in cases {
        let said = restore(&from, &made.path()).await.unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
        assert!(said.contains(&*from.to_string_lossy()), "{said}");
    }
    assert!(with(made.folder.path(), "partial").is_empty());
    assert!(with(made.folder.path(), "before-restore").is_empty());
    assert_eq!(entries(&made.path()).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_damaged_database_can_be_replaced_by_its_backup() {
    let (_folder, from) = backup(5).await;
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("rolecall.db");
    let wreck = "not a database ".repeat(1_000);
    fs::write(&to, &wreck).unwrap();
    let aside = restore(&from, &to).await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(aside).unwrap(), wreck);
    assert_eq!(entries(&to).await, [1, 2, 3, 4, 5]);
}
