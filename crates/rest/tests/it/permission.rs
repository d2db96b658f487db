//! Every route, called with no credential, with a wrong one, and with one that has too few rights.

use crate::house::House;
use serde_json::json;
use std::collections::BTreeSet;

/// A path with something in each of its parameters.
fn filled(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "nobody".to_owned() } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("/")
}

/// Routes that a caller without any right may use, with what limits them.
const OPEN: &[&str] = &[
    "GET /api/v1/me",
    "GET /api/v1/organizations",
    "GET /api/v1/organizations/{organization}",
    "GET /api/v1/projects",
    "GET /api/v1/assignments",
    "GET /api/v1/assignments/{assignment}",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens",
    "GET /api/v1/tokens/{token}",
    "POST /api/v1/tokens/{token}/rotate",
    "GET /api/v1/sessions",
    "DELETE /api/v1/sessions/{session}",
    "DELETE /api/v1/users/{user}/sessions",
    "DELETE /api/v1/users/{user}/second-factor",
    "POST /api/v1/me/password",
    "POST /api/v1/applications/{application}/secrets",
    "DELETE /api/v1/tokens/{token}",
    "POST /api/v1/check",
    "POST /api/v1/check/many",
    "POST /api/v1/explain",
    "GET /api/v1/where-can",
    "GET /api/v1/what-can",
    "GET /api/v1/subjects/{subject}/access",
    "POST /api/v1/batch",
    "POST /api/v1/plan",
    "GET /api/v1/changes",
];

#[tokio::test]
async fn every_route_is_closed_to_those_without_a_credential_or_with_a_wrong_one() {
    let house = House::union().await;
    for row in rolecall_rest::table() {
        let path = filled(&row.path);
        let none = house.ask(row.method, &path).without("authorization").body("not json").send().await;
        none.refused(401, "unauthenticated").header("www-authenticate").expect("how to authenticate");
        for wrong in ["Bearer rcl_wrong", "nonsense-of-sixteen-letters", "", "Basic YTpi"] {
            let answer = house.ask(row.method, &path).header("authorization", wrong).body("not json").send().await;
            answer.refused(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn every_route_is_closed_to_those_with_too_few_rights() {
    let house = House::new("none").await;
    let token = house.user("weak@example.com", &[]).await;
    let mut open = BTreeSet::new();
    for row in rolecall_rest::table() {
        let name = format!("{} {}", row.method, row.path);
        assert_eq!(row.action.is_none(), !row.reason.is_empty(), "{name} says neither an action nor a reason");
        if row.action.is_none() {
            open.insert(name);
            continue;
        }
        // The permission is decided before the body is read and the target found.
        let answer = house.ask(row.method, &filled(&row.path)).token(&token).body("not json").send().await;
        let named = row.path.contains('{');
        let refused = answer.status == 403 || (named && answer.status == 404);
        assert!(refused, "{name}: {} {}", answer.status, answer.text);
    }
    let listed: BTreeSet<String> = OPEN.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(open, listed);
}

#[tokio::test]
async fn open_routes_give_nothing_away() {
    let house = House::new("none").await;
    let token = house.user("weak@example.com", &[]).await;
    house.post("projects", json!({"name": "secret"})).await.is(201);
    let admin = house.get("me").await.json()["subject"].as_str().unwrap().to_owned();
    let admin_token = house.get("me").await.json()["token"]["key"].as_str().unwrap().to_owned();
    let ask = |method: &'static str, path: String| house.ask(method, &path).token(&token);
    assert!(ask("GET", "projects".into()).send().await.names().is_empty());
    assert_eq!(ask("GET", "organizations".into()).send().await.names(), ["acme"]);
    let tokens = ask("GET", "tokens".into()).send().await.is(200).json();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);
    ask("GET", format!("tokens/{admin_token}")).send().await.refused(404, "not_found");
    ask("DELETE", format!("tokens/{admin_token}")).send().await.refused(404, "not_found");
    let held = ask("GET", "assignments".into()).send().await.is(200).text;
    assert!(!held.contains(&admin), "{held}");
    ask("GET", format!("assignments?subject={admin}")).send().await.is(200);
    ask("GET", format!("assignments/{admin}.p1")).send().await.refused(404, "not_found");
    for (path, body) in [
        ("tokens", json!({"subject": admin, "name": "x"})),
        ("check", json!({"subject": admin, "action": "*"})),
        ("check", json!({"subject": "nobody", "action": "*"})),
        ("explain", json!({"subject": admin, "action": "*"})),
        ("batch", json!({"operations": [{"op": "role.create", "body": {"name": "x"}}]})),
        ("plan", json!({"operations": [{"op": "role.create", "body": {"name": "x"}}]})),
    ] {
        ask("POST", path.into()).json(&body).send().await.refused(403, "forbidden");
    }
    ask("GET", format!("where-can?subject={admin}&action=*")).send().await.refused(403, "forbidden");
    ask("GET", format!("what-can?subject={admin}")).send().await.refused(403, "forbidden");
    ask("GET", format!("subjects/{admin}/access")).send().await.refused(403, "forbidden");
    ask("GET", "subjects/nobody/access".into()).send().await.refused(403, "forbidden");
    ask("GET", "projects/secret".into()).send().await.refused(404, "not_found");
    let there = ask("GET", "projects/secret".into()).send().await.detail();
    let absent = ask("GET", "projects/absent".into()).send().await.detail();
    assert_eq!(there.replace("secret", "absent"), absent);
}

#[tokio::test]
async fn what_one_may_see_but_not_do_is_forbidden_and_what_one_may_not_see_is_not_found() {
    let house = House::new("none").await;
    let token = house.user("reader@example.com", &[]).await;
    house.post("roles", json!({"name": "reader", "permits": [{"action": "rolecall.roles.read"}]})).await.is(201);
    house.post("assignments", json!({"subject": "reader@example.com", "role": "reader"})).await.is(201);
    let ask = |method: &'static str, path: &str| house.ask(method, path).token(&token);
    ask("GET", "roles/reader").send().await.is(200);
    let forbidden = ask("DELETE", "roles/reader").send().await.refused(403, "forbidden");
    assert!(forbidden.detail().contains("rolecall.roles.write"), "{}", forbidden.text);
    ask("PATCH", "roles/reader").body("not json").send().await.refused(403, "forbidden");
    ask("GET", "policies/any").send().await.refused(404, "not_found");
    ask("DELETE", "policies/any").send().await.refused(404, "not_found");
    ask("GET", "policies").send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_token_narrows_what_its_holder_may_do() {
    let house = House::union().await;
    let body = json!({"name": "narrow", "actions": ["rolecall.roles.read"]});
    let narrow = house.post("tokens", body).await.is(201).json()["token"].as_str().unwrap().to_owned();
    house.ask("GET", "roles").token(&narrow).send().await.is(200);
    house.ask("GET", "policies").token(&narrow).send().await.refused(403, "forbidden");
    house.ask("POST", "roles").token(&narrow).json(&json!({"name": "x"})).send().await.refused(403, "forbidden");
}
