//! Checkpoints.

use std::io;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use rolecall_store::{Checkpoint, OrganizationKey, PART, Store, StoreError};

use crate::support::{ORG, OTHER, chain, found};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn at(revision: u64, version: u32) -> Checkpoint {
    Checkpoint { revision, version, at: 10, state_hash: [u8::try_from(revision % 256).unwrap(); 32] }
}

async fn save(store: &impl Store, organization: OrganizationKey, checkpoint: Checkpoint, sizes: &[usize]) {
    let chunks: Vec<io::Result<Bytes>> = sizes.iter().map(|size| Ok(Bytes::from(pattern(*size)))).collect();
    store.save(organization, checkpoint, stream::iter(chunks).boxed()).await.unwrap();
}

fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|n| u8::try_from(n % 253).unwrap()).collect()
}

async fn load(store: &impl Store, revision: u64) -> Vec<Bytes> {
    store.load(ORG, revision).try_collect().await.unwrap()
}

async fn listed(store: &impl Store, version: u32) -> Vec<u64> {
    store.newest(ORG, version).await.unwrap().iter().map(|one| one.revision).collect()
}

pub async fn a_checkpoint_comes_back_byte_for_byte(store: &impl Store) {
    found(store, ORG).await;
    let sizes = [0, 5, PART, PART + 1, 2 * PART, 100];
    save(store, ORG, at(7, 1), &sizes).await;
    let read = load(store, 7).await;
    assert!(read.iter().all(|piece| piece.len() <= PART));
    let written: Vec<u8> = sizes.iter().flat_map(|size| pattern(*size)).collect();
    assert_eq!(read.concat(), written);
    save(store, ORG, at(8, 1), &[]).await;
    assert!(load(store, 8).await.is_empty());
    assert!(load(store, 9).await.is_empty());
    assert_eq!(store.newest(ORG, 1).await.unwrap(), [at(8, 1), at(7, 1)]);
}

pub async fn a_checkpoint_is_only_there_once_it_is_whole(store: &impl Store) {
    found(store, ORG).await;
    let broken = vec![Ok(Bytes::from(pattern(PART + 1))), Err(io::Error::other("out of memory"))];
    let outcome = store.save(ORG, at(7, 1), stream::iter(broken).boxed()).await;
    assert!(matches!(outcome, Err(StoreError::Interrupted(_))), "{outcome:?}");
    assert_eq!(listed(store, 1).await, [0; 0]);
    assert!(load(store, 7).await.is_empty());
    save(store, ORG, at(7, 1), &[3]).await;
    assert_eq!(load(store, 7).await.concat(), pattern(3));
}

pub async fn checkpoints_are_listed_newest_first_and_by_version(store: &impl Store) {
    found(store, ORG).await;
    for (revision, version) in [(3, 1), (9, 2), (5, 1), (1, 2)] {
        save(store, ORG, at(revision, version), &[1]).await;
    }
    assert_eq!(listed(store, 1).await, [5, 3]);
    assert_eq!(listed(store, 2).await, [9, 1]);
    assert_eq!(listed(store, 3).await, [0; 0]);
}

pub async fn a_checkpoint_is_replaced_by_another_at_its_revision(store: &impl Store) {
    found(store, ORG).await;
    save(store, ORG, at(3, 1), &[3 * PART]).await;
    save(store, ORG, at(3, 2), &[10]).await;
    assert_eq!(listed(store, 1).await, [0; 0]);
    assert_eq!(load(store, 3).await.concat(), pattern(10));
}

pub async fn a_damaged_checkpoint_can_be_dropped(store: &impl Store) {
    found(store, ORG).await;
    save(store, ORG, at(3, 1), &[10]).await;
    save(store, ORG, at(4, 1), &[20]).await;
    store.drop_damaged(ORG, 4).await.unwrap();
    store.drop_damaged(ORG, 4).await.unwrap();
    assert_eq!(listed(store, 1).await, [3]);
    assert!(load(store, 4).await.is_empty());
    assert_eq!(load(store, 3).await.concat(), pattern(10));
}

pub async fn entries_are_appended_while_a_checkpoint_is_saved(store: &impl Store) {
    found(store, ORG).await;
    let records = chain(4);
    let chunks = stream::iter(0..4usize).then(|number| {
        let records = &records;
        async move {
            store.append(ORG, number as u64, &records[number..=number], vec![]).await.unwrap();
            Ok(Bytes::from(pattern(PART)))
        }
    });
    store.save(ORG, at(1, 1), chunks.boxed()).await.unwrap();
    assert_eq!(store.head(ORG).await.unwrap().unwrap().revision, 4);
    assert_eq!(load(store, 1).await.len(), 4);
}

pub async fn checkpoints_thin_out_with_age(store: &impl Store) {
    found(store, ORG).await;
    let now = 20_000 * DAY;
    for age in 0..30i64 {
        let revision = u64::try_from(30 - age).unwrap();
        save(store, ORG, Checkpoint { at: now - age * DAY / 4, ..at(revision, 1) }, &[1]).await;
    }
    let gone = store.thin(ORG, now).await.unwrap();
    let left = listed(store, 1).await;
    assert_eq!(left.len() + gone, 30);
    assert_eq!(left[..3], [30, 29, 28]);
    assert!(left.len() < 14, "{left:?}");
    assert_eq!(store.thin(ORG, now).await.unwrap(), 0);
}

pub async fn forgetting_removes_every_checkpoint_of_the_organization(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    save(store, ORG, at(3, 1), &[10]).await;
    save(store, ORG, at(4, 2), &[10]).await;
    save(store, OTHER, at(5, 1), &[10]).await;
    store.forget_all(ORG).await.unwrap();
    assert_eq!(listed(store, 1).await, [0; 0]);
    assert_eq!(listed(store, 2).await, [0; 0]);
    assert_eq!(store.newest(OTHER, 1).await.unwrap().len(), 1);
}
