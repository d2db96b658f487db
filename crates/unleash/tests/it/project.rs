//! Projects: their ids, what is kept of them, who sees and who changes them.

use crate::house::House;
use serde_json::{Value, json};

const PROJECTS: &str = "/api/admin/projects";

async fn made(house: &House, body: Value) -> Value {
    house.ask("POST", PROJECTS, body).await.is(201).json()
}

async fn listed(house: &House, token: &str) -> Vec<String> {
    let body = house.get_as(token, PROJECTS).await.is(200).json();
    body["projects"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn row(house: &House, id: &str) -> Value {
    let body = house.get(PROJECTS).await.is(200).json();
    body["projects"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn an_id_is_made_from_the_name_and_gets_a_number_when_it_is_taken() {
    let house = House::new().await;
    for id in ["my-nice-proj", "my-nice-proj-1", "my-nice-proj-2"] {
        assert_eq!(made(&house, json!({"name": " My  Nice Proj! "})).await["id"], id);
    }
    assert_eq!(made(&house, json!({"name": "名前"})).await["id"], "project");
    house.ask("POST", PROJECTS, json!({"id": "my-nice-proj", "name": "x"})).await.refused(409, "NameExistsError");
    house
        .ask("POST", &format!("{PROJECTS}/validate"), json!({"id": "my-nice-proj"}))
        .await
        .refused(409, "NameExistsError");
    house.ask("POST", &format!("{PROJECTS}/validate"), json!({"id": "free"})).await.bare(200);
    for id in ["a b", "a/b", "ä", "..", &"x".repeat(101)] {
        house.ask("POST", PROJECTS, json!({"id": id, "name": "x"})).await.refused(400, "BadDataError");
        house.ask("POST", &format!("{PROJECTS}/validate"), json!({"id": id})).await.refused(400, "BadDataError");
    }
    for body in [
        json!({"id": "x"}),
        json!({"name": " "}),
        json!({"name": "x", "mode": "shut"}),
        json!({"name": "x", "environments": ["moon"]}),
    ] {
        house.ask("POST", PROJECTS, body).await.refused(400, "BadDataError");
    }
}

#[tokio::test]
async fn a_description_that_is_not_there_is_absent() {
    let house = House::new().await;
    let body = made(&house, json!({"id": "shop", "name": "Shop", "environments": []})).await;
    assert!(body.get("description").is_none(), "{body}");
    assert_eq!(
        (&body["mode"], &body["environments"], &body["defaultStickiness"]),
        (&json!("open"), &json!([]), &json!("default"))
    );
    assert!(row(&house, "shop").await.get("description").is_none());
    let path = format!("{PROJECTS}/shop");
    house.ask("PUT", &path, json!({"name": "Shop 2", "description": "x"})).await.bare(200);
    house.ask("PUT", &path, json!({"name": "Shop 3"})).await.bare(200);
    let shown = row(&house, "shop").await;
    assert_eq!((&shown["name"], &shown["description"]), (&json!("Shop 3"), &json!("x")));
    house.ask("PUT", &path, json!({"name": "Shop 3", "description": null})).await.bare(200);
    assert!(row(&house, "shop").await.get("description").is_none());
}

#[tokio::test]
async fn what_is_kept_for_the_product_stays_beside_what_others_keep() {
    let house = House::new().await;
    made(&house, json!({"id": "shop", "name": "Shop", "defaultStickiness": "userId"})).await;
    let path = format!("{PROJECTS}/shop/settings");
    house.ask("PUT", &path, json!({"mode": "protected", "featureNaming": {"pattern": "a.*"}})).await.bare(200);
    let shown = row(&house, "shop").await;
    assert_eq!((&shown["mode"], &shown["defaultStickiness"]), (&json!("protected"), &json!("userId")));
    let revision = house.revision().await;
    house.ask("PUT", &path, json!({"mode": "protected"})).await.bare(200);
    assert_eq!(house.revision().await, revision);
    house.ask("PUT", &path, json!({"mode": "shut"})).await.refused(400, "BadDataError");
    let kept = house.rest("GET", "/projects/shop", Value::Null).await.is(200).json();
    assert_eq!(kept["attributes"]["unleash"]["featureNaming"]["pattern"], "a.*");
}

#[tokio::test]
async fn whoever_makes_a_project_owns_it_and_what_an_admin_token_makes_is_nobodys() {
    let house = House::new().await;
    made(&house, json!({"id": "nobodys", "name": "N"})).await;
    let access = house.get(&format!("{PROJECTS}/nobodys/access")).await.is(200).json();
    assert_eq!(access["users"], json!([]));
    assert_eq!(row(&house, "nobodys").await["owners"], json!([{"ownerType": "system"}]));
    let (ed, token) = house.user("ed", "Editor").await;
    house.ask_as(&token, "POST", PROJECTS, json!({"id": "mine", "name": "Mine"})).await.is(201);
    let access = house.get_as(&token, &format!("{PROJECTS}/mine/access")).await.is(200).json();
    assert_eq!((&access["users"][0]["id"], &access["users"][0]["roles"]), (&json!(ed), &json!([4])));
    let shown = row(&house, "mine").await;
    assert_eq!((&shown["memberCount"], &shown["owners"][0]["name"]), (&json!(1), &json!("ed")));
    house.ask_as(&token, "DELETE", &format!("{PROJECTS}/mine"), Value::Null).await.bare(200);
    let (_, viewer) = house.user("viewer", "Viewer").await;
    let refused = house.ask_as(&viewer, "POST", PROJECTS, json!({"name": "x"})).await.refused(403, "PermissionError");
    assert_eq!(refused["permissions"], json!(["CREATE_PROJECT"]));
}

#[tokio::test]
async fn a_private_project_is_hidden_from_viewers_who_have_nothing_there() {
    let house = House::new().await;
    made(&house, json!({"id": "secret", "name": "S", "mode": "private"})).await;
    let mut seen = Vec::new();
    house.ask("POST", "/api/admin/roles", json!({"name": "mine", "type": "root-custom"})).await.is(200);
    for (name, role) in [
        ("viewer", "Viewer"),
        ("editor", "Editor"),
        ("custom", "mine"),
        ("reader", "Viewer"),
        ("raised", "Viewer"),
        ("grouped", "Viewer"),
        ("idle", "Viewer"),
    ] {
        seen.push(house.user(name, role).await);
    }
    let id = |index: usize| seen[index].0;
    let member = |index: usize| json!([{"user": {"id": id(index)}}]);
    house.ask("PUT", &format!("{PROJECTS}/secret/users/{}/roles", id(3)), json!({"roles": [6]})).await.bare(200);
    house.ask("POST", "/api/admin/groups", json!({"name": "e", "rootRole": 2, "users": member(4)})).await.is(201);
    house.ask("POST", "/api/admin/groups", json!({"name": "p", "users": member(5)})).await.is(201);
    house.ask("PUT", &format!("{PROJECTS}/secret/groups/2/roles"), json!({"roles": [6]})).await.bare(200);
    house.ask("POST", "/api/admin/groups", json!({"name": "v", "rootRole": 3, "users": member(6)})).await.is(201);
    for (index, sees) in [false, true, true, true, true, true, false].into_iter().enumerate() {
        let token = &seen[index].1;
        assert_eq!(listed(&house, token).await.contains(&"secret".to_owned()), sees, "{index}");
        let environments = house.get_as(token, "/api/admin/environments/project/secret").await;
        if sees {
            environments.is(200).json()
        } else {
            environments.bare(404);
            Value::Null
        };
    }
}

#[tokio::test]
async fn a_project_that_is_built_in_stays_and_one_that_was_put_away_is_not_listed() {
    let house = House::new().await;
    let refused = house.ask("DELETE", &format!("{PROJECTS}/default"), Value::Null).await;
    refused.refused(403, "InvalidOperationError");
    house.ask("POST", &format!("{PROJECTS}/archive/default"), json!({})).await.refused(403, "InvalidOperationError");
    made(&house, json!({"id": "shop", "name": "Shop"})).await;
    let (uma, _) = house.user("uma", "Viewer").await;
    house.ask("POST", &format!("{PROJECTS}/archive/shop"), json!({})).await.bare(200);
    assert_eq!(listed(&house, crate::house::ADMIN).await, ["default"]);
    let away = house.get(&format!("{PROJECTS}?archived=true")).await.is(200).json();
    assert_eq!((away["projects"].as_array().unwrap().len(), &away["projects"][0]["id"]), (1, &json!("shop")));
    let body = json!({"roles": [5], "groups": [], "users": [uma]});
    house.ask("POST", &format!("{PROJECTS}/shop/access"), body.clone()).await.refused(403, "InvalidOperationError");
    house.ask("POST", &format!("{PROJECTS}/revive/shop"), json!({})).await.bare(200);
    house.ask("POST", &format!("{PROJECTS}/shop/access"), body).await.bare(200);
    house.ask("DELETE", &format!("{PROJECTS}/shop"), Value::Null).await.bare(200);
    house.ask("DELETE", &format!("{PROJECTS}/shop"), Value::Null).await.refused(404, "NotFoundError");
    assert!(!house.decides("user", "uma", "CREATE_FEATURE", "shop", "").await);
}

#[tokio::test]
async fn settings_are_changed_by_who_may_and_deleting_is_apart() {
    let house = House::new().await;
    made(&house, json!({"id": "shop", "name": "Shop"})).await;
    let path = format!("{PROJECTS}/shop");
    let requests = format!("{path}/environments/development/change-requests/config");
    for (permission, puts, sets, requested, deletes) in [
        ("PROJECT_SETTINGS_WRITE", 200, 403, 403, 403),
        ("PROJECT_CHANGE_REQUEST_WRITE", 403, 403, 204, 403),
        ("UPDATE_PROJECT", 200, 200, 204, 403),
        ("DELETE_PROJECT", 403, 403, 403, 200),
    ] {
        let role = json!({"name": permission, "permissions": [{"name": permission}]});
        let role = house.ask("POST", "/api/admin/roles", role).await.is(200).json()["roles"]["id"].clone();
        let (id, token) = house.user(&permission.to_lowercase(), "Viewer").await;
        house.ask("PUT", &format!("{path}/users/{id}/roles"), json!({"roles": [role]})).await.bare(200);
        house.ask_as(&token, "PUT", &path, json!({"name": permission})).await.is(puts);
        house.ask_as(&token, "PUT", &format!("{path}/settings"), json!({"mode": "open"})).await.is(sets);
        house.ask_as(&token, "PUT", &requests, json!({"changeRequestsEnabled": true})).await.is(requested);
        house.ask_as(&token, "DELETE", &path, Value::Null).await.is(deletes);
    }
}
