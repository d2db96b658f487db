//! Decisions are answered in front of the routes: the same answers, with less around them.

use crate::house::{ADMIN, Answer, House, WRONG};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rolecall_authzen::DecisionCall;
use rolecall_server::{Front, front};
use serde_json::{Value, json};
use tower::ServiceExt;

async fn send(front: &Front, request: Request<Body>) -> Answer {
    let (parts, body) = front.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text }
}

fn post(path: &str, token: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body.into()).unwrap()
}

fn question(action: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": "root@example.com"}, "action": {"name": action},
        "resource": {"type": "organization", "id": "acme"},
    })
}

/// Everything that can be said to a decision call, good and bad.
fn bodies() -> Vec<String> {
    let batch = json!({
        "subject": {"type": "user", "id": "root@example.com"}, "resource": {"type": "organization", "id": "acme"},
        "evaluations": [{"action": {"name": "rolecall.users.read"}}, {"action": {"name": "nothing"}}, {}],
    });
    let mut explained = question("rolecall.users.read");
    explained["options"] = json!({"explain": true});
    let bodies = [question("rolecall.users.read"), question("nothing"), explained, batch, json!([]), json!({})];
    let mut bodies: Vec<String> = bodies.iter().map(Value::to_string).collect();
    bodies.extend([String::new(), "nonsense".to_owned(), "x".repeat((8 << 20) + 1)]);
    bodies
}

#[tokio::test]
async fn the_front_answers_as_the_routes_do() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    let nobody = house.nobody().await;
    for call in DecisionCall::ALL {
        for body in bodies() {
            for token in [None, Some(WRONG), Some(ADMIN), Some(nobody.as_str())] {
                let before = send(&front, post(call.path(), token, body.clone())).await;
                let behind = house.ask("POST", call.path(), token, &body).await;
                assert_eq!((before.status, &before.text), (behind.status, &behind.text), "{call:?} {token:?}");
                let names = |answer: &Answer| {
                    // The length is the business of the connection.
                    let own = answer.headers.keys().filter(|name| *name != "content-length");
                    let mut names: Vec<String> = own.map(ToString::to_string).collect();
                    names.sort();
                    names
                };
                assert_eq!(names(&before), names(&behind), "{call:?} {token:?}");
                assert_eq!(before.header("rolecall-revision"), behind.header("rolecall-revision"));
                let plain = before.status == 200;
                assert_eq!(before.header("x-content-type-options").is_empty(), plain, "only errors show text");
                assert_eq!(before.header("x-request-id").len(), 36);
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_decision_goes_on_to_the_routes() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    for call in DecisionCall::ALL {
        let answer = send(&front, Request::get(call.path()).body(Body::empty()).unwrap()).await.is(405);
        assert_eq!(answer.header("allow"), "POST");
        send(&front, post(&format!("{}/", call.path()), Some(ADMIN), "{}")).await.is(404);
    }
    send(&front, Request::get("/healthz").body(Body::empty()).unwrap()).await.is(200);
}

#[tokio::test]
async fn the_front_keeps_a_plain_id_and_replaces_an_odd_one() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    for (given, kept) in [("order-17/a", true), ("two words", false), ("", false)] {
        let mut request = post("/access/v1/evaluation", Some(ADMIN), question("nothing").to_string());
        request.headers_mut().insert("x-request-id", given.parse().unwrap());
        let answer = send(&front, request).await.is(200);
        assert_eq!(answer.header("x-request-id") == given, kept, "{given:?}");
        assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1);
    }
}

#[tokio::test]
async fn a_body_that_comes_in_pieces_or_says_no_size_is_read_whole() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    let text = question("rolecall.users.read").to_string();
    let pieces: Vec<Result<String, std::io::Error>> =
        text.as_bytes().chunks(7).map(|piece| Ok(String::from_utf8(piece.to_vec()).unwrap())).collect();
    let body = Body::from_stream(futures::stream::iter(pieces));
    let answer = send(&front, post("/access/v1/evaluation", Some(ADMIN), body)).await.is(200);
    assert_eq!(answer.text, r#"{"decision":true}"#);
    // Without a credential an endless body is not listened to.
    let endless = || Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(1 << 16))));
    send(&front, post("/access/v1/evaluation", None, endless())).await.is(401);
    let large = send(&front, post("/access/v1/evaluation", Some(ADMIN), endless())).await.is(413);
    assert_eq!(large.text, "the body is larger than 1 MiB; send less at once");
    send(&front, post("/access/v1/evaluations", Some(ADMIN), endless())).await.is(413);
}

#[tokio::test]
async fn decisions_and_the_requests_for_them_are_counted() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    for (action, times) in [("rolecall.users.read", 3), ("nothing", 2)] {
        for _ in 0..times {
            send(&front, post("/access/v1/evaluation", Some(ADMIN), question(action).to_string())).await.is(200);
        }
    }
    send(&front, post("/access/v1/evaluations", Some(ADMIN), bodies()[3].clone())).await.is(200);
    send(&front, post("/access/v1/evaluation", None, "{}")).await.is(401);
    let check = json!({"subject": "root@example.com", "action": "rolecall.users.read"});
    send(&front, post("/api/v1/check", Some(ADMIN), check.to_string())).await.is(200);
    send(&front, post("/rolecall.v1.DecisionService/Check", Some(ADMIN), check.to_string())).await.is(200);
    let metrics = Request::get("/metrics").header("authorization", ADMIN).body(Body::empty()).unwrap();
    let read = send(&front, metrics).await.is(200).text;
    for line in [
        r#"rolecall_decisions_total{facade="authzen",decision="allow"} 4"#,
        // One of the batch is denied, and one is not whole and therefore no decision.
        r#"rolecall_decisions_total{facade="authzen",decision="deny"} 3"#,
        r#"rolecall_decisions_total{facade="rest",decision="allow"} 1"#,
        r#"rolecall_decisions_total{facade="rolecall.v1",decision="allow"} 1"#,
        r#"rolecall_requests_total{method="POST",route="/access/v1/evaluation",status="200"} 5"#,
        r#"rolecall_requests_total{method="POST",route="/access/v1/evaluations",status="200"} 1"#,
        r#"rolecall_requests_total{method="POST",route="/access/v1/evaluation",status="401"} 1"#,
        r#"rolecall_request_seconds_count{method="POST",route="/access/v1/evaluation",status="200"} 5"#,
    ] {
        assert!(read.contains(line), "{line} is not in {read}");
    }
}

#[tokio::test]
async fn a_token_that_was_revoked_is_refused_by_the_next_request() {
    let house = House::with("none").await;
    let front = front(house.service.clone(), "https://roles.example");
    let token = json!({"subject": "root@example.com", "name": "test"});
    let issued = house.ask("POST", "/api/v1/tokens", Some(ADMIN), &token.to_string()).await.is(201).json();
    let (secret, key) = (issued["token"].as_str().unwrap(), issued["key"].as_str().unwrap());
    let ask = async || send(&front, post("/access/v1/evaluation", Some(secret), question("nothing").to_string())).await;
    ask().await.is(200);
    ask().await.is(200);
    house.ask("DELETE", &format!("/api/v1/tokens/{key}"), Some(ADMIN), "").await.is(204);
    assert!(ask().await.is(401).text.contains("revoked"));
}
