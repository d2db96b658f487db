//! Permissions and roles.

use crate::house::{House, request};
use serde_json::{Value, json};

async fn made(house: &House, body: Value) -> u64 {
    house.ask("POST", "/api/admin/roles", body).await.is(200).json()["roles"]["id"].as_u64().unwrap()
}

async fn permissions(house: &House, role: u64) -> Vec<(String, Value)> {
    let role = house.get(&format!("/api/admin/roles/{role}")).await.is(200).json();
    let all = role["permissions"].as_array().unwrap().iter();
    all.map(|one| (one["name"].as_str().unwrap().to_owned(), one["environment"].clone())).collect()
}

fn custom(name: &str, permissions: Value) -> Value {
    json!({"name": name, "type": "custom", "description": "", "permissions": permissions})
}

#[tokio::test]
async fn making_a_role_answers_200_with_one_object_that_has_a_description() {
    let house = House::new().await;
    let body = house.ask("POST", "/api/admin/roles", json!({"name": "plain"})).await.is(200).json();
    let role = &body["roles"];
    assert_eq!(body["version"], 1);
    assert_eq!((&role["name"], &role["type"], &role["description"]), (&json!("plain"), &json!("custom"), &json!("")));
    assert!(role["id"].as_u64().unwrap() > 6 && role["id"].as_u64().unwrap() < 1 << 24);
    assert!(role.get("permissions").is_none());
}

#[tokio::test]
async fn the_kind_of_a_role_comes_back_as_it_was_sent_and_does_not_change() {
    let house = House::new().await;
    for (sent, kept) in [("custom", "custom"), ("root-custom", "root-custom"), ("root", "custom"), ("x", "custom")] {
        let body = json!({"name": format!("a {sent}"), "type": sent});
        assert_eq!(house.ask("POST", "/api/admin/roles", body).await.is(200).json()["roles"]["type"], kept, "{sent}");
    }
    let id = made(&house, json!({"name": "root", "type": "root-custom"})).await;
    let path = format!("/api/admin/roles/{id}");
    let body = house.ask("PUT", &path, json!({"name": "root", "type": "custom"})).await.is(200).json();
    assert_eq!(body["roles"]["type"], "root-custom");
}

#[tokio::test]
async fn an_environment_is_null_where_it_does_not_matter_and_without_one_all_are_meant() {
    let house = House::new().await;
    let wanted = json!([
        {"name": "CREATE_FEATURE", "environment": "development"}, {"name": "CREATE_FEATURE_STRATEGY", "environment": ""},
        {"id": 26, "environment": "production"}, {"id": 27.0},
    ]);
    let id = made(&house, custom("mixed", wanted)).await;
    let expected = [
        ("CREATE_FEATURE", Value::Null),
        ("CREATE_FEATURE_STRATEGY", Value::Null),
        ("UPDATE_FEATURE_STRATEGY", json!("production")),
        ("DELETE_FEATURE_STRATEGY", Value::Null),
    ];
    assert_eq!(permissions(&house, id).await, expected.map(|(name, at)| (name.to_owned(), at)));
    let (uma, _) = house.user("uma", "Viewer").await;
    house
        .ask("POST", "/api/admin/projects/default/access", json!({"roles": [id], "groups": [], "users": [uma]}))
        .await
        .bare(200);
    for environment in ["development", "production"] {
        assert!(house.decides("user", "uma", "CREATE_FEATURE_STRATEGY", "default", environment).await);
        let there = house.decides("user", "uma", "UPDATE_FEATURE_STRATEGY", "default", environment).await;
        assert_eq!(there, environment == "production");
    }
}

