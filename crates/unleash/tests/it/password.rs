//! Passwords are tried against the rules wherever they come from.

use crate::house::{House, STRONG};
use crate::session::{Browser, OTHER, add, patient, sign_in};
use serde_json::{Value, json};

#[tokio::test]
async fn every_broken_rule_of_a_password_is_named() {
    let house = House::new().await;
    let (_, viewer) = house.user("vic", "Viewer").await;
    let body = json!({"password": "abc"});
    for answer in [
        house.ask_as(&viewer, "POST", "/api/admin/user-admin/validate-password", body.clone()).await,
        house.visit("POST", "/auth/reset/validate-password", body.clone()).await,
    ] {
        let refused = answer.refused(400, "OwaspValidationError");
        let detail = &refused["details"][0];
        assert_eq!(detail["validationErrors"].as_array().unwrap().len(), 4, "{refused}");
        assert!(detail["message"] == refused["message"] && detail["message"] == detail["validationErrors"][0]);
    }
    let strong = json!({"password": STRONG});
    house.ask_as(&viewer, "POST", "/api/admin/user-admin/validate-password", strong.clone()).await.bare(200);
    house.visit("POST", "/auth/reset/validate-password", strong).await.bare(200);
    house.visit("POST", "/api/admin/user-admin/validate-password", body).await.refused(401, "AuthenticationRequired");
}

#[tokio::test]
async fn a_weak_password_is_refused_when_a_user_is_added_and_nobody_is_there_afterwards() {
    let house = House::new().await;
    let before = house.revision().await;
    for password in ["x", "Password123!", "Aa1!Aa1!Aa", "Ada.Lovelace1"] {
        let body = json!({"email": "ada@example.com", "name": "Ada Lovelace", "rootRole": 3, "password": password});
        house.ask("POST", "/api/admin/user-admin", body).await.refused(400, "OwaspValidationError");
    }
    assert_eq!(house.revision().await, before);
}

#[tokio::test]
async fn an_administrator_sets_a_password_and_all_sessions_end() {
    let house = patient().await;
    let id = add(&house, "ada", "Viewer").await;
    let browser = Browser::new(&house, "ada", STRONG).await;
    let path = format!("/api/admin/user-admin/{id}/change-password");
    house.ask("POST", &path, json!({"password": "weak"})).await.refused(400, "OwaspValidationError");
    house.ask("POST", &path, json!({"password": STRONG})).await.refused(400, "PasswordPreviouslyUsedError");
    assert!(browser.counts(&house).await);
    house.ask("POST", &path, json!({"password": OTHER})).await.bare(200);
    browser.get(&house, "/api/admin/user").await.refused(401, "AuthenticationRequired");
    sign_in(&house, "ada", STRONG).await.refused(401, "PasswordMismatch");
    sign_in(&house, "ada", OTHER).await.is(200);
}

#[tokio::test]
async fn only_users_have_passwords_and_only_administrators_set_them() {
    let house = House::new().await;
    let bot = json!({"username": "bot", "name": "Bot", "rootRole": 3});
    let bot = house.ask("POST", "/api/admin/service-account", bot).await.is(201).json()["id"].as_u64().unwrap();
    let body = json!({"password": OTHER});
    for id in [bot, 999_999] {
        let path = format!("/api/admin/user-admin/{id}/change-password");
        house.ask("POST", &path, body.clone()).await.refused(404, "NotFoundError");
    }
    let (id, editor) = house.user("eve", "Editor").await;
    for path in
        [format!("/api/admin/user-admin/{id}/change-password"), "/api/admin/user-admin/999999/change-password".into()]
    {
        house.ask_as(&editor, "POST", &path, Value::Null).await.refused(403, "PermissionError");
    }
    house
        .ask_as(&editor, "POST", "/api/admin/user-admin/reset-password", json!({"id": "x"}))
        .await
        .refused(403, "PermissionError");
}

#[tokio::test]
async fn the_password_of_whom_scim_manages_is_not_set_here_while_it_is_connected() {
    let house = House::new().await;
    let token = house.ask("POST", "/api/admin/scim-settings/generate-new-token", Value::Null).await.is(200).json();
    let made = house.scim(token["token"].as_str().unwrap(), "ada").await;
    let path = format!("/api/admin/user-admin/{made}/change-password");
    house.ask("POST", &path, json!({"password": OTHER})).await.refused(403, "ForbiddenError");
    house.ask("POST", "/api/admin/scim-settings", json!({"enabled": false})).await.is(200);
    house.ask("POST", &path, json!({"password": OTHER})).await.bare(200);
    house.ask("DELETE", "/api/admin/user-admin/scim-users", Value::Null).await.bare(200);
    house.get(&format!("/api/admin/user-admin/{made}")).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn users_are_deleted_in_numbers_all_or_none() {
    let house = House::new().await;
    let (one, _) = house.user("one", "Viewer").await;
    let (two, _) = house.user("two", "Viewer").await;
    let path = "/api/admin/user-admin/inactive/delete";
    house.ask("POST", path, json!({"ids": [999_999]})).await.refused(404, "NotFoundError");
    house.ask("POST", path, json!({"ids": []})).await.refused(404, "NotFoundError");
    let before = house.revision().await;
    house.ask("POST", path, json!({"ids": [one, two, 999_999, one]})).await.bare(200);
    assert_eq!(house.revision().await, before + 1, "one entry");
    house.get(&format!("/api/admin/user-admin/{two}")).await.refused(404, "NotFoundError");
    let root = house.get("/api/admin/user-admin").await.json()["users"][0]["id"].as_u64().unwrap();
    let (three, _) = house.user("three", "Viewer").await;
    house.ask("POST", path, json!({"ids": [three, root]})).await.refused(403, "InvalidOperationError");
    house.get(&format!("/api/admin/user-admin/{three}")).await.is(200);
}

#[tokio::test]
async fn who_was_not_seen_for_half_a_year_is_inactive() {
    let (house, hands) = crate::session::with_hands().await;
    let old = add(&house, "old", "Viewer").await;
    let seen = add(&house, "seen", "Viewer").await;
    hands.plus_seconds(170 * 86_400);
    sign_in(&house, "seen", STRONG).await.is(200);
    let browser = Browser::new(&house, "seen", STRONG).await;
    assert!(browser.counts(&house).await);
    let inactive = async || {
        let body = house.get("/api/admin/user-admin/inactive").await.is(200).json();
        assert_eq!(body["version"], 1);
        body["inactiveUsers"].as_array().unwrap().iter().map(|user| user["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert!(!inactive().await.contains(&old));
    hands.plus_seconds(20 * 86_400);
    let fresh = add(&house, "fresh", "Viewer").await;
    let listed = inactive().await;
    assert!(listed.contains(&old) && !listed.contains(&seen) && !listed.contains(&fresh), "{listed:?}");
}
