//! A dry run says what then really happens.

use crate::house::House;
use serde_json::{Value, json};

const ACTIONS: &[&str] =
    &["view_flyte_inventory", "view_flyte_executions", "create_flyte_executions", "rolecall.roles.read"];

/// Who may do what where: every user, some actions, every place.
async fn grid(house: &House, users: &[&str]) -> Vec<(String, bool)> {
    let mut checks = Vec::new();
    for user in users {
        for action in ACTIONS {
            for project in [None, Some("shop"), Some("other")] {
                for environment in [None, Some("staging"), Some("production")] {
                    checks.push(
                        json!({"subject": user, "action": action, "project": project, "environment": environment}),
                    );
                }
            }
        }
    }
    let answers = house.post("check/many", json!({"checks": checks})).await.is(200).json();
    let allowed = answers["results"].as_array().unwrap().iter().map(|one| one["allowed"].as_bool().unwrap());
    checks.iter().map(ToString::to_string).zip(allowed).collect()
}

fn covers(delta: &Value, check: &Value) -> bool {
    let part = |scope: &Value, name: &str| scope[name].is_null() || scope[name] == check[name];
    let covers = |scope: &Value| part(scope, "project") && part(scope, "environment");
    let excepted = delta["except"].as_array().is_some_and(|all| all.iter().any(covers));
    delta["name"] == check["subject"] && delta["action"] == check["action"] && covers(delta) && !excepted
}

/// Compares the dry run of a request with what carrying it out changes in the grid.
async fn agrees(house: &House, method: &str, path: &str, body: Option<Value>, users: &[&str]) {
    let before = grid(house, users).await;
    let revision = house.get("me").await.revision();
    let joint = if path.contains('?') { '&' } else { '?' };
    let asking = house.ask(method, &format!("{path}{joint}dry_run=true"));
    let asking = if let Some(body) = &body { asking.json(body) } else { asking };
    let run = asking.send().await.is(200).json();
    assert_eq!((&run["dry_run"], &run["complete"]), (&json!(true), &json!(true)), "{run}");
    assert_eq!(house.get("me").await.revision(), revision, "a dry run wrote something");
    let asking = house.ask(method, path);
    let asking = if let Some(body) = &body { asking.json(body) } else { asking };
    let status = asking.send().await.status;
    assert!((200..300).contains(&status), "{method} {path}: {status}");
    let after = grid(house, users).await;
    for ((check, was), (_, is)) in before.iter().zip(&after) {
        let question: Value = serde_json::from_str(check).unwrap();
        let gained = run["gains"].as_array().unwrap().iter().any(|delta| covers(delta, &question));
        let lost = run["losses"].as_array().unwrap().iter().any(|delta| covers(delta, &question));
        assert_eq!((gained, lost), (!was && *is, *was && !is), "{method} {path}: {check} {run}");
    }
}

#[tokio::test]
async fn a_dry_run_answers_the_gains_and_losses_that_then_really_happen() {
    let house = House::union().await;
    let users = ["ada", "bob"];
    for user in users {
        house.post("users", json!({"username": user, "name": user})).await.is(201);
    }
    for project in ["shop", "other"] {
        house.post("projects", json!({"name": project})).await.is(201);
    }
    house.post("groups", json!({"name": "g", "members": ["bob"]})).await.is(201);
    let view = |environment: &str| json!({"action": "view_flyte_inventory", "environment": environment});
    let steps: Vec<(&str, &str, Option<Value>)> = vec![
        ("POST", "roles", Some(json!({"name": "looker", "permits": [view("staging")]}))),
        ("POST", "assignments", Some(json!({"subject": "ada", "role": "looker"}))),
        ("PATCH", "roles/looker", Some(json!({"permits": [view("production")]}))),
        ("POST", "policies", Some(json!({"name": "p", "bindings": [{"role": "Viewer", "project": "shop"}]}))),
        ("POST", "assignments", Some(json!({"group": "g", "policy": "p"}))),
        ("POST", "groups/g/members", Some(json!({"members": [{"user": "ada"}]}))),
        ("POST", "policies/p/bindings", Some(json!({"bindings": [{"role": "Contributor", "environment": "staging"}]}))),
        ("POST", "assignments", Some(json!({"subject": "bob", "policy": "Admin", "until": "2027-01-01T00:00:00Z"}))),
        ("PATCH", "users/ada", Some(json!({"active": false}))),
        ("PATCH", "users/ada", Some(json!({"active": true}))),
        ("POST", "assignments/end", Some(json!({"subject": "bob", "policy": "Admin"}))),
        ("PUT", "groups/g/members", Some(json!({"members": []}))),
        (
            "POST",
            "batch",
            Some(json!({"operations": [
                {"op": "assignment.end", "body": {"subject": "ada", "role": "looker"}},
                {"op": "role.delete", "target": "looker"},
                {"op": "assignment.create", "body": {"subject": "ada", "role": "Viewer", "project": "other", "environment": "staging"}},
            ]})),
        ),
        ("DELETE", "groups/g", None),
    ];
    for (method, path, body) in steps {
        agrees(&house, method, path, body, &users).await;
    }
    let lost = house.delete("projects/other?dry_run=true").await.is(200).json()["losses"].clone();
    assert!(
        lost.as_array().unwrap().iter().any(|delta| delta["project"] == "other" && delta["environment"] == "staging"),
        "{lost}"
    );
}

#[tokio::test]
async fn a_dry_run_is_refused_like_the_change_itself() {
    let house = House::union().await;
    house.post("roles?dry_run=true", json!({"name": "Viewer"})).await.refused(409, "taken");
    house.post("roles?dry_run=true", json!({"nmae": "x"})).await.refused(422, "invalid");
    house.delete("roles/Viewer?dry_run=true").await.refused(409, "predefined");
    house.delete("roles/absent?dry_run=true").await.refused(404, "not_found");
    house.post("tokens?dry_run=true", json!({"name": "t"})).await.is(200);
    assert_eq!(house.get("tokens").await.json()["items"].as_array().unwrap().len(), 1);
    let run = house.post("organizations?dry_run=true", json!({"name": "x"})).await;
    run.refused(409, "not_now");
    house.delete("organizations/acme?dry_run=true").await.refused(409, "not_now");
}

#[tokio::test]
async fn a_plan_is_the_dry_run_of_a_batch() {
    let house = House::union().await;
    house.post("users", json!({"username": "ada", "name": "Ada"})).await.is(201);
    let batch = json!({"operations": [{"op": "assignment.create", "body": {"subject": "ada", "policy": "Viewer"}}]});
    let plan = house.post("plan", batch.clone()).await.is(200).json();
    assert_eq!(plan, house.post("batch?dry_run=true", batch).await.is(200).json());
    let names: Vec<&str> =
        plan["gains"].as_array().unwrap().iter().map(|delta| delta["action"].as_str().unwrap()).collect();
    assert!(names.contains(&"view_flyte_inventory") && names.contains(&"view_flyte_executions"), "{names:?}");
    assert!(!names.contains(&"create_flyte_executions"));
    assert_eq!((&plan["subjects"], &plan["gains"][0]["name"]), (&json!(1), &json!("Ada")));
    assert!(!house.may("ada", "view_flyte_inventory", None, None).await);
}
