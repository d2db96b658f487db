//! Authorization codes at the token endpoint.

use super::house::{House, PUBLIC, ROOT};
use super::{CALLBACK, CLI, EVERYTHING, VERIFIER, parts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

#[tokio::test]
async fn a_code_gives_tokens_that_act_for_whoever_agreed() {
    let house = House::new().await;
    let code = house.browser_of(ROOT).await.code(&[]).await;
    let before = house.revision().await;
    let answer = house.exchange(&code, &[]).await.is(200);
    assert_eq!(house.revision().await, before + 1, "one entry for each authorization");
    assert_eq!(answer.header("cache-control"), "no-store");
    let given = answer.json();
    assert_eq!((given["token_type"].as_str(), given["expires_in"].as_i64()), (Some("Bearer"), Some(600)));
    assert_eq!(given["scope"], EVERYTHING);
    assert!(answer.field("refresh_token").starts_with("rolecall_"));
    let me = house.me(&answer.field("access_token")).await.is(200).json();
    assert_eq!(me["email"], ROOT);
    assert_eq!(me["token"]["name"], "rolecall on ada-laptop");
    assert_eq!(house.grants().await.len(), 1);
}

#[tokio::test]
async fn an_id_token_says_who_signed_in_when_and_for_whom() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let signed_in = house.now();
    house.wait(25);
    let code = browser.code(&[]).await;
    let answer = house.exchange(&code, &[]).await.is(200);
    let (header, claims) = parts(&answer.field("id_token"));
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("ES256"), Some("JWT")));
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(PUBLIC), Some(CLI)));
    assert_eq!((claims["nonce"].as_str(), claims["auth_time"].as_i64()), (Some("n-once"), Some(signed_in)));
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(house.now()), Some(house.now() + 600)));
    let half = BASE64.encode(&Sha256::digest(answer.field("access_token"))[..16]);
    assert_eq!(claims["at_hash"], half);
    let (header, access) = parts(&answer.field("access_token"));
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("ES256"), Some("at+jwt")));
    assert_eq!((access["aud"].as_str(), access["client_id"].as_str()), (Some(PUBLIC), Some(CLI)));
    assert_eq!(access["sub"], claims["sub"]);
    for claim in ["jti", "org", "tok", "exp", "iat", "scope"] {
        assert!(!access[claim].is_null(), "{claim}");
    }
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave() {
    let house = House::new().await;
    let code = house.browser_of(ROOT).await.code(&[]).await;
    let answer = house.exchange(&code, &[]).await.is(200);
    let (access, refresh) = (answer.field("access_token"), answer.field("refresh_token"));
    house.me(&access).await.is(200);
    house.exchange(&code, &[]).await.refuses(400, "invalid_grant");
    house.me(&access).await.is(401);
    house.refresh(&refresh, &[]).await.refuses(400, "invalid_grant");
    assert!(house.grants().await.is_empty());
    assert!(house.events().await.contains("\"reused\""));
    house.exchange(&code, &[]).await.refuses(400, "invalid_grant");
}

#[tokio::test]
async fn of_many_who_show_a_code_at_once_nobody_keeps_anything() {
    let house = House::new().await;
    let code = house.browser_of(ROOT).await.code(&[]).await;
    let answers = futures::future::join_all((0..8).map(|_| house.exchange(&code, &[]))).await;
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1);
    assert!(house.grants().await.is_empty(), "one of them is a thief");
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_what_only_its_client_knows() {
    let house = House::new().await;
    let code = house.browser_of(ROOT).await.code(&[]).await;
    let other = "x".repeat(43);
    let challenge = super::challenge();
    house.exchange(&code, &[("code_verifier", "")]).await.refuses(400, "invalid_request");
    for verifier in [other.as_str(), "short", &challenge, &"x".repeat(200)] {
        house.exchange(&code, &[("code_verifier", verifier)]).await.refuses(400, "invalid_grant");
    }
    // Who cannot use it cannot spoil it either.
    house.exchange(&code, &[("code_verifier", VERIFIER)]).await.is(200);
}

#[tokio::test]
async fn a_code_is_for_one_client_and_one_address() {
    let house = House::new().await;
    let code = house.browser_of(ROOT).await.code(&[]).await;
    let console = "rolecall-console";
    house.exchange(&code, &[("client_id", console)]).await.refuses(400, "invalid_grant");
    house.exchange(&code, &[("client_id", "nobody")]).await.refuses(401, "invalid_client");
    house.exchange(&code, &[("client_id", "")]).await.refuses(401, "invalid_client");
    house.exchange(&code, &[("redirect_uri", "")]).await.refuses(400, "invalid_grant");
    house.exchange(&code, &[("redirect_uri", "http://127.0.0.1:41235/callback")]).await.refuses(400, "invalid_grant");
    house.exchange(&code, &[("redirect_uri", CALLBACK)]).await.is(200);
}

#[tokio::test]
async fn a_code_counts_for_a_minute() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let code = browser.code(&[]).await;
    house.wait(60);
    house.exchange(&code, &[]).await.refuses(400, "invalid_grant");
    let code = browser.code(&[]).await;
    house.wait(59);
    house.exchange(&code, &[]).await.is(200);
}

#[tokio::test]
async fn who_signs_out_or_is_disabled_before_the_client_comes_has_granted_nothing() {
    let house = House::new().await;
    let mut browser = house.browser_of("bob@example.com").await;
    let code = browser.code(&[]).await;
    let page = browser.get("/account").await.is(200);
    browser.post("/signin/out", &[("csrf", &page.hidden("csrf"))]).await.is(303);
    house.exchange(&code, &[]).await.refuses(400, "invalid_grant");
    let code = house.browser_of("bob@example.com").await.code(&[]).await;
    let disabled = serde_json::json!({ "active": false });
    house.api("PATCH", "/users/bob@example.com", super::house::ADMIN, &disabled).await.is(200);
    house.exchange(&code, &[]).await.refuses(400, "invalid_grant");
}

#[tokio::test]
async fn what_is_granted_lasts_only_if_it_was_asked_to() {
    let house = House::new().await;
    let short = house.tokens_of(ROOT, "openid all").await;
    assert!(short.json().get("refresh_token").is_none());
    house.wait(601);
    assert!(house.grants().await.is_empty(), "a grant without a refresh token ends with its access token");
    // Plain OAuth 2.0 has no word for it.
    let plain = house.tokens_of(ROOT, "all").await;
    assert!(plain.json().get("id_token").is_none());
    plain.field("refresh_token");
}

#[tokio::test]
async fn a_request_that_says_something_twice_or_in_another_form_is_refused() {
    let house = House::new().await;
    let twice = [("grant_type", "authorization_code"), ("grant_type", "client_credentials"), ("client_id", CLI)];
    house.token(&twice).await.refuses(400, "invalid_request");
    house.token(&[("client_id", CLI)]).await.refuses(400, "invalid_request");
    house.token(&[("grant_type", "password"), ("client_id", CLI)]).await.refuses(400, "unsupported_grant_type");
    let json = [("content-type", "application/json")];
    let body = r#"{"grant_type": "authorization_code"}"#.to_owned();
    house.send("POST", "/oauth2/token", &json, body).await.refuses(400, "invalid_request");
    house.send("GET", "/oauth2/token", &[], String::new()).await.is(405);
}
