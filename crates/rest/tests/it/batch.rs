//! Batches: all or nothing, one revision.

use crate::house::House;
use serde_json::{Value, json};

#[tokio::test]
async fn a_batch_is_all_or_nothing_and_one_revision() {
    let house = House::union().await;
    let before = house.get("me").await.revision();
    let good = [
        json!({"op": "project.create", "body": {"name": "shop"}}),
        json!({"op": "role.create", "body": {"name": "r", "permits": [{"action": "view_flyte_inventory", "environment": "staging"}]}}),
        json!({"op": "policy.create", "body": {"name": "p", "bindings": [{"role": "r", "project": "shop"}]}}),
        json!({"op": "user.create", "body": {"email": "a@example.com", "policies": ["p"]}}),
        json!({"op": "group.create", "body": {"name": "g"}}),
        json!({"op": "group.add_members", "target": "g", "body": {"members": [{"user": "a@example.com"}]}}),
    ];
    let mut bad = good.to_vec();
    bad.push(json!({"op": "role.delete", "target": "r"}));
    let refused = house.post("batch", json!({"operations": bad})).await.refused(409, "in_use");
    assert!(refused.field().starts_with("operations[6]"), "{}", refused.text);
    assert_eq!(house.get("me").await.revision(), before);
    let done = house.post("batch", json!({"operations": good})).await.is(200).json();
    assert_eq!(done["revision"], before + 1);
    let nouns: Vec<&str> =
        done["changes"].as_array().unwrap().iter().map(|change| change["noun"].as_str().unwrap()).collect();
    assert_eq!(nouns, ["project", "role", "policy", "user", "assignment", "group", "membership"]);
    assert!(house.may("a@example.com", "view_flyte_inventory", Some("shop"), Some("staging")).await);
}

#[tokio::test]
async fn a_mistake_in_a_batch_names_its_operation() {
    let house = House::union().await;
    let cases: Vec<(Value, u16, &str, &str)> = vec![
        (json!({"op": "role.crate", "body": {}}), 422, "operations[1].op", "did you mean \"role.create\"?"),
        (json!({"op": "role.create"}), 422, "operations[1].body", "body is missing"),
        (json!({"op": "role.delete"}), 422, "operations[1].target", "target is missing"),
        (json!({"op": "role.delete", "target": "x", "body": {}}), 422, "operations[1].body", "has no body"),
        (
            json!({"op": "role.create", "target": "x", "body": {"name": "y"}}),
            422,
            "operations[1].target",
            "has no target",
        ),
        (json!({"op": "role.create", "body": {"nmae": "y"}}), 422, "operations[1].body.nmae", "did you mean \"name\"?"),
        (json!({"op": "role.create", "bdy": {}}), 422, "operations[1].bdy", "did you mean \"body\"?"),
        (
            json!({"op": "role.create", "body": {"name": "y", "permits": [{"action": "vew"}]}}),
            422,
            "operations[1].permits[0].action",
            "",
        ),
        (json!({"op": "role.delete", "target": "absent"}), 422, "operations[1].target", "absent"),
        (
            json!({"op": "application.create", "body": {"name": "x", "secret": true}}),
            422,
            "operations[1].body.secret",
            "by itself",
        ),
        (json!(7), 422, "operations[1]", ""),
    ];
    for (operation, status, field, detail) in cases {
        let first = json!({"op": "role.create", "body": {"name": "first"}});
        let answer = house.post("batch", json!({"operations": [first, operation]})).await;
        assert_eq!(answer.status, status, "{operation}: {}", answer.text);
        assert_eq!(answer.field(), field, "{operation}: {}", answer.text);
        assert!(answer.detail().contains(detail), "{operation}: {}", answer.text);
    }
    house.get("roles/first").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_batch_has_at_most_ten_thousand_operations() {
    let house = House::union().await;
    let operation = json!({"op": "role.delete", "target": "x"});
    let many = json!({"operations": vec![operation; 10_001]});
    house.post("batch", many).await.refused(422, "too_many");
    assert_eq!(house.post("batch", json!({"operations": []})).await.is(200).json()["changes"], json!([]));
}

#[tokio::test]
async fn every_operation_needs_what_its_single_route_needs() {
    let house = House::new("none").await;
    let token = house.user("weak@example.com", &[]).await;
    house.post("roles", json!({"name": "role-writer", "permits": [{"action": "rolecall.roles.write"}, {"action": "rolecall.roles.read"}]})).await.is(201);
    house.post("assignments", json!({"subject": "weak@example.com", "role": "role-writer"})).await.is(201);
    let role = json!({"op": "role.create", "body": {"name": "mine"}});
    let policy = json!({"op": "policy.create", "body": {"name": "mine"}});
    let ask =
        |operations: Value| house.ask("POST", "batch").token(&token).json(&json!({"operations": operations})).send();
    ask(json!([role, policy])).await.refused(403, "forbidden");
    house.get("roles/mine").await.refused(404, "not_found");
    ask(json!([role])).await.is(200);
}
