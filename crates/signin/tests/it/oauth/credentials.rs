//! Applications: client credentials, introspection, and giving tokens back.

use super::house::{ADMIN, House, ROOT};
use super::{CLI, EVERYTHING, parts};
use serde_json::{Value, json};

const CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn an_application_gets_an_access_token_for_its_secret_by_header_and_by_form() {
    let house = House::new().await;
    let (id, secret) = house.application(ADMIN, "Deploy Bot").await;
    assert_eq!(id, "deploy-bot");
    let before = house.revision().await;
    let by_header = house.post_as("/oauth2/token", (&id, &secret), &[CREDENTIALS]).await.is(200);
    let by_form = house.token(&[CREDENTIALS, ("client_id", &id), ("client_secret", &secret)]).await.is(200);
    for answer in [by_header, by_form] {
        assert!(answer.json().get("refresh_token").is_none() && answer.json().get("id_token").is_none());
        assert_eq!((answer.json()["expires_in"].as_i64(), answer.field("scope")), (Some(600), "all".to_owned()));
        let me = house.me(&answer.field("access_token")).await.is(200).json();
        assert_eq!((me["kind"].as_str(), me["identifier"].as_str()), (Some("application"), Some("deploy-bot")));
        assert_eq!(parts(&answer.field("access_token")).1["client_id"], "deploy-bot");
    }
    assert_eq!(house.revision().await, before, "an access token is no entry of the log");
}

