//! Users: what they look like, who sees which part of them, and what may not happen to them.

use crate::house::{House, STRONG};
use serde_json::{Value, json};

const USERS: &str = "/api/admin/user-admin";

async fn made(house: &House, body: Value) -> Value {
    house.ask("POST", USERS, body).await.is(201).json()
}

fn id(user: &Value) -> u64 {
    user["id"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_unset_is_absent_and_a_name_that_was_given_stays_one() {
    let house = House::new().await;
    let user = made(&house, json!({"email": "ada@example.com", "rootRole": 3, "sendEmail": false})).await;
    for shown in [&user, &house.get(&format!("{USERS}/{}", id(&user))).await.is(200).json()] {
        assert!(shown.get("name").is_none() && shown.get("username").is_none(), "{shown}");
        assert_eq!((&shown["email"], &shown["accountType"]), (&json!("ada@example.com"), &json!("User")));
    }
    let same = made(&house, json!({"username": "bob", "name": "bob", "rootRole": 3})).await;
    assert_eq!((&same["name"], &same["username"]), (&json!("bob"), &json!("bob")));
    assert!(same.get("email").is_none(), "{same}");
    // A name that nobody gave does not become one when the address changes.
    let path = format!("{USERS}/{}", id(&user));
    let changed = house.ask("PUT", &path, json!({"email": "Ada@Example.ORG"})).await.is(200).json();
    assert_eq!(changed["email"], "ada@example.org");
    assert!(changed.get("name").is_none(), "{changed}");
}

#[tokio::test]
async fn a_root_role_is_named_by_id_by_digits_or_by_the_name_of_a_predefined_one_and_comes_back_as_it_was_sent() {
    let house = House::new().await;
    for (index, role) in [json!(2), json!(2.0), json!("2"), json!("Editor")].into_iter().enumerate() {
        let user = made(&house, json!({"username": format!("u{index}"), "rootRole": role})).await;
        assert_eq!(user["rootRole"], role);
        assert_eq!(house.get(&format!("{USERS}/{}", id(&user))).await.is(200).json()["rootRole"], 2);
    }
    let role =
        house.ask("POST", "/api/admin/roles", json!({"name": "mine", "type": "root-custom"})).await.is(200).json();
    let custom = role["roles"]["id"].clone();
    made(&house, json!({"username": "c", "rootRole": custom})).await;
    for role in [json!("mine"), json!("Owner"), json!(4), json!(7), json!(999), json!(null), json!(true), json!("-1")] {
        let body = json!({"username": "nobody", "rootRole": role});
        let refused = house.ask("POST", USERS, body).await.refused(400, "BadDataError");
        assert!(refused.to_string().contains("rootRole"), "{refused}");
    }
    assert!(!house.get(USERS).await.is(200).text.contains("nobody"), "a failed creation leaves nothing behind");
}

#[tokio::test]
async fn an_answer_to_a_change_has_the_root_role_only_if_it_was_sent() {
    let house = House::new().await;
    let user = made(&house, json!({"username": "uma", "name": "Uma", "rootRole": 3})).await;
    let path = format!("{USERS}/{}", id(&user));
    let changed = house.ask("PUT", &path, json!({"name": "Uma B", "unknown": 1, "email": ""})).await.is(200).json();
    assert!(changed.get("rootRole").is_none() && changed.get("email").is_none(), "{changed}");
    assert_eq!(changed["name"], "Uma B");
    let changed = house.ask("PUT", &path, json!({"name": "", "rootRole": 2})).await.is(200).json();
    assert_eq!((&changed["name"], &changed["rootRole"]), (&json!("Uma B"), &json!(2)));
    let revision = house.revision().await;
    house.ask("PUT", &path, json!({"name": "Uma B", "rootRole": 2})).await.is(200);
    assert_eq!(house.revision().await, revision, "the same once more is no change");
    house.ask("PUT", &path, json!({"email": "no address"})).await.refused(400, "BadDataError");
    house.ask("PUT", &path, json!({"name": "Half", "rootRole": 4})).await.refused(400, "BadDataError");
    assert_eq!(house.get(&path).await.is(200).json()["name"], "Uma B", "a refused change changes nothing");
}

#[tokio::test]
async fn what_is_taken_is_bad_data_for_users_whatever_identifier_it_is_elsewhere() {
    let house = House::new().await;
    let user = made(&house, json!({"username": "uma", "email": "uma@example.com", "rootRole": 3})).await;
    house
        .ask("POST", "/api/admin/service-account", json!({"username": "bot", "name": "Bot", "rootRole": 3}))
        .await
        .is(201);
    for body in [json!({"email": "UMA@example.com"}), json!({"username": "uma"}), json!({"username": "bot"})] {
        let mut body = body;
        body["rootRole"] = json!(3);
        let refused = house.ask("POST", USERS, body).await.refused(400, "BadDataError");
        assert!(refused.to_string().contains("already exists"), "{refused}");
    }
    let other = made(&house, json!({"email": "other@example.com", "rootRole": 3})).await;
    let path = format!("{USERS}/{}", id(&other));
    house.ask("PUT", &path, json!({"email": "uma@example.com"})).await.refused(400, "BadDataError");
    house.ask("DELETE", &format!("{USERS}/{}", id(&user)), Value::Null).await.bare(200);
    let again = made(&house, json!({"email": "uma@example.com", "rootRole": 3})).await;
    assert!(id(&again) > id(&other), "an id is never used again");
}

#[tokio::test]
async fn keys_that_nobody_knows_are_refused_when_a_user_is_made() {
    let house = House::new().await;
    let body = json!({"username": "uma", "rootRole": 3, "isAdmin": true});
    house.ask("POST", USERS, body).await.refused(400, "BadDataError");
    let refused = house.ask("POST", USERS, json!({"name": "x", "rootRole": 3})).await.refused(400, "BadDataError");
    assert!(refused.to_string().contains("username or email"), "{refused}");
    let weak = json!({"username": "uma", "rootRole": 3, "password": "password"});
    house.ask("POST", USERS, weak).await.refused(400, "OwaspValidationError");
    assert!(!house.get(USERS).await.is(200).text.contains("uma"));
    made(&house, json!({"username": "uma", "rootRole": 3, "password": STRONG})).await;
}

#[tokio::test]
async fn only_administrators_see_records_and_everybody_sees_who_access_can_be_given_to() {
    let house = House::new().await;
    let (uma, token) = house.user("uma", "Editor").await;
    house
        .ask("POST", "/api/admin/service-account", json!({"username": "bot", "name": "Bot", "rootRole": 3}))
        .await
        .is(201);
    house
        .ask("POST", "/api/admin/groups", json!({"name": "g", "rootRole": 2, "users": [{"user": {"id": uma}}]}))
        .await
        .is(201);
    for path in ["", "/1", "/admin-count", "/x/permissions", "/99999999"] {
        let refused = house.get_as(&token, &format!("{USERS}{path}")).await.refused(403, "PermissionError");
        assert_eq!(refused["permissions"], json!(["ADMIN"]), "{path}");
    }
    let access = house.get_as(&token, &format!("{USERS}/access")).await.is(200).json();
    let users = access["users"].as_array().unwrap();
    let bot = users.iter().find(|user| user["username"] == "bot").unwrap();
    assert_eq!((&bot["accountType"], &bot["name"]), (&json!("Service Account"), &json!("Bot")));
    assert!(users.iter().all(|user| user.get("loginAttempts").is_none()));
    let group = json!({"id": 1, "name": "g", "userCount": 1, "rootRole": 2});
    assert_eq!(access["groups"], json!([group]));
}

#[tokio::test]
async fn a_search_answers_a_bare_array_of_people() {
    let house = House::new().await;
    let (_, token) = house.user("viewer", "Viewer").await;
    made(&house, json!({"username": "Grace", "name": "Hopper", "rootRole": 3})).await;
    made(&house, json!({"email": "ada@lovelace.example", "rootRole": 3})).await;
    house
        .ask("POST", "/api/admin/service-account", json!({"username": "gracebot", "name": "B", "rootRole": 3}))
        .await
        .is(201);
    for (query, found) in [("grac", 1), ("HOPP", 1), ("lovelace", 1), ("g", 0), ("", 0), ("%25%25", 0)] {
        let hits = house.get_as(&token, &format!("{USERS}/search?q={query}")).await.is(200).json();
        assert_eq!(hits.as_array().unwrap().len(), found, "{query}: {hits}");
        assert!(hits.as_array().unwrap().iter().all(|hit| hit.get("rootRole").is_none()), "{hits}");
    }
    house.get_as(&token, &format!("{USERS}/search")).await.is(200);
}

#[tokio::test]
async fn the_list_has_people_and_every_root_role_and_the_order_of_their_ids() {
    let house = House::new().await;
    house.ask("POST", "/api/admin/roles", json!({"name": "mine", "type": "root-custom"})).await.is(200);
    house.user("uma", "Viewer").await;
    let body = house.get(USERS).await.is(200).json();
    let users = body["users"].as_array().unwrap();
    assert!(users.iter().all(|user| user["inviteLink"] == "" && user["rootRole"].is_u64()), "{body}");
    assert!(users.iter().all(|user| user["createdAt"].as_str().unwrap().ends_with('Z')), "{body}");
    assert!(users.windows(2).all(|two| id(&two[0]) < id(&two[1])));
    assert_eq!(users.len(), 2, "root and uma, not the program of the first start");
    let names: Vec<_> =
        body["rootRoles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Admin", "Editor", "Viewer", "mine"]);
}

#[tokio::test]
async fn a_user_is_found_by_number_only_and_is_no_service_account() {
    let house = House::new().await;
    house.get(&format!("{USERS}/abc")).await.refused(400, "BadDataError");
    house.get(&format!("{USERS}/1.5")).await.refused(400, "BadDataError");
    house.get(&format!("{USERS}/99999999")).await.refused(404, "NotFoundError");
    let bot = house
        .ask("POST", "/api/admin/service-account", json!({"username": "b", "name": "B", "rootRole": 3}))
        .await
        .is(201);
    let path = format!("{USERS}/{}", bot.json()["id"]);
    for (method, body) in [("GET", Value::Null), ("DELETE", Value::Null), ("PUT", json!({"name": "x"}))] {
        house.ask(method, &path, body).await.refused(404, "NotFoundError");
    }
    let (uma, _) = house.user("uma", "Viewer").await;
    house.ask("DELETE", &format!("{USERS}/{uma}"), Value::Null).await.bare(200);
    house.ask("DELETE", &format!("{USERS}/{uma}"), Value::Null).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn the_last_administrator_is_neither_deleted_nor_demoted() {
    let house = House::new().await;
    let root = house.get(USERS).await.is(200).json()["users"][0]["id"].as_u64().unwrap();
    let path = format!("{USERS}/{root}");
    house.ask("DELETE", &path, Value::Null).await.refused(403, "InvalidOperationError");
    house.ask("PUT", &path, json!({"rootRole": 3})).await.refused(403, "InvalidOperationError");
    assert_eq!(house.get(&path).await.is(200).json()["rootRole"], 1);
    let count = house.get(&format!("{USERS}/admin-count")).await.is(200).json();
    assert_eq!(count, json!({"password": 1, "noPassword": 0, "service": 1}));
    made(&house, json!({"username": "second", "password": STRONG, "rootRole": 1})).await;
    house.ask("PUT", &path, json!({"rootRole": 3})).await.is(200);
    let count = house.get(&format!("{USERS}/admin-count")).await.is(200).json();
    assert_eq!(count, json!({"password": 1, "noPassword": 0, "service": 1}));
}

#[tokio::test]
async fn an_administrator_by_group_counts_and_may_do_everything() {
    let house = House::new().await;
    let (uma, token) = house.user("uma", "Viewer").await;
    house.get_as(&token, USERS).await.refused(403, "PermissionError");
    house
        .ask("POST", "/api/admin/groups", json!({"name": "admins", "rootRole": 1, "users": [{"user": {"id": uma}}]}))
        .await
        .is(201);
    house.get_as(&token, USERS).await.is(200);
    let count = house.get(&format!("{USERS}/admin-count")).await.is(200).json();
    assert_eq!(count["noPassword"], 1);
    house.ask("DELETE", "/api/admin/groups/1", Value::Null).await.bare(200);
    house.get_as(&token, USERS).await.refused(403, "PermissionError");
}

#[tokio::test]
async fn what_is_shown_of_somebodys_permissions_is_what_is_decided() {
    let house = House::new().await;
    house.ask("POST", "/api/admin/projects", json!({"id": "shop", "name": "Shop"})).await.is(201);
    let narrow = json!({"name": "narrow", "permissions": [
        {"name": "CREATE_FEATURE_STRATEGY", "environment": "production"}, {"name": "UPDATE_PROJECT"}
    ]});
    let role = house.ask("POST", "/api/admin/roles", narrow).await.is(200).json()["roles"]["id"].clone();
    let (uma, _) = house.user("uma", "Editor").await;
    let body = json!({"roles": [role], "users": [uma], "groups": []});
    house.ask("POST", "/api/admin/projects/shop/access", body).await.bare(200);
    for (project, environment) in [
        ("", ""),
        ("default", "development"),
        ("shop", "production"),
        ("shop", "development"),
        ("no", "no"),
        ("", "production"),
    ] {
        let path = format!("{USERS}/{uma}/permissions?project={project}&environment={environment}");
        let body = house.get(&path).await.is(200).json();
        for (kind, project, environment) in
            [("root", "", ""), ("project", project, ""), ("environment", project, environment)]
        {
            for one in body["overview"][kind].as_array().unwrap() {
                let name = one["name"].as_str().unwrap();
                let decided = house.decides("user", "uma", name, project, environment).await;
                assert_eq!(one["hasPermission"], decided, "{name} in {project} {environment}");
            }
        }
        let known = ["development", "production"].contains(&environment);
        assert_eq!(!body["overview"]["environment"].as_array().unwrap().is_empty(), known, "{path}");
        let roles: Vec<_> = body["projectRoles"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(roles, if project == "shop" { vec![json!("narrow")] } else { vec![] });
    }
}

#[tokio::test]
async fn an_editor_has_nothing_outside_the_default_project_also_by_a_group() {
    let house = House::new().await;
    house.ask("POST", "/api/admin/projects", json!({"id": "shop", "name": "Shop"})).await.is(201);
    let (_, _) = house.user("own", "Editor").await;
    let (grouped, _) = house.user("grouped", "Viewer").await;
    house
        .ask("POST", "/api/admin/groups", json!({"name": "g", "rootRole": 2, "users": [{"user": {"id": grouped}}]}))
        .await
        .is(201);
    for who in ["own", "grouped"] {
        assert!(house.decides("user", who, "CREATE_FEATURE", "default", "").await);
        assert!(house.decides("user", who, "CREATE_FEATURE_STRATEGY", "default", "production").await);
        assert!(!house.decides("user", who, "CREATE_FEATURE", "shop", "").await);
        assert!(!house.decides("user", who, "CREATE_FEATURE", "", "").await);
        assert!(house.decides("user", who, "CREATE_PROJECT", "", "").await);
    }
}

#[tokio::test]
async fn the_audit_names_the_facade_and_who_did_it() {
    let house = House::new().await;
    made(&house, json!({"username": "uma", "rootRole": 3})).await;
    let newest = house.rest("GET", "/history?limit=1", Value::Null).await.is(200).json();
    assert_eq!(newest["items"][0]["facade"], "unleash", "{newest}");
}

#[tokio::test]
async fn a_change_is_in_the_next_list() {
    let house = House::new().await;
    let (uma, _) = house.user("uma", "Viewer").await;
    for role in [2, 3, 2] {
        house.ask("PUT", &format!("{USERS}/{uma}"), json!({"rootRole": role})).await.is(200);
        for _ in 0..2 {
            let body = house.get(USERS).await.is(200).json();
            let user = body["users"].as_array().unwrap().iter().find(|user| user["id"] == uma).unwrap();
            assert_eq!(user["rootRole"], role);
        }
    }
}

#[tokio::test]
async fn whom_a_connected_scim_client_manages_is_not_changed_here_but_can_be_deleted() {
    let house = House::new().await;
    let managed = rolecall_model::user::NewUser {
        username: Some("managed".to_owned()),
        scim: Some("{}".to_owned()),
        ..Default::default()
    };
    let command = rolecall_model::user::UserCommand::Create(managed);
    rolecall_service::execute(&house.ctx().await, command.into()).await.unwrap();
    let users = house.get(USERS).await.is(200).json();
    let user = users["users"].as_array().unwrap().iter().find(|user| user["username"] == "managed").unwrap().clone();
    assert!(user["scimId"].is_string(), "{user}");
    let path = format!("{USERS}/{}", id(&user));
    house.ask("PUT", &path, json!({"rootRole": 2})).await.is(200);
    house.ask("POST", "/api/admin/scim-settings/generate-new-token", json!({})).await.is(200);
    house.ask("PUT", &path, json!({"rootRole": 3})).await.refused(403, "ForbiddenError");
    house.ask("PUT", &path, json!({"name": "x"})).await.refused(403, "ForbiddenError");
    house.ask("DELETE", &path, Value::Null).await.bare(200);
}
