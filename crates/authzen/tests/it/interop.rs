//! The interoperability rows that an organization's roles can express. Not among them: whether a
//! todo is the editor's own, which stands in a property.

use crate::house::{House, action, cases, give, project, resource_type, role, user};
use rolecall_model::Command;
use rolecall_model::action::Level;
use rolecall_model::resource_type::Stands;
use rolecall_model::scope::ScopeRef;
use serde_json::{Value, json};

/// The five users of the scenarios, known by the ids of their identity provider, with their roles.
fn people() -> Vec<(String, Vec<String>)> {
    let users = cases()["todo"]["users"].as_object().unwrap().clone();
    let roles = |user: &Value| serde_json::from_value(user["roles"].clone()).unwrap();
    users.iter().map(|(id, user)| (id.clone(), roles(user))).collect()
}

/// The users have the roles of the scenario, at the organization.
fn with_roles(mut commands: Vec<Command>) -> Vec<Command> {
    for (id, roles) in people() {
        commands.push(known_as(&id));
        commands.extend(roles.iter().map(|role| give(&id, role, ScopeRef::ORGANIZATION)));
    }
    commands
}

fn known_as(id: &str) -> Command {
    let Command::User(rolecall_model::user::UserCommand::Create(mut new)) = user(id) else { unreachable!() };
    (new.username, new.external_id) = (None, Some(id.to_owned()));
    rolecall_model::user::UserCommand::Create(new).into()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn the_todo_rows_that_need_no_property_get_their_decision() {
    let actions = ["can_read_user", "can_read_todos", "can_create_todo", "can_update_todo", "can_delete_todo"];
    let mut commands: Vec<Command> = actions.map(|name| action(name, Level::Organization)).into();
    commands.push(role("viewer", &["can_read_user", "can_read_todos"]));
    commands.push(role("editor", &["can_read_user", "can_read_todos", "can_create_todo"]));
    commands.push(role("admin", &["can_read_user", "can_read_todos", "can_create_todo", "can_delete_todo"]));
    commands.push(role("evil_genius", &["can_update_todo"]));
    let house = House::new(with_roles(commands)).await;
    let editors: Vec<String> =
        people().into_iter().filter(|(_, roles)| roles.contains(&"editor".to_owned())).map(|(id, _)| id).collect();
    let mut asked = 0;
    for row in cases()["todo"]["rows"].as_array().unwrap() {
        let (subject, action, kind, id) = (text(&row[0]), text(&row[1]), text(&row[2]), text(&row[3]));
        let is_change = matches!(action, "can_update_todo" | "can_delete_todo");
        if is_change && editors.iter().any(|editor| editor == subject) {
            continue;
        }
        let resource = json!({"type": kind, "id": id, "properties": {"ownerID": row[4]}});
        assert_eq!(house.ask(subject, action, &resource).await, row[5].as_bool().unwrap(), "{row}");
        asked += 1;
    }
    assert_eq!(asked, 32);
}

#[tokio::test]
async fn a_batch_of_todos_is_answered_in_order() {
    let commands = vec![
        action("can_update_todo", Level::Organization),
        role("admin", &["can_update_todo"]),
        role("evil_genius", &["can_update_todo"]),
        role("editor", &["can_update_todo"]),
        action("can_read_todos", Level::Organization),
        role("viewer", &["can_read_todos"]),
    ];
    let house = House::new(with_roles(commands)).await;
    for case in [&cases()["todo_batch"][0], &cases()["todo_batch"][2]] {
        let todos = case["resources"].as_array().unwrap().iter();
        let todo = |row: &Value| json!({"resource": {"type": "todo", "id": row[0], "properties": {"ownerID": row[1]}}});
        let body = json!({
            "subject": {"type": "user", "id": case["subject"]}, "action": {"name": case["action"]},
            "evaluations": todos.map(todo).collect::<Vec<_>>(),
        });
        let answer = house.post("/access/v1/evaluations", body.to_string()).await;
        let expected = case["decisions"].as_array().unwrap().iter();
        let expected: Vec<Value> = expected.map(|decision| json!({"decision": decision})).collect();
        // The public runner compares each element as text: nothing may stand beside the decision.
        assert_eq!(answer.json(), json!({"evaluations": expected}));
    }
}

#[tokio::test]
async fn the_gateway_rows_get_their_decision_for_subjects_of_type_user() {
    let routes = ["/users/{userId}", "/todos", "/todos/{todoId}"];
    let methods = ["GET", "POST", "PUT", "DELETE"];
    let mut commands: Vec<Command> = methods.map(|name| action(name, Level::Project)).into();
    commands.extend(routes.map(project));
    commands.push(resource_type("route", Stands::ForProject, None));
    commands.push(role("viewer", &["GET"]));
    commands.push(role("editor", &methods));
    commands.push(role("admin", &methods));
    commands.push(role("evil_genius", &methods));
    let house = House::new(with_roles(commands)).await;
    let rows = cases()["gateway"]["rows"].as_array().unwrap().clone();
    for row in &rows {
        let resource = json!({"type": "route", "id": row[2]});
        assert_eq!(house.ask(text(&row[0]), text(&row[1]), &resource).await, row[3].as_bool().unwrap(), "{row}");
    }
    assert_eq!(rows.len(), 25);
    let unknown = house.ask("nobody", "GET", &json!({"type": "route", "id": "/todos"})).await;
    assert!(!unknown);
}
