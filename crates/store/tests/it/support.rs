//! Records, organizations and stores to test with.

use std::path::PathBuf;

use bytes::Bytes;
use futures::TryStreamExt;
use rolecall_store::{OpenOptions, OrganizationKey, OrganizationRow, Record, SqliteStore, Store};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A store in a folder that goes with it.
pub struct Temporary<S> {
    pub store: S,
    pub folder: TempDir,
}

impl<S> std::ops::Deref for Temporary<S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.store
    }
}

impl Temporary<SqliteStore> {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("rolecall.db")
    }
}

/// A new, empty SQLite store.
pub async fn sqlite() -> Temporary<SqliteStore> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("rolecall.db"), OpenOptions::default()).await.unwrap();
    Temporary { store, folder }
}

/// The first organization of the tests.
pub const ORG: OrganizationKey = OrganizationKey([1; 16]);
/// Another one.
pub const OTHER: OrganizationKey = OrganizationKey([2; 16]);

/// Writes an organization without entries.
pub async fn found(store: &dyn Store, key: OrganizationKey) {
    let row = OrganizationRow { key, name: format!("org {}", key.0[0]), home: key == ORG, created_at: 5 };
    store.found(&row, &[], vec![]).await.unwrap();
}

/// A record whose hash is chained over the hash before.
pub fn record(revision: u64, before: [u8; 32], body: impl Into<Bytes>) -> Record {
    let body = body.into();
    let hash = chained(before, revision, std::slice::from_ref(&body));
    Record { revision, at: 1_000 + i64::try_from(revision).unwrap(), hash, body: vec![body], subjects: vec![] }
}

/// The hash of an entry after another.
pub fn chained(before: [u8; 32], revision: u64, body: &[Bytes]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(before);
    digest.update(revision.to_be_bytes());
    for piece in body {
        digest.update(piece);
    }
    digest.finalize().into()
}

/// Records `first..=last` chained from nothing, with short bodies.
pub fn chain(last: u64) -> Vec<Record> {
    let mut before = [0; 32];
    (1..=last)
        .map(|revision| {
            let record = record(revision, before, format!("entry {revision}"));
            before = record.hash;
            record
        })
        .collect()
}

/// All entries after a revision.
pub async fn all(store: &dyn Store, organization: OrganizationKey, after: u64) -> Vec<Record> {
    store.after(organization, after).try_collect().await.unwrap()
}

/// The revisions of some records.
pub fn revisions(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.revision).collect()
}
