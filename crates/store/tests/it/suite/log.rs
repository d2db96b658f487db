//! The log.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use rolecall_store::{PART, Record, Row, Store, StoreError};

use crate::support::{ORG, OTHER, all, chain, found, record, revisions};

pub async fn entries_come_back_as_they_were_written(store: &impl Store) {
    found(store, ORG).await;
    let mut records = chain(5);
    records[2].body = vec![];
    records[3].body = vec![Bytes::from_static(b"in "), Bytes::new(), Bytes::from_static(b"pieces")];
    store.append(ORG, 0, &records[..1], vec![]).await.unwrap();
    store.append(ORG, 1, &records[1..], vec![]).await.unwrap();
    let read = all(store, ORG, 0).await;
    assert_eq!(revisions(&read), [1, 2, 3, 4, 5]);
    for (read, written) in read.iter().zip(&records) {
        assert_eq!((read.at, read.hash), (written.at, written.hash));
        assert_eq!(read.body.concat(), written.body.concat());
    }
    assert_eq!(store.record(ORG, 4).await.unwrap().unwrap(), read[3]);
    assert_eq!(store.record(ORG, 6).await.unwrap(), None);
    assert_eq!(revisions(&all(store, ORG, 3).await), [4, 5]);
    assert_eq!(all(store, ORG, u64::MAX).await, []);
}

pub async fn a_second_writer_at_the_same_revision_is_raced(store: &impl Store) {
    found(store, ORG).await;
    let records = chain(3);
    store.append(ORG, 0, &records[..2], vec![]).await.unwrap();
    for head in [0, 1] {
        let at = usize::try_from(head).unwrap();
        let late = store.append(ORG, head, &records[at..=at], vec![]).await;
        assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    }
    let early = store.append(ORG, 5, &[record(6, [0; 32], "early")], vec![]).await;
    assert!(matches!(early, Err(StoreError::Raced)), "{early:?}");
    store.append(ORG, 2, &records[2..], vec![]).await.unwrap();
}

pub async fn a_gap_in_the_revisions_is_refused(store: &impl Store) {
    found(store, ORG).await;
    let mut records = chain(3);
    records.remove(1);
    let gap = store.append(ORG, 0, &records, vec![]).await;
    assert!(matches!(gap, Err(StoreError::NotContiguous { head: 1, found: 3 })), "{gap:?}");
    assert_eq!(store.head(ORG).await.unwrap(), None);
}

pub async fn a_failed_append_leaves_nothing(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    let token = |key: u8| Row::Secret { kind: "token", key: [key; 16], hash: Some([9; 32]), data: None };
    store.append(OTHER, 0, &chain(1), vec![token(1)]).await.unwrap();
    let clash = store.append(ORG, 0, &chain(2), vec![token(2)]).await;
    assert!(matches!(clash, Err(StoreError::SecretTaken)), "{clash:?}");
    assert_eq!(store.head(ORG).await.unwrap(), None);
    assert_eq!(store.secret(ORG, "token", [2; 16]).await.unwrap(), None);
    store.append(ORG, 0, &chain(2), vec![]).await.unwrap();
}

pub async fn the_head_is_the_newest_entry(store: &impl Store) {
    found(store, ORG).await;
    assert_eq!(store.head(ORG).await.unwrap(), None);
    let records = chain(3);
    store.append(ORG, 0, &records, vec![]).await.unwrap();
    let head = store.head(ORG).await.unwrap().unwrap();
    assert_eq!((head.revision, head.hash, head.at), (3, records[2].hash, records[2].at));
}

pub async fn an_organization_that_is_not_there_has_no_log(store: &impl Store) {
    let refused = store.append(ORG, 0, &chain(1), vec![]).await;
    assert!(matches!(refused, Err(StoreError::NoOrganization)), "{refused:?}");
    assert_eq!(store.head(ORG).await.unwrap(), None);
    assert_eq!(all(store, ORG, 0).await, []);
}

