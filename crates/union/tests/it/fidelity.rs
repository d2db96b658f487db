//! What the wire cannot say is shown as far as it can be, and never lost.

use crate::house::House;
use reqwest::Method;
use serde_json::{Value, json};

fn named(name: &str) -> Value {
    json!({"organization": "acme", "name": name})
}

#[tokio::test]
async fn a_change_of_actions_leaves_what_the_wire_has_no_words_for() {
    let house = House::new().await;
    let kept = [
        json!({"action": "register_flyte_inventory", "environment": "staging"}),
        json!({"action": "rolecall.users.read"}),
    ];
    let permits = json!([{"action": "view_flyte_inventory"}, kept[0], kept[1]]);
    house.rest(Method::POST, "roles", json!({"name": "mixed", "permits": permits})).await;
    let role = house.call("RoleService/GetRole", json!({"id": named("mixed")})).await.well()["role"].clone();
    assert_eq!(role["actions"], json!(["ACTION_VIEW_FLYTE_INVENTORY"]));
    assert_eq!(role["permissions"][0]["actions"], json!(["ACTION_REGISTER_FLYTE_INVENTORY"]));
    assert_eq!(role["permissions"][0]["resource"]["domain"]["name"], "staging");
    for (method, action) in
        [("CreateRoleAction", "ACTION_MANAGE_QUEUE"), ("DeleteRoleAction", "ACTION_VIEW_FLYTE_INVENTORY")]
    {
        let asked = json!({"id": named("mixed"), "action": action});
        house.call(&format!("RoleService/{method}"), asked).await.well();
    }
    house.call("RoleService/UpdateRole", json!({"role": {"id": named("mixed"), "actions": [6]}})).await.well();
    let after = house.rest(Method::GET, "roles/mixed", Value::Null).await["permits"].clone();
    let after = after.as_array().unwrap();
    assert!(kept.iter().all(|permit| after.contains(permit)), "{after:?}");
    assert!(after.contains(&json!({"action": "view_flyte_executions"})) && after.len() == 3, "{after:?}");
}

#[tokio::test]
async fn bindings_come_back_as_they_were_sent_and_a_repeat_changes_nothing() {
    let house = House::new().await;
    house.call("RoleService/CreateRole", json!({"role": {"id": named("runner"), "actions": [5]}})).await.well();
    house.call("PolicyService/CreatePolicy", json!({"policy": {"id": named("team")}})).await.well();
    let organization = json!({"name": "acme"});
    let in_domain = |domain: &str| json!({"name": domain, "organization": organization});
    let resources = [
        json!({"organization": organization}),
        json!({"domain": in_domain("staging")}),
        json!({"project": {"name": "shop", "domain": in_domain("production")}}),
        json!({"project": {"name": "blog", "domain": {"organization": organization}}}),
    ];
    let bind =
        |resource: &Value| json!({"id": named("team"), "binding": {"roleId": named("runner"), "resource": resource}});
    for resource in &resources {
        house.call("PolicyService/CreatePolicyBinding", bind(resource)).await.well();
    }
    let revision = house.revision().await;
    for resource in &resources {
        house.call("PolicyService/CreatePolicyBinding", bind(resource)).await.well();
    }
    assert_eq!(revision, house.revision().await);
    let policy = house.call("PolicyService/GetPolicy", json!({"id": named("team")})).await.well();
    let shown: Vec<&Value> =
        policy["policy"]["bindings"].as_array().unwrap().iter().map(|row| &row["resource"]).collect();
    assert_eq!(shown, resources.iter().collect::<Vec<_>>());
    for what in ["workflow", "launchPlan", "cluster"] {
        let refused = house.call("PolicyService/CreatePolicyBinding", bind(&json!({what: {"name": "x"}}))).await;
        assert!(refused.refused("invalid_argument").contains("bind it to the organization, a domain, or a project"));
    }
}

#[tokio::test]
async fn an_assignment_made_elsewhere_survives_and_a_repeated_one_is_one() {
    let house = House::new().await;
    house.rest(Method::POST, "users", json!({"email": "jane@example.com"})).await;
    let by_role = json!({"subject": "jane@example.com", "role": "Viewer", "environment": "staging"});
    house.rest(Method::POST, "assignments", by_role).await;
    let jane = json!({"externalIdentity": {"subject": "jane@example.com"}});
    let assign = json!({"identity": jane, "policyId": named("Viewer")});
    let assigner = "cloudidl.authorizer.AuthorizerService";
    for _ in 0..2 {
        house.call(&format!("{assigner}/AssignIdentity"), assign.clone()).await.well();
    }
    let shown = house.call(&format!("{assigner}/GetIdentityAssignments"), json!({"identity": jane})).await.well();
    let shown = &shown["identityAssignment"];
    assert_eq!(shown["policies"].as_array().unwrap().len(), 1);
    assert_eq!(shown["roles"][0]["permissions"][0]["resource"]["domain"]["name"], "staging");
    for _ in 0..2 {
        house.call(&format!("{assigner}/UnassignIdentity"), assign.clone()).await.well();
    }
    let left = house.rest(Method::GET, "assignments?subject=jane@example.com", Value::Null).await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
}
