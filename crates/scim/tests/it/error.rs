//! Who may not, what cannot be read, and entity tags.

use crate::house::{ADMIN, House, id, patch};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

const PATHS: [(&str, &str); 12] = [
    ("GET", "/ServiceProviderConfig"),
    ("GET", "/Schemas"),
    ("GET", "/ResourceTypes"),
    ("GET", "/Users"),
    ("POST", "/Users"),
    ("GET", "/Users/x"),
    ("DELETE", "/Groups/x"),
    ("POST", "/.search"),
    ("POST", "/Bulk"),
    ("GET", "/Me"),
    ("GET", "/nothing"),
    ("TRACE", "/"),
];

#[tokio::test]
async fn only_the_scim_token_counts_and_it_counts_nowhere_else() {
    let house = House::new().await;
    for (method, path) in PATHS {
        for token in [None, Some("Bearer wrong"), Some(""), Some(&*format!("Bearer {ADMIN}"))] {
            let mut request = Request::builder().method(method).uri(format!("/scim/v2{path}"));
            if let Some(token) = token {
                request = request.header(header::AUTHORIZATION, token);
            }
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
            answer.refused(401, None);
        }
    }
    let request =
        Request::builder().uri("/api/v1/users").header(header::AUTHORIZATION, format!("Bearer {}", house.token));
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 404);
    let rest = rolecall_rest::router(house.service.clone()).0;
    let request =
        Request::builder().uri("/api/v1/users").header(header::AUTHORIZATION, format!("Bearer {}", house.token));
    let response = tower::ServiceExt::oneshot(rest, request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn what_is_not_there_or_not_possible_is_said_in_scims_shape() {
    let house = House::new().await;
    house.get("/nothing").await.refused(404, None);
    house.get("/Users/usr_00000000000000000000000000").await.refused(404, None);
    house.get("/Users/root@example.com").await.refused(404, None);
    house.get("/Groups/x").await.refused(404, None);
    house.get("/Me").await.refused(501, None);
    for (method, path, allowed) in [
        ("DELETE", "/Users", "GET, POST"),
        ("POST", "/Schemas", "GET"),
        ("GET", "/Bulk", "POST"),
        ("POST", "/Users/x", "GET, PUT, PATCH, DELETE"),
    ] {
        let answer = house.ask(method, path, json!({})).await;
        assert_eq!(answer.header("allow"), allowed);
        answer.refused(405, None);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_why() {
    let house = House::new().await;
    let send = async |kind: &str, body: &str| {
        let request = Request::post("/scim/v2/Users").header(header::AUTHORIZATION, format!("Bearer {}", house.token));
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body.to_owned())).unwrap();
        house.send(request).await
    };
    send("application/json; charset=utf-8", "{\"userName\": \"ada\"}").await.is(201);
    send("text/plain", "{}").await.refused(415, None);
    send("application/scim+json", "{").await.refused(400, Some("invalidSyntax"));
    send("application/scim+json", "[]").await.refused(400, Some("invalidSyntax"));
    send("application/scim+json", "").await.refused(400, Some("invalidSyntax"));
    send("application/scim+json", &"[".repeat(10_000)).await.refused(400, Some("invalidSyntax"));
    send("application/scim+json", &format!("\"{}\"", "x".repeat(17 << 20))).await.refused(413, None);
}

#[tokio::test]
async fn a_change_of_what_was_not_read_last_is_refused() {
    let house = House::new().await;
    let user = house.add("ada").await;
    let path = format!("/Users/{}", id(&user));
    let tag = user["meta"]["version"].as_str().unwrap().to_owned();
    assert!(tag.starts_with("W/\""));
    let unchanged = house.ask_with("GET", &path, ("if-none-match", &tag), Value::Null).await.is(304);
    assert_eq!((unchanged.header("etag"), unchanged.text.as_str()), (tag.as_str(), ""));
    let title = |title: &str| patch(json!([{"op": "replace", "path": "title", "value": title}]));
    let changed = house.ask_with("PATCH", &path, ("if-match", &tag), title("Dr.")).await.is(200);
    assert_ne!(changed.header("etag"), tag);
    for (method, body) in [("PATCH", title("Mr.")), ("PUT", json!({"userName": "x"})), ("DELETE", Value::Null)] {
        house.ask_with(method, &path, ("if-match", &tag), body).await.refused(412, None);
    }
    house.ask_with("GET", &path, ("if-none-match", &tag), Value::Null).await.is(200);
    house.ask_with("PATCH", &path, ("if-match", "*"), title("Mr.")).await.is(200);
    let group = house.add_group("team", &[]).await;
    let members = patch(json!([{"op": "add", "path": "members", "value": [{"value": id(&user)}]}]));
    house.ask_with("PATCH", &format!("/Groups/{group}"), ("if-match", "W/\"1\""), members).await.refused(412, None);
}

#[tokio::test]
async fn changes_at_once_are_all_kept() {
    let house = House::new().await;
    let path = format!("/Users/{}", house.add_id("ada").await);
    let set = async |name: &str| {
        let change = patch(json!([{"op": "add", "path": name, "value": name}]));
        house.ask("PATCH", &path, change).await.is(200)
    };
    tokio::join!(set("title"), set("nickName"), set("userType"), set("locale"), set("timezone"));
    let shown = house.get(&path).await.is(200).json();
    for name in ["title", "nickName", "userType", "locale", "timezone"] {
        assert_eq!(shown[name], name);
    }
}
