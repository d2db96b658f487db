//! The OpenID Foundation's certification cases at core level, with authentication on.

use crate::house::{ADMIN, Answer, House, cases, records};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;

/// The id that is to come back.
const REQUEST_ID: &str = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716";

fn body_of(case: &Value) -> String {
    match case.get("body_text") {
        Some(text) => text.as_str().unwrap().to_owned(),
        None => case["body"].to_string(),
    }
}

fn request(case: &Value, body: String) -> Request<Body> {
    let method = case.get("method").and_then(Value::as_str).unwrap_or("POST");
    let content_type = case.get("content_type").and_then(Value::as_str).unwrap_or("application/json");
    let mut request = Request::builder()
        .method(method.parse::<Method>().unwrap())
        .uri(case["path"].as_str().unwrap())
        .header(header::CONTENT_TYPE, content_type);
    request = match case.get("credentials").and_then(Value::as_str) {
        None => request.header(header::AUTHORIZATION, format!("Bearer {ADMIN}")),
        Some("wrong") => request.header(header::AUTHORIZATION, "Bearer a-token-that-nobody-has"),
        Some(_) => request,
    };
    if case["send_x_request_id"] == true {
        request = request.header("x-request-id", REQUEST_ID);
    }
    request.body(Body::from(body)).unwrap()
}

/// What is wrong with an answer's status and decisions, in words.
fn complaint(expect: &Value, answer: &Answer) -> Option<String> {
    let status = u64::from(answer.status.as_u16());
    let statuses = expect.get("status_any").and_then(Value::as_array).cloned();
    let statuses = statuses.unwrap_or_else(|| vec![expect["status"].clone()]);
    if !statuses.contains(&Value::from(status)) {
        return Some(format!("status {status}, expected {statuses:?}: {}", answer.text));
    }
    let json = || answer.json();
    if let Some(decision) = expect.get("decision")
        && json()["decision"] != *decision
    {
        return Some(format!("{}, expected {decision}", answer.text));
    }
    if let Some(decisions) = expect.get("decisions") {
        let given = json()["evaluations"].as_array().cloned().unwrap_or_default();
        let given: Vec<Value> = given.into_iter().map(|one| one["decision"].clone()).collect();
        if given != *decisions.as_array().unwrap() {
            return Some(format!("{given:?}, expected {decisions}"));
        }
    }
    if expect["no_evaluations_array"] == true && json().get("evaluations").is_some() {
        return Some("an array of evaluations that nobody wanted".to_owned());
    }
    if expect["echoes_x_request_id"] == true && answer.header("x-request-id") != Some(REQUEST_ID) {
        return Some(format!("request id {:?}", answer.header("x-request-id")));
    }
    None
}

fn results(answer: &Answer) -> Vec<Value> {
    answer.json()["results"].as_array().expect("results").clone()
}

async fn run(house: &House, case: &Value) -> Option<String> {
    let expect = &case["expect"];
    let answer = house.send(request(case, body_of(case))).await;
    if let Some(complaint) = complaint(expect, &answer) {
        return Some(complaint);
    }
    if expect["same_answer_when_repeated"] == true {
        let again = house.send(request(case, body_of(case))).await;
        if again.text != answer.text {
            return Some(format!("first {}, then {}", answer.text, again.text));
        }
    }
    if answer.status != 200 {
        return None;
    }
    let mut found = if answer.json().get("results").is_some() { results(&answer) } else { Vec::new() };
    if expect["follow_next_token_and_merge_pages"] == true {
        let mut next = answer.next_token();
        while !next.is_empty() {
            let mut body = case["body"].clone();
            body["page"] = serde_json::json!({"token": next});
            let page = house.send(request(case, body.to_string())).await;
            found.extend(results(&page));
            next = page.next_token();
        }
    }
    for wanted in expect.get("results_include").and_then(Value::as_array).into_iter().flatten() {
        if !found.contains(wanted) {
            return Some(format!("{wanted} is not among {found:?}"));
        }
    }
    match expect.get("results_exactly").and_then(Value::as_array) {
        Some(exactly) if *exactly != found => Some(format!("{found:?}, expected {exactly:?}")),
        _ => None,
    }
}

#[tokio::test]
async fn every_case_of_core_level_gets_the_answer_it_must_get() {
    let house = House::new(records()).await;
    let cases = cases()["certification"]["cases"].as_array().unwrap().clone();
    let core: Vec<&Value> = cases.iter().filter(|case| case["level"] == "core").collect();
    let mut complaints = Vec::new();
    for case in &core {
        if let Some(complaint) = run(&house, case).await {
            complaints.push(format!("{}: {complaint}", case["id"]));
        }
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), core.len(), complaints.join("\n"));
    assert_eq!(core.len(), 117);
}

#[tokio::test]
async fn a_question_with_properties_is_answered_even_where_they_mean_nothing() {
    let house = House::new(records()).await;
    let cases = cases()["certification"]["cases"].as_array().unwrap().clone();
    for case in cases.iter().filter(|case| case["level"] == "properties") {
        let answer = house.send(request(case, body_of(case))).await;
        assert_eq!(answer.status, 200, "{}: {}", case["id"], answer.text);
    }
}
