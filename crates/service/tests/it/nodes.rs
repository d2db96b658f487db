//! Two nodes on one store: what one ends, the other lets in no more, within the time it was told to look.

use crate::fixture::*;
use crate::session::{FIRST, choose, counts, patient};
use crate::word::*;
use rolecall_service::{Options, Service};
use std::sync::Arc;
use std::time::Duration;

/// A second node, which looks for what the first has written.
async fn second_node(house: &House, follow_every: Option<Duration>) -> House {
    let clock = Arc::<Hands>::clone(&house.clock);
    let options = Options { clock, follow_every, ..Options::default() };
    let service = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), options).await.unwrap();
    let (store, clock) = (Arc::clone(&house.store), Arc::clone(&house.clock));
    House { service, store, clock, folder: tempfile::tempdir().unwrap(), checkpoint_every: 5_000 }
}

#[tokio::test]
async fn whoever_is_disabled_on_one_node_is_out_on_the_other() {
    let house = patient().await.with(user("bob")).await;
    let other = second_node(&house, Some(Duration::from_millis(5))).await;
    let (session, token) = (choose(&house, "bob", FIRST).await, house.by("bob").await.token);
    // What was issued a moment ago over there counts here at once.
    assert!(counts(&other, &session).await);
    assert!(other.enter(&token, Asked::default()).await.is_ok());
    house.root().takes(disable("bob")).await;
    while counts(&other, &session).await || other.enter(&token, Asked::default()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // Either node goes on to write.
    other.root().takes(enable("bob")).await;
    let revision = house.root().takes(project("new")).await.revision;
    while other.revision().await < revision {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.state().await, house.state().await);
}

#[tokio::test]
async fn a_node_that_was_not_told_to_look_learns_when_it_writes() {
    let house = patient().await.with(user("bob")).await;
    let other = second_node(&house, None).await;
    let token = house.by("bob").await.token;
    assert!(other.enter(&token, Asked::default()).await.is_ok());
    house.root().takes(disable("bob")).await;
    other.root().takes(project("new")).await;
    assert!(other.enter(&token, Asked::default()).await.is_err());
}