#[tokio::test]
async fn a_wrong_secret_and_a_client_that_is_not_there_read_the_same() {
    let house = House::new().await;
    let (id, secret) = house.application(ADMIN, "Deploy Bot").await;
    let (other, others) = house.application(ADMIN, "Other Bot").await;
    let mut said = Vec::new();
    let bearer = house.post_as("/oauth2/token", (&id, &secret), &[CREDENTIALS]).await.field("access_token");
    for pair in [
        (id.as_str(), "wrong"),
        ("nobody", "wrong"),
        (&id, others.as_str()),
        ("nobody", &secret),
        // The administrator's token is no client secret, nor is an access token.
        ("administrator", ADMIN),
        (&id, &bearer),
    ] {
        let answer = house.post_as("/oauth2/token", pair, &[CREDENTIALS]).await.refuses(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
        said.push(answer.field("error_description"));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    let both = [CREDENTIALS, ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    house.post_as("/oauth2/token", (&id, &secret), &both).await.refuses(400, "invalid_request");
    let mixed = [CREDENTIALS, ("client_id", other.as_str())];
    house.post_as("/oauth2/token", (&id, &secret), &mixed).await.refuses(400, "invalid_request");
}

#[tokio::test]
async fn a_secret_that_was_revoked_and_an_application_that_was_disabled_are_out_at_once() {
    let house = House::new().await;
    let (id, secret) = house.application(ADMIN, "Deploy Bot").await;
    let give = || house.post_as("/oauth2/token", (id.as_str(), secret.as_str()), &[CREDENTIALS]);
    let token = give().await.is(200).field("access_token");
    house.me(&token).await.is(200);
    let path = format!("/applications/{id}");
    house.api("PATCH", &path, ADMIN, &json!({ "active": false })).await.is(200);
    house.me(&token).await.is(401);
    give().await.refuses(401, "invalid_client");
    house.api("PATCH", &path, ADMIN, &json!({ "active": true })).await.is(200);
    house.me(&token).await.is(200);
    let key = house.ctx(&secret).await;
    let key = key.org().token(key.token().unwrap()).unwrap().key;
    house.revoke(key).await;
    house.me(&token).await.is(401);
    give().await.refuses(401, "invalid_client");
}

#[tokio::test]
async fn each_client_has_the_flows_that_are_made_for_it() {
    let house = House::new().await;
    let (id, secret) = house.application(ADMIN, "Deploy Bot").await;
    house.token(&[CREDENTIALS, ("client_id", CLI)]).await.refuses(400, "unauthorized_client");
    for grant in ["authorization_code", "refresh_token", rolecall_service::oauth::DEVICE_GRANT] {
        let fields = [("grant_type", grant), ("code", "x"), ("refresh_token", "x"), ("device_code", "x")];
        house.post_as("/oauth2/token", (&id, &secret), &fields).await.refuses(400, "unauthorized_client");
    }
    house.post_as("/oauth2/token", (CLI, "secret"), &[CREDENTIALS]).await.refuses(401, "invalid_client");
    let only = [CREDENTIALS, ("scope", "openid")];
    house.post_as("/oauth2/token", (&id, &secret), &only).await.refuses(400, "invalid_scope");
    house.post_as("/oauth2/device", (&id, &secret), &[]).await.refuses(400, "unauthorized_client");
}

#[tokio::test]
async fn an_application_learns_what_a_token_is_worth() {
    let house = House::new().await;
    let (id, secret) = house.application(ADMIN, "Resource Server").await;
    let ask = async |token: &str| {
        house.post_as("/oauth2/introspect", (&id, &secret), &[("token", token)]).await.is(200).json()
    };
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let access = ask(&given.field("access_token")).await;
    assert_eq!((access["active"].as_bool(), access["client_id"].as_str()), (Some(true), Some(CLI)));
    assert_eq!((access["username"].as_str(), access["scope"].as_str()), (Some(ROOT), Some(EVERYTHING)));
    assert_eq!(access["exp"], house.now() + 600);
    assert_eq!(ask(&given.field("refresh_token")).await["active"], true);
    assert_eq!(ask(ADMIN).await["active"], true);
    house.refresh(&given.field("refresh_token"), &[]).await.is(200);
    let nothing = json!({ "active": false });
    assert_eq!(ask(&given.field("refresh_token")).await, nothing, "to ask is not to use: the family lives on");
    for odd in ["x", "a.b", "eyJ.a.b", &given.field("id_token")] {
        assert_eq!(ask(odd).await, nothing, "{odd}");
    }
    assert_eq!(ask(&given.field("access_token")).await["active"], true);
    let grants = house.grants().await;
    house.revoke(grants[0].0).await;
    assert_eq!(ask(&given.field("access_token")).await, nothing);
}

#[tokio::test]
async fn only_an_application_with_its_secret_may_ask_about_tokens() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    for client in [CLI, "nobody"] {
        let fields = [("client_id", client), ("token", token.as_str())];
        house.post("/oauth2/introspect", &fields).await.refuses(401, "invalid_client");
    }
    house.post("/oauth2/introspect", &[("token", &token)]).await.refuses(401, "invalid_client");
}

#[tokio::test]
async fn a_token_that_is_given_back_ends_its_grant() {
    let house = House::new().await;
    for which in ["access_token", "refresh_token"] {
        let given = house.tokens_of(ROOT, EVERYTHING).await;
        let before = house.revision().await;
        house.post("/oauth2/revoke", &[("client_id", CLI), ("token", &given.field(which))]).await.is(200);
        assert_eq!(house.revision().await, before + 1);
        house.me(&given.field("access_token")).await.is(401);
        house.refresh(&given.field("refresh_token"), &[]).await.refuses(400, "invalid_grant");
        assert!(house.grants().await.is_empty());
        // Once more is no mistake (RFC 7009, 2.2).
        house.post("/oauth2/revoke", &[("client_id", CLI), ("token", &given.field(which))]).await.is(200);
    }
}

#[tokio::test]
async fn another_client_cannot_end_a_grant() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let (id, secret) = house.application(ADMIN, "Deploy Bot").await;
    for which in ["access_token", "refresh_token"] {
        let token = given.field(which);
        house.post("/oauth2/revoke", &[("client_id", "flyte"), ("token", &token)]).await.is(200);
        house.post_as("/oauth2/revoke", (&id, &secret), &[("token", &token)]).await.is(200);
    }
    house.post("/oauth2/revoke", &[("token", &given.field("refresh_token"))]).await.refuses(401, "invalid_client");
    house.post("/oauth2/revoke", &[("client_id", CLI)]).await.refuses(400, "invalid_request");
    // A token that is no grant is not ended either: not the application's own secret by its access token.
    let own = house.post_as("/oauth2/token", (&id, &secret), &[CREDENTIALS]).await.field("access_token");
    house.post_as("/oauth2/revoke", (&id, &secret), &[("token", &own)]).await.is(200);
    house.me(&own).await.is(200);
    for odd in ["x", ADMIN, "eyJ.a.b"] {
        house.post("/oauth2/revoke", &[("client_id", CLI), ("token", odd)]).await.is(200);
    }
    house.me(&given.field("access_token")).await.is(200);
    house.api("GET", "/me", ADMIN, &Value::Null).await.is(200);
}
