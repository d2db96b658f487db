//! Access to projects: what is replaced, what survives it, and who may give what.

use crate::house::House;
use serde_json::{Value, json};

const SHOP: &str = "/api/admin/projects/shop";
const OWNER: u64 = 4;
const MEMBER: u64 = 5;
const READER: u64 = 6;

async fn shop() -> House {
    let house = House::new().await;
    house.ask("POST", "/api/admin/projects", json!({"id": "shop", "name": "Shop"})).await.is(201);
    house
}

async fn custom(house: &House, name: &str, permissions: &[&str]) -> u64 {
    let permissions: Vec<_> = permissions.iter().map(|name| json!({"name": name})).collect();
    let body = json!({"name": name, "permissions": permissions});
    house.ask("POST", "/api/admin/roles", body).await.is(200).json()["roles"]["id"].as_u64().unwrap()
}

async fn group(house: &House, name: &str, users: &[u64]) -> u64 {
    let users: Vec<_> = users.iter().map(|id| json!({"user": {"id": id}})).collect();
    house.ask("POST", "/api/admin/groups", json!({"name": name, "users": users})).await.is(201).json()["id"]
        .as_u64()
        .unwrap()
}

async fn set(house: &House, roles: Value) {
    house.ask("PUT", &format!("{SHOP}/access"), json!({"roles": roles})).await.bare(200);
}

/// Ids with their roles, of `users` or `groups`.
async fn rows(house: &House, what: &str) -> Vec<(u64, Vec<u64>)> {
    let access = house.get(&format!("{SHOP}/access")).await.is(200).json();
    let rows = access[what].as_array().unwrap().iter().map(|row| {
        let roles = row["roles"].as_array().unwrap().iter().map(|role| role.as_u64().unwrap());
        let roles: Vec<u64> = roles.collect();
        assert_eq!(row["roleId"].as_u64(), roles.first().copied(), "{row}");
        (row["id"].as_u64().unwrap(), roles)
    });
    rows.collect()
}

#[tokio::test]
async fn one_row_has_all_roles_of_somebody_and_only_what_was_given_to_it_directly() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let (ivo, _) = house.user("ivo", "Viewer").await;
    let g = group(&house, "g", &[ivo]).await;
    set(&house, json!([{"id": MEMBER, "users": [uma], "groups": [g]}, {"id": OWNER, "users": [uma], "groups": []}]))
        .await;
    assert_eq!(rows(&house, "users").await, [(uma, vec![OWNER, MEMBER])]);
    assert_eq!(rows(&house, "groups").await, [(g, vec![MEMBER])]);
    let access = house.get(&format!("{SHOP}/access")).await.is(200).json();
    assert_eq!(access["groups"][0]["users"][0]["user"]["id"], ivo);
    let offered: Vec<_> = access["roles"].as_array().unwrap().iter().map(|role| role["name"].clone()).collect();
    assert_eq!(offered, ["Owner", "Member", "Reader"]);
    assert!(house.decides("user", "ivo", "CREATE_FEATURE", "shop", "").await);
    let listed = house.get("/api/admin/groups").await.is(200).json();
    assert_eq!(listed["groups"][0]["projects"], json!(["shop"]));
}

