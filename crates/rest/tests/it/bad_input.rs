//! What can be wrong with a request: a clear problem each, and nothing done.

use crate::house::{ADMIN, House};
use serde_json::{Value, json};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table has as many lines as cases")]
async fn a_bad_body_is_refused_with_its_field_and_nothing_is_done() {
    let house = House::union().await;
    let before = house.get("me").await.revision();
    let long = "x".repeat(101);
    let many: Vec<Value> = (0..10_000).map(|n| json!({"role": "Viewer", "project": format!("p{n}")})).collect();
    let cases: Vec<(&str, String, u16, &str, &str, &str)> = vec![
        ("roles", String::new(), 400, "malformed", "", "the body is empty"),
        ("roles", "  \n".to_owned(), 400, "malformed", "", "the body is empty"),
        ("roles", "{".to_owned(), 400, "malformed", "", "the body is not JSON"),
        ("roles", "{\"name\":\"a\",}".to_owned(), 400, "malformed", "", "the body is not JSON"),
        ("roles", "{\"name\":\"a\"} x".to_owned(), 400, "malformed", "", "the body is not JSON"),
        ("roles", "{\"name\":\"a\u{0}b\"}".to_owned(), 400, "malformed", "", "control character"),
        ("roles", "{\"name\":\"a\",\"name\":\"b\"}".to_owned(), 400, "malformed", "name", "stands twice"),
        (
            "roles",
            format!("{{\"name\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000)),
            400,
            "malformed",
            "",
            "nested too deeply",
        ),
        ("roles", "[]".to_owned(), 422, "invalid", "", "must be a JSON object"),
        ("roles", "[\"x\",\"d\",\"organization\",null,[],{}]".to_owned(), 422, "invalid", "", "must be a JSON object"),
        (
            "roles",
            json!({"name": "x", "permits": [["view_flyte_inventory", null, null]]}).to_string(),
            422,
            "invalid",
            "",
            "where an object must",
        ),
        ("roles", "null".to_owned(), 422, "invalid", "", ""),
        ("roles", "{}".to_owned(), 422, "invalid", "name", "name is missing"),
        ("roles", json!({"nmae": "x"}).to_string(), 422, "invalid", "nmae", "did you mean \"name\"?"),
        ("roles", json!({"name": 7}).to_string(), 422, "invalid", "name", "invalid type"),
        ("roles", json!({"name": ""}).to_string(), 422, "invalid", "name", "must not be empty"),
        ("roles", json!({"name": "a\u{0}b"}).to_string(), 422, "invalid", "name", "U+0000"),
        ("roles", json!({"name": "a\u{202e}b"}).to_string(), 422, "invalid", "name", "U+202E"),
        ("roles", json!({"name": long}).to_string(), 422, "invalid", "name", "101 characters"),
        (
            "roles",
            json!({"name": "x", "bindable": "projct"}).to_string(),
            422,
            "invalid",
            "bindable",
            "did you mean \"project\"?",
        ),
        (
            "roles",
            json!({"name": "x", "permits": [{"action": "a"}, {"actoin": "b"}]}).to_string(),
            422,
            "invalid",
            "permits[1].actoin",
            "\"action\"",
        ),
        (
            "roles",
            json!({"name": "x", "permits": [{"action": "view_flyte_inventry"}]}).to_string(),
            422,
            "unknown",
            "permits[0].action",
            "did you mean \"view_flyte_inventory\"?",
        ),
        (
            "roles",
            json!({"name": "x", "permits": [{"action": "*", "environment": "prodution"}]}).to_string(),
            422,
            "unknown",
            "permits[0].environment",
            "\"production\"",
        ),
        (
            "policies",
            json!({"name": "x", "bindings": [{"role": "Edtor"}]}).to_string(),
            422,
            "unknown",
            "bindings[0].role",
            "no role named \"Edtor\"",
        ),
        ("policies", json!({"name": "x", "bindings": many}).to_string(), 422, "too_many", "bindings", "10000"),
        ("users", "{}".to_owned(), 422, "invalid", "email", "needs an email"),
        ("users", json!({"email": "no address"}).to_string(), 422, "invalid", "email", ""),
        ("users", json!({"username": "usr_x"}).to_string(), 422, "invalid", "username", ""),
        (
            "users",
            json!({"email": "x@y.example", "terms": {"until": "soon"}}).to_string(),
            422,
            "invalid",
            "terms.until",
            "is not a time",
        ),
        (
            "users",
            json!({"email": "x@y.example", "terms": {"approver": "nobody"}}).to_string(),
            422,
            "unknown",
            "terms.approver",
            "nobody",
        ),
        ("users", json!({"email": "root@example.com"}).to_string(), 409, "taken", "email", ""),
        ("groups", json!({"name": "g", "members": ["nobody"]}).to_string(), 422, "unknown", "members[0]", "nobody"),
        ("actions", json!({"name": "rolecall.mine", "level": "project"}).to_string(), 422, "invalid", "name", ""),
        (
            "actions",
            json!({"name": "x", "level": "project", "includes": ["x"]}).to_string(),
            422,
            "unknown",
            "includes[0]",
            "",
        ),
        (
            "check",
            json!({"action": "view_flyte_inventry"}).to_string(),
            422,
            "unknown",
            "action",
            "\"view_flyte_inventory\"",
        ),
        (
            "check",
            json!({"action": "view_flyte_inventory", "environment": "prod"}).to_string(),
            422,
            "unknown",
            "environment",
            "",
        ),
        (
            "check",
            json!({"subject": "nobody", "action": "view_flyte_inventory"}).to_string(),
            422,
            "unknown",
            "subject",
            "nobody",
        ),
        ("tokens", json!({"name": "t", "actions": ["view"]}).to_string(), 422, "unknown", "actions[0]", ""),
    ];
    for (path, body, status, code, field, detail) in cases {
        let shown: String = body.chars().take(100).collect();
        let answer = house.ask("POST", path).body(body).send().await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{path} {shown}: {}",
            answer.text
        );
        let answer = answer.refused(status, code);
        assert_eq!(answer.field(), field, "{path} {shown}: {}", answer.text);
        assert!(answer.detail().contains(detail), "{path} {shown}: {}", answer.text);
    }
    assert_eq!(house.get("me").await.revision(), before);
}

