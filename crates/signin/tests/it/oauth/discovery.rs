//! What clients read before they ask, and who somebody is.

use super::house::{Answer, House, PUBLIC, ROOT};
use super::{EVERYTHING, parts};
use serde_json::Value;

impl House {
    async fn read(&self, path: &str) -> Answer {
        self.send("GET", path, &[], String::new()).await
    }

    async fn user_info(&self, method: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(method, "/oauth2/userinfo", &[("authorization", &bearer)], String::new()).await
    }
}

#[tokio::test]
async fn the_metadata_names_this_server_and_endpoints_that_are_there() {
    let house = House::new().await;
    let metadata = house.read("/.well-known/openid-configuration").await.is(200).json();
    assert_eq!(metadata, house.read("/.well-known/oauth-authorization-server").await.is(200).json());
    assert_eq!(metadata["issuer"], PUBLIC);
    for (name, value) in metadata.as_object().unwrap() {
        if !name.ends_with("_endpoint") && name != "jwks_uri" {
            continue;
        }
        let path = value.as_str().unwrap().strip_prefix(PUBLIC).unwrap();
        let answer = house.send("OPTIONS", path, &[], String::new()).await;
        assert_eq!(answer.status, 405, "{name} is served");
    }
    assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(metadata["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
}

#[tokio::test]
async fn the_key_that_signs_is_among_the_keys_that_are_shown() {
    let house = House::new().await;
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    let keys = house.read("/.well-known/jwks.json").await.is(200);
    let keys = keys.json()["keys"].as_array().unwrap().clone();
    for token in [given.field("access_token"), given.field("id_token")] {
        let (header, _) = parts(&token);
        assert!(keys.iter().any(|key| key["kid"] == header["kid"]), "{header}");
    }
    assert!(keys.iter().all(|key| key.get("d").is_none()), "{keys:?}");
}

#[tokio::test]
async fn keys_are_exchanged_and_what_the_old_one_signed_still_counts() {
    let house = House::new().await;
    let keys = |answer: Answer| -> Vec<Value> {
        answer.json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
    };
    let early = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    let before = keys(house.read("/.well-known/jwks.json").await);
    house.wait(90 * 24 * 60 * 60 - 60);
    let old = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    assert_eq!(parts(&old).0["kid"], parts(&early).0["kid"]);
    house.wait(60);
    let new = house.tokens_of(ROOT, EVERYTHING).await.field("access_token");
    assert_ne!(parts(&new).0["kid"], parts(&old).0["kid"]);
    house.me(&old).await.is(200);
    house.me(&new).await.is(200);
    let after = keys(house.read("/.well-known/jwks.json").await);
    assert_eq!(after.len(), 2);
    assert_eq!(after[1], before[0]);
    house.wait(2 * 60 * 60);
    assert_eq!(keys(house.read("/.well-known/jwks.json").await), after[..1]);
}

#[tokio::test]
async fn who_somebody_is_is_told_as_far_as_it_was_granted() {
    let house = House::new().await;
    let told = async |scope: &str| {
        let token = house.tokens_of(ROOT, scope).await.field("access_token");
        house.user_info("GET", &token).await.is(200).json()
    };
    let everything = told(EVERYTHING).await;
    assert_eq!((everything["email"].as_str(), everything["preferred_username"].as_str()), (Some(ROOT), Some(ROOT)));
    assert!(everything["sub"].as_str().unwrap().starts_with("usr_"));
    let little = told("openid").await;
    assert_eq!(little.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    assert_eq!(little["sub"], everything["sub"]);
    assert_eq!(told("openid email").await["email"], ROOT);
}

#[tokio::test]
async fn who_somebody_is_is_told_to_nobody_else() {
    let house = House::new().await;
    let bare = house.read("/oauth2/userinfo").await.is(401);
    assert!(
        bare.header("www-authenticate").starts_with("Bearer") && !bare.header("www-authenticate").contains("error")
    );
    let given = house.tokens_of(ROOT, EVERYTHING).await;
    for wrong in ["x", super::house::ADMIN, &given.field("id_token"), &given.field("refresh_token")] {
        let answer = house.user_info("GET", wrong).await.refuses(401, "invalid_token");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    let plain = house.tokens_of(ROOT, "all").await.field("access_token");
    house.user_info("GET", &plain).await.refuses(403, "insufficient_scope");
    let access = given.field("access_token");
    house.user_info("POST", &access).await.is(200);
    for (grant, _) in house.grants().await {
        house.revoke(grant).await;
    }
    house.user_info("GET", &access).await.refuses(401, "invalid_token");
}
