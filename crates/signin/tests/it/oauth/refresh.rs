//! Refresh tokens.

use super::house::{ADMIN, House, ROOT};
use super::{EVERYTHING, parts};

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn a_refresh_token_gives_the_next_one_and_a_new_access_token() {
    let house = House::new().await;
    let first = house.tokens_of(ROOT, EVERYTHING).await;
    let before = house.revision().await;
    house.wait(DAY);
    house.me(&first.field("access_token")).await.is(401);
    let second = house.refresh(&first.field("refresh_token"), &[]).await.is(200);
    assert_eq!(house.revision().await, before, "a refresh is no entry of the log");
    assert_ne!(second.field("refresh_token"), first.field("refresh_token"));
    house.me(&second.field("access_token")).await.is(200);
    let (_, identity) = parts(&second.field("id_token"));
    let (_, before) = parts(&first.field("id_token"));
    assert_eq!((&identity["auth_time"], &identity["sub"]), (&before["auth_time"], &before["sub"]));
    assert!(identity["nonce"].is_null());
    let third = house.refresh(&second.field("refresh_token"), &[]).await.is(200);
    house.me(&third.field("access_token")).await.is(200);
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_the_whole_family() {
    let house = House::new().await;
    let first = house.tokens_of(ROOT, EVERYTHING).await;
    let second = house.refresh(&first.field("refresh_token"), &[]).await.is(200);
    let third = house.refresh(&second.field("refresh_token"), &[]).await.is(200);
    // However old it is.
    house.wait(20 * DAY);
    let fourth = house.refresh(&third.field("refresh_token"), &[]).await.is(200);
    house.refresh(&first.field("refresh_token"), &[]).await.refuses(400, "invalid_grant");
    house.me(&fourth.field("access_token")).await.is(401);
    house.refresh(&fourth.field("refresh_token"), &[]).await.refuses(400, "invalid_grant");
    assert!(house.grants().await.is_empty());
    assert!(house.events().await.contains("\"reused\""));
}

#[tokio::test]
async fn of_two_who_show_a_refresh_token_at_once_nobody_keeps_anything() {
    let house = House::new().await;
    let first = house.tokens_of(ROOT, EVERYTHING).await;
    let token = first.field("refresh_token");
    let answers = futures::future::join_all((0..4).map(|_| house.refresh(&token, &[]))).await;
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1);
    assert!(house.grants().await.is_empty());
}

#[tokio::test]
async fn a_refresh_token_is_for_one_client() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("refresh_token");
    for client in ["rolecall-console", "flyte"] {
        let fields = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token.as_str())];
        house.token(&fields).await.refuses(400, "invalid_grant");
    }
    let application = house.application(ADMIN, "Deploy Bot").await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    house.post_as("/oauth2/token", (&application.0, &application.1), &fields).await.refuses(400, "unauthorized_client");
    // Who may not use it has not ended it either.
    house.refresh(&token, &[]).await.is(200);
}

#[tokio::test]
async fn what_was_granted_can_be_narrowed_and_never_widened() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, "openid offline_access").await.field("refresh_token");
    house.refresh(&token, &[("scope", "openid all")]).await.refuses(400, "invalid_scope");
    house.refresh(&token, &[("scope", "all")]).await.refuses(400, "invalid_scope");
    let narrow = house.refresh(&token, &[("scope", "openid")]).await.is(200);
    assert_eq!(narrow.field("scope"), "openid");
    let again = house.refresh(&narrow.field("refresh_token"), &[]).await.is(200);
    assert_eq!(again.field("scope"), "openid offline_access", "one answer was narrow, not the grant");
}

#[tokio::test]
async fn a_family_ends_after_thirty_days_however_often_it_is_refreshed() {
    let house = House::new().await;
    let mut token = house.tokens_of(ROOT, EVERYTHING).await.field("refresh_token");
    for _ in 0..2 {
        house.wait(14 * DAY);
        token = house.refresh(&token, &[]).await.is(200).field("refresh_token");
    }
    house.wait(2 * DAY);
    house.refresh(&token, &[]).await.refuses(400, "invalid_grant");
}

#[tokio::test]
async fn a_family_ends_with_its_grant_and_with_whoever_granted_it() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("refresh_token");
    let [(grant, name)] = &house.grants().await[..] else { panic!("one grant") };
    assert_eq!(name, "rolecall on ada-laptop");
    house.revoke(*grant).await;
    house.refresh(&token, &[]).await.refuses(400, "invalid_grant");
    let token = house.tokens_of("bob@example.com", EVERYTHING).await.field("refresh_token");
    let active = |active: bool| serde_json::json!({ "active": active });
    house.api("PATCH", "/users/bob@example.com", ADMIN, &active(false)).await.is(200);
    house.refresh(&token, &[]).await.refuses(400, "invalid_grant");
    house.api("DELETE", "/users/bob@example.com", ADMIN, &serde_json::Value::Null).await;
    house.refresh(&token, &[]).await.refuses(400, "invalid_grant");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let token = given.field("refresh_token");
    let family = token.split_once('.').unwrap().0;
    for odd in ["x", "rolecall_x.y", ADMIN, &given.field("access_token"), family, &"x".repeat(5_000)] {
        house.refresh(odd, &[]).await.refuses(400, "invalid_grant");
    }
    house.refresh("", &[]).await.refuses(400, "invalid_request");
    house.refresh(&token, &[]).await.is(200);
    // It is no credential of the API.
    house.me(&token).await.is(401);
}
