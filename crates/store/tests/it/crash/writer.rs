//! What the killed process does: writes to several organizations at once, and says what it was told is written.

use std::{io::Write, path::Path, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, stream};
use rolecall_store::{
    Checkpoint, Checkpoints, Durability, Log, OpenOptions, OrganizationKey, OrganizationRow, PART, Plain, Record, Row,
    SqliteStore,
};
use sha2::{Digest, Sha256};

use super::victim::dice;
use crate::support::record;

/// How many organizations are written to.
pub const ORGANIZATIONS: u8 = 4;

/// The key of the row that is written with an entry.
pub fn row_of(revision: u64) -> Row {
    Row::Idempotency { caller: [3; 16], key: revision.to_string(), digest: [4; 32], revision, at: 1 }
}

/// The chunks of the checkpoint at a revision.
pub fn state_at(revision: u64) -> Vec<Bytes> {
    let byte = u8::try_from(revision % 251).unwrap();
    vec![Bytes::from(vec![byte; 10_000]), Bytes::from(vec![byte.wrapping_add(1); 5])]
}

/// Not a test by itself: the tests of `crash` start it as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the other tests"]
async fn write_until_killed() {
    let Some(folder) = std::env::var_os("ROLECALL_VICTIM") else {
        return;
    };
    let careless = std::env::var_os("ROLECALL_VICTIM_CARELESS").is_some();
    let durability = if careless { Durability::Process } else { Durability::Disk };
    let options = OpenOptions { durability, ..OpenOptions::default() };
    let store = Arc::new(SqliteStore::open(Path::new(&folder).join("rolecall.db"), options).await.unwrap());
    let writers = (1..=ORGANIZATIONS).map(|number| tokio::spawn(write(Arc::clone(&store), number)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

async fn write(store: Arc<SqliteStore>, number: u8) {
    let organization = OrganizationKey([number; 16]);
    let (mut head, mut hash) = begin(&store, organization).await;
    loop {
        let mut records: Vec<Record> = Vec::new();
        for _ in 0..=dice(3) {
            let next = record(head + 1, hash, body());
            (head, hash) = (next.revision, next.hash);
            records.push(next);
        }
        let rows = records.iter().map(|record| row_of(record.revision)).collect();
        store.append(organization, records[0].revision - 1, &records, rows).await.unwrap();
        say(&format!("entry {number} {head}"));
        if dice(10) == 0 {
            save(&store, organization, head).await;
        }
    }
}

/// Founds the organization, or goes on where its log ends.
async fn begin(store: &SqliteStore, organization: OrganizationKey) -> (u64, [u8; 32]) {
    if let Some(head) = store.head(organization).await.unwrap() {
        return (head.revision, head.hash);
    }
    let number = organization.0[0];
    let row = OrganizationRow { key: organization, name: number.to_string(), home: number == 1, created_at: 1 };
    let first = record(1, [0; 32], "founded");
    store.found(&row, std::slice::from_ref(&first), vec![row_of(1)]).await.unwrap();
    say(&format!("entry {number} 1"));
    (1, first.hash)
}

async fn save(store: &SqliteStore, organization: OrganizationKey, revision: u64) {
    let chunks = state_at(revision);
    let state_hash = Sha256::digest(chunks.concat()).into();
    let checkpoint = Checkpoint { revision, version: 1, at: 1, state_hash };
    store.save(organization, checkpoint, stream::iter(chunks.into_iter().map(Ok)).boxed()).await.unwrap();
    say(&format!("state {} {revision}", organization.0[0]));
    store.thin(organization, 1).await.unwrap();
}

/// Mostly small bodies, some of many pages, and a few in parts.
fn body() -> Vec<u8> {
    let size = match dice(100) {
        0 => PART + 1,
        1..12 => 40_000,
        _ => 300,
    };
    vec![u8::try_from(dice(256)).unwrap(); size]
}

/// Says a whole line in one write, past the test harness, which may have begun a line of its own.
fn say(what: &str) {
    std::io::stdout().lock().write_all(format!("\n{what}\n").as_bytes()).unwrap();
}
