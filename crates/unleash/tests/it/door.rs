//! Who comes in, and what is answered before anything is looked for.

use crate::house::{ADMIN, House, request};
use serde_json::Value;

#[tokio::test]
async fn a_path_that_is_not_there_is_so_only_for_who_may_come_in() {
    let house = House::new().await;
    house.get("/api/admin/nothing").await.refused(404, "NotFoundError");
    let refused = house.visit("GET", "/api/admin/nothing", Value::Null).await.refused(401, "AuthenticationRequired");
    assert_eq!((refused["path"].as_str(), refused["type"].as_str()), (Some("/auth/simple/login"), Some("password")));
    house.get_as("never-given-out", "/api/admin/nothing").await.refused(401, "UnauthorizedError");
    house.visit("GET", "/nothing", Value::Null).await.refused(404, "NotFoundError");
    house.visit("GET", "", Value::Null).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_credential_counts_with_and_without_the_word_before_it() {
    let house = House::new().await;
    house.get_as(&format!("Bearer {ADMIN}"), "/api/admin/nothing").await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let house = House::new().await;
    house.get("/api/admin/roles/").await.is(200);
    house.get("/api/admin/user-admin/search/?q=root").await.is(200);
}

#[tokio::test]
async fn a_body_is_looked_at_after_the_permission_its_type_first() {
    let house = House::new().await;
    let (_, viewer) = house.user("viewer", "Viewer").await;
    let send = async |token: &str, kind: Option<&str>, body: &'static str| {
        let mut request = request("POST", "/unleash/api/admin/groups", Some(token), &Value::Null);
        if let Some(kind) = kind {
            request.headers_mut().insert("content-type", kind.parse().unwrap());
        }
        *request.body_mut() = axum::body::Body::from(body);
        house.send(request).await
    };
    send(&viewer, Some("text/plain"), "x").await.refused(403, "PermissionError");
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")] {
        send(ADMIN, kind, "{}").await.refused(415, "ContentTypeError");
    }
    for body in ["", "{", "[]", "3", "{\"name\": 3}", "{\"name\": \"g\"} {}"] {
        send(ADMIN, Some("application/json"), body).await.refused(400, "BadDataError");
    }
    let refused = send(ADMIN, Some("application/json"), "{\"name\": \"g\", \"users\": [{\"user\": {}}]}").await;
    assert_eq!(refused.refused(400, "BadDataError")["details"][0]["path"], "/body/users/0/user/id");
    send(ADMIN, Some("Application/JSON; charset=utf-8"), "{\"name\": \"g\"}").await.is(201);
}

#[tokio::test]
async fn a_method_that_is_not_there_is_a_path_that_is_not_there() {
    let house = House::new().await;
    house.ask("PATCH", "/api/admin/roles", serde_json::json!({})).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn with_another_catalog_only_who_may_do_everything_comes_in_and_what_has_no_words_is_not_shown() {
    let house = House::of("union", rolecall_service::Options::default()).await;
    house.rest("POST", "/users", serde_json::json!({"username": "uma"})).await.is(201);
    let uma = house.token_of("uma").await;
    for path in ["user-admin", "groups", "service-account"] {
        house.get(&format!("/api/admin/{path}")).await.is(200);
        house.get_as(&uma, &format!("/api/admin/{path}")).await.refused(403, "PermissionError");
    }
    for path in ["permissions", "projects", "environments", "user", "user-admin/access"] {
        house.get(&format!("/api/admin/{path}")).await.is(200);
    }
    let permissions = house.get("/api/admin/permissions").await.json();
    assert_eq!(permissions["permissions"]["root"], serde_json::json!([]));
    let body = serde_json::json!({"username": "bob", "rootRole": 1});
    house.ask("POST", "/api/admin/user-admin", body).await.refused(400, "BadDataError");
}
