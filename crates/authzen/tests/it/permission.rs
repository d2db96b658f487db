//! Who may ask: nobody without a credential, everybody about themselves, else with the permission
//! at the place.

use crate::house::{House, give, project, records, request, role, scope, user};
use axum::body::Body;
use axum::http::{Request, header};
use rolecall_model::Command;
use serde_json::{Value, json};

const PATHS: [&str; 5] = [
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/access/v1/search/subject",
    "/access/v1/search/resource",
    "/access/v1/search/action",
];

/// The records, and: peter may ask about record-1, nora about nothing.
async fn house() -> House {
    let mut commands: Vec<Command> = records();
    commands.extend(["peter", "nora"].map(user));
    commands.push(project("elsewhere"));
    commands.push(role("asker", &["rolecall.access.check"]));
    commands.push(give("peter", "asker", scope(Some("record-1"), None)));
    House::new(commands).await
}

fn about(subject: &str, record: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": subject}, "action": {"name": "read"},
        "resource": {"type": "record", "id": record},
    })
}

#[tokio::test]
async fn without_a_credential_that_counts_every_path_answers_401_and_says_how_to_bring_one() {
    let house = house().await;
    for path in PATHS {
        for credential in [None, Some("Bearer wrong-credential-of-nobody"), Some(""), Some("Basic YTpi")] {
            let mut request = request(path);
            if let Some(credential) = credential {
                request = request.header(header::AUTHORIZATION, credential);
            }
            // Also when nothing of the body can be read.
            let answer = house.send(request.body(Body::from("nonsense")).unwrap()).await;
            assert_eq!(answer.status, 401, "{path} {credential:?}");
            assert!(answer.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")), "{path}");
        }
    }
}

#[tokio::test]
async fn who_may_ask_nothing_is_told_so_before_the_body_is_complained_about() {
    let house = house().await;
    let nora = house.token("nora", None).await;
    for path in PATHS {
        for body in ["", "{}", "nonsense", "[]", &about("alice", "record-1").to_string()] {
            let answer = house.post_as(&nora, path, body.to_owned()).await;
            assert_eq!(answer.status, 403, "{path} {body}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn questions_about_oneself_are_always_allowed() {
    let house = house().await;
    let bob = house.token("bob", None).await;
    assert!(house.post_as(&bob, PATHS[0], about("bob", "record-1").to_string()).await.decision());
    assert_eq!(house.post_as(&bob, PATHS[0], about("alice", "record-1").to_string()).await.status, 403);
    let body =
        json!({"subject": {"type": "user", "id": "bob"}, "action": {"name": "read"}, "resource": {"type": "record"}});
    assert_eq!(house.post_as(&bob, PATHS[3], body.to_string()).await.found(), ["record-1", "record-2"]);
    let actions = house.post_as(&bob, PATHS[4], about("bob", "record-1").to_string()).await;
    assert_eq!(actions.found(), ["read"]);
    assert_eq!(house.post_as(&bob, PATHS[2], about("bob", "record-1").to_string()).await.status, 403);
}

#[tokio::test]
async fn who_may_ask_in_one_project_may_ask_there_and_nowhere_else() {
    let house = house().await;
    let peter = house.token("peter", None).await;
    assert!(house.post_as(&peter, PATHS[0], about("alice", "record-1").to_string()).await.decision());
    for elsewhere in ["record-2", "not-there"] {
        let answer = house.post_as(&peter, PATHS[0], about("alice", elsewhere).to_string()).await;
        assert_eq!(answer.status, 403, "{elsewhere}");
    }
    let subjects = house.post_as(&peter, PATHS[2], about("", "record-1").to_string()).await.found();
    assert_eq!(subjects, ["alice", "bob"]);
    assert_eq!(house.post_as(&peter, PATHS[2], about("", "record-2").to_string()).await.status, 403);
    // The resources of somebody else would be cut to one project, so this is refused.
    let body =
        json!({"subject": {"type": "user", "id": "bob"}, "action": {"name": "read"}, "resource": {"type": "record"}});
    assert_eq!(house.post_as(&peter, PATHS[3], body.to_string()).await.status, 403);
    // Bad questions of one who may ask somewhere are complained about.
    assert_eq!(house.post_as(&peter, PATHS[0], "{}").await.status, 400);
}

#[tokio::test]
async fn in_a_batch_the_questions_that_may_not_be_asked_are_denied_and_say_so() {
    let house = house().await;
    let peter = house.token("peter", None).await;
    let body = json!({"evaluations": [about("alice", "record-1"), about("alice", "record-2")]});
    let answer = house.post_as(&peter, PATHS[1], body.to_string()).await;
    assert_eq!(answer.decisions(), [true, false]);
    assert_eq!(answer.json()["evaluations"][1]["context"]["error"]["status"], 403);
    let body = json!({"evaluations": [about("alice", "record-2"), about("bob", "record-2")]});
    assert_eq!(house.post_as(&peter, PATHS[1], body.to_string()).await.status, 403);
}

#[tokio::test]
async fn a_token_narrowed_to_a_project_asks_only_there() {
    let mut commands = records();
    commands.extend([user("omar"), role("asker", &["rolecall.access.check"])]);
    commands.push(give("omar", "asker", scope(None, None)));
    let house = House::new(commands).await;
    let (wide, narrow) = (house.token("omar", None).await, house.token("omar", Some("record-1")).await);
    for (token, record, status) in
        [(&wide, "record-1", 200), (&wide, "record-2", 200), (&narrow, "record-1", 200), (&narrow, "record-2", 403)]
    {
        assert_eq!(house.post_as(token, PATHS[0], about("alice", record).to_string()).await.status, status, "{record}");
    }
    assert_eq!(house.post_as(&narrow, PATHS[0], "{}").await.status, 400);
}

#[tokio::test]
async fn discovery_is_open_and_speaks_of_the_public_address() {
    let house = house().await;
    let request = Request::get("/.well-known/authzen-configuration").header("x-request-id", "seven");
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("x-request-id"), Some("seven"));
    assert_eq!(
        answer.json(),
        json!({
            "policy_decision_point": "https://rbac.example.com",
            "access_evaluation_endpoint": "https://rbac.example.com/access/v1/evaluation",
            "access_evaluations_endpoint": "https://rbac.example.com/access/v1/evaluations",
            "search_subject_endpoint": "https://rbac.example.com/access/v1/search/subject",
            "search_resource_endpoint": "https://rbac.example.com/access/v1/search/resource",
            "search_action_endpoint": "https://rbac.example.com/access/v1/search/action",
        })
    );
}
