//! A disk that is full, and one that cannot sync, as the layer of `unsynced.c` plays them.

use std::{fs, path::Path};

use rolecall_store::{Log, OpenOptions, SqliteStore, Store, StoreError};

use super::writer::row_of;
use crate::support::{ORG, all, chain, found, revisions};

/// Not a test by itself: a test of `crash` starts it as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by another test"]
async fn meet_a_full_and_a_failing_disk() {
    let Some(folder) = std::env::var_os("ROLECALL_VICTIM") else {
        return;
    };
    let folder = Path::new(&folder);
    let path = folder.join("rolecall.db");
    let store = SqliteStore::open(&path, OpenOptions::default()).await.unwrap();
    found(&store, ORG).await;
    let full = refused(&store, 0, &folder.join("full")).await;
    assert!(matches!(full, StoreError::Full), "{full}");
    let failing = refused(&store, 3, &folder.join("failing")).await;
    assert!(matches!(failing, StoreError::Disk(_)), "{failing}");
    store.close().await.unwrap();
    let store = SqliteStore::open(&path, OpenOptions::default()).await.unwrap();
    assert_eq!(revisions(&all(&store, ORG, 0).await), [1, 2, 3, 4, 5, 6]);
}

/// Appends three entries while the disk misbehaves, which fails and leaves nothing, and again once it does not.
async fn refused(store: &SqliteStore, head: u64, misbehave: &Path) -> StoreError {
    let records = chain(head + 3).split_off(usize::try_from(head).unwrap());
    let rows = || records.iter().map(|record| row_of(record.revision)).collect();
    fs::write(misbehave, "").unwrap();
    let error = store.append(ORG, head, &records, rows()).await.unwrap_err();
    assert_eq!(store.head(ORG).await.unwrap().map_or(0, |head| head.revision), head);
    fs::remove_file(misbehave).unwrap();
    store.append(ORG, head, &records, rows()).await.unwrap();
    error
}
