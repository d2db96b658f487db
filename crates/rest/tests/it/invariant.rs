//! The invariants of the model, tried through single routes, batches and dry runs. They have the
//! names they have in the model's own tests.

use crate::house::House;
use serde_json::{Value, json};

/// A change as a single request and as an operation of a batch.
struct Way {
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    operation: Value,
}

fn way(method: &'static str, path: &'static str, body: Option<Value>, operation: Value) -> Way {
    Way { method, path, body, operation }
}

/// Tries a change on every path; each must be refused with this code.
async fn refused_everywhere(house: &House, token: Option<&str>, way: &Way, status: u16, code: &str) {
    let batch = json!({"operations": [way.operation]});
    let tries = [
        (way.method, way.path.to_owned(), way.body.clone()),
        (way.method, format!("{}?dry_run=true", way.path), way.body.clone()),
        ("POST", "batch".to_owned(), Some(batch.clone())),
        ("POST", "batch?dry_run=true".to_owned(), Some(batch.clone())),
        ("POST", "plan".to_owned(), Some(batch)),
    ];
    for (method, path, body) in tries {
        let asking = house.ask(method, &path);
        let asking = if let Some(token) = token { asking.token(token) } else { asking };
        let asking = if let Some(body) = &body { asking.json(body) } else { asking };
        let answer = asking.send().await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{method} {path} {body:?}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_predefined_noun_never_changes() {
    let house = House::union().await;
    for way in [
        way(
            "PATCH",
            "roles/Viewer",
            Some(json!({"description": "x"})),
            json!({"op": "role.change", "target": "Viewer", "body": {"description": "x"}}),
        ),
        way("DELETE", "roles/Viewer", None, json!({"op": "role.delete", "target": "Viewer"})),
        way(
            "POST",
            "roles/Viewer/permits",
            Some(json!({"permits": [{"action": "*"}]})),
            json!({"op": "role.permit", "target": "Viewer", "body": {"permits": [{"action": "*"}]}}),
        ),
        way(
            "PATCH",
            "policies/Admin",
            Some(json!({"bindings": []})),
            json!({"op": "policy.change", "target": "Admin", "body": {"bindings": []}}),
        ),
        way("DELETE", "policies/Admin", None, json!({"op": "policy.delete", "target": "Admin"})),
        way(
            "DELETE",
            "actions/view_flyte_inventory",
            None,
            json!({"op": "action.delete", "target": "view_flyte_inventory"}),
        ),
    ] {
        refused_everywhere(&house, None, &way, 409, "predefined").await;
    }
}

#[tokio::test]
async fn a_role_that_a_policy_binds_cannot_be_deleted() {
    let house = House::union().await;
    house.post("roles", json!({"name": "runner"})).await.is(201);
    house.post("policies", json!({"name": "team", "bindings": [{"role": "runner"}]})).await.is(201);
    let delete = way("DELETE", "roles/runner", None, json!({"op": "role.delete", "target": "runner"}));
    refused_everywhere(&house, None, &delete, 409, "in_use").await;
    let refused = house.delete("roles/runner").await.refused(409, "in_use");
    assert!(refused.text.contains("team"), "{}", refused.text);
}

#[tokio::test]
async fn naming_an_unknown_open_project_registers_it_in_the_same_entry() {
    let house = House::union().await;
    let before = house.get("me").await.revision();
    let made =
        house.post("policies", json!({"name": "p", "bindings": [{"role": "Viewer", "project": "new"}]})).await.is(201);
    assert_eq!(made.revision(), before + 1);
    assert_eq!(house.get("projects/new").await.json()["created_revision"], made.revision());
    let closed = House::new("unleash").await;
    let body = json!({"subject": "root@example.com", "role": "Member", "project": "new"});
    let grant = way("POST", "assignments", Some(body.clone()), json!({"op": "assignment.create", "body": body}));
    refused_everywhere(&closed, None, &grant, 422, "unknown").await;
}

/// An organization where `mallory` may administer users, groups, roles, policies, assignments and
/// tokens, holds the right to view, and no other right of the product.
async fn delegated() -> (House, String) {
    let house = House::union().await;
    let own = ["users", "applications", "groups", "roles", "policies", "tokens", "assignments", "actions", "projects"];
    let permits: Vec<Value> = own
        .iter()
        .flat_map(|noun| {
            [json!({"action": format!("rolecall.{noun}.write")}), json!({"action": format!("rolecall.{noun}.read")})]
        })
        .chain([json!({"action": "view_flyte_inventory"})])
        .collect();
    house.post("roles", json!({"name": "delegate", "permits": permits})).await.is(201);
    house.post("roles", json!({"name": "strong", "permits": [{"action": "create_flyte_executions"}]})).await.is(201);
    house.post("roles", json!({"name": "held", "permits": [{"action": "view_flyte_inventory"}]})).await.is(201);
    house.post("policies", json!({"name": "held", "bindings": [{"role": "held"}]})).await.is(201);
    for name in ["mallory", "victim", "boss"] {
        house.post("users", json!({"username": name})).await.is(201);
    }
    for (who, role) in [("mallory", "delegate"), ("victim", "held"), ("boss", "strong")] {
        house.post("assignments", json!({"subject": who, "role": role})).await.is(201);
    }
    house.post("assignments", json!({"subject": "victim", "policy": "held"})).await.is(201);
    house.post("groups", json!({"name": "strong", "roles": [{"role": "strong"}]})).await.is(201);
    let token = house.token_of("mallory").await;
    (house, token)
}

#[tokio::test]
async fn no_escalation() {
    let (house, token) = delegated().await;
    let create = |body: Value| (Some(body.clone()), body);
    let mut ways = Vec::new();
    for body in [
        json!({"subject": "mallory", "role": "strong"}),
        json!({"subject": "victim", "policy": "Admin"}),
        json!({"subject": "mallory", "policy": "Contributor"}),
    ] {
        let (single, body) = create(body);
        ways.push(way("POST", "assignments", single, json!({"op": "assignment.create", "body": body})));
    }
    let (single, body) = create(json!({"members": [{"user": "mallory"}]}));
    ways.push(way(
        "POST",
        "groups/strong/members",
        single,
        json!({"op": "group.add_members", "target": "strong", "body": body}),
    ));
    let (single, body) = create(json!({"members": ["mallory"]}));
    ways.push(way(
        "PUT",
        "groups/strong/members",
        single,
        json!({"op": "group.replace_members", "target": "strong", "body": body}),
    ));
    let (single, body) = create(json!({"sso_names": ["all"]}));
    ways.push(way("PATCH", "groups/strong", single, json!({"op": "group.change", "target": "strong", "body": body})));
    let (single, body) = create(json!({"permits": [{"action": "create_flyte_executions"}]}));
    ways.push(way("POST", "roles/held/permits", single, json!({"op": "role.permit", "target": "held", "body": body})));
    let (single, body) = create(json!({"permits": [{"action": "*"}]}));
    ways.push(way("PATCH", "roles/held", single, json!({"op": "role.change", "target": "held", "body": body})));
    let (single, body) = create(json!({"bindings": [{"role": "strong"}]}));
    ways.push(way(
        "POST",
        "policies/held/bindings",
        single,
        json!({"op": "policy.bind", "target": "held", "body": body}),
    ));
    let (single, body) = create(json!({"email": "mallory@evil.example"}));
    ways.push(way("PATCH", "users/boss", single, json!({"op": "user.change", "target": "boss", "body": body})));
    let (single, body) = create(json!({"username": "accomplice", "policies": ["Contributor"]}));
    ways.push(way("POST", "users", single, json!({"op": "user.create", "body": body})));
    let (single, body) = create(json!({"name": "robot", "roles": [{"role": "strong"}]}));
    ways.push(way("POST", "applications", single, json!({"op": "application.create", "body": body})));
    let (single, body) = create(json!({"name": "accomplices", "policies": ["Admin"]}));
    ways.push(way("POST", "groups", single, json!({"op": "group.create", "body": body})));
    for way in &ways {
        refused_everywhere(&house, Some(&token), way, 403, "not_held").await;
    }
    house
        .ask("POST", "tokens")
        .token(&token)
        .json(&json!({"subject": "boss", "name": "t"}))
        .send()
        .await
        .refused(403, "not_held");
    house
        .ask("POST", "assignments")
        .token(&token)
        .json(&json!({"subject": "victim", "role": "held", "environment": "staging"}))
        .send()
        .await
        .is(201);
}

#[tokio::test]
async fn an_administrator_always_remains() {
    let house = House::union().await;
    for way in [
        way("DELETE", "users/root@example.com", None, json!({"op": "user.delete", "target": "root@example.com"})),
        way(
            "PATCH",
            "users/root@example.com",
            Some(json!({"active": false})),
            json!({"op": "user.change", "target": "root@example.com", "body": {"active": false}}),
        ),
        way(
            "POST",
            "assignments/end",
            Some(json!({"subject": "root@example.com", "policy": "Admin"})),
            json!({"op": "assignment.end", "body": {"subject": "root@example.com", "policy": "Admin"}}),
        ),
        way(
            "POST",
            "assignments",
            Some(json!({"subject": "root@example.com", "policy": "Admin", "until": "2099-01-01T00:00:00Z"})),
            json!({"op": "assignment.create", "body": {"subject": "root@example.com", "policy": "Admin", "until": "2099-01-01T00:00:00Z"}}),
        ),
    ] {
        refused_everywhere(&house, None, &way, 409, "last_administrator").await;
    }
    house.ask("POST", "users/root@example.com/erase").send().await.refused(409, "last_administrator");
}

#[tokio::test]
async fn identifiers_share_one_space_whatever_their_kind_and_case() {
    let house = House::union().await;
    house.post("users", json!({"username": "Ada", "external_id": "x-1"})).await.is(201);
    for body in [json!({"username": "ADA"}), json!({"external_id": "x-1"}), json!({"username": "x-1"})] {
        let create = way("POST", "users", Some(body.clone()), json!({"op": "user.create", "body": body}));
        refused_everywhere(&house, None, &create, 409, "taken").await;
    }
    let body = json!({"name": "Ada", "client_id": "ada"});
    let create = way("POST", "applications", Some(body.clone()), json!({"op": "application.create", "body": body}));
    refused_everywhere(&house, None, &create, 409, "taken").await;
}

#[tokio::test]
async fn numbers_are_never_used_again() {
    let house = House::union().await;
    let first = house.post("roles", json!({"name": "a"})).await.is(201).json()["number"].as_u64().unwrap();
    house.delete("roles/a").await.is(204);
    let second = house.post("roles", json!({"name": "a"})).await.is(201).json()["number"].as_u64().unwrap();
    assert!(second > first);
    house.get(&format!("roles/~{first}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_creates_a_project_gets_what_the_catalog_says() {
    let house = House::new("unleash").await;
    house.post("users", json!({"username": "ed", "roles": [{"role": "Editor"}]})).await.is(201);
    let token = house.token_of("ed").await;
    house.ask("POST", "projects").token(&token).json(&json!({"name": "mine"})).send().await.is(201);
    let held = house.get("assignments?subject=ed&project=mine").await.is(200).json();
    assert_eq!(held["items"][0]["role"], "Owner");
    house.ask("PATCH", "projects/mine").token(&token).json(&json!({"title": "Mine"})).send().await.is(200);
}