#[tokio::test]
async fn everything_unknown_is_named_at_once_and_leaves_no_role_behind() {
    let house = House::new().await;
    let wanted = json!([
        {"name": "NO_SUCH"}, {"id": 9999}, {}, {"name": "CREATE_FEATURE_STRATEGY", "environment": "moon"},
        {"name": "rolecall.users.write"},
    ]);
    let refused = house.ask("POST", "/api/admin/roles", custom("half", wanted)).await.refused(400, "BadDataError");
    let said = refused["details"][0]["message"].as_str().unwrap();
    for part in ["NO_SUCH", "9999", "moon", "rolecall.users.write"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let roles = house.get("/api/admin/roles").await.is(200).text;
    assert!(!roles.contains("half"), "{roles}");
}

#[tokio::test]
async fn kinds_are_not_mixed() {
    let house = House::new().await;
    let body = custom("c", json!([{"name": "CREATE_FEATURE"}, {"name": "CREATE_SEGMENT"}]));
    let refused = house.ask("POST", "/api/admin/roles", body).await.refused(400, "BadDataError");
    assert!(refused["details"][0]["message"].as_str().unwrap().contains("CREATE_SEGMENT"));
    let body = json!({"name": "r", "type": "root-custom", "permissions": [{"name": "UPDATE_PROJECT"}]});
    house.ask("POST", "/api/admin/roles/validate", body.clone()).await.refused(400, "BadDataError");
    house.ask("POST", "/api/admin/roles", body).await.refused(400, "BadDataError");
    let id = made(&house, custom("later", json!([]))).await;
    let body = custom("later", json!([{"name": "READ_ROLE"}]));
    house.ask("PUT", &format!("/api/admin/roles/{id}"), body).await.refused(400, "BadDataError");
}

#[tokio::test]
async fn a_name_is_trimmed_compared_to_the_letter_and_unique_over_all_kinds() {
    let house = House::new().await;
    made(&house, custom("Dev", json!([]))).await;
    made(&house, custom("dev", json!([]))).await;
    for name in ["Dev", "  Dev ", "Admin", "Owner"] {
        let body = json!({"name": name, "type": "root-custom"});
        house.ask("POST", "/api/admin/roles", body.clone()).await.refused(409, "NameExistsError");
        house.ask("POST", "/api/admin/roles/validate", body).await.refused(409, "NameExistsError");
    }
    house.ask("POST", "/api/admin/roles", json!({"name": "  "})).await.refused(400, "BadDataError");
    house.ask("POST", "/api/admin/roles", json!({"description": "x"})).await.refused(400, "BadDataError");
    let revision = house.revision().await;
    house.ask("POST", "/api/admin/roles/validate", json!({"name": "free"})).await.bare(200);
    assert_eq!(house.revision().await, revision, "looking whether it could be made makes nothing");
}

#[tokio::test]
async fn an_update_replaces_what_is_shown_and_nothing_else() {
    let house = House::new().await;
    let id = made(&house, custom("worker", json!([{"name": "CREATE_FEATURE"}, {"name": "UPDATE_FEATURE"}]))).await;
    let hidden = json!({"permits": [
        {"action": "rolecall.access.check"}, {"action": "DELETE_FEATURE"}, {"action": "CREATE_FEATURE"}
    ]});
    house.rest("PATCH", "/roles/worker", hidden).await.is(200);
    let path = format!("/api/admin/roles/{id}");
    let body = json!({"name": "worker", "description": "d", "permissions": [{"name": "UPDATE_FEATURE"}, {"name": "CREATE_FEATURE"}]});
    house.ask("PUT", &path, body.clone()).await.is(200);
    let kept = house.rest("GET", "/roles/worker", Value::Null).await.is(200).text;
    assert!(kept.contains("rolecall.access.check") && !kept.contains("DELETE_FEATURE"), "{kept}");
    let names: Vec<_> = permissions(&house, id).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["UPDATE_FEATURE", "CREATE_FEATURE"], "in the order they were sent");
    let revision = house.revision().await;
    house.ask("PUT", &path, body).await.is(200);
    assert_eq!(house.revision().await, revision, "the same once more is no change");
    house.ask("PUT", &path, json!({"name": "renamed"})).await.is(200);
    let role = house.get(&path).await.is(200).json();
    assert_eq!((&role["name"], &role["description"]), (&json!("renamed"), &json!("")));
    assert_eq!(role["permissions"].as_array().unwrap().len(), 2, "a missing list leaves the permissions alone");
}

