//! Signing in by password and out again.

use crate::house::{House, STRONG};
use crate::session::{Browser, add, link_administrator, patient, sign_in};
use rolecall_service::Options;
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_signs_in_by_name_and_by_address_and_is_shown_itself() {
    let house = patient().await;
    let id = add(&house, "ada", "Viewer").await;
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"email": "ada@example.com"})).await.is(200);
    for name in ["ada", "Ada", "ada@example.com", " ADA@example.com "] {
        let user = sign_in(&house, name, STRONG).await.is(200).json();
        assert_eq!((user["id"].as_u64(), user["username"].as_str()), (Some(id), Some("ada")), "{name}");
        assert!(user["createdAt"].as_str().unwrap().ends_with('Z'));
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_path_and_no_script() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    let answer = sign_in(&house, "ada", STRONG).await.is(200);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("unleash-session=rolecall_"), "{cookie}");
    for part in ["; Path=/unleash;", "; HttpOnly;", "; SameSite=Lax;", "; Max-Age=172800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "the house says that it is reached by http: {cookie}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn whoever_is_not_there_reads_like_a_wrong_password() {
    let house = patient().await;
    let id = add(&house, "ada", "Viewer").await;
    house
        .ask("POST", "/api/admin/service-account", json!({"username": "bot", "name": "Bot", "rootRole": 3}))
        .await
        .is(201);
    house.rest("POST", "/users", json!({"username": "bare"})).await.is(201);
    add(&house, "off", "Viewer").await;
    house.rest("PATCH", "/users/off", json!({"active": false})).await.is(200);
    let mut said = Vec::new();
    for (name, password) in
        [("ada", "wrong"), ("nobody", STRONG), ("bot", STRONG), ("bare", STRONG), ("", ""), ("off", STRONG)]
    {
        let mut body = sign_in(&house, name, password).await.refused(401, "PasswordMismatch");
        body["id"] = Value::Null;
        said.push(body);
    }
    assert!(said.iter().all(|body| *body == said[0]), "{said:?}");
    house.ask("DELETE", &format!("/api/admin/user-admin/{id}"), Value::Null).await.bare(200);
    sign_in(&house, "ada", STRONG).await.refused(401, "PasswordMismatch");
}

#[tokio::test]
async fn a_body_that_is_not_whole_is_refused_with_its_place() {
    let house = patient().await;
    let body = house.visit("POST", "/auth/simple/login", json!({"username": "x"})).await.refused(400, "BadDataError");
    assert_eq!(body["details"][0]["path"], "/body/password");
    house.visit("POST", "/auth/simple/login", Value::Null).await.refused(415, "ContentTypeError");
}

#[tokio::test]
async fn many_tries_are_too_many() {
    let house = House::with(Options { tries_account: 2, ..Options::default() }).await;
    for _ in 0..2 {
        sign_in(&house, "nobody", "wrong").await.refused(401, "PasswordMismatch");
    }
    let answer = sign_in(&house, "nobody", "wrong").await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    answer.refused(429, "RateLimitError");
}

#[tokio::test]
async fn signing_out_ends_the_session_whatever_is_kept_of_it() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    let browser = Browser::new(&house, "ada", STRONG).await;
    let other = Browser::new(&house, "ada", STRONG).await;
    assert!(browser.counts(&house).await);
    let answer = browser.ask(&house, "POST", "/logout", Value::Null).await.is(302);
    assert!(answer.header("location").ends_with("/unleash/signed-out"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    browser.get(&house, "/api/admin/user").await.refused(401, "AuthenticationRequired");
    assert!(other.counts(&house).await, "only the one that asked");
    house.visit("POST", "/logout", Value::Null).await.is(302);
    assert_eq!(
        house.visit("GET", "/signed-out", Value::Null).await.is(303).header("location"),
        "https://roles.example/signin"
    );
}

#[tokio::test]
async fn passwords_that_are_switched_off_sign_nobody_in() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    // Somebody must be able to administer without a password.
    let by_password = json!({"disabled": true});
    house
        .ask("POST", "/api/admin/auth/simple/settings", by_password.clone())
        .await
        .refused(403, "InvalidOperationError");
    link_administrator(&house).await;
    house.ask("POST", "/api/admin/auth/simple/settings", by_password).await.is(200);
    sign_in(&house, "ada", STRONG).await.refused(422, "DisabledError");
    sign_in(&house, "nobody", STRONG).await.refused(422, "DisabledError");
    let body = json!({"username": "ben", "rootRole": 3, "password": STRONG});
    house.ask("POST", "/api/admin/user-admin", body).await.refused(422, "DisabledError");
    let made =
        house.ask("POST", "/api/admin/user-admin", json!({"username": "ben", "rootRole": 3})).await.is(201).json();
    assert_eq!(made["inviteLink"], "");
    house.ask("POST", "/api/admin/auth/simple/settings", json!({"disabled": false})).await.is(200);
    sign_in(&house, "ada", STRONG).await.is(200);
}

#[tokio::test]
async fn whoever_needs_a_second_factor_is_sent_to_the_page_that_asks_for_it() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    house.rest("PATCH", "/organization/sign-in", json!({"second_factor": "required"})).await.is(200);
    let body = sign_in(&house, "ada", STRONG).await.refused(403, "OperationDeniedError");
    assert!(body["message"].as_str().unwrap().contains("https://roles.example/signin"));
    sign_in(&house, "ada", "wrong").await.refused(401, "PasswordMismatch");
}

#[tokio::test]
async fn the_audit_says_that_somebody_signed_in_through_this_facade() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    sign_in(&house, "ada", STRONG).await.is(200);
    let entries = house.rest("GET", "/history?limit=1", Value::Null).await.is(200).json();
    assert_eq!(entries["items"][0]["facade"], "unleash", "{entries}");
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_by_the_cookie() {
    let house = patient().await;
    add(&house, "root2", "Admin").await;
    let browser = Browser::new(&house, "root2", STRONG).await;
    let send = async |header: &'static str, value: &'static str, method: &str| {
        let mut request = crate::house::request(method, "/unleash/api/admin/groups", None, &json!({"name": "crew"}));
        request.headers_mut().insert("cookie", browser.0.parse().unwrap());
        request.headers_mut().insert("host", "roles.example".parse().unwrap());
        request.headers_mut().insert(header, value.parse().unwrap());
        house.send(request).await
    };
    for (header, value) in [
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.roles.example"),
        ("origin", "null"),
    ] {
        send(header, value, "POST").await.refused(403, "ForbiddenError");
    }
    send("origin", "https://evil.roles.example", "GET").await.is(200);
    send("origin", "https://roles.example", "POST").await.is(201);
}
