//! What a resource stands for, and how unknown things are answered.

use crate::house::{House, action, environment, give, project, resource_type, role, scope, user};
use rolecall_model::action::Level;
use rolecall_model::project::ProjectCommand;
use rolecall_model::resource_type::Stands;
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Ref};
use serde_json::json;

/// Projects shop and blog, environments dev and prod; alice deploys shop in dev, bob everything in
/// prod, carol shop in all environments, dan everywhere.
fn commands() -> Vec<Command> {
    let mut commands: Vec<Command> = vec![
        action("deploy", Level::Environment),
        action("rename", Level::Project),
        action("invite", Level::Organization),
        role("deployer", &["deploy"]),
        role("all", &["deploy", "rename", "invite"]),
    ];
    commands.extend(["dev", "prod"].map(environment));
    commands.extend(["shop", "blog"].map(project));
    commands.extend(["alice", "bob", "carol", "dan"].map(user));
    commands.push(give("alice", "deployer", scope(Some("shop"), Some("dev"))));
    commands.push(give("bob", "deployer", scope(None, Some("prod"))));
    commands.push(give("carol", "deployer", scope(Some("shop"), None)));
    commands.push(give("dan", "all", ScopeRef::ORGANIZATION));
    commands.push(resource_type("service", Stands::ForProject, None));
    commands.push(resource_type("stage", Stands::ForEnvironment, None));
    commands.push(resource_type("ticket", Stands::Within, Some(&["rename"])));
    commands
}

async fn who(house: &House, action: &str, resource: serde_json::Value) -> String {
    let mut may = String::new();
    for subject in ["alice", "bob", "carol", "dan"] {
        if house.ask(subject, action, &resource).await {
            may.push(subject.chars().next().unwrap());
        }
    }
    may
}

#[tokio::test]
async fn a_resource_lies_where_its_type_says() {
    let house = House::new(commands()).await;
    let dev = json!({"environment": "dev"});
    for (resource, expected) in [
        (json!({"type": "project", "id": "shop"}), "cd"),
        (json!({"type": "project", "id": "shop", "properties": dev}), "acd"),
        (json!({"type": "project", "id": "blog", "properties": {"environment": "prod"}}), "bd"),
        (json!({"type": "service", "id": "shop", "properties": {"environment": "DEV"}}), "acd"),
        (json!({"type": "service", "id": "shop", "properties": {"project": "blog"}}), "cd"),
        (json!({"type": "environment", "id": "prod"}), "bd"),
        (json!({"type": "stage", "id": "prod"}), "bd"),
        (json!({"type": "organization", "id": "anything"}), "d"),
        (json!({"type": "flag", "id": "f-1"}), "d"),
        (json!({"type": "flag", "id": "f-1", "properties": {"project": "shop"}}), "cd"),
        (json!({"type": "flag", "id": "f-1", "properties": {"environment": "prod"}}), "bd"),
        (json!({"type": "flag", "id": "f-1", "properties": {"project": "shop", "environment": "dev"}}), "acd"),
        (json!({"type": "flag", "id": "f-1", "properties": {"project": null, "environment": "prod"}}), "bd"),
    ] {
        assert_eq!(who(&house, "deploy", resource.clone()).await, expected, "{resource}");
    }
}

#[tokio::test]
async fn an_unknown_project_or_environment_is_one_that_only_rights_for_all_cover() {
    let house = House::new(commands()).await;
    for (resource, expected) in [
        (json!({"type": "project", "id": "shoop"}), "d"),
        (json!({"type": "project", "id": "shoop", "properties": {"environment": "prod"}}), "bd"),
        (json!({"type": "project", "id": "shop", "properties": {"environment": "qa"}}), "cd"),
        (json!({"type": "environment", "id": "qa"}), "d"),
    ] {
        assert_eq!(who(&house, "deploy", resource.clone()).await, expected, "{resource}");
    }
}

#[tokio::test]
async fn unknown_subjects_types_and_actions_are_denied() {
    let house = House::new(commands()).await;
    let shop = json!({"type": "project", "id": "shop"});
    assert!(!house.ask("nobody", "deploy", &shop).await);
    assert!(!house.ask("dan", "fly", &shop).await);
    for kind in ["application", "group", "identity", "User"] {
        let body = json!({"subject": {"type": kind, "id": "dan"}, "action": {"name": "deploy"}, "resource": shop});
        assert!(!house.post("/access/v1/evaluation", body.to_string()).await.decision(), "{kind}");
    }
}

#[tokio::test]
async fn a_type_that_lists_its_actions_knows_no_other() {
    let house = House::new(commands()).await;
    let ticket = json!({"type": "ticket", "id": "t-1", "properties": {"project": "shop"}});
    assert!(house.ask("dan", "rename", &ticket).await);
    assert!(!house.ask("dan", "deploy", &ticket).await);
    let found = |resource: serde_json::Value| {
        let body = json!({"subject": {"type": "user", "id": "dan"}, "resource": resource}).to_string();
        let house = &house;
        async move { house.post("/access/v1/search/action", body).await.found() }
    };
    assert_eq!(found(ticket).await, ["rename"]);
    assert_eq!(found(json!({"type": "project", "id": "shop"})).await, ["deploy", "rename"]);
    assert_eq!(found(json!({"type": "environment", "id": "dev"})).await, ["deploy"]);
    assert_eq!(found(json!({"type": "organization", "id": "acme"})).await, ["deploy", "rename", "invite"]);
}

#[tokio::test]
async fn a_search_for_resources_answers_projects_environments_and_the_organization() {
    let house = House::new(commands()).await;
    for (subject, resource, expected) in [
        ("dan", json!({"type": "project"}), vec!["shop", "blog"]),
        ("carol", json!({"type": "service"}), vec!["shop"]),
        ("alice", json!({"type": "project"}), vec![]),
        ("alice", json!({"type": "project", "properties": {"environment": "dev"}}), vec!["shop"]),
        ("bob", json!({"type": "project", "properties": {"environment": "prod"}}), vec!["shop", "blog"]),
        ("bob", json!({"type": "environment"}), vec!["prod"]),
        ("dan", json!({"type": "stage"}), vec!["dev", "prod"]),
        ("dan", json!({"type": "organization"}), vec!["acme"]),
        ("bob", json!({"type": "organization"}), vec![]),
        ("dan", json!({"type": "flag"}), vec![]),
        ("dan", json!({"type": "ticket"}), vec![]),
    ] {
        let body = json!({
            "subject": {"type": "user", "id": subject}, "action": {"name": "deploy"}, "resource": resource,
        });
        let found = house.post("/access/v1/search/resource", body.to_string()).await.found();
        assert_eq!(found, expected, "{body}");
    }
}

#[tokio::test]
async fn an_archived_project_is_hidden_from_searches_but_its_answers_stay() {
    let house = House::new(commands()).await;
    house.change(vec![ProjectCommand::Archive(Ref::from("shop")).into()]).await;
    assert!(house.ask("carol", "deploy", &json!({"type": "project", "id": "shop"})).await);
    let body = json!({
        "subject": {"type": "user", "id": "dan"}, "action": {"name": "deploy"}, "resource": {"type": "project"},
    });
    assert_eq!(house.post("/access/v1/search/resource", body.to_string()).await.found(), ["blog"]);
}