#[tokio::test]
async fn a_body_must_be_json_in_utf_8_and_of_a_decent_size() {
    let house = House::union().await;
    let latin =
        house.ask("POST", "roles").body(b"{\"name\":\"caf\xe9\"}".to_vec()).send().await.refused(400, "malformed");
    assert_eq!(latin.detail(), "the body is not UTF-8: the byte at 12 does not fit");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/yaml"] {
        let answer = house.ask("POST", "roles").header("content-type", kind).body("{}").send().await;
        answer.refused(415, "unsupported_media_type");
    }
    house.ask("POST", "roles").body("{}").without("content-type").send().await.refused(415, "unsupported_media_type");
    house
        .ask("POST", "roles")
        .header("content-encoding", "gzip")
        .body("{}")
        .send()
        .await
        .refused(415, "unsupported_media_type");
    let large = json!({"name": "x", "description": "x".repeat(1 << 20)}).to_string();
    house.ask("POST", "roles").body(large.clone()).send().await.refused(413, "body_too_large");
    let operations =
        json!({"operations": [{"op": "role.create", "body": {"name": "x", "description": "y".repeat(1 << 20)}}]})
            .to_string();
    house.ask("POST", "batch").body(operations).send().await.refused(422, "invalid");
    let huge = format!("{{\"operations\":[\"{}\"]}}", "x".repeat(16 << 20));
    house.ask("POST", "batch").body(huge).send().await.refused(413, "body_too_large");
    house
        .ask("PATCH", "roles/x")
        .header("content-type", "application/merge-patch+json")
        .body("{}")
        .send()
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn bad_headers_paths_and_methods_are_refused() {
    let house = House::union().await;
    for (name, value) in
        [("if-match", "W/\"x\""), ("if-match", "\"one\""), ("idempotency-key", ""), ("rolecall-at-least", "soon")]
    {
        house.ask("PATCH", "organization").header(name, value).json(&json!({})).send().await.refused(400, "malformed");
    }
    house.get("roles/%ff").await.refused(400, "malformed");
    house.get("roles/%00").await.refused(404, "not_found");
    let not_allowed = house.ask("PUT", "roles").send().await.refused(405, "method_not_allowed");
    assert_eq!(not_allowed.header("allow").map(|allow| allow.contains("POST")), Some(true));
    let answer = house.ask("GET", "me").header("x-request-id", "mine-1").send().await;
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    let answer = house.ask("GET", "me").header("x-request-id", "has space").send().await;
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    house.ask("GET", "me").header("rolecall-at-least", "1").send().await.is(200);
    house.get("me").await.is(200);
}

#[tokio::test]
async fn a_token_is_taken_with_and_without_its_scheme() {
    let house = House::union().await;
    for value in [ADMIN.to_owned(), format!("Bearer {ADMIN}"), format!("bearer {ADMIN}")] {
        house.ask("GET", "me").header("authorization", &value).send().await.is(200);
    }
}