pub async fn logs_of_two_organizations_do_not_mix(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    store.append(ORG, 0, &chain(3), vec![]).await.unwrap();
    store.append(OTHER, 0, &chain(1), vec![]).await.unwrap();
    assert_eq!(revisions(&all(store, OTHER, 0).await), [1]);
    assert_eq!(store.head(ORG).await.unwrap().unwrap().revision, 3);
}

pub async fn a_large_body_comes_back_in_parts(store: &impl Store) {
    found(store, ORG).await;
    let body: Vec<u8> = (0..3 * PART + 17).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let large = record(1, [0; 32], body.clone());
    let exact = record(2, large.hash, vec![8; PART]);
    let small = record(3, exact.hash, "small");
    store.append(ORG, 0, &[large.clone(), exact, small], vec![]).await.unwrap();
    let read = all(store, ORG, 0).await;
    let parts = |record: &Record| record.body.iter().map(Bytes::len).collect::<Vec<_>>();
    assert_eq!(parts(&read[0]), [PART, PART, PART, 17]);
    assert_eq!(parts(&read[1]), [PART]);
    assert_eq!(read[0].body.concat(), body);
    assert_eq!(read[0].hash, large.hash);
    assert_eq!(store.record(ORG, 1).await.unwrap().unwrap(), read[0]);
}

pub async fn a_long_log_is_read_in_both_directions(store: &impl Store) {
    found(store, ORG).await;
    let mut records = chain(1_500);
    records[700].body = vec![Bytes::from(vec![1; PART + 1])];
    records[701].body = vec![Bytes::from(vec![2; PART - 1])];
    store.append(ORG, 0, &records, vec![]).await.unwrap();
    let up = all(store, ORG, 0).await;
    assert_eq!(revisions(&up), (1..=1_500).collect::<Vec<_>>());
    assert_eq!(up[700].size(), PART + 1);
    let down: Vec<Record> = store.before(ORG, u64::MAX, usize::MAX).try_collect().await.unwrap();
    assert_eq!(down, up.into_iter().rev().collect::<Vec<_>>());
    let some: Vec<Record> = store.before(ORG, 1_000, 3).try_collect().await.unwrap();
    assert_eq!(revisions(&some), [999, 998, 997]);
    let last: Vec<Record> = store.before(ORG, 3, 700).try_collect().await.unwrap();
    assert_eq!(revisions(&last), [2, 1]);
    assert!(store.before(ORG, 1, 5).next().await.is_none());
    assert!(store.before(ORG, 9, 0).next().await.is_none());
}

pub async fn a_reader_sees_entries_that_come_while_it_reads(store: &impl Store) {
    found(store, ORG).await;
    let records = chain(600);
    store.append(ORG, 0, &records[..550], vec![]).await.unwrap();
    let mut reader = store.after(ORG, 0);
    reader.next().await.unwrap().unwrap();
    store.append(ORG, 550, &records[550..], vec![]).await.unwrap();
    let rest: Vec<Record> = reader.try_collect().await.unwrap();
    assert_eq!(rest.last().unwrap().revision, 600);
}

pub async fn a_batch_of_any_size_is_one_transaction(store: &impl Store) {
    found(store, ORG).await;
    let mut head = 0;
    for size in [1, 2, 61, 62, 63, 64, 65, 200] {
        let records = &chain(head + size)[usize::try_from(head).unwrap()..];
        let row = Row::Idempotency { caller: [3; 16], key: size.to_string(), digest: [4; 32], revision: head, at: 1 };
        let gone = OTHER;
        let refused = store.append(gone, head, records, vec![row.clone()]).await;
        assert!(refused.is_err());
        store.append(ORG, head, records, vec![row]).await.unwrap();
        head += size;
        assert_eq!(store.head(ORG).await.unwrap().unwrap().revision, head);
    }
}

