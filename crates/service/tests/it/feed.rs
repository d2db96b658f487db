//! The feed of changes shows what its reader may see, as it happens, and the stream for replicas
//! everything, to who may have it; both end when the right or the credential does.

use crate::fixture::*;
use crate::word::*;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use rolecall_model::Change;
use rolecall_model::command::Command;
use rolecall_model::entry::{Entry, chain_hash};
use rolecall_model::token::TokenCommand;
use rolecall_service::Error;
use rolecall_service::history::{FRAME_CHECKPOINT, FRAME_ENTRY, FRAME_HEAD, Feed, changes, replicate, word};

fn words(feed: &Feed) -> Vec<&'static str> {
    feed.changes.iter().map(word).collect()
}

#[tokio::test]
async fn the_feed_tells_every_entry_in_order_and_follows() {
    let house = shop().await;
    let mut feed = changes(&house.root().ctx().await, 0);
    let newest = house.revision().await;
    for revision in 1..=newest {
        assert_eq!(feed.next().await.unwrap().unwrap().revision, revision);
    }
    house.root().takes(project("new")).await;
    let next = feed.next().await.unwrap().unwrap();
    assert_eq!((next.revision, words(&next)[0]), (newest + 1, "project"));
    house.service.end_streams();
    assert!(feed.next().await.is_none());
}

#[tokio::test]
async fn the_feed_shows_only_what_its_reader_may_see() {
    let house = shop().await.with(user("eve")).await.with(role("viewer", &["view"])).await;
    let house = house.with(give("eve", "role viewer at blog/staging")).await;
    let from = house.revision().await;
    let eve = house.by("eve").await;
    let after = house.revision().await;
    let mut feed = changes(&eve.ctx().await, from);
    let commands: Vec<(Command, Vec<&str>)> = vec![
        (user("bob").into(), vec![]),
        (role("r", &["view"]), vec![]),
        (policy("p", &[]), vec![]),
        (group("g", &["bob"], &[]), vec![]),
        (join("g", "eve"), vec![]),
        (give("bob", "role r at shop"), vec![]),
        (give("eve", "role r at shop"), vec!["assignment"]),
        (archive("blog"), vec!["project"]),
        (project("hidden"), vec![]),
        (action("mine", &[]), vec!["action"]),
        (environment("test"), vec![]),
    ];
    // The token that she reads with is her own.
    assert_eq!(words(&feed.next().await.unwrap().unwrap()), ["token"]);
    assert_eq!(after, from + 1);
    for (command, seen) in commands {
        house.root().takes(command.clone()).await;
        assert_eq!(words(&feed.next().await.unwrap().unwrap()), seen, "{command:?}");
    }
}

#[tokio::test]
async fn the_feed_ends_with_the_credential() {
    let house = shop().await.with(user("eve")).await;
    let eve = house.by("eve").await;
    let ctx = eve.ctx().await;
    let mut feed = changes(&ctx, ctx.revision());
    let key = ctx.org().token(ctx.token().unwrap()).unwrap().key;
    house.root().takes(Command::from(TokenCommand::Revoke(key))).await;
    assert!(feed.next().await.is_none());
    let short = house.by_narrow("eve", |new| new.until = Some(second(10))).await.ctx().await;
    let mut feed = changes(&short, short.revision());
    house.clock.set(10);
    house.root().takes(project("late")).await;
    assert!(feed.next().await.is_none());
}

#[tokio::test]
async fn a_right_that_ends_is_seen_no_longer_in_an_open_feed() {
    let house = shop().await.with(role("viewer", &["view"])).await.with(user("eve")).await;
    let house = house.with(give_on("eve", "role viewer at blog", between(None, Some(10)))).await;
    let ctx = house.by("eve").await.ctx().await;
    let mut feed = changes(&ctx, ctx.revision());
    house.root().takes(archive("blog")).await;
    assert_eq!(words(&feed.next().await.unwrap().unwrap()), ["project"]);
    house.clock.set(10);
    house.root().takes(restore("blog")).await;
    assert!(words(&feed.next().await.unwrap().unwrap()).is_empty());
}

struct Frame {
    kind: u8,
    revision: u64,
    hash: [u8; 32],
    body: Vec<u8>,
}

fn frame(bytes: &[u8]) -> Frame {
    let length = u64::from_be_bytes(bytes[49..57].try_into().unwrap());
    let body = bytes[57..].to_vec();
    assert_eq!(body.len() as u64, length);
    Frame {
        kind: bytes[0],
        revision: u64::from_be_bytes(bytes[1..9].try_into().unwrap()),
        hash: bytes[17..49].try_into().unwrap(),
        body,
    }
}

/// The next frame that is not a head, which comes whenever nothing else does for a while.
async fn beyond_heads(stream: &mut (impl Stream<Item = Result<Bytes, Error>> + Unpin)) -> Frame {
    loop {
        let next = frame(&stream.next().await.unwrap().unwrap());
        if next.kind != FRAME_HEAD {
            return next;
        }
    }
}

#[tokio::test]
async fn a_replica_gets_every_entry_chained_and_then_what_follows() {
    let house = shop().await.with(project("one")).await;
    let mut stream = replicate(&house.root().ctx().await, Some(0)).await.unwrap();
    let mut previous = [0; 32];
    let head = frame(&stream.next().await.unwrap().unwrap());
    assert_eq!((head.kind, head.revision), (FRAME_HEAD, house.revision().await));
    for revision in 1..=house.revision().await {
        let frame = beyond_heads(&mut stream).await;
        assert_eq!((frame.kind, frame.revision), (FRAME_ENTRY, revision));
        assert_eq!(chain_hash(&previous, &[&frame.body]).unwrap(), frame.hash);
        Entry::decode(&[&frame.body]).unwrap();
        previous = frame.hash;
    }
    house.root().takes(project("two")).await;
    let next = beyond_heads(&mut stream).await;
    let Change::Project(_) = Entry::decode(&[&next.body]).unwrap().changes[0] else { panic!("not the project") };
    house.service.end_streams();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_replica_begins_with_the_newest_checkpoint() {
    let house = shop().await.restarted().await;
    let revision = house.revision().await;
    let mut stream = replicate(&house.root().ctx().await, None).await.unwrap();
    assert_eq!(frame(&stream.next().await.unwrap().unwrap()).kind, FRAME_HEAD);
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!((first[0], u64::from_be_bytes(first[1..9].try_into().unwrap())), (FRAME_CHECKPOINT, revision));
}

#[tokio::test]
async fn a_replica_whose_right_is_taken_away_gets_nothing_more() {
    let house = shop().await.with(role("replica", &["rolecall.replicate"])).await;
    let house = house.with(application("node one", &["role replica"])).await;
    let ctx = house.by("node-one").await.ctx().await;
    let mut stream = replicate(&ctx, Some(ctx.revision())).await.unwrap();
    house.root().takes(project("one")).await;
    assert_eq!(beyond_heads(&mut stream).await.kind, FRAME_ENTRY);
    house.root().takes(end("node-one", "role replica")).await;
    assert!(matches!(stream.next().await, Some(Err(Error::Forbidden { .. }))));
    assert!(stream.next().await.is_none());
    assert!(matches!(replicate(&house.by("node-one").await.ctx().await, None).await, Err(Error::Forbidden { .. })));
}
