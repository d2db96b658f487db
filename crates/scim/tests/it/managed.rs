//! What SCIM manages is SCIM's, and what it may not do is said.

use crate::house::{House, id, patch};
use rolecall_model::command::SubjectRef;
use rolecall_model::group::{GroupCommand, GroupPatch};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Command, Ref};
use rolecall_service::Error;
use serde_json::{Value, json};

/// Tries a command by hand, which must be refused because SCIM manages what it is about.
async fn refused(house: &House, command: Command) {
    match rolecall_service::execute(&house.ctx().await, command).await {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.kind, Kind::Managed, "{refusal}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_scim_manages_is_not_changed_by_hand() {
    let house = House::new().await;
    let ada = house.add_id("ada").await;
    house.add_group("team", &[&ada]).await;
    let user = || SubjectRef::User(ada.as_str().into());
    let named = Ref::from("team");
    for command in [
        Command::from(UserCommand::Change(user(), UserPatch { name: Some("x".to_owned()), ..UserPatch::default() })),
        UserCommand::Change(user(), UserPatch { active: Some(false), ..UserPatch::default() }).into(),
        GroupCommand::Change(named.clone(), GroupPatch { name: Some("x".to_owned()), ..GroupPatch::default() }).into(),
        MembershipCommand::Remove { group: named.clone(), user: user(), source: None, quietly: false }.into(),
        MembershipCommand::Add(named, SubjectRef::User("root@example.com".into()), Terms::of(Source::Manual)).into(),
    ] {
        refused(&house, command).await;
    }
    // What it gives nobody by itself can still be given by hand.
    house.rest("PATCH", &format!("/users/{ada}"), json!({"attributes": {"desk": "7"}})).await.is(200);
}

#[tokio::test]
async fn writing_makes_a_user_and_a_group_managed_and_reading_does_not() {
    let house = House::new().await;
    let body = json!({"username": "ada", "email": "ada@x.org", "name": "Ada"});
    let ada = house.rest("POST", "/users", body).await.is(201).json()["subject"].as_str().unwrap().to_owned();
    let shown = house.get(&format!("/Users/{ada}")).await.is(200).json();
    assert_eq!((&shown["userName"], &shown["displayName"]), (&json!("ada@x.org"), &json!("Ada")));
    assert_eq!(shown["emails"], json!([{"value": "ada@x.org", "type": "work", "primary": true}]));
    // By any of its names it is found, so that a client can match it.
    for name in ["ADA", "ada@x.org"] {
        assert_eq!(house.found("Users", &format!("userName eq \"{name}\"")).await, std::slice::from_ref(&ada));
    }
    house.rest("PATCH", &format!("/users/{ada}"), json!({"name": "Ada L"})).await.is(200);
    let adopt = patch(json!([{"op": "add", "path": "externalId", "value": "7"}]));
    let shown = house.ask("PATCH", &format!("/Users/{ada}"), adopt).await.is(200).json();
    assert_eq!((&shown["displayName"], &shown["externalId"]), (&json!("Ada L"), &json!("7")));
    let by_hand = UserPatch { name: Some("Ada".to_owned()), ..UserPatch::default() };
    refused(&house, UserCommand::Change(SubjectRef::User("ada".into()), by_hand).into()).await;
    assert!(house.rest("GET", "/users/ada", Value::Null).await.is(200).json()["subject"] == ada.as_str());
}

#[tokio::test]
async fn an_external_id_that_is_the_address_follows_it() {
    let house = House::new().await;
    let body = json!({"email": "ada@x.org", "external_id": "ada@x.org"});
    let ada = house.rest("POST", "/users", body).await.is(201).json()["subject"].as_str().unwrap().to_owned();
    let put = async |name: &str| house.ask("PUT", &format!("/Users/{ada}"), json!({"userName": name})).await.is(200);
    let told = async || house.rest("GET", &format!("/users/{ada}"), Value::Null).await.json()["external_id"].clone();
    put("Ada@x.org").await;
    assert_eq!(told().await, "ada@x.org");
    put("ada@y.org").await;
    assert_eq!(told().await, "ada@y.org");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::new().await;
    let root = house.found("Users", "userName eq \"root@example.com\"").await.remove(0);
    let path = format!("/Users/{root}");
    let off = patch(json!([{"op": "Replace", "path": "active", "value": "False"}]));
    for answer in [
        house.ask("PATCH", &path, off).await,
        house.ask("PUT", &path, json!({"userName": "root@example.com", "active": false})).await,
        house.ask("DELETE", &path, Value::Null).await,
    ] {
        let told = answer.refused(409, None);
        assert!(told["detail"].as_str().unwrap().contains("another user an administrator first"), "{told}");
    }
    assert_eq!(house.get(&path).await.is(200).json()["active"], true);
}

#[tokio::test]
async fn the_audit_says_that_scim_did_it() {
    let house = House::new().await;
    let ada = house.add("ada").await;
    let path = format!("/Users/{}", id(&ada));
    house.ask("PATCH", &path, patch(json!([{"op": "replace", "path": "title", "value": "Dr."}]))).await.is(200);
    house.ask("DELETE", &path, Value::Null).await.is(204);
    let history = house.rest("GET", "/history?facade=scim", Value::Null).await.is(200).json();
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{history}");
    assert!(items.iter().all(|item| item["facade"] == "scim" && item["actor"] == "scim"), "{history}");
}
