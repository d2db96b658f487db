//! What must be true of the database after a kill.

use std::{collections::BTreeMap, path::Path};

use futures::TryStreamExt;
use rolecall_store::{Checkpoints, Log, OpenOptions, OrganizationKey, Plain, SqliteStore, Store};
use sha2::{Digest, Sha256};

use super::writer::{ORGANIZATIONS, state_at};
use crate::support::{all, chained};

/// What the writers said was written: by organization, the newest entry and the newest checkpoint.
#[derive(Debug, Default)]
pub struct Acknowledged {
    entries: BTreeMap<u8, u64>,
    states: BTreeMap<u8, u64>,
}

impl Acknowledged {
    /// Takes in a line that a writer said. Answers whether it acknowledged an entry.
    pub fn hear(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [what, number, revision] = words[..] else {
            return false;
        };
        let newest = match what {
            "entry" => &mut self.entries,
            "state" => &mut self.states,
            _ => return false,
        };
        newest.insert(number.parse().unwrap(), revision.parse().unwrap());
        what == "entry"
    }
}

/// Opens the database as the next start would, and looks at everything.
pub async fn verify(path: &Path, acknowledged: &Acknowledged) {
    let store = SqliteStore::open(path, OpenOptions::default()).await.unwrap();
    let mut founded = 0;
    for number in 1..=ORGANIZATIONS {
        let head = log_is_whole(&store, number).await;
        let promised = acknowledged.entries.get(&number).copied().unwrap_or_default();
        assert!(head >= promised, "organization {number}: entry {promised} was acknowledged, {head} is the newest");
        states_are_whole(&store, number, acknowledged.states.get(&number).copied()).await;
        founded += usize::from(head > 0);
    }
    assert_eq!(store.organizations().await.unwrap().len(), founded, "an organization without its first entry");
    store.close().await.unwrap();
}

/// Entries are contiguous, chained over their bodies, and each has its row; nothing has a row without an entry.
async fn log_is_whole(store: &SqliteStore, number: u8) -> u64 {
    let organization = OrganizationKey([number; 16]);
    let mut before = [0; 32];
    let mut head = 0;
    for record in all(store, organization, 0).await {
        assert_eq!(record.revision, head + 1, "organization {number} has a gap");
        assert_eq!(record.hash, chained(before, record.revision, &record.body), "entry {}", record.revision);
        (before, head) = (record.hash, record.revision);
        let row = store.idempotency(organization, [3; 16], &head.to_string()).await.unwrap();
        assert!(row.is_some_and(|row| row.revision == head), "entry {head} is without its row");
    }
    for beyond in 1..=4 {
        let row = store.idempotency(organization, [3; 16], &(head + beyond).to_string()).await.unwrap();
        assert_eq!(row, None, "a row without its entry");
    }
    head
}

/// Every checkpoint that is listed is whole, and the last that was acknowledged is among them.
async fn states_are_whole(store: &SqliteStore, number: u8, promised: Option<u64>) {
    let organization = OrganizationKey([number; 16]);
    let listed = store.newest(organization, 1).await.unwrap();
    assert!(listed.first().map(|one| one.revision) >= promised, "checkpoint {promised:?} is lost");
    for one in listed {
        let pieces: Vec<_> = store.load(organization, one.revision).try_collect().await.unwrap();
        assert_eq!(pieces.concat(), state_at(one.revision).concat());
        assert_eq!(one.state_hash, <[u8; 32]>::from(Sha256::digest(pieces.concat())));
    }
}

/// How many organizations lack an entry that was acknowledged.
pub async fn lost(store: &SqliteStore, acknowledged: &Acknowledged) -> usize {
    let mut lost = 0;
    for (number, promised) in &acknowledged.entries {
        let head = store.head(OrganizationKey([*number; 16])).await.unwrap();
        lost += usize::from(head.map_or(0, |head| head.revision) < *promised);
    }
    lost
}