#[tokio::test]
async fn a_role_is_looked_for_then_protected_then_kept_while_it_is_used() {
    let house = House::new().await;
    house.ask("DELETE", "/api/admin/roles/999", Value::Null).await.refused(404, "NotFoundError");
    house.ask("PUT", "/api/admin/roles/999", json!({"name": "x"})).await.refused(404, "NotFoundError");
    for id in 1..=6 {
        let path = format!("/api/admin/roles/{id}");
        for (method, body) in [("DELETE", Value::Null), ("PUT", json!({"name": "x"}))] {
            let refused = house.ask(method, &path, body).await.refused(403, "InvalidOperationError");
            assert!(refused["message"].as_str().unwrap().contains("built in"), "{refused}");
        }
    }
    let root = made(&house, json!({"name": "root", "type": "root-custom"})).await;
    house.ask("POST", "/api/admin/groups", json!({"name": "g", "rootRole": root, "users": []})).await.is(201);
    let path = format!("/api/admin/roles/{root}");
    house.ask("DELETE", &path, Value::Null).await.refused(400, "RoleInUseError");
    house.ask("DELETE", "/api/admin/groups/1", Value::Null).await.bare(200);
    house.ask("DELETE", &path, Value::Null).await.bare(200);
    house.get(&path).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn who_may_read_roles_may_not_write_them() {
    let house = House::new().await;
    made(&house, json!({"name": "reader of roles", "type": "root-custom", "permissions": [{"name": "READ_ROLE"}]}))
        .await;
    let (_, reader) = house.user("reader", "reader of roles").await;
    let (_, viewer) = house.user("viewer", "Viewer").await;
    house.get_as(&reader, "/api/admin/roles").await.is(200);
    house.get_as(&reader, "/api/admin/projects/roles/5/access").await.is(200);
    let refused = house.get_as(&viewer, "/api/admin/roles").await.refused(403, "PermissionError");
    assert_eq!(refused["permissions"], json!(["READ_ROLE", "ADMIN"]));
    let refused = house.ask_as(&reader, "POST", "/api/admin/roles", json!({})).await.refused(403, "PermissionError");
    assert_eq!(refused["permissions"], json!(["ADMIN"]));
    // Before the id is looked for and the body read.
    house.ask_as(&reader, "PUT", "/api/admin/roles/x", json!(3)).await.refused(403, "PermissionError");
    let odd = request("POST", "/unleash/api/admin/roles", Some(&viewer), &Value::Null);
    house.send(odd).await.refused(403, "PermissionError");
}

#[tokio::test]
async fn the_catalogue_has_every_permission_by_number_and_those_of_environments_for_each() {
    let house = House::new().await;
    house.ask("POST", "/api/admin/environments", json!({"name": "stage", "type": "pre-production"})).await.is(201);
    let (_, viewer) = house.user("viewer", "Viewer").await;
    let body = house.get_as(&viewer, "/api/admin/permissions").await.is(200).json();
    let permissions = &body["permissions"];
    assert_eq!(permissions["root"].as_array().unwrap().len(), 35);
    assert_eq!(permissions["project"].as_array().unwrap().len(), 22);
    let environments = permissions["environments"].as_array().unwrap();
    let names: Vec<_> = environments.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["development", "production", "stage"]);
    assert_eq!(environments[2]["permissions"][0]["environment"], "stage");
    let first = json!({"id": 1, "name": "ADMIN", "displayName": "Admin", "type": "root"});
    assert_eq!(permissions["root"][0], first);
}

#[tokio::test]
async fn a_role_without_a_kind_here_is_not_shown() {
    let house = House::new().await;
    let roles = house.get("/api/admin/roles").await.is(200).json();
    let names: Vec<_> = roles["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Admin", "Editor", "Viewer", "Owner", "Member", "Reader"]);
    house.get("/api/admin/roles/7").await.refused(404, "NotFoundError");
    let editor = permissions(&house, 2).await;
    assert!(editor.contains(&("CREATE_FEATURE_STRATEGY".to_owned(), json!("production"))), "{editor:?}");
    let owner = permissions(&house, 4).await;
    assert!(owner.iter().all(|(name, _)| !name.starts_with("rolecall.")), "{owner:?}");
}

#[tokio::test]
async fn a_change_of_a_role_is_felt_at_once_by_who_holds_it() {
    let house = House::new().await;
    let id = made(&house, custom("worker", json!([{"name": "CREATE_FEATURE"}]))).await;
    let (uma, _) = house.user("uma", "Viewer").await;
    house
        .ask("POST", "/api/admin/projects/default/access", json!({"roles": [id], "groups": [], "users": [uma]}))
        .await
        .bare(200);
    assert!(house.decides("user", "uma", "CREATE_FEATURE", "default", "").await);
    house.ask("PUT", &format!("/api/admin/roles/{id}"), custom("worker", json!([]))).await.is(200);
    assert!(!house.decides("user", "uma", "CREATE_FEATURE", "default", "").await);
    let usage = house.get(&format!("/api/admin/projects/roles/{id}/access")).await.is(200).json();
    let row = json!({"project": "default", "role": id, "userCount": 1, "serviceAccountCount": 0, "groupCount": 0});
    assert_eq!(usage, json!({"projects": [row]}));
}
