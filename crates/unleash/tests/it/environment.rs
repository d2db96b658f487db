//! Environments, and which of them a project uses.

use crate::house::House;
use serde_json::{Value, json};

const ENVIRONMENTS: &str = "/api/admin/environments";

async fn used(house: &House, project: &str) -> Vec<String> {
    let body = house.get(&format!("{ENVIRONMENTS}/project/{project}")).await.is(200).json();
    body["environments"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_said_of_an_environment_comes_back() {
    let house = House::new().await;
    let body = json!({"name": "stage", "type": "pre-production", "sortOrder": 9});
    let made = house.ask("POST", ENVIRONMENTS, body.clone()).await.is(201).json();
    let expected =
        json!({"name": "stage", "type": "pre-production", "enabled": true, "protected": false, "sortOrder": 9});
    assert_eq!(made, expected);
    house.ask("POST", ENVIRONMENTS, body).await.refused(409, "NameExistsError");
    house
        .ask("POST", &format!("{ENVIRONMENTS}/validate"), json!({"name": "stage"}))
        .await
        .refused(409, "NameExistsError");
    house.ask("POST", &format!("{ENVIRONMENTS}/validate"), json!({"name": "free"})).await.bare(200);
    house.ask("POST", ENVIRONMENTS, json!({"name": "a b", "type": "x"})).await.refused(400, "BadDataError");
    house.ask("POST", ENVIRONMENTS, json!({"name": "x"})).await.refused(400, "BadDataError");
    let changed =
        house.ask("PUT", &format!("{ENVIRONMENTS}/update/stage"), json!({"type": "test"})).await.is(200).json();
    assert_eq!((&changed["type"], &changed["sortOrder"]), (&json!("test"), &json!(9)));
    house
        .ask("PUT", &format!("{ENVIRONMENTS}/update/moon"), json!({"type": "test"}))
        .await
        .refused(404, "NotFoundError");
    let production = house.get(&format!("{ENVIRONMENTS}/production")).await.is(200).json();
    assert_eq!((&production["type"], &production["sortOrder"]), (&json!("production"), &json!(2)));
    house.get(&format!("{ENVIRONMENTS}/moon")).await.refused(404, "NotFoundError");
    house.ask("DELETE", &format!("{ENVIRONMENTS}/stage"), Value::Null).await.bare(200);
    house.ask("DELETE", &format!("{ENVIRONMENTS}/stage"), Value::Null).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn environments_are_switched_and_sorted_by_administrators_only() {
    let house = House::new().await;
    let (_, editor) = house.user("ed", "Editor").await;
    house.get_as(&editor, ENVIRONMENTS).await.is(200);
    for (method, path, body) in [
        ("POST", "", json!({"name": "x", "type": "y"})),
        ("POST", "/development/off", json!({})),
        ("PUT", "/sort-order", json!({"production": 1})),
        ("DELETE", "/development", Value::Null),
        ("PUT", "/update/development", json!({"type": "test"})),
    ] {
        house.ask_as(&editor, method, &format!("{ENVIRONMENTS}{path}"), body).await.refused(403, "PermissionError");
    }
    house.ask("POST", &format!("{ENVIRONMENTS}/development/off"), json!({})).await.bare(204);
    assert_eq!(house.get(&format!("{ENVIRONMENTS}/development")).await.is(200).json()["enabled"], false);
    assert_eq!(used(&house, "default").await, ["production"]);
    house.ask("POST", &format!("{ENVIRONMENTS}/development/on"), json!({})).await.bare(204);
    house.ask("PUT", &format!("{ENVIRONMENTS}/sort-order"), json!({"production": 1, "development": 2})).await.bare(200);
    let body = house.get(ENVIRONMENTS).await.is(200).json();
    assert_eq!(
        (&body["environments"][0]["name"], &body["environments"][0]["sortOrder"]),
        (&json!("production"), &json!(1))
    );
    house.ask("PUT", &format!("{ENVIRONMENTS}/sort-order"), json!({"moon": 1})).await.refused(400, "BadDataError");
}

#[tokio::test]
async fn a_project_uses_what_was_said_or_all_that_is_on() {
    let house = House::new().await;
    assert_eq!(used(&house, "default").await, ["development", "production"]);
    let body = json!({"id": "shop", "name": "Shop", "environments": ["production"]});
    house.ask("POST", "/api/admin/projects", body).await.is(201);
    assert_eq!(used(&house, "shop").await, ["production"]);
    let path = "/api/admin/projects/shop/environments";
    house.ask("POST", path, json!({"environment": "development"})).await.bare(200);
    house.ask("POST", path, json!({"environment": "development"})).await.refused(409, "NameExistsError");
    house.ask("POST", path, json!({"environment": "moon"})).await.refused(404, "NotFoundError");
    assert_eq!(used(&house, "shop").await, ["development", "production"]);
    let config = format!("{path}/development/change-requests/config");
    house.ask("PUT", &config, json!({"changeRequestsEnabled": true, "requiredApprovals": 2})).await.bare(204);
    let rows = house.get("/api/admin/projects/shop/change-requests/config").await.is(200).json();
    let on = json!({"environment": "development", "type": "development", "changeRequestEnabled": true, "requiredApprovals": 2});
    let off = json!({"environment": "production", "type": "production", "changeRequestEnabled": false, "requiredApprovals": null});
    let mut rows = rows.as_array().unwrap().clone();
    rows.sort_by_key(|row| row["environment"].to_string());
    assert_eq!(rows, [on, off]);
    house.ask("PUT", &config, json!({"changeRequestsEnabled": false})).await.bare(204);
    let rows = house.get("/api/admin/projects/shop/change-requests/config").await.is(200).text;
    assert!(!rows.contains("true"), "{rows}");
    for _ in 0..2 {
        house.ask("DELETE", &format!("{path}/development"), Value::Null).await.bare(200);
    }
    assert_eq!(used(&house, "shop").await, ["production"]);
    house.get(&format!("{ENVIRONMENTS}/project/nowhere")).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_clone_gets_what_roles_permit_in_the_environment_it_is_like() {
    let house = House::new().await;
    let permissions =
        json!([{"name": "CREATE_FEATURE_STRATEGY", "environment": "production"}, {"name": "CREATE_FEATURE"}]);
    let role =
        house.ask("POST", "/api/admin/roles", json!({"name": "r", "permissions": permissions})).await.is(200).json();
    let role = format!("/api/admin/roles/{}", role["roles"]["id"]);
    let body = json!({"name": "stage", "type": "production", "projects": ["default"]});
    house.ask("POST", &format!("{ENVIRONMENTS}/production/clone"), body).await.is(201);
    let body = json!({"name": "bare", "type": "production", "clonePermissions": false});
    house.ask("POST", &format!("{ENVIRONMENTS}/production/clone"), body).await.is(201);
    let permissions = house.get(&role).await.is(200).json()["permissions"].clone();
    let environments: Vec<_> = permissions.as_array().unwrap().iter().map(|one| one["environment"].clone()).collect();
    assert_eq!(environments, [json!("production"), json!(null), json!("stage")]);
    assert!(used(&house, "default").await.contains(&"stage".to_owned()));
    // What a role names does not go without it.
    house.ask("DELETE", &format!("{ENVIRONMENTS}/stage"), Value::Null).await.refused(403, "InvalidOperationError");
}
