//! What can be wrong with a request, and what each status means.

use crate::house::{ADMIN, House, records};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

const QUESTION: &str =
    r#"{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}"#;

fn with(content_type: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/access/v1/evaluation").header(header::AUTHORIZATION, format!("Bearer {ADMIN}"));
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn a_body_that_is_no_question_is_refused_with_a_sentence() {
    let house = House::new(records()).await;
    let deep = format!("{{\"subject\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "null",
        "true",
        "[]",
        "{",
        "{}x",
        "\u{feff}{}",
        r#"{"subject":{"type":"user","id":"\ud800"}}"#,
        r#"{"subject":["user","alice"],"action":["read"],"resource":["record","record-1"]}"#,
        r#"{"subject":null,"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}"#,
        r#"{"subject":{"type":null,"id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}"#,
        r#"{"subject":{"type":"user","id":"alice"},"subject":{"type":"user","id":"bob"}}"#,
        r#"{"subject":{"type":"user","id":"alice","properties":3},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}"#,
        r#"{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"1"},"context":[]}"#,
        r#"{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"1","properties":{"environment":5}}}"#,
        r#"{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"1"},"options":{"explain":"yes"}}"#,
        &deep,
    ] {
        let answer = house.post("/access/v1/evaluation", body.to_owned()).await;
        let shown: String = body.chars().take(120).collect();
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text);
        assert!(!answer.text.is_empty() && answer.header("content-type").unwrap().starts_with("text/plain"), "{shown}");
    }
    let latin = with(Some("application/json"), b"{\"subject\":\"\xe9\"}".to_vec());
    let answer = house.send(latin).await;
    assert_eq!((answer.status.as_u16(), answer.text.contains("UTF-8")), (400, true), "{}", answer.text);
}

#[tokio::test]
async fn a_sentence_names_the_field_that_is_missing() {
    let house = House::new(records()).await;
    for (body, field) in [
        (json!({}), "subject is missing"),
        (json!({"subject": {"id": "alice"}}), "subject.type is missing"),
        (json!({"subject": {"type": "user"}}), "subject.id is missing"),
        (json!({"subject": {"type": "user", "id": "alice"}}), "action is missing"),
        (json!({"subject": {"type": "user", "id": "alice"}, "action": {}}), "action.name is missing"),
    ] {
        let answer = house.post("/access/v1/evaluation", body.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (400, field));
    }
}

#[tokio::test]
async fn odd_names_are_unknown_names() {
    let house = House::new(records()).await;
    for id in ["", " ", "\0", "älice", "利用者", "ALICE\u{202e}", &"x".repeat(100_000)] {
        let decision = house.ask(id, "read", &json!({"type": "record", "id": "record-1"})).await;
        assert!(!decision, "{id:.20}");
        assert!(!house.ask("alice", id, &json!({"type": "record", "id": "record-1"})).await, "{id:.20}");
        assert!(!house.ask("alice", "read", &json!({"type": "record", "id": id})).await, "{id:.20}");
        assert!(!house.ask("alice", "read", &json!({"type": id, "id": "record-1"})).await, "{id:.20}");
    }
    assert!(house.ask("alice", "read", &json!({"type": "record", "id": "record-1", "note": "\u{1F680}"})).await);
}

#[tokio::test]
async fn only_json_is_read_and_only_so_much() {
    let house = House::new(records()).await;
    for (content_type, status) in [
        (Some("application/json"), 200),
        (Some("Application/JSON;charset=utf-8"), 200),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("application/jsonl"), 415),
        (None, 415),
    ] {
        assert_eq!(house.send(with(content_type, QUESTION)).await.status, status, "{content_type:?}");
    }
    let large = format!("{{\"padding\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(house.send(with(Some("application/json"), large.clone())).await.status, 413);
    // A batch may be larger.
    let batch = house.post("/access/v1/evaluations", large).await;
    assert_eq!(batch.status, 400);
}

#[tokio::test]
async fn another_method_is_answered_with_what_is_allowed() {
    let house = House::new(records()).await;
    for path in ["/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/action"] {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let request = Request::builder().method(method).uri(path).header("x-request-id", "nine");
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST")), "{method} {path}");
            assert_eq!(answer.header("x-request-id"), Some("nine"));
        }
    }
}

#[tokio::test]
async fn a_request_id_comes_back_as_it_was_sent_also_with_an_error() {
    let house = House::new(records()).await;
    for (id, body, status) in [("a b;c=\"d\"", QUESTION, 200), ("42", "nonsense", 400)] {
        let mut request = with(Some("application/json"), body);
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
        let answer = house.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-request-id")), (status, Some(id)));
    }
    assert_eq!(house.send(with(Some("application/json"), QUESTION)).await.header("x-request-id"), None);
}

