//! Access tokens at the API: what counts, what does not, and how soon.

use super::house::{ADMIN, Answer, House, PUBLIC, ROOT, start};
use super::{CLI, EVERYTHING, parts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_service::organizations;
use serde_json::{Value, json};

/// The refusal of a credential; the sentence says why.
#[track_caller]
fn refused(answer: Answer, why: &str) {
    let answer = answer.is(401);
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    assert!(answer.field("detail").contains(why), "{why} in {}", answer.text);
}

fn part(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

#[tokio::test]
async fn an_access_token_ends_after_ten_minutes() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    house.wait(599);
    house.me(&token).await.is(200);
    house.wait(1);
    refused(house.me(&token).await, "has expired");
    // The same to a server that has not seen it before.
    let fresh = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    house.wait(600);
    refused(house.me(&fresh).await, "has expired");
}

#[tokio::test]
async fn the_end_of_a_grant_is_felt_by_the_next_request() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    house.me(&token).await.is(200);
    let grants = house.grants().await;
    house.revoke(grants[0].0).await;
    refused(house.me(&token).await, "revoked");
}

#[tokio::test]
async fn a_user_who_is_disabled_or_deleted_is_out_at_once() {
    let house = House::new().await;
    let token = house.tokens_of("bob@example.com", EVERYTHING).await.field("access_token");
    house.me(&token).await.is(200);
    house.api("PATCH", "/users/bob@example.com", ADMIN, &json!({ "active": false })).await.is(200);
    refused(house.me(&token).await, "");
    // What was granted before does not come back.
    house.api("PATCH", "/users/bob@example.com", ADMIN, &json!({ "active": true })).await.is(200);
    refused(house.me(&token).await, "");
    let token = house.tokens_of("bob@example.com", EVERYTHING).await.field("access_token");
    house.me(&token).await.is(200);
    house.api("DELETE", "/users/bob@example.com", ADMIN, &Value::Null).await.is(204);
    refused(house.me(&token).await, "");
}

#[tokio::test]
async fn who_ends_all_sessions_ends_what_clients_were_granted() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let ctx = house.ctx(ADMIN).await;
    rolecall_service::end_sessions(&ctx, rolecall_model::command::SubjectRef::User(ROOT.into())).await.unwrap();
    house.me(&given.field("access_token")).await.is(401);
    house.refresh(&given.field("refresh_token"), &[]).await.refuses(400, "invalid_grant");
}

#[tokio::test]
async fn a_token_that_asks_to_be_checked_in_a_weaker_way_is_refused() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    let (header, claims) = parts(&token);
    let keys = house.send("GET", "/.well-known/jwks.json", &[], String::new()).await.is(200).json();
    let point = |name: &str| BASE64.decode(keys["keys"][0][name].as_str().unwrap()).unwrap();
    let public = [vec![4], point("x"), point("y")].concat();
    let document = keys["keys"][0].to_string().into_bytes();
    for alg in ["none", "None", "HS256", "RS256", "ES384"] {
        let message =
            format!("{}.{}", part(&json!({ "alg": alg, "typ": "at+jwt", "kid": header["kid"] })), part(&claims));
        let signed = |secret: &[u8]| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
            format!("{message}.{}", BASE64.encode(ring::hmac::sign(&key, message.as_bytes())))
        };
        let own = token.rsplit_once('.').unwrap().1;
        for forged in [format!("{message}."), format!("{message}.{own}"), signed(&public), signed(&document)] {
            refused(house.me(&forged).await, "ES256");
        }
    }
}

#[tokio::test]
async fn a_token_that_was_changed_is_refused() {
    let house = House::new().await;
    let token = house.tokens_of("bob@example.com", EVERYTHING).await.field("access_token");
    let (header, claims) = parts(&token);
    let signature = token.rsplit_once('.').unwrap().1;
    for (claim, value) in [("exp", json!(99_999_999_999_i64)), ("sub", json!("usr_0")), ("scope", json!("all"))] {
        let mut claims = claims.clone();
        claims[claim] = value;
        refused(house.me(&format!("{}.{}.{signature}", part(&header), part(&claims))).await, "signature");
    }
    let mut other = header.clone();
    other["kid"] = json!("another-key");
    let (_, rest) = token.split_once('.').unwrap();
    refused(house.me(&format!("{}.{rest}", part(&other))).await, "key");
    let mut own = header.clone();
    own["jwk"] = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    refused(house.me(&format!("{}.{rest}", part(&own))).await, "signature");
    refused(house.me(&token[..token.len() - 4]).await, "");
}

