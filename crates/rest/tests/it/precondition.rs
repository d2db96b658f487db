//! Entity tags, safe repetition, and demanded revisions.

use crate::house::House;
use serde_json::json;

#[tokio::test]
async fn a_change_or_deletion_of_something_newer_than_was_read_is_refused() {
    let house = House::union().await;
    let read = house.post("roles", json!({"name": "r"})).await.is(201);
    let tag = read.header("etag").unwrap().to_owned();
    let with = |method: &'static str, path: &str, tag: &str| house.ask(method, path).header("if-match", tag);
    let newer = with("PATCH", "roles/r", &tag)
        .json(&json!({"description": "one"}))
        .send()
        .await
        .is(200)
        .header("etag")
        .unwrap()
        .to_owned();
    assert_ne!(tag, newer);
    with("PATCH", "roles/r", &tag).json(&json!({"description": "two"})).send().await.refused(412, "changed");
    with("DELETE", "roles/r", &tag).send().await.refused(412, "changed");
    with("DELETE", "roles/r", &newer).send().await.is(204);

    house.post("groups", json!({"name": "g"})).await.is(201);
    let body = json!({"members": ["root@example.com"]});
    with("POST", "groups/g/members/remove", "\"1\"").json(&body).send().await.refused(412, "changed");
    let held = house.post("assignments", json!({"group": "g", "policy": "Viewer"})).await.is(201);
    let (place, tag) = (held.header("location").unwrap().to_owned(), held.header("etag").unwrap().to_owned());
    with("DELETE", &place, "\"1\"").send().await.refused(412, "changed");
    with("PATCH", &place, &tag).json(&json!({"reason": "why"})).send().await.is(200);
    with("DELETE", &place, &tag).send().await.refused(412, "changed");
    with("DELETE", &place, "*").send().await.is(204);
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let house = House::union().await;
    let tag = house.get("roles/Viewer").await.is(200).header("etag").unwrap().to_owned();
    let same = house.ask("GET", "roles/Viewer").header("if-none-match", &tag).send().await.is(304);
    assert_eq!((same.text.as_str(), same.header("etag")), ("", Some(tag.as_str())));
    house.ask("GET", "roles/Viewer").header("if-none-match", "\"0\"").send().await.is(200);
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_carried_out_once() {
    let house = House::union().await;
    let ask = |method: &'static str, path: &str, key: &str| house.ask(method, path).header("idempotency-key", key);
    let body = json!({"name": "once"});
    let first = ask("POST", "roles", "k1").json(&body).send().await.is(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = ask("POST", "roles", "k1").json(&body).send().await.is(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.json(), again.revision()), (first.json(), first.revision()));
    ask("POST", "roles", "k1").json(&json!({"name": "other"})).send().await.refused(422, "idempotency_mismatch");
    house.post("roles", body.clone()).await.refused(409, "taken");

    ask("PATCH", "roles/once", "k2").json(&json!({"name": "twice"})).send().await.is(200);
    assert_eq!(
        ask("PATCH", "roles/once", "k2").json(&json!({"name": "twice"})).send().await.is(200).json()["name"],
        "twice"
    );
    ask("DELETE", "roles/twice", "k3").send().await.is(204);
    assert_eq!(ask("DELETE", "roles/twice", "k3").send().await.is(204).header("idempotency-replayed"), Some("true"));
    house.clock.pass(25 * 3600);
    ask("DELETE", "roles/twice", "k3").send().await.refused(404, "not_found");

    let issued = ask("POST", "tokens", "k4").json(&json!({"name": "t"})).send().await.is(201).json();
    ask("POST", "tokens", "k4").json(&json!({"name": "t"})).send().await.refused(409, "not_now");
    let key = issued["key"].as_str().unwrap().to_owned();
    ask("DELETE", &format!("tokens/{key}"), "k5").send().await.is(204);
    ask("DELETE", &format!("tokens/{key}"), "k5").send().await.is(204);
}

#[tokio::test]
async fn keys_of_different_callers_do_not_meet() {
    let house = House::union().await;
    let other = house.user("second@example.com", &["Admin"]).await;
    house.ask("POST", "roles").header("idempotency-key", "k").json(&json!({"name": "a"})).send().await.is(201);
    house
        .ask("POST", "roles")
        .token(&other)
        .header("idempotency-key", "k")
        .json(&json!({"name": "b"}))
        .send()
        .await
        .is(201);
}

#[tokio::test]
async fn every_answer_says_its_revision() {
    let house = House::union().await;
    let made = house.post("roles", json!({"name": "r"})).await.is(201).revision();
    assert_eq!(house.get("roles/r").await.revision(), made);
    assert_eq!(house.get("roles").await.revision(), made);
    assert_eq!(house.get("roles/absent").await.is(404).revision(), made);
    assert_eq!(house.delete("roles/r").await.is(204).revision(), made + 1);
    assert_eq!(house.patch("organization", json!({})).await.is(200).revision(), made + 1);
}
