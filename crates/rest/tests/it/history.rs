//! The audit.

use crate::house::House;
use serde_json::json;

#[tokio::test]
async fn the_history_says_who_did_what_when_with_before_and_after() {
    let house = House::union().await;
    house.post("roles", json!({"name": "r"})).await.is(201);
    house.clock.pass(60);
    let answer = house
        .ask("PATCH", "roles/r")
        .header("x-request-id", "my-request")
        .json(&json!({"description": "new"}))
        .send()
        .await
        .is(200);
    let page = house.get("history?noun=role&limit=1").await.is(200).json();
    let entry = &page["items"][0];
    assert_eq!(
        (&entry["kind"], &entry["facade"], &entry["request_id"]),
        (&json!("entry"), &json!("rest"), &json!("my-request"))
    );
    assert_eq!(entry["revision"], answer.revision());
    assert!(entry["actor"].as_str().unwrap().starts_with("app_") && entry["at"].as_str().unwrap().ends_with('Z'));
    let change = &entry["changes"][0];
    assert_eq!(
        (&change["noun"], &change["happened"], &change["name"]),
        (&json!("role"), &json!("changed"), &json!("r"))
    );
    assert_eq!((&change["before"]["description"], &change["after"]["description"]), (&json!(""), &json!("new")));
    let token = page["next_page_token"].as_str().unwrap();
    let older = house.get(&format!("history?noun=role&limit=1&page_token={token}")).await.is(200).json();
    assert_eq!(older["items"][0]["changes"][0]["happened"], "created");
}

#[tokio::test]
async fn a_refused_command_is_an_event() {
    let house = House::union().await;
    let token = house.user("weak@example.com", &[]).await;
    house
        .ask("POST", "batch")
        .token(&token)
        .json(&json!({"operations": [{"op": "role.create", "body": {"name": "x"}}]}))
        .send()
        .await
        .is(403);
    // Events are written by a task of their own; ask until it is there.
    let found = async {
        loop {
            let page = house.get("history?noun=event&actor=weak@example.com").await.is(200).json();
            if let Some(event) = page["items"].as_array().unwrap().first() {
                return event.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let event = tokio::time::timeout(std::time::Duration::from_secs(30), found).await.unwrap();
    assert_eq!((&event["kind"], &event["event"]), (&json!("event"), &json!("forbidden")));
}

#[tokio::test]
async fn the_history_is_narrowed_by_actor_time_and_text() {
    let house = House::union().await;
    let other = house.user("other@example.com", &["Admin"]).await;
    house.clock.pass(3600);
    house.ask("POST", "roles").token(&other).json(&json!({"name": "needle-role"})).send().await.is(201);
    let count = async |query: &str| {
        house.get(&format!("history?{query}")).await.is(200).json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("actor=other@example.com").await, 1);
    assert_eq!(count("text=NEEDLE").await, 1);
    let at = house.get("history?limit=1").await.json()["items"][0]["at"].as_str().unwrap().to_owned();
    assert_eq!(count(&format!("since={at}")).await, 1);
    assert_eq!(count(&format!("until={at}&text=needle")).await, 0);
    house.get("history?since=soon").await.refused(400, "malformed");
    let verified = house.get("history/verify").await.is(200).json();
    assert_eq!((&verified["verified"], verified["head"].as_str().unwrap().len()), (&json!(true), 64));
}