#[tokio::test]
async fn another_kind_of_token_is_no_access_token() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    refused(house.me(&given.field("id_token")).await, "no access token");
    let (header, _) = parts(&given.field("access_token"));
    for typ in [json!("JWT"), json!("dpop+jwt"), Value::Null] {
        let mut header = header.clone();
        header["typ"] = typ;
        let (_, rest) =
            given.json()["access_token"].as_str().unwrap().split_once('.').map(|(a, b)| (a, b.to_owned())).unwrap();
        refused(house.me(&format!("{}.{rest}", part(&header))).await, "no access token");
    }
}

#[tokio::test]
async fn a_token_of_another_server_is_refused() {
    let ours = House::new().await;
    let theirs = House::with(|options| options.public_url = "https://roles.example".into()).await;
    let callback = "http://127.0.0.1:41234/callback";
    let code = theirs.browser_of(ROOT).await.code(&[]).await;
    let token = theirs.exchange(&code, &[("redirect_uri", callback)]).await.is(200).field("access_token");
    theirs.me(&token).await.is(200);
    refused(ours.me(&token).await, "key");
}

#[tokio::test]
async fn a_token_acts_in_its_own_organization_only() {
    let house = House::new().await;
    let other = "an-administrator-of-another";
    organizations::create(&house.ctx(ADMIN).await, start("umbrella", other, "eve@example.com")).await.unwrap();
    let code = house.browser_by(other, "eve@example.com").await.code(&[]).await;
    let given = house.exchange(&code, &[]).await.is(200);
    let me = house.me(&given.field("access_token")).await.is(200).json();
    assert_eq!((me["organization"].as_str(), me["email"].as_str()), (Some("umbrella"), Some("eve@example.com")));
    // Of the other organization, a user of this one is not there.
    let found = house.api("GET", "/users/root@example.com", &given.field("access_token"), &Value::Null).await;
    assert_eq!(found.status, 404, "{}", found.text);
    // And an application of this one learns nothing of the token.
    let (id, secret) = house.application(ADMIN, "Resource Server").await;
    let mine = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    for (token, active) in [(mine, true), (given.field("access_token"), false), (given.field("refresh_token"), false)] {
        let said = house.post_as("/oauth2/introspect", (&id, &secret), &[("token", &token)]).await.is(200).json();
        assert_eq!(said["active"], active);
        assert!(active || said.as_object().unwrap().len() == 1, "{said}");
    }
    // When the organization is gone, so is what its tokens were worth.
    organizations::delete(&house.ctx(ADMIN).await, "umbrella").await.unwrap();
    house.me(&given.field("access_token")).await.is(401);
    house.refresh(&given.field("refresh_token"), &[]).await.is(400);
}

#[tokio::test]
async fn a_token_for_who_somebody_is_does_not_act_as_them() {
    let house = House::new().await;
    let token = house.tokens_of(ROOT, "openid profile").await.field("access_token");
    refused(house.me(&token).await, "scope");
    house
        .send("GET", "/oauth2/userinfo", &[("authorization", &format!("Bearer {token}"))], String::new())
        .await
        .is(200);
}

#[tokio::test]
async fn a_grant_is_listed_and_ended_by_whose_it_is() {
    let house = House::new().await;
    let token = house.tokens_of("bob@example.com", EVERYTHING).await.field("access_token");
    let mut browser = house.browser_of("bob@example.com").await;
    let page = browser.get("/account").await.is(200);
    assert!(page.text.contains("rolecall on ada-laptop"), "{}", page.text);
    let grants = house.grants().await;
    let path = format!("/account/sessions/{}", grants[0].0);
    browser.post(&path, &[("csrf", &page.hidden("csrf"))]).await.is(303);
    house.me(&token).await.is(401);
}

#[tokio::test]
async fn nothing_that_was_given_stands_readable_in_the_log() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let log = house.api("GET", "/history", ADMIN, &Value::Null).await;
    assert!(log.text.contains("rolecall on ada-laptop"), "{}", log.text);
    for secret in [given.field("access_token"), given.field("refresh_token")] {
        assert!(!log.text.contains(&secret));
    }
    assert_eq!(parts(&given.field("access_token")).1["iss"], PUBLIC);
    assert_eq!(parts(&given.field("access_token")).1["client_id"], CLI);
}
