//! The search demonstration's grant matrix: every cross product of users, actions and records.

use crate::house::{House, action, cases, give, project, resource_type, role, scope, user};
use rolecall_model::Command;
use rolecall_model::action::Level;
use rolecall_model::resource_type::Stands;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ACTIONS: [&str; 3] = ["view", "edit", "delete"];
const USERS: [&str; 6] = ["alice", "bob", "carol", "dan", "erin", "felix"];

type Grants = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn grants() -> Grants {
    serde_json::from_value(cases()["search"]["grants"].clone()).unwrap()
}

/// Twenty projects under the alias type `record`; each action is a role, given per project.
async fn house() -> (House, Grants) {
    let grants = grants();
    let mut commands: Vec<Command> = Vec::new();
    commands.extend(ACTIONS.map(|name| action(name, Level::Project)));
    commands.extend(ACTIONS.map(|name| role(name, &[name])));
    commands.extend(USERS.map(user));
    commands.extend(grants.keys().map(|record| project(record)));
    commands.push(resource_type("record", Stands::ForProject, None));
    for (record, actions) in &grants {
        for (action, users) in actions {
            commands.extend(users.iter().map(|user| give(user, action, scope(Some(record), None))));
        }
    }
    (House::new(commands).await, grants)
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[tokio::test]
async fn all_subject_searches_of_the_matrix_find_exactly_those_who_may() {
    let (house, grants) = house().await;
    let mut searches = 0;
    for (record, actions) in &grants {
        for action in ACTIONS {
            let body = json!({
                "subject": {"type": "user"}, "action": {"name": action},
                "resource": {"type": "record", "id": record},
            });
            let found = house.post("/access/v1/search/subject", body.to_string()).await.found();
            assert_eq!(sorted(found), sorted(actions[action].clone()), "{action} {record}");
            searches += 1;
        }
    }
    assert_eq!(searches, 60);
}

#[tokio::test]
async fn all_resource_searches_of_the_matrix_find_exactly_where_one_may() {
    let (house, grants) = house().await;
    let mut searches = 0;
    for user in USERS {
        for action in ACTIONS {
            let body = json!({
                "subject": {"type": "user", "id": user}, "action": {"name": action}, "resource": {"type": "record"},
            });
            let found = house.post("/access/v1/search/resource", body.to_string()).await.found();
            let may = grants.iter().filter(|(_, actions)| actions[action].iter().any(|one| one == user));
            let expected: Vec<String> = may.map(|(record, _)| record.clone()).collect();
            assert_eq!(found, expected, "{user} {action}");
            searches += 1;
        }
    }
    assert_eq!(searches, 18);
}

#[tokio::test]
async fn all_action_searches_of_the_matrix_find_exactly_what_one_may() {
    let (house, grants) = house().await;
    let mut searches = 0;
    for user in USERS {
        for (record, actions) in &grants {
            let body = json!({"subject": {"type": "user", "id": user}, "resource": {"type": "record", "id": record}});
            let found = house.post("/access/v1/search/action", body.to_string()).await.found();
            let may = ACTIONS.into_iter().filter(|action| actions[*action].iter().any(|one| one == user));
            assert_eq!(found, may.map(str::to_owned).collect::<Vec<_>>(), "{user} {record}");
            searches += 1;
        }
    }
    assert_eq!(searches, 120);
}

#[tokio::test]
async fn whatever_a_search_finds_an_evaluation_permits() {
    let (house, grants) = house().await;
    for user in USERS {
        for action in ACTIONS {
            let evaluations: Vec<Value> =
                grants.keys().map(|record| json!({"resource": {"type": "record", "id": record}})).collect();
            let body = json!({
                "subject": {"type": "user", "id": user}, "action": {"name": action}, "evaluations": evaluations,
            });
            let decisions = house.post("/access/v1/evaluations", body.to_string()).await.decisions();
            let expected: Vec<bool> =
                grants.values().map(|actions| actions[action].iter().any(|one| one == user)).collect();
            assert_eq!(decisions, expected, "{user} {action}");
        }
    }
}

#[tokio::test]
async fn the_records_that_one_may_delete_come_in_the_order_of_the_identity_providers_test() {
    let (house, _) = house().await;
    let expected: BTreeMap<String, Vec<String>> = serde_json::from_value(cases()["idp"].clone()).unwrap();
    for (user, records) in expected {
        let body = json!({
            "subject": {"type": "user", "id": user}, "action": {"name": "delete"}, "resource": {"type": "record"},
        });
        assert_eq!(house.post("/access/v1/search/resource", body.to_string()).await.found(), records, "{user}");
    }
}
