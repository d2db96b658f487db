//! Erasing a person: the bytes leave the files, not only the tables.

use std::fs;

use bytes::Bytes;
use futures::{StreamExt, stream};
use rolecall_store::{Checkpoint, Checkpoints, Log, PART, Plain, SqliteStore, Store};

use crate::support::{ORG, Temporary, found, record, sqlite};

const NAME: &[u8] = b"Adelheid Winterhalter";

/// Whether the name stands in any file of the database.
fn named(made: &Temporary<SqliteStore>) -> bool {
    let files = fs::read_dir(made.folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(NAME.len()).any(|window| window == NAME))
}

/// A body of this many bytes that has the name in it many times.
fn body(size: usize) -> Bytes {
    NAME.iter().copied().cycle().take(size).collect::<Vec<u8>>().into()
}

#[tokio::test]
async fn an_erased_persons_bytes_are_in_no_file_any_more() {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    let sizes = [300, 20_000, PART + 100];
    for (revision, size) in (1..).zip(sizes) {
        let mut record = record(revision, [0; 32], body(size));
        record.subjects = vec![[7; 16]];
        made.append(ORG, revision - 1, &[record], vec![]).await.unwrap();
    }
    let checkpoint = Checkpoint { revision: 3, version: 1, at: 1, state_hash: [0; 32] };
    let chunks = stream::iter([Ok(body(50_000))]).boxed();
    made.save(ORG, checkpoint, chunks).await.unwrap();
    assert!(named(&made));
    for revision in made.mentions(ORG, [7; 16]).await.unwrap() {
        made.rewrite(ORG, revision, vec![Bytes::from_static(b"erased")], [7; 16]).await.unwrap();
    }
    made.forget_all(ORG).await.unwrap();
    assert!(!named(&made));
}

#[tokio::test]
async fn a_deleted_organizations_bytes_are_in_no_file_once_it_is_closed() {
    let made = sqlite().await;
    found(&made.store, ORG).await;
    made.append(ORG, 0, &[record(1, [0; 32], body(PART + 100))], vec![]).await.unwrap();
    assert!(named(&made));
    made.delete_organization(ORG).await.unwrap();
    made.close().await.unwrap();
    assert!(!named(&made));
}
