//! A follower answers as the server does, across changes, restarts and absences.

use crate::house::{ADMIN, House, may};
use rolecall_client::{Ask, ClientError, FollowError, FollowOptions, Method};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_follower_has_what_was_there_and_what_happens() {
    let house = House::new().await;
    let before = house.deployer("ada@example.com").await;
    let follower = house.follower().await;
    assert_eq!(follower.revision(), before);
    assert!(may(&follower, "ada@example.com") && !may(&follower, "ben@example.com"));
    let held = follower.index().unwrap();
    let after = house.deployer("ben@example.com").await;
    assert!(follower.wait_for(after).await.org().revision().0 >= after);
    assert!(may(&follower, "ben@example.com"));
    assert!(follower.age() < FollowOptions::default().oldest && follower.trouble().is_none());
    // Who holds a state keeps it as it was.
    assert_eq!(held.org().revision().0, before);
    assert!(held.org().principal_id("ben@example.com").is_none());
}

#[tokio::test]
async fn a_follower_begins_with_the_checkpoint_when_there_is_one() {
    let mut house = House::new().await;
    house.deployer("ada@example.com").await;
    // A server that stops keeps its state as a checkpoint.
    house.stop().await;
    house.start().await;
    let after = house.deployer("ben@example.com").await;
    let follower = house.follower().await;
    assert_eq!(follower.revision(), after);
    assert!(may(&follower, "ada@example.com") && may(&follower, "ben@example.com"));
}

#[tokio::test]
async fn a_follower_outlives_the_server_and_goes_on_where_it_was() {
    let mut house = House::new().await;
    let before = house.deployer("ada@example.com").await;
    let follower = house.follower().await;
    house.stop().await;
    assert!(may(&follower, "ada@example.com"), "the server is away, and the state is young enough");
    house.start().await;
    let after = house.deployer("ben@example.com").await;
    assert!(after > before);
    follower.wait_for(after).await;
    assert!(may(&follower, "ben@example.com"));
    assert!(follower.trouble().is_none(), "{:?}", follower.trouble());
}

#[tokio::test]
async fn a_state_that_is_too_old_is_not_answered_from() {
    let mut house = House::new().await;
    let revision = house.deployer("ada@example.com").await;
    let options = FollowOptions { oldest: Duration::from_millis(100) };
    let follower = house.client(ADMIN).follow(options).await.unwrap();
    house.stop().await;
    let stale = loop {
        match follower.index() {
            Err(stale) => break stale,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert!(stale.age > stale.oldest && stale.oldest == options.oldest, "{stale}");
    assert!(stale.to_string().contains("old and may be"), "{stale}");
    assert_eq!(follower.last_known().org().revision().0, revision);
    house.start().await;
    // What is waited for is fresh when it comes.
    assert_eq!(follower.wait_for(revision).await.org().revision().0, revision);
}

#[tokio::test]
async fn without_the_right_nothing_is_followed() {
    let house = House::new().await;
    house.post("/users", json!({"email": "eve@example.com"})).await;
    let ask = Ask::new(Method::POST, "/tokens").body(json!({"subject": "eve@example.com", "name": "test"}));
    let issued = house.client(ADMIN).ask(&ask).await.unwrap();
    for (token, status) in [(issued["token"].as_str().unwrap(), 403), ("somebody-who-was-never-here", 401)] {
        let error = house.client(token).follow(FollowOptions::default()).await.unwrap_err();
        assert!(
            matches!(&error, FollowError::Client(ClientError::Refused { status: s, .. }) if *s == status),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_follower_whose_right_is_taken_away_learns_nothing_more() {
    let house = House::new().await;
    let ask = Ask::new(Method::POST, "/tokens").body(json!({"subject": "root@example.com", "name": "replica"}));
    let issued = house.client(ADMIN).ask(&ask).await.unwrap();
    let follower = house.client(issued["token"].as_str().unwrap()).follow(FollowOptions::default()).await.unwrap();
    let key = issued["key"].as_str().unwrap();
    house.client(ADMIN).ask(&Ask::new(Method::DELETE, format!("/tokens/{key}"))).await.unwrap();
    let (known, mut news) = (follower.revision(), follower.news());
    house.deployer("ada@example.com").await;
    // The line is cut with the next frame, and every new one is refused.
    while !follower.trouble().is_some_and(|trouble| trouble.contains("revoked")) {
        news.changed().await.unwrap();
    }
    assert_eq!(follower.revision(), known);
}
