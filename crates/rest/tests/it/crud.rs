//! Every noun: made, read, changed, deleted.

use crate::house::House;
use serde_json::{Value, json};

/// Makes one, reads it back by name and by number, changes it and deletes it.
async fn lives(house: &House, path: &str, new: Value, key: &str, change: Value, expected: Value) {
    let made = house.post(path, new.clone()).await.is(201);
    let mut view = made.json();
    // A link is shown once.
    view.as_object_mut().unwrap().remove("invitation");
    let place = made.header("location").unwrap().to_owned();
    assert_eq!(made.revision().to_string(), made.header("etag").unwrap().trim_matches('"'));
    let read = house.get(&place).await.is(200);
    assert_eq!(read.json(), view, "{place}");
    assert_eq!(read.header("etag"), made.header("etag"));
    let named = house.get(&format!("{path}/{key}")).await.is(200);
    assert_eq!(named.json(), view);
    if let Some(number) = view["number"].as_u64() {
        assert_eq!(house.get(&format!("{path}/~{number}")).await.is(200).json(), view);
    }
    house.post(path, new).await.refused(409, "taken");
    let changed = house.patch(&place, change).await.is(200).json();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{path} {name}");
    }
    assert!(changed["revision"].as_u64() > view["revision"].as_u64());
    // It may have another name now; its number stays.
    let place = format!("{path}/~{}", view["number"]);
    assert_eq!(house.get(&place).await.is(200).json()["revision"], changed["revision"]);
    let listed = house.get(path).await.is(200).json();
    assert!(listed["items"].as_array().unwrap().iter().any(|item| item["number"] == view["number"]));
    house.delete(&place).await.is(204);
    house.get(&place).await.refused(404, "not_found");
    house.delete(&place).await.refused(404, "not_found");
    house.patch(&place, json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn every_noun_is_made_read_changed_and_deleted() {
    let house = House::union().await;
    let view = "view_flyte_inventory";
    lives(
        &house,
        "environments",
        json!({"name": "canary"}),
        "canary",
        json!({"title": "Canary"}),
        json!({"title": "Canary"}),
    )
    .await;
    lives(
        &house,
        "projects",
        json!({"name": "shop", "title": "Shop", "attributes": {"mode": "open"}}),
        "shop",
        json!({"description": "sells", "attributes": {"mode": null, "stage": 2}}),
        json!({"description": "sells", "title": "Shop", "attributes": {"stage": 2}}),
    )
    .await;
    lives(
        &house,
        "actions",
        json!({"name": "deploy", "level": "environment", "title": "Deploy"}),
        "deploy",
        json!({"includes": [view]}),
        json!({"includes": [view], "title": "Deploy", "level": "environment"}),
    )
    .await;
    lives(
        &house,
        "roles",
        json!({"name": "looker", "permits": [{"action": view}]}),
        "looker",
        json!({"permits": [{"action": view, "environment": "staging"}]}),
        json!({"permits": [{"action": view, "environment": "staging"}], "name": "looker"}),
    )
    .await;
    lives(
        &house,
        "policies",
        json!({"name": "lookers", "bindings": [{"role": "Viewer", "environment": "staging"}]}),
        "lookers",
        json!({"name": "watchers", "bindings": []}),
        json!({"name": "watchers", "bindings": []}),
    )
    .await;
    lives(
        &house,
        "users",
        json!({"email": "Ada@Example.com", "name": "Ada", "external_id": "hr-1", "policies": ["Viewer"]}),
        "ada@example.com",
        json!({"active": false, "external_id": null, "username": "ada"}),
        json!({"active": false, "username": "ada", "email": "ada@example.com"}),
    )
    .await;
    lives(
        &house,
        "applications",
        json!({"name": "Robot One"}),
        "robot-one",
        json!({"description": "welds", "active": false}),
        json!({"description": "welds", "active": false, "name": "Robot One"}),
    )
    .await;
    lives(
        &house,
        "groups",
        json!({"name": "platform", "sso_names": ["b", "a"], "members": ["root@example.com"]}),
        "platform",
        json!({"name": "core", "sso_names": ["c"]}),
        json!({"name": "core", "sso_names": ["c"], "member_count": 1}),
    )
    .await;
    lives(
        &house,
        "resource-types",
        json!({"name": "record", "stands": "for_project"}),
        "record",
        json!({"stands": "within", "actions": [view]}),
        json!({"stands": "within", "actions": [view]}),
    )
    .await;
}

#[tokio::test]
async fn a_user_is_found_by_any_identifier() {
    let house = House::union().await;
    let body = json!({"email": "ada@example.com", "username": "ada", "external_id": "hr/1"});
    let mut made = house.post("users", body).await.is(201).json();
    made.as_object_mut().unwrap().remove("invitation");
    for name in ["ADA@example.com", "Ada", "hr%2F1", made["subject"].as_str().unwrap()] {
        assert_eq!(house.get(&format!("users/{name}")).await.is(200).json(), made, "{name}");
    }
    house.get("applications/ada").await.refused(404, "not_found");
}

#[tokio::test]
async fn names_in_every_script_are_paths() {
    let house = House::union().await;
    for name in ["Производство", "生产 環境", "a/b", "~7", "~~x", "100%", "?&#", "🚀", "..", "a+b"] {
        let made = house.post("roles", json!({"name": name})).await.is(201);
        let place = made.header("location").unwrap().to_owned();
        assert_eq!(house.get(&place).await.is(200).json()["name"], *name, "{place}");
        house.delete(&place).await.is(204);
    }
}

#[tokio::test]
async fn a_secret_of_an_application_is_answered_once() {
    let house = House::union().await;
    let made =
        house.post("applications", json!({"name": "robot", "policies": ["Viewer"], "secret": true})).await.is(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let view = made.json();
    let secret = view["client_secret"].as_str().unwrap();
    assert!(view["subject"].as_str().unwrap().starts_with("app_") && view["client_id"] == "robot");
    let me = house.ask("GET", "me").token(secret).send().await.is(200).json();
    assert_eq!(me["subject"], view["subject"]);
    assert!(!house.get("applications/robot").await.text.contains(secret));
    let plain = house.post("applications", json!({"name": "other"})).await.is(201).json();
    assert!(plain.get("client_secret").is_none());
}

#[tokio::test]
async fn permits_bindings_and_members_are_added_and_removed() {
    let house = House::union().await;
    house.post("roles", json!({"name": "r"})).await.is(201);
    let permits = json!({"permits": [{"action": "view_flyte_inventory"}, {"action": "view_flyte_executions", "environment": "staging"}]});
    assert_eq!(house.post("roles/r/permits", permits).await.is(200).json()["permits"].as_array().unwrap().len(), 2);
    let fewer = house
        .post("roles/r/permits/remove", json!({"permits": [{"action": "view_flyte_inventory"}]}))
        .await
        .is(200)
        .json();
    assert_eq!(fewer["permits"], json!([{"action": "view_flyte_executions", "environment": "staging"}]));

    house.post("policies", json!({"name": "p"})).await.is(201);
    let bound =
        house.post("policies/p/bindings", json!({"bindings": [{"role": "r", "project": "new"}]})).await.is(200).json();
    assert_eq!(bound["bindings"], json!([{"role": "r", "project": "new"}]));
    assert_eq!(house.get("projects/new").await.is(200).json()["named_only"], true);
    house.post("policies/p/bindings/remove", json!({"bindings": [{"role": "r", "project": "new"}]})).await.is(200);

    for name in ["a", "b", "c"] {
        house.post("users", json!({"email": format!("{name}@example.com")})).await.is(201);
    }
    house.post("groups", json!({"name": "g"})).await.is(201);
    let body = json!({"members": [{"user": "a@example.com", "reason": "on call", "until": "2099-01-01T00:00:00Z"}, {"user": "b@example.com"}]});
    assert_eq!(house.post("groups/g/members", body).await.is(200).json()["member_count"], 2);
    let first = house.get("groups/g/members/a@example.com").await.is(200).json();
    assert_eq!(
        (&first["reason"], &first["sources"], &first["in_force"]),
        (&json!("on call"), &json!(["manual"]), &json!(true))
    );
    house.put("groups/g/members", json!({"members": ["c@example.com", "a@example.com"]})).await.is(200);
    let listed = house.get("groups/g/members").await.is(200).json();
    let emails: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|item| item["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["c@example.com", "a@example.com"]);
    assert_eq!(listed["items"][1]["reason"], "on call");
    house.delete("groups/g/members/c@example.com").await.is(204);
    house.delete("groups/g/members/c@example.com").await.refused(404, "not_found");
    house.post("groups/g/members/remove", json!({"members": ["c@example.com", "a@example.com"]})).await.is(200);
    let unknown = house.post("groups/g/members", json!({"members": [{"user": "zed"}]})).await.refused(422, "unknown");
    assert!(unknown.field().starts_with("members[0]"), "{}", unknown.text);
}

#[tokio::test]
async fn assignments_are_given_read_changed_and_ended() {
    let house = House::union().await;
    house.post("users", json!({"email": "a@example.com"})).await.is(201);
    let body = json!({"subject": "a@example.com", "role": "Viewer", "project": "shop", "environment": "production", "reason": "audit", "approver": "root@example.com"});
    let made = house.post("assignments", body.clone()).await.is(201);
    let view = made.json();
    assert_eq!((&view["role"], &view["project"], &view["kind"]), (&json!("Viewer"), &json!("shop"), &json!("user")));
    assert!(
        view["approver"].as_str().unwrap().starts_with("usr_") && view["actor"].as_str().unwrap().starts_with("app_")
    );
    let place = made.header("location").unwrap().to_owned();
    assert_eq!(house.get(&place).await.is(200).json(), view);
    house.post("assignments", body).await.is(200);
    let patched = house.patch(&place, json!({"until": "2099-01-01T00:00:00Z", "reason": null})).await.is(200).json();
    assert_eq!((patched["until"].as_str(), patched.get("reason")), (Some("2099-01-01T00:00:00Z"), None));
    assert!(house.may("a@example.com", "view_flyte_inventory", Some("shop"), Some("production")).await);
    house.delete(&place).await.is(204);
    house.get(&place).await.refused(404, "not_found");
    house.delete(&place).await.refused(404, "not_found");

    house.post("groups", json!({"name": "g"})).await.is(201);
    house.post("assignments", json!({"group": "g", "policy": "Viewer"})).await.is(201);
    let held = house.get("assignments?group=g").await.is(200).json();
    assert_eq!((&held["items"][0]["policy"], &held["items"][0]["kind"]), (&json!("Viewer"), &json!("group")));
    house.post("assignments/end", json!({"group": "g", "policy": "Viewer"})).await.is(204);
    house.post("assignments/end", json!({"group": "g", "policy": "Viewer"})).await.refused(404, "not_found");
    let both =
        house.post("assignments", json!({"subject": "a@example.com", "policy": "Viewer", "role": "Viewer"})).await;
    both.refused(422, "invalid");
}

#[tokio::test]
async fn environments_are_put_in_order_and_settings_changed() {
    let house = House::union().await;
    let order = house
        .put("environments/order", json!({"environments": ["production", "staging", "development"]}))
        .await
        .is(200)
        .json();
    assert_eq!(order["environments"][0], "production");
    assert_eq!(house.get("environments/production").await.json()["position"], 1);
    let changed = house.patch("organization", json!({"title": "Acme & Co"})).await.is(200).json();
    assert_eq!(
        (&changed["title"], &changed["catalog"], &changed["projects"]),
        (&json!("Acme & Co"), &json!("union"), &json!("open"))
    );
    let catalog = house.get("catalog").await.is(200).json();
    assert!(catalog["roles"].as_array().unwrap().iter().any(|role| role["name"] == "Contributor"));
}

#[tokio::test]
async fn a_project_is_archived_and_restored() {
    let house = House::union().await;
    house.post("projects", json!({"name": "shop"})).await.is(201);
    assert_eq!(house.ask("POST", "projects/shop/archive").send().await.is(200).json()["archived"], true);
    assert!(!house.get("projects").await.names().contains(&"shop".to_owned()));
    assert!(house.get("projects?archived=true").await.names().contains(&"shop".to_owned()));
    let refused =
        house.post("assignments", json!({"subject": "root@example.com", "role": "Viewer", "project": "shop"})).await;
    refused.refused(409, "archived");
    assert_eq!(house.ask("POST", "projects/shop/restore").send().await.is(200).json()["archived"], false);
}

#[tokio::test]
async fn a_slot_holds_exactly_one_role() {
    let house = House::new("unleash").await;
    house.post("users", json!({"username": "uma"})).await.is(201);
    assert_eq!(house.get("slots").await.is(200).json()["items"][0]["default"], "Viewer");
    let set = house.put("slots/root/holders/uma", json!({"role": "Editor"})).await.is(200).json();
    assert_eq!(set["role"], "Editor");
    let roles = house.get("users/uma").await.json()["roles"].clone();
    assert_eq!((roles.as_array().unwrap().len(), &roles[0]["role"]), (1, &json!("Editor")));
    house.put("slots/rot/holders/uma", json!({"role": "Editor"})).await.refused(404, "not_found");
    house.put("slots/root/holders/nobody", json!({"role": "Editor"})).await.refused(404, "not_found");
    house.put("slots/root/holders/uma", json!({"role": "Owner"})).await.refused(422, "invalid");
}

#[tokio::test]
async fn erasing_a_user_takes_its_values_out_of_the_history() {
    let house = House::union().await;
    house.post("users", json!({"email": "gone@example.com", "name": "Gone Girl"})).await.is(201);
    assert!(house.get("history?noun=principal").await.is(200).text.contains("Gone Girl"));
    house.ask("POST", "users/gone@example.com/erase").send().await.is(204);
    house.get("users/gone@example.com").await.refused(404, "not_found");
    let history = house.get("history?limit=1000").await.is(200).text;
    assert!(!history.contains("Gone Girl") && !history.contains("gone@example.com"), "{history}");
    assert_eq!(house.get("history/verify").await.is(200).json()["verified"], true);
}

#[tokio::test]
async fn the_home_organization_makes_and_deletes_others() {
    let house = House::union().await;
    let made = house.post("organizations", json!({"name": "branch", "catalog": "unleash"})).await.is(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    let me = house.ask("GET", "me").token(&token).send().await.is(200).json();
    assert_eq!((&me["organization"], &me["home"]), (&json!("branch"), &json!(false)));
    let mut names = house.get("organizations").await.names();
    names.sort();
    assert_eq!(names, ["acme", "branch"]);
    assert_eq!(house.ask("GET", "organizations").token(&token).send().await.names(), ["branch"]);
    house
        .ask("POST", "organizations")
        .token(&token)
        .json(&json!({"name": "third"}))
        .send()
        .await
        .refused(403, "forbidden");
    house.ask("GET", "backup").token(&token).send().await.refused(403, "forbidden");
    let unknown = house.post("organizations", json!({"name": "x", "catalog": "unlesh"})).await.refused(422, "unknown");
    assert!(unknown.detail().contains("did you mean \"unleash\"?"));
    house.delete("organizations/acme").await.refused(409, "not_now");
    house.delete("organizations/branch").await.is(204);
    house.ask("GET", "me").token(&token).send().await.refused(401, "unauthenticated");
}