pub async fn an_abandoned_append_is_whole_or_absent(store: &impl Store) {
    found(store, ORG).await;
    let mut head = 0;
    for wait in 0..40 {
        let size = if wait % 2 == 0 { 3 } else { 100 };
        let records = chain(head + size).split_off(usize::try_from(head).unwrap());
        let append = store.append(ORG, head, &records, vec![]);
        let _ = tokio::time::timeout(Duration::from_micros(wait * 50), append).await;
        // The next write waits for the abandoned one, so what is there now stays as it is.
        store.set("after", vec![]).await.unwrap();
        let now = store.head(ORG).await.unwrap().map_or(0, |head| head.revision);
        assert!(now == head || now == head + size, "{now} after {head} and {size}");
        head = now;
    }
    assert_eq!(revisions(&all(store, ORG, 0).await), (1..=head).collect::<Vec<_>>());
}

pub async fn mentions_find_the_entries_of_a_person(store: &impl Store) {
    found(store, ORG).await;
    let mut records = chain(3);
    records[0].subjects = vec![[7; 16], [8; 16], [7; 16]];
    records[2].subjects = (0..70_000u32).map(subject).chain([[7; 16]]).collect();
    store.append(ORG, 0, &records, vec![]).await.unwrap();
    assert_eq!(store.mentions(ORG, [7; 16]).await.unwrap(), [1, 3]);
    assert_eq!(store.mentions(ORG, [8; 16]).await.unwrap(), [1]);
    for number in [0, 1, 65_535, 65_536, 69_999] {
        assert_eq!(store.mentions(ORG, subject(number)).await.unwrap(), [3], "{number}");
    }
    assert_eq!(store.mentions(ORG, subject(70_000)).await.unwrap(), [0; 0]);
    assert_eq!(store.mentions(OTHER, [7; 16]).await.unwrap(), [0; 0]);
}

fn subject(number: u32) -> [u8; 16] {
    let mut subject = [0xee; 16];
    subject[4..8].copy_from_slice(&number.to_le_bytes());
    subject
}

pub async fn a_rewritten_entry_keeps_its_place_time_and_hash(store: &impl Store) {
    found(store, ORG).await;
    let mut records = chain(3);
    records[1].subjects = vec![[7; 16], [8; 16]];
    store.append(ORG, 0, &records, vec![]).await.unwrap();
    store.rewrite(ORG, 2, vec![Bytes::from_static(b"erased")], [7; 16]).await.unwrap();
    let read = store.record(ORG, 2).await.unwrap().unwrap();
    assert_eq!((read.revision, read.at, read.hash), (2, records[1].at, records[1].hash));
    assert_eq!(read.body.concat(), b"erased");
    assert_eq!(store.mentions(ORG, [7; 16]).await.unwrap(), [0; 0]);
    assert_eq!(store.mentions(ORG, [8; 16]).await.unwrap(), [2]);
    let absent = store.rewrite(ORG, 4, vec![], [7; 16]).await;
    assert!(matches!(absent, Err(StoreError::NoEntry(4))), "{absent:?}");
}

pub async fn a_rewritten_large_body_leaves_no_part_behind(store: &impl Store) {
    found(store, ORG).await;
    store.append(ORG, 0, &[record(1, [0; 32], vec![1; 2 * PART + 5])], vec![]).await.unwrap();
    for size in [PART + 1, 3 * PART, 10, 2 * PART, 0] {
        store.rewrite(ORG, 1, vec![Bytes::from(vec![2; size])], [0; 16]).await.unwrap();
        let read = store.record(ORG, 1).await.unwrap().unwrap();
        assert_eq!(read.body.concat(), vec![2; size]);
    }
}

pub async fn a_reader_beside_a_rewrite_sees_one_body_or_the_other(store: &impl Store) {
    found(store, ORG).await;
    store.append(ORG, 0, &[record(1, [0; 32], vec![1; 10])], vec![]).await.unwrap();
    let write = async {
        for round in 1..=12u8 {
            let size = if round % 3 == 0 { 10 } else { usize::from(round) * PART / 4 };
            store.rewrite(ORG, 1, vec![Bytes::from(vec![round; size])], [0; 16]).await.unwrap();
        }
    };
    let read = async {
        loop {
            let body = all(store, ORG, 0).await.remove(0).body.concat();
            assert!(body.iter().all(|byte| *byte == body[0]), "pieces of two bodies");
            if body[0] == 12 {
                break;
            }
        }
    };
    tokio::join!(write, read);
}