#[tokio::test]
async fn setting_the_same_access_once_more_writes_no_entry_and_who_stays_keeps_since_when() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let (ivo, _) = house.user("ivo", "Viewer").await;
    let g = group(&house, "g", &[uma]).await;
    let body = json!([{"id": MEMBER, "users": [uma, ivo], "groups": [g]}]);
    set(&house, body.clone()).await;
    let before = house.get(&format!("{SHOP}/access")).await.is(200).json();
    let revision = house.revision().await;
    set(&house, body).await;
    assert_eq!(house.revision().await, revision);
    set(&house, json!([{"id": MEMBER, "users": [uma]}, {"id": READER, "users": [uma]}])).await;
    let after = house.get(&format!("{SHOP}/access")).await.is(200).json();
    assert_eq!(after["users"][0]["addedAt"], before["users"][0]["addedAt"]);
    assert_eq!(rows(&house, "users").await, [(uma, vec![MEMBER, READER])]);
    assert!(rows(&house, "groups").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_shown_survives_a_replacement() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let role = |role: &str, more: Value| {
        let mut body = json!({"subject": "uma", "role": role, "project": "shop"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    house.rest("POST", "/assignments", role("Member", json!({"environment": "production"}))).await.is(201);
    house.rest("POST", "/assignments", role("Reader", json!({"until": "2999-01-01T00:00:00Z"}))).await.is(201);
    let binding = json!({"name": "p", "bindings": [{"role": "Owner", "project": "shop"}]});
    house.rest("POST", "/policies", binding).await.is(201);
    house.rest("POST", "/assignments", json!({"subject": "uma", "policy": "p"})).await.is(201);
    assert!(rows(&house, "users").await.is_empty(), "none of them is shown");
    let before = house.rest("GET", "/assignments?subject=uma", Value::Null).await.is(200).json();
    set(&house, json!([{"id": MEMBER, "users": [uma]}])).await;
    assert_eq!(rows(&house, "users").await, [(uma, vec![MEMBER])]);
    set(&house, json!([])).await;
    house.ask("DELETE", &format!("{SHOP}/users/{uma}/roles"), Value::Null).await.bare(200);
    let after = house.rest("GET", "/assignments?subject=uma", Value::Null).await.is(200).json();
    assert_eq!(after["items"], before["items"]);
    assert!(house.decides("user", "uma", "UPDATE_PROJECT", "shop", "").await, "by the policy, as before");
}

#[tokio::test]
async fn service_accounts_stand_among_users_and_ids_of_groups_do_not_clash_with_them() {
    let house = shop().await;
    // A group and a user of the same id.
    let (first, _) = house.user("uma", "Viewer").await;
    let mut g = 0;
    while g < first {
        g = group(&house, &format!("g{g}"), &[]).await;
    }
    assert_eq!(g, first);
    let bot = house
        .ask("POST", "/api/admin/service-account", json!({"username": "bot", "name": "Bot", "rootRole": 3}))
        .await
        .is(201);
    let bot = bot.json()["id"].as_u64().unwrap();
    set(&house, json!([{"id": MEMBER, "users": [bot], "groups": [g]}])).await;
    assert_eq!(rows(&house, "users").await, [(bot, vec![MEMBER])]);
    assert_eq!(rows(&house, "groups").await, [(g, vec![MEMBER])]);
    assert!(house.decides("application", "bot", "CREATE_FEATURE", "shop", "").await);
    assert!(!house.decides("user", "uma", "CREATE_FEATURE", "shop", "").await);
    house.ask("DELETE", &format!("{SHOP}/groups/{g}/roles"), Value::Null).await.bare(200);
    assert_eq!(rows(&house, "users").await, [(bot, vec![MEMBER])]);
    let usage = house.get(&format!("/api/admin/projects/roles/{MEMBER}/access")).await.is(200).json();
    let row = json!({"project": "shop", "role": MEMBER, "userCount": 0, "serviceAccountCount": 1, "groupCount": 0});
    assert_eq!(usage, json!({"projects": [row]}));
}

#[tokio::test]
async fn adding_joins_and_setting_for_one_replaces() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let (ivo, _) = house.user("ivo", "Viewer").await;
    let g = group(&house, "g", &[]).await;
    let add = |roles: Value, users: Value| json!({"roles": roles, "groups": [], "users": users});
    house.ask("POST", &format!("{SHOP}/access"), add(json!([MEMBER]), json!([uma, ivo]))).await.bare(200);
    house.ask("POST", &format!("{SHOP}/access"), add(json!([READER]), json!([uma]))).await.bare(200);
    assert_eq!(rows(&house, "users").await, [(uma, vec![MEMBER, READER]), (ivo, vec![MEMBER])]);
    house.ask("PUT", &format!("{SHOP}/users/{uma}/roles"), json!({"roles": [OWNER]})).await.bare(200);
    house.ask("PUT", &format!("{SHOP}/users/{ivo}/roles"), json!({"roles": []})).await.bare(200);
    house.ask("PUT", &format!("{SHOP}/groups/{g}/roles"), json!({"roles": [MEMBER, READER]})).await.bare(200);
    assert_eq!(rows(&house, "users").await, [(uma, vec![OWNER])]);
    assert_eq!(rows(&house, "groups").await, [(g, vec![MEMBER, READER])]);
    for who in [format!("users/{uma}"), format!("groups/{g}"), format!("users/{ivo}"), "users/999".to_owned()] {
        house.ask("DELETE", &format!("{SHOP}/{who}/roles"), Value::Null).await.bare(200);
    }
    assert!(rows(&house, "users").await.is_empty() && rows(&house, "groups").await.is_empty());
}

#[tokio::test]
async fn whatever_is_not_there_is_named_and_then_nothing_is_given() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let revision = house.revision().await;
    let body = json!({"roles": [MEMBER, 777], "groups": [888], "users": [uma, 999]});
    let refused = house.ask("POST", &format!("{SHOP}/access"), body).await.refused(400, "BadDataError");
    for id in ["777", "888", "999"] {
        assert!(refused["details"][0]["message"].as_str().unwrap().contains(id), "{refused}");
    }
    for (method, path, body) in [
        ("PUT", "/access", json!({"roles": [{"id": MEMBER, "users": [999], "groups": []}]})),
        ("PUT", "/access", json!({"roles": [{"id": 1, "users": [uma], "groups": []}]})),
        ("POST", "/access", json!({"roles": [], "groups": [], "users": [uma]})),
        ("POST", "/access", json!({"roles": [3], "groups": [], "users": [uma]})),
        ("POST", "/access", json!({"roles": [MEMBER], "users": [uma]})),
        ("PUT", "/users/999/roles", json!({"roles": [MEMBER]})),
        ("PUT", "/groups/999/roles", json!({"roles": [MEMBER]})),
        ("PUT", "/users/x/roles", json!({"roles": [MEMBER]})),
        ("PUT", "/users/1/roles", json!({"roles": [2]})),
    ] {
        house.ask(method, &format!("{SHOP}{path}"), body).await.refused(400, "BadDataError");
    }
    assert_eq!(house.revision().await, revision, "nothing was given");
    for (method, path, body) in [
        ("GET", "/access".to_owned(), Value::Null),
        ("PUT", "/access".to_owned(), json!({"roles": []})),
        ("POST", "/access".to_owned(), json!({"roles": [MEMBER], "groups": [], "users": [uma]})),
        ("PUT", format!("/users/{uma}/roles"), json!({"roles": [MEMBER]})),
        ("DELETE", format!("/users/{uma}/roles"), Value::Null),
    ] {
        house.ask(method, &format!("/api/admin/projects/nowhere{path}"), body).await.refused(404, "NotFoundError");
    }
}

#[tokio::test]
async fn an_owner_gives_anything_in_its_project_and_nothing_elsewhere() {
    let house = shop().await;
    let (olga, token) = house.user("olga", "Viewer").await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let approver = custom(&house, "approver", &["APPROVE_CHANGE_REQUEST"]).await;
    set(&house, json!([{"id": OWNER, "users": [olga]}])).await;
    let body = json!({"roles": [approver, OWNER], "groups": [], "users": [uma]});
    house.ask_as(&token, "POST", &format!("{SHOP}/access"), body.clone()).await.bare(200);
    assert!(house.decides("user", "uma", "APPROVE_CHANGE_REQUEST", "shop", "production").await);
    house.ask_as(&token, "POST", "/api/admin/projects/default/access", body).await.refused(403, "PermissionError");
    // Also one who gives its own role away in the same request.
    let body = json!({"roles": [{"id": OWNER, "users": [uma]}, {"id": approver, "users": [uma, olga]}]});
    house.ask_as(&token, "PUT", &format!("{SHOP}/access"), body.clone()).await.bare(200);
    assert_eq!(rows(&house, "users").await, [(olga, vec![approver]), (uma, vec![OWNER, approver])]);
    house.ask_as(&token, "PUT", &format!("{SHOP}/access"), body).await.refused(403, "PermissionError");
}

#[tokio::test]
async fn who_may_write_access_gives_only_what_it_holds_there() {
    let house = shop().await;
    let (wim, token) = house.user("wim", "Viewer").await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let writer = custom(&house, "writer", &["PROJECT_USER_ACCESS_WRITE", "CREATE_FEATURE"]).await;
    let creator = custom(&house, "creator", &["CREATE_FEATURE"]).await;
    let approver = custom(&house, "approver", &["APPROVE_CHANGE_REQUEST"]).await;
    set(&house, json!([{"id": writer, "users": [wim]}])).await;
    let body = |role: u64| json!({"roles": [role], "groups": [], "users": [uma]});
    let path = format!("{SHOP}/access");
    for role in [approver, OWNER, MEMBER] {
        house.ask_as(&token, "POST", &path, body(role)).await.refused(403, "InvalidOperationError");
        house
            .ask_as(&token, "PUT", &format!("{SHOP}/users/{uma}/roles"), json!({"roles": [creator, role]}))
            .await
            .refused(403, "InvalidOperationError");
    }
    assert_eq!(rows(&house, "users").await, [(wim, vec![writer])], "a refused request gives nothing");
    for role in [creator, writer, READER] {
        house.ask_as(&token, "POST", &path, body(role)).await.bare(200);
    }
    // Writing is not reading.
    let refused = house.get_as(&token, &path).await.refused(403, "PermissionError");
    assert_eq!(refused["permissions"], json!(["UPDATE_PROJECT", "PROJECT_USER_ACCESS_READ"]));
}

#[tokio::test]
async fn reading_and_writing_access_are_held_apart_and_both_with_updating_the_project() {
    let house = shop().await;
    let path = format!("{SHOP}/access");
    for (name, permission, reads, writes) in [
        ("r", "PROJECT_USER_ACCESS_READ", 200, 403),
        ("w", "PROJECT_USER_ACCESS_WRITE", 403, 200),
        ("u", "UPDATE_PROJECT", 200, 200),
        ("d", "DELETE_PROJECT", 403, 403),
    ] {
        let role = custom(&house, name, &[permission]).await;
        let (id, token) = house.user(&format!("user-{name}"), "Viewer").await;
        let body = json!({"roles": [role], "groups": [], "users": [id]});
        house.ask("POST", &path, body.clone()).await.bare(200);
        house.get_as(&token, &path).await.is(reads);
        house.ask_as(&token, "POST", &path, body).await.is(writes);
        // Before the body is read, and whether or not the project is there.
        house
            .ask_as(&token, "POST", "/api/admin/projects/nowhere/access", json!({}))
            .await
            .refused(403, "PermissionError");
    }
}

#[tokio::test]
async fn the_overview_says_who_reaches_what_as_json_and_as_a_table() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Editor").await;
    let (ivo, token) = house.user("ivo", "Viewer").await;
    let g = group(&house, "team, one", &[ivo]).await;
    set(&house, json!([{"id": MEMBER, "users": [uma], "groups": [g]}])).await;
    house.get_as(&token, "/api/admin/access/overview").await.refused(403, "PermissionError");
    let body = house.get("/api/admin/access/overview").await.is(200).json();
    let row = |id: u64| body["overview"].as_array().unwrap().iter().find(|row| row["userId"] == id).unwrap().clone();
    let (uma, ivo) = (row(uma), row(ivo));
    assert_eq!((&uma["accessibleProjects"], &uma["rootRole"]), (&json!(["shop"]), &json!("Editor")));
    assert_eq!((&ivo["groups"], &ivo["groupProjects"]), (&json!(["team, one"]), &json!(["shop"])));
    assert_eq!(ivo["accessibleProjects"], json!([]));
    let mut request =
        crate::house::request("GET", "/unleash/api/admin/access/overview", Some(crate::house::ADMIN), &Value::Null);
    request.headers_mut().insert("accept", "text/csv".parse().unwrap());
    let table = house.send(request).await.is(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    let lines: Vec<_> = table.text.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.text);
    assert!(
        lines[0].starts_with("userId,createdAt,") && lines[3].contains("\"team, one\",Viewer,shop"),
        "{}",
        table.text
    );
}

#[tokio::test]
async fn of_replacements_at_once_the_last_one_stands_whole() {
    let house = shop().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    let (ivo, _) = house.user("ivo", "Viewer").await;
    let of = |id: u64, role: u64| json!([{"id": role, "users": [id]}]);
    for _ in 0..3 {
        tokio::join!(
            set(&house, of(uma, OWNER)),
            set(&house, of(ivo, MEMBER)),
            set(&house, of(uma, READER)),
            set(&house, of(ivo, OWNER))
        );
        let rows = rows(&house, "users").await;
        let roles: usize = rows.iter().map(|(_, roles)| roles.len()).sum();
        assert_eq!(roles, 1, "{rows:?}");
    }
}
