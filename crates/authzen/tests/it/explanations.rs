//! Reasons: only when asked for, and only for those who may see them.

use crate::house::{House, give, records, role, scope};
use serde_json::{Value, json};

fn question(subject: &str, action: &str, record: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": subject}, "action": {"name": action},
        "resource": {"type": "record", "id": record}, "options": {"explain": true},
    })
}

async fn reasons(house: &House, question: &Value) -> (bool, Vec<String>, Value) {
    let answer = house.post("/access/v1/evaluation", question.to_string()).await;
    let explanation = answer.json()["context"]["explanation"].clone();
    let reasons = serde_json::from_value(explanation["reasons"].clone()).unwrap();
    (answer.decision(), reasons, explanation["paths"].clone())
}

#[tokio::test]
async fn an_answer_carries_nothing_that_was_not_asked_for() {
    let house = House::new(records()).await;
    for subject in ["alice", "bob", "nobody"] {
        let mut body = question(subject, "write", "record-1");
        body["options"] = json!({});
        let answer = house.post("/access/v1/evaluation", body.to_string()).await;
        assert_eq!(answer.json(), json!({"decision": subject == "alice"}));
    }
}

#[tokio::test]
async fn a_permit_names_its_path() {
    let house = House::new(records()).await;
    let (decision, reasons, paths) = reasons(&house, &question("alice", "write", "record-1")).await;
    assert!(decision);
    assert_eq!(reasons, [r#"role "writer" permits "write" at project "record-1""#]);
    assert_eq!(paths, json!([{"role": "writer", "project": "record-1", "through": ["write"]}]));
}

#[tokio::test]
async fn a_denial_names_what_is_missing() {
    let house = House::new(records()).await;
    let (decision, words, paths) = reasons(&house, &question("bob", "write", "record-1")).await;
    assert!(!decision);
    assert_eq!(words[0], r#"nothing that "bob" holds permits "write" at project "record-1""#);
    assert!(words.contains(&r#"role "reader" counts there, but does not permit it"#.to_owned()), "{words:?}");
    assert!(paths.as_array().unwrap().iter().any(|path| path["lacks"] == "action" && path["role"] == "reader"));
    for (body, reason) in [
        (question("nobody", "read", "record-1"), r#"there is no user "nobody""#),
        (question("alice", "fly", "record-1"), r#"there is no action "fly""#),
        (
            question("alice", "rolecall.roles.read", "record-1"),
            r#"the action "rolecall.roles.read" is none of those that the resource type "record" lists"#,
        ),
    ] {
        let (decision, words, _) = reasons(&house, &body).await;
        assert_eq!((decision, words), (false, vec![reason.to_owned()]));
    }
}

#[tokio::test]
async fn in_a_batch_each_evaluation_is_explained() {
    let house = House::new(records()).await;
    let body = json!({
        "subject": {"type": "user", "id": "bob"}, "resource": {"type": "record", "id": "record-1"},
        "evaluations": [{"action": {"name": "read"}}, {"action": {"name": "write"}}, {}],
        "options": {"explain": true},
    });
    let answer = house.post("/access/v1/evaluations", body.to_string()).await;
    assert_eq!(answer.decisions(), [true, false, false]);
    let all = answer.json()["evaluations"].clone();
    assert!(all[0]["context"]["explanation"].is_object() && all[1]["context"]["explanation"].is_object());
    assert_eq!(all[2]["context"]["error"]["status"], 400);
    let many = vec![json!({"action": {"name": "read"}}); 1_001];
    let body = json!({"evaluations": many, "options": {"explain": true}});
    assert_eq!(house.post("/access/v1/evaluations", body.to_string()).await.status, 400);
}

#[tokio::test]
async fn reasons_about_others_need_the_right_to_read_access() {
    let mut commands = records();
    commands.push(role("asker", &["rolecall.access.check"]));
    commands.push(give("bob", "asker", scope(None, None)));
    let house = House::new(commands).await;
    let bob = house.token("bob", None).await;
    let path = "/access/v1/evaluation";
    assert_eq!(house.post_as(&bob, path, question("bob", "read", "record-1").to_string()).await.status, 200);
    assert_eq!(house.post_as(&bob, path, question("alice", "read", "record-1").to_string()).await.status, 403);
}
