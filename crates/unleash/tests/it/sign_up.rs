//! Public sign-up links.

use crate::house::{House, STRONG, URL};
use crate::session::{patient, sign_in, with_hands};
use serde_json::{Value, json};

const LINKS: &str = "/api/admin/invite-link/tokens";

async fn make(house: &House, name: &str) -> (String, Value) {
    let body = json!({"name": name, "expiresAt": "2090-01-01T00:00:00Z"});
    let answer = house.ask("POST", LINKS, body).await.is(201);
    let link = answer.json();
    let secret = link["secret"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("tokens/{secret}"));
    (secret, link)
}

async fn counts(house: &House, secret: &str) -> bool {
    let answer = house.visit("GET", &format!("/invite/{secret}/validate"), Value::Null).await;
    assert_eq!(answer.text, "");
    answer.status == 200
}

async fn join(house: &House, secret: &str, email: &str, password: &str) -> crate::house::Answer {
    let body = json!({"email": email, "name": "J", "password": password});
    house.visit("POST", &format!("/invite/{secret}/signup"), body).await
}

#[tokio::test]
async fn whoever_has_a_link_joins_as_a_viewer() {
    let house = patient().await;
    let (secret, link) = make(&house, "friends").await;
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(link["url"], format!("{URL}/unleash/new-user?invite={secret}"));
    assert_eq!((link["role"]["name"].as_str(), link["enabled"].as_bool()), (Some("Viewer"), Some(true)));
    assert!(counts(&house, &secret).await);
    let user = join(&house, &secret, "Joe@example.com", STRONG).await.is(201).json();
    assert_eq!(
        (user["rootRole"].as_u64(), user["email"].as_str(), user["name"].as_str()),
        (Some(3), Some("joe@example.com"), Some("J"))
    );
    sign_in(&house, "joe@example.com", STRONG).await.is(200);
    let listed = house.get(LINKS).await.is(200).json();
    assert_eq!(listed["tokens"][0]["users"], json!([{"id": user["id"], "name": "J", "email": "joe@example.com"}]));
    assert_eq!(house.get(&format!("{LINKS}/{secret}")).await.is(200).json(), listed["tokens"][0]);
}

#[tokio::test]
async fn a_password_is_checked_when_somebody_joins_and_an_address_is_taken_once() {
    let house = patient().await;
    let (secret, _) = make(&house, "friends").await;
    let before = house.revision().await;
    join(&house, &secret, "joe@example.com", "weak").await.refused(400, "OwaspValidationError");
    join(&house, &secret, "nope@@", STRONG).await.refused(400, "BadDataError");
    join(&house, &secret, "", STRONG).await.refused(400, "BadDataError");
    assert_eq!(house.revision().await, before);
    join(&house, &secret, "joe@example.com", STRONG).await.is(201);
    join(&house, &secret, "JOE@example.com", STRONG).await.refused(400, "BadDataError");
}

#[tokio::test]
async fn a_link_that_does_not_count_tells_nothing() {
    let (house, hands) = with_hands().await;
    let (secret, _) = make(&house, "friends").await;
    let path = format!("{LINKS}/{secret}");
    let off = house.ask("PUT", &path, json!({"enabled": false})).await.is(200).json();
    assert_eq!((off["enabled"].as_bool(), &off["role"]), (Some(false), &json!({})));
    assert!(!counts(&house, &secret).await);
    join(&house, &secret, "joe@example.com", STRONG).await.bare(400);
    house.visit("POST", &format!("/invite/{secret}/signup"), Value::Null).await.bare(400);
    house.ask("PUT", &path, json!({"enabled": true})).await.is(200);
    assert!(counts(&house, &secret).await);
    hands.plus_seconds(30 * 86_400);
    assert!(!counts(&house, &secret).await, "too old");
    join(&house, &secret, "joe@example.com", STRONG).await.bare(400);
    house.ask("PUT", &path, json!({"expiresAt": "2090-01-01T00:00:00Z"})).await.is(200);
    assert!(counts(&house, &secret).await, "prolonged");
    for unknown in ["0".repeat(32), "x".to_owned()] {
        assert!(!counts(&house, &unknown).await);
        join(&house, &unknown, "joe@example.com", STRONG).await.bare(400);
    }
}

