//! A key makes a request safe to repeat for 24 hours: same caller, same request, same answer.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;
use rolecall_service::{Error, execute, issue_token};
use std::sync::atomic::Ordering;

fn key(key: &str) -> Asked<'_> {
    Asked { key: Some(key), ..Asked::default() }
}

#[tokio::test]
async fn a_repeated_request_is_answered_again_and_not_done_again() {
    let house = shop().await;
    let root = house.root();
    let first = root.run_with(key("k"), project("one")).await.unwrap();
    root.takes(project("two")).await;
    let again = root.run_with(key("k"), project("one")).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!((first.revision, &first.changes), (again.revision, &again.changes));
    let house = house.restarted().await;
    let later = house.root().run_with(key("k"), project("one")).await.unwrap();
    assert!(later.repeated && later.changes == first.changes);
}

#[tokio::test]
async fn a_key_of_another_request_is_refused() {
    let house = shop().await;
    let root = house.root();
    root.run_with(key("k"), project("one")).await.unwrap();
    let other = root.run_with(key("k"), project("two")).await.unwrap_err();
    assert!(matches!(other, Error::IdempotencyMismatch));
    assert!(root.ctx().await.org().project_named("two").is_none());
}

#[tokio::test]
async fn a_key_is_its_callers_own() {
    let house = shop().await.with(user("bob").given("policy Admin")).await;
    house.root().run_with(key("k"), project("one")).await.unwrap();
    let bob = house.by("bob").await.run_with(key("k"), project("two")).await.unwrap();
    assert!(!bob.repeated);
    // Another token of the same caller is the same caller.
    assert!(house.by("bob").await.run_with(key("k"), project("two")).await.unwrap().repeated);
}

#[tokio::test]
async fn a_key_counts_for_24_hours() {
    let house = shop().await;
    let root = house.root();
    root.run_with(key("k"), project("one")).await.unwrap();
    house.clock.set(24 * 3600 - 1);
    assert!(root.run_with(key("k"), project("one")).await.unwrap().repeated);
    house.clock.set(24 * 3600 + 1);
    let anew = root.run_with(key("k"), project("one")).await.unwrap_err();
    assert!(matches!(anew, Error::Refused(refusal) if refusal.kind == Kind::Taken), "it is decided anew");
}

#[tokio::test]
async fn a_refused_request_is_not_remembered() {
    let house = shop().await.with(project("one")).await;
    let root = house.root();
    assert!(root.run_with(key("k"), project("one")).await.is_err());
    root.takes(delete_project("one")).await;
    assert!(!root.run_with(key("k"), project("one")).await.unwrap().repeated);
}

#[tokio::test]
async fn a_request_without_effect_is_remembered_without_anybody_elses_changes() {
    let house = shop().await.with(user("bob").given("policy Admin")).await;
    let (root, bob) = (house.root(), house.by("bob").await);
    // Bob's entry is the newest when root's command comes to nothing, under the very same key.
    let bobs = bob.run_with(key("k"), project("bobs")).await.unwrap();
    let nothing = root.run_with(key("k"), restore("shop")).await.unwrap();
    assert_eq!((nothing.revision, nothing.changes.len()), (bobs.revision, 0));
    root.takes(project("more")).await;
    let again = root.run_with(key("k"), restore("shop")).await.unwrap();
    assert!(again.repeated && again.changes.is_empty() && again.revision == bobs.revision);
    let mismatch = root.run_with(key("k"), project("other")).await.unwrap_err();
    assert!(matches!(mismatch, Error::IdempotencyMismatch));
}

#[tokio::test]
async fn two_of_the_same_at_once_are_one() {
    let house = shop().await;
    let root = house.root();
    let ctx = root.asking(key("k")).await;
    let arrived = house.store.arrived.load(Ordering::SeqCst);
    let door = house.store.hold().await;
    let plain = root.ctx().await;
    let (_, one, two, other, ()) = tokio::join!(
        execute(&plain, project("first")),
        execute(&ctx, project("one")),
        execute(&ctx, project("one")),
        execute(&ctx, project("two")),
        async {
            house.store.at_the_door(arrived + 1).await;
            drop(door);
        }
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(!one.repeated && two.repeated);
    assert_eq!((one.revision, one.changes), (two.revision, two.changes));
    assert!(matches!(other, Err(Error::IdempotencyMismatch)));
}

#[tokio::test]
async fn who_loses_its_right_by_its_own_request_can_repeat_it_all_the_same() {
    let house = shop().await.with(project("mine")).await.with(user("bob").given("role Maintainer at mine")).await;
    let bob = house.by("bob").await;
    bob.run_with(key("k"), delete_project("mine")).await.unwrap();
    let again = bob.run_with(key("k"), delete_project("mine")).await.unwrap();
    assert!(again.repeated);
    // Nobody else is told anything, nor he himself under another key.
    assert!(matches!(bob.run_with(key("l"), delete_project("mine")).await, Err(Error::NotFound { .. })));
    let narrow = house.by_narrow("bob", |new| new.scope = scope("blog")).await;
    assert!(narrow.run_with(key("k"), delete_project("mine")).await.is_err());
}

#[tokio::test]
async fn a_secret_is_not_shown_twice() {
    let house = shop().await.with(user("bob")).await;
    let ctx = house.root().asking(key("k")).await;
    assert!(issue_token(&ctx, new_token("bob")).await.unwrap().1.is_some());
    let again = issue_token(&ctx, new_token("bob")).await.unwrap_err();
    assert!(matches!(again, Error::Refused(refusal) if refusal.kind == Kind::NotNow));
}

#[tokio::test]
async fn a_batch_is_repeated_whole() {
    let house = shop().await;
    let root = house.root();
    let batch = || Command::Batch(vec![project("one"), role("runner", &["view"])]);
    let first = root.run_with(key("k"), batch()).await.unwrap();
    let again = root.run_with(key("k"), batch()).await.unwrap();
    assert!(again.repeated && first.changes == again.changes && first.revision == again.revision);
}