#[tokio::test]
async fn an_answer_says_its_revision_and_a_question_may_demand_one() {
    let house = House::new(records()).await;
    let answer = house.send(with(Some("application/json"), QUESTION)).await;
    let revision: u64 = answer.header("rolecall-revision").unwrap().parse().unwrap();
    assert_eq!(revision, house.ctx().await.revision());
    let mut request = with(Some("application/json"), QUESTION);
    request.headers_mut().insert("rolecall-at-least", revision.into());
    assert_eq!(house.send(request).await.status, 200);
    let mut request = with(Some("application/json"), QUESTION);
    request.headers_mut().insert("rolecall-at-least", "soon".parse().unwrap());
    assert_eq!(house.send(request).await.status, 400);
}

#[tokio::test]
async fn what_is_wrong_with_one_evaluation_is_said_in_that_one() {
    let house = House::new(records()).await;
    let body = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "evaluations": [
            {"resource": {"type": "record", "id": "record-1"}},
            {"resource": "record-1"},
            {"resource": {"type": "record"}},
            7,
            {"resource": {"type": "record", "id": "record-2", "properties": {"environment": []}}},
            {"resource": {"type": "record", "id": "record-2"}, "subject": ["user", "alice"]},
            {"resource": {"type": "record", "id": "record-2"}},
        ],
    });
    let answer = house.post("/access/v1/evaluations", body.to_string()).await;
    assert_eq!(answer.decisions(), [true, false, false, false, false, false, true]);
    for place in 1..=5 {
        let error = answer.json()["evaluations"][place]["context"]["error"].clone();
        assert_eq!(error["status"], 400, "{place}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{place}");
    }
    assert_eq!(answer.json()["evaluations"][0], json!({"decision": true}));
    assert_eq!(answer.json()["evaluations"][2]["context"]["error"]["message"], "resource.id is missing");
}

#[tokio::test]
async fn an_error_is_a_denial_to_the_semantics() {
    let house = House::new(records()).await;
    let batch = |semantic: &str| {
        let record = json!({"resource": {"type": "record", "id": "record-1"}});
        json!({
            "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
            "evaluations": [{}, record, record], "options": {"evaluations_semantic": semantic},
        })
        .to_string()
    };
    let path = "/access/v1/evaluations";
    assert_eq!(house.post(path, batch("execute_all")).await.decisions(), [false, true, true]);
    assert_eq!(house.post(path, batch("deny_on_first_deny")).await.decisions(), [false]);
    assert_eq!(house.post(path, batch("permit_on_first_permit")).await.decisions(), [false, true]);
}

#[tokio::test]
async fn a_resource_of_its_own_replaces_the_default_but_for_a_missing_type_or_id() {
    let house = House::new(records()).await;
    let body = json!({
        "subject": {"type": "user", "id": "bob"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1", "properties": {"environment": "nowhere"}},
        "evaluations": [
            {},
            {"resource": {"id": "record-2"}},
            {"resource": {"id": "record-3"}},
            {"resource": {"type": "organization"}},
            {"subject": {"id": "alice"}, "action": {"name": "write"}},
        ],
    });
    let answer = house.post("/access/v1/evaluations", body.to_string()).await;
    assert_eq!(answer.decisions(), [true, true, false, false, true]);
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[tokio::test]
async fn whatever_is_made_of_a_question_is_answered_or_refused() {
    let house = House::new(records()).await;
    let page = json!({"limit": 1, "token": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    let mut question: serde_json::Value = serde_json::from_str(QUESTION).unwrap();
    question["page"] = page;
    question["options"] = json!({"explain": true, "evaluations_semantic": "execute_all"});
    question["evaluations"] = json!([{"resource": {"id": "\u{1F680}\\", "properties": {"environment": -1e300}}}, {}]);
    let seed = question.to_string().into_bytes();
    let paths = ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"];
    let mut numbers = Numbers(7);
    for round in 0..3_000 {
        let mut body = seed.clone();
        for _ in 0..=numbers.below(3) {
            if body.is_empty() {
                break;
            }
            let place = numbers.below(body.len());
            match numbers.below(4) {
                0 => body[place] = b"\"\\{}[]:,0-e\xff\0 "[numbers.below(14)],
                1 => drop(body.remove(place)),
                2 => body.truncate(place.max(1)),
                _ => body.splice(place..place, seed[numbers.below(seed.len())..].to_vec()).for_each(drop),
            }
        }
        let shown = String::from_utf8_lossy(&body).into_owned();
        let path = format!("/access/v1/{}", paths[round % paths.len()]);
        let answer = house.post(&path, body).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400), "{path} {}: {shown}", answer.status);
    }
}
