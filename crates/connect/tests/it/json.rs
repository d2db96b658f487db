//! Connect as anybody speaks it who has no client: JSON over HTTP/1.1.

use crate::house::{ADMIN, House};
use serde_json::{Value, json};

const ALLOWED: &str =
    r#"{"subject": "ada@example.com", "action": "view", "project": "shop", "environment": "production"}"#;

async fn refused(response: reqwest::Response, status: u16, code: &str) -> String {
    assert_eq!(response.status(), status);
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["code"], code, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_gets_an_answer_and_its_revision() {
    let house = House::new().await;
    for authorization in [format!("Bearer {ADMIN}"), ADMIN.to_owned()] {
        let answer: Value = house.ask("Check", Some(&authorization), ALLOWED).await.json().await.unwrap();
        let revision: u64 = answer["revision"].as_str().unwrap().parse().unwrap();
        assert!(revision > 0);
        assert_eq!(answer["allowed"], true);
    }
    let elsewhere = r#"{"subject": "ada@example.com", "action": "view", "project": "blog"}"#;
    let answer: Value = house.ask("Check", Some(ADMIN), elsewhere).await.json().await.unwrap();
    assert!(answer.get("allowed").is_none(), "false is left out in the JSON of protocol buffers: {answer}");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_false_and_no_error() {
    let house = House::new().await;
    for (subject, action, project) in [
        ("nobody@example.com", "view", "shop"),
        ("ada@example.com", "fly", "shop"),
        ("ada@example.com", "view", "moon"),
    ] {
        let body = json!({"subject": subject, "action": action, "project": project, "environment": "production"});
        let response = house.ask("Check", Some(ADMIN), &body.to_string()).await;
        assert_eq!(response.status(), 200);
        let answer: Value = response.json().await.unwrap();
        assert!(answer.get("allowed").is_none(), "{body}: {answer}");
    }
    // Who may do it everywhere may do it in a project that is not known too.
    let body = r#"{"subject": "root@example.com", "action": "view", "project": "moon"}"#;
    let answer: Value = house.ask("Check", Some(ADMIN), body).await.json().await.unwrap();
    assert_eq!(answer["allowed"], true);
}

#[tokio::test]
async fn without_a_credential_that_counts_nothing_is_read() {
    let house = House::new().await;
    for authorization in [None, Some("Bearer somebody-who-was-never-here")] {
        for body in [ALLOWED, "no JSON at all"] {
            let response = house.ask("Check", authorization, body).await;
            assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"rolecall\"");
            refused(response, 401, "unauthenticated").await;
        }
    }
    let (token, key) = house.token_of("root@example.com").await;
    assert_eq!(house.ask("Check", Some(&token), ALLOWED).await.status(), 200);
    house.revoke(&key).await;
    let message = refused(house.ask("Check", Some(&token), ALLOWED).await, 401, "unauthenticated").await;
    assert!(message.contains("revoked"), "{message}");
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let house = House::new().await;
    let said = async |body: &str| refused(house.ask("Check", Some(ADMIN), body).await, 400, "invalid_argument").await;
    assert!(said(r#"{"action": "view"}"#).await.contains("no `subject`"));
    assert!(said(r#"{"subject": "ada@example.com"}"#).await.contains("no `action`"));
    said("no JSON at all").await;
    said(r#"{"subject": 7}"#).await;
    refused(house.ask("Guess", Some(ADMIN), "{}").await, 404, "unimplemented").await;
    let path = format!("{}/rolecall.v1.DecisionService/Check", house.url);
    assert_eq!(house.http.get(path).bearer_auth(ADMIN).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_revision_can_be_demanded() {
    let house = House::new().await;
    let ask = async |at_least: &str| {
        let path = format!("{}/rolecall.v1.DecisionService/Check", house.url);
        let request = house.http.post(path).bearer_auth(ADMIN).header("rolecall-at-least", at_least);
        request.header("content-type", "application/json").body(ALLOWED).send().await.unwrap()
    };
    let made = house.post("roles", json!({"name": "one more"})).await;
    let revision = made["revision"].as_u64().unwrap();
    let answer: Value = ask(&revision.to_string()).await.json().await.unwrap();
    assert!(answer["revision"].as_str().unwrap().parse::<u64>().unwrap() >= revision, "{answer}");
    refused(ask("soon").await, 400, "invalid_argument").await;
    let never = ask(&(revision + 1_000).to_string()).await;
    assert_eq!(never.headers()["retry-after"], "1");
    refused(never, 503, "unavailable").await;
}