#[tokio::test]
async fn a_link_counts_for_a_month_at_most() {
    let (house, _) = with_hands().await;
    let (secret, link) = make(&house, "friends").await;
    assert_eq!(
        (link["createdAt"].as_str(), link["expiresAt"].as_str()),
        (Some("2026-11-18T11:06:40.000Z"), Some("2026-12-18T11:06:40.000Z"))
    );
    let soon = json!({"expiresAt": "2026-11-20T00:00:00.123Z"});
    let changed = house.ask("PUT", &format!("{LINKS}/{secret}"), soon).await.is(200).json();
    assert_eq!(changed["expiresAt"], "2026-11-20T00:00:00.123Z");
    for past in [
        json!({"name": "x", "expiresAt": "2001-01-01T00:00:00Z"}),
        json!({"name": "", "expiresAt": "2090-01-01T00:00:00Z"}),
    ] {
        house.ask("POST", LINKS, past).await.refused(400, "BadDataError");
    }
    house.ask("PUT", &format!("{LINKS}/{secret}"), json!({})).await.bare(400);
    house.get(&format!("{LINKS}/unknown")).await.refused(404, "NotFoundError");
    house.ask("PUT", &format!("{LINKS}/unknown"), json!({"enabled": true})).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_link_ends_with_the_right_of_who_made_it() {
    let house = patient().await;
    let (id, boss) = house.user("boss", "Admin").await;
    let body = json!({"name": "friends", "expiresAt": "2090-01-01T00:00:00Z"});
    let secret = house.ask_as(&boss, "POST", LINKS, body).await.is(201).json();
    let secret = secret["secret"].as_str().unwrap();
    assert!(counts(&house, secret).await);
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"rootRole": "Viewer"})).await.is(200);
    assert!(!counts(&house, secret).await);
    join(&house, secret, "joe@example.com", STRONG).await.bare(400);
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"rootRole": "Admin"})).await.is(200);
    assert!(counts(&house, secret).await);
    house.ask("DELETE", &format!("/api/admin/user-admin/{id}"), Value::Null).await.bare(200);
    assert!(!counts(&house, secret).await);
}

#[tokio::test]
async fn only_administrators_see_links_and_the_audit_says_what_became_of_them_without_their_secrets() {
    let house = patient().await;
    let (_, editor) = house.user("eve", "Editor").await;
    let (secret, _) = make(&house, "friends").await;
    for (method, path) in [
        ("GET", LINKS.to_owned()),
        ("POST", LINKS.to_owned()),
        ("GET", format!("{LINKS}/{secret}")),
        ("PUT", format!("{LINKS}/{secret}")),
    ] {
        house.ask_as(&editor, method, &path, Value::Null).await.refused(403, "PermissionError");
    }
    house.ask("PUT", &format!("{LINKS}/{secret}"), json!({"enabled": true})).await.is(200);
    join(&house, &secret, "joe@example.com", STRONG).await.is(201);
    let told = house.history_of(&["sign_up_link_made", "sign_up_link_changed", "signed_up"]).await;
    assert!(!told.contains(&secret) && told.contains("friends"));
}

#[tokio::test]
async fn several_join_at_once_and_each_is_remembered() {
    let house = patient().await;
    let (secret, _) = make(&house, "friends").await;
    let (a, b, c) = tokio::join!(
        join(&house, &secret, "a@example.com", STRONG),
        join(&house, &secret, "b@example.com", STRONG),
        join(&house, &secret, "c@example.com", STRONG),
    );
    for answer in [a, b, c] {
        answer.is(201);
    }
    let users = house.get(&format!("{LINKS}/{secret}")).await.json()["users"].as_array().unwrap().len();
    assert_eq!(users, 3);
}
