//! Tokens: issued once, used, expired, revoked.

use crate::house::House;
use serde_json::json;

#[tokio::test]
async fn a_secret_is_shown_once_and_its_use_is_noted() {
    let house = House::union().await;
    house.post("users", json!({"email": "a@example.com"})).await.is(201);
    let issued = house
        .post("tokens", json!({"subject": "a@example.com", "name": "laptop", "until": "2027-01-01T00:00:00Z"}))
        .await
        .is(201);
    assert_eq!(issued.header("cache-control"), Some("no-store"));
    let view = issued.json();
    let (secret, key) = (view["token"].as_str().unwrap(), view["key"].as_str().unwrap());
    assert!(secret.starts_with("rcl_") || secret.len() > 30);
    let read = house.get(&format!("tokens/{key}")).await.is(200);
    assert!(!read.text.contains(secret));
    assert!(read.json().get("last_used").is_none());
    house.ask("GET", "me").token(secret).send().await.is(200);
    assert!(house.get(&format!("tokens/{key}")).await.json()["last_used"].is_string());
    assert!(house.get("tokens?subject=a@example.com").await.json()["items"][0]["last_used"].is_string());
}

#[tokio::test]
async fn a_token_counts_until_it_ends_or_is_revoked_or_its_holder_is_disabled() {
    let house = House::union().await;
    let first = house.user("a@example.com", &[]).await;
    let timed =
        house.post("tokens", json!({"subject": "a@example.com", "name": "t", "until": "2026-11-10T00:00:00Z"})).await;
    timed.refused(422, "invalid");
    let soon = house
        .post("tokens", json!({"subject": "a@example.com", "name": "t", "until": "2026-12-01T00:00:00Z"}))
        .await
        .is(201)
        .json();
    let soon = soon["token"].as_str().unwrap().to_owned();
    house.ask("GET", "me").token(&soon).send().await.is(200);
    house.clock.pass(30 * 24 * 3600);
    house.ask("GET", "me").token(&soon).send().await.refused(401, "unauthenticated");
    house.ask("GET", "me").token(&first).send().await.is(200);
    house.patch("users/a@example.com", json!({"active": false})).await.is(200);
    house.ask("GET", "me").token(&first).send().await.refused(401, "unauthenticated");
    house.patch("users/a@example.com", json!({"active": true})).await.is(200);
    let key =
        house.ask("GET", "me").token(&first).send().await.is(200).json()["token"]["key"].as_str().unwrap().to_owned();
    house.ask("DELETE", &format!("tokens/{key}")).token(&first).send().await.is(204);
    house.ask("GET", "me").token(&first).send().await.refused(401, "unauthenticated");
}
