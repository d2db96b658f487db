//! Many operations in one request.

use crate::house::{House, PATCH, URL, sorted};
use serde_json::{Value, json};

async fn bulk(house: &House, body: Value) -> Vec<Value> {
    let told = house.ask("POST", "/Bulk", body).await.is(200).json();
    assert_eq!(told["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    told["Operations"].as_array().unwrap().clone()
}

fn made(answer: &Value) -> String {
    answer["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn operations_are_carried_out_in_order_and_each_is_answered() {
    let house = House::new().await;
    let told = bulk(&house, json!({"Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "team", "members": [{"value": "bulkId:a"}]}},
        {"method": "patch", "path": "/Users/bulkId:a",
            "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Dr."}]}},
        {"method": "PUT", "path": "/Users/bulkId:a", "data": {"userName": "Ada"}, "version": "W/\"1\""},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"userName": "ada"}},
        {"method": "DELETE", "path": "/Groups/bulkId:g"},
    ]})).await;
    let statuses: Vec<&str> = told.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "201", "200", "412", "409", "204"]);
    let ada = made(&told[0]);
    assert_eq!((&told[0]["bulkId"], &told[0]["method"]), (&json!("a"), &json!("POST")));
    assert!(told[0]["version"].as_str().unwrap().starts_with("W/"));
    assert_eq!(told[2]["location"], format!("{URL}/scim/v2/Users/{ada}"));
    assert_eq!(told[4]["response"]["scimType"], "uniqueness");
    assert!(told[4].get("location").is_none());
    let shown = house.get(&format!("/Users/{ada}")).await.is(200).json();
    assert_eq!((&shown["title"], shown.get("groups")), (&json!("Dr."), None));
}

#[tokio::test]
async fn what_names_a_later_operation_waits_for_it() {
    let house = House::new().await;
    let told = bulk(&house, json!({"Operations": [
        {"method": "POST", "path": "/Groups", "bulkId": "g",
            "data": {"displayName": "team", "members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}},
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"userName": "bob"}},
        {"method": "POST", "path": "/Groups", "bulkId": "x", "data": {"displayName": "x", "members": [{"value": "bulkId:y"}]}},
        {"method": "POST", "path": "/Groups", "bulkId": "y", "data": {"displayName": "y", "members": [{"value": "bulkId:x"}]}},
        {"method": "POST", "path": "/Groups", "bulkId": "z", "data": {"displayName": "z", "members": [{"value": "bulkId:odd"}]}},
    ]})).await;
    let statuses: Vec<&str> = told.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "201", "201", "409", "409", "400"]);
    assert_eq!(house.members(&made(&told[0])).await, sorted([&made(&told[1]), &made(&told[2])]));
}

#[tokio::test]
async fn after_so_many_errors_nothing_more_is_done() {
    let house = House::new().await;
    let bad = json!({"method": "DELETE", "path": "/Users/x"});
    let good = json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}});
    let told = bulk(&house, json!({"failOnErrors": 2, "Operations": [bad, bad, good]})).await;
    assert_eq!(told.len(), 2);
    assert!(house.found("Users", "userName eq \"ada\"").await.is_empty());
    let told = bulk(&house, json!({"Operations": [bad, bad, good]})).await;
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn an_operation_that_cannot_be_read_fails_alone_and_too_many_all_at_once() {
    let house = House::new().await;
    let told = bulk(
        &house,
        json!({"Operations": [
            7,
            {"method": "GET", "path": "/Users"},
            {"method": "POST", "path": "/Users", "data": {"userName": "x"}},
            {"method": "POST", "bulkId": "a", "path": "/Bulk", "data": {}},
            {"method": "POST", "bulkId": "b", "path": "/odd", "data": {}},
            {"method": "POST", "bulkId": "c", "path": "/Users"},
            {"method": "POST", "bulkId": "d", "path": "/Users", "data": {"userName": "ada"}},
        ]}),
    )
    .await;
    let statuses: Vec<&str> = told.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["400", "400", "400", "400", "404", "400", "201"]);
    let many: Vec<Value> = (0..1_001).map(|_| json!({"method": "DELETE", "path": "/Users/x"})).collect();
    house.ask("POST", "/Bulk", json!({"Operations": many})).await.refused(413, None);
    house.ask("POST", "/Bulk", json!({"x": "x".repeat(5 << 20)})).await.refused(413, None);
    house.ask("POST", "/Bulk", json!({})).await.refused(400, Some("invalidSyntax"));
}
