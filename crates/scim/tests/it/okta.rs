//! The forms of Okta.

use crate::house::{GROUP, House, PATCH, USER, id, sorted};
use serde_json::{Value, json};

fn user(active: bool) -> Value {
    json!({
        "schemas": [USER], "userName": "ada@example.com", "externalId": "00ujl29u0le5T6Aj10h7", "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "locale": "en-US", "groups": [], "password": "1mz050nq",
        "emails": [{"primary": true, "value": "ada@example.com", "type": "work"}], "active": active,
    })
}

#[tokio::test]
async fn a_user_is_added_deactivated_by_put_and_reactivated_by_patch() {
    let house = House::new().await;
    let nobody =
        house.get("/Users?filter=userName%20eq%20%22ada@example.com%22&startIndex=1&count=100").await.is(200).json();
    assert_eq!((&nobody["totalResults"], &nobody["Resources"]), (&json!(0), &json!([])));
    let path = format!("/Users/{}", id(&house.ask("POST", "/Users", user(true)).await.is(201).json()));
    assert_eq!(house.get(&path).await.is(200).json()["active"], true);
    let off = house.ask("PUT", &path, user(false)).await.is(200).json();
    assert_eq!((&off["active"], off.get("password")), (&json!(false), None));
    let told = house.rest("GET", "/users/ada@example.com", Value::Null).await.is(200).json();
    assert_eq!(told["active"], false);
    let on = json!({"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": true}}]});
    assert_eq!(house.ask("PATCH", &path, on).await.is(200).json()["active"], true);
    let off = json!({"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": false}}]});
    assert_eq!(house.ask("PATCH", &path, off).await.is(200).json()["active"], false);
}

#[tokio::test]
async fn who_is_there_already_is_found_and_adopted() {
    let house = House::new().await;
    let body = json!({"email": "ada@example.com", "name": "Ada", "username": "ada"});
    let there = house.rest("POST", "/users", body).await.is(201).json()["subject"].as_str().unwrap().to_owned();
    house.ask("POST", "/Users", user(true)).await.refused(409, Some("uniqueness"));
    assert_eq!(house.found("Users", "userName eq \"ada@example.com\"").await, std::slice::from_ref(&there));
    let adopted = house.ask("PUT", &format!("/Users/{there}"), user(true)).await.is(200).json();
    assert_eq!((&adopted["externalId"], &adopted["displayName"]), (&user(true)["externalId"], &json!("Ada Lovelace")));
    assert_eq!(house.found("Users", "externalId eq \"00ujl29u0le5T6Aj10h7\"").await, [there]);
    // What the client never spoke of stays as it was.
    assert_eq!(house.rest("GET", "/users/ada", Value::Null).await.is(200).json()["name"], "Ada Lovelace");
}

#[tokio::test]
async fn a_group_is_pushed_renamed_and_its_members_replaced() {
    let house = House::new().await;
    let (ada, bob, eve) = (house.add_id("ada").await, house.add_id("bob").await, house.add_id("eve").await);
    let pushed = json!({"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": ada, "display": "ada"}]});
    let made = house.ask("POST", "/Groups", pushed).await.is(201).json();
    let path = format!("/Groups/{}", id(&made));
    let members = json!({"schemas": [PATCH], "Operations": [
        {"op": "replace", "path": "members", "value": [{"value": bob, "display": "bob"}, {"value": eve, "display": "eve"}]}]});
    house.ask("PATCH", &path, members).await.is(204);
    assert_eq!(house.members(&id(&made)).await, sorted([&bob, &eve]));
    let renamed = json!({"schemas": [PATCH], "Operations": [
        {"op": "replace", "value": {"id": id(&made), "displayName": "Developers"}}]});
    house.ask("PATCH", &path, renamed).await.is(204);
    assert_eq!(house.found("Groups", "displayName eq \"Developers\"").await, [id(&made)]);
    let put = json!({"schemas": [GROUP], "displayName": "Developers", "members": []});
    let put = house.ask("PUT", &path, put).await.is(200).json();
    assert!(put.get("members").is_none());
    house.ask("DELETE", &path, Value::Null).await.is(204);
}
