//! Pages, filters and orders.

use crate::house::House;
use reqwest::Method;
use serde_json::{Value, json};

fn names(listed: &Value, kind: &str) -> Vec<String> {
    let items = listed[kind].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["id"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_whole_over_its_pages_and_has_no_bound_but_the_one_asked_for() {
    let house = House::new().await;
    for number in 0..120 {
        house
            .rest(
                Method::POST,
                "roles",
                json!({"name": format!("role {number}"), "permits": [{"action": "manage_queue"}]}),
            )
            .await;
    }
    let usual = house.call("RoleService/List", json!({})).await.well();
    assert_eq!(names(&usual, "roles").len(), 100);
    let rest = house.call("RoleService/List", json!({"request": {"token": usual["token"]}})).await.well();
    assert!(rest.get("token").is_none(), "the last page has no token");
    let whole = house.call("RoleService/List", json!({"request": {"limit": 20_000}})).await.well();
    assert_eq!([names(&usual, "roles"), names(&rest, "roles")].concat(), names(&whole, "roles"));
    let said = house.call("RoleService/List", json!({"request": {"token": "7"}})).await.refused("invalid_argument");
    assert!(said.contains("start the list again without one"), "{said}");
}

#[tokio::test]
async fn a_filter_is_followed_and_one_that_means_nothing_is_refused() {
    let house = House::new().await;
    house.rest(Method::POST, "users", json!({"email": "jane@example.com", "name": "Jane Doe"})).await;
    let by = |field: &str, value: &str| json!({"request": {"filters": [{"field": field, "values": [value]}]}});
    let found = house.call("UserService/ListUsers", by("email", "Jane@Example.com")).await.well();
    assert_eq!((found["users"].as_array().unwrap().len(), &found["users"][0]["spec"]["lastName"]), (1, &json!("Doe")));
    let none = house.call("UserService/ListUsers", by("email", "nobody@example.com")).await.well();
    assert!(none.get("users").is_none(), "{none}");
    let said = house.call("UserService/ListUsers", by("color", "red")).await.refused("invalid_argument");
    assert!(said.contains("\"color\"") && said.contains("email"), "{said}");
}
