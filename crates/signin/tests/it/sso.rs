//! Single sign-on against a provider that says what it should, and what no provider should.

use crate::house::{Browser, House, Shown};
use crate::idp::{ACCESS_TOKEN, Asked, Idp, Key, SECRET, hash, message};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Sends a browser to okta.
async fn go(browser: &mut Browser<'_>) -> Asked {
    let sent = browser.get("/signin/sso/okta?return_to=/account").await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    Asked::of(sent.location())
}

async fn back(browser: &mut Browser<'_>, state: &str, code: &str) -> Shown {
    browser.get(&format!("/signin/sso/callback?state={state}&code={code}")).await
}

/// A whole sign-in with a token of these claims.
async fn comes_back(house: &House, idp: &Idp, more: Value) -> (Shown, bool) {
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let code = idp.code(&asked, more);
    let shown = back(&mut browser, asked.get("state"), &code).await;
    (shown, browser.has_session())
}

/// A whole sign-in with this token, which must prove nothing.
async fn proves_nothing(house: &House, idp: &Idp, what: &str, token: impl FnOnce(&Asked) -> String) {
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let revision = house.root().await.revision();
    let code = idp.code_for(&asked, Some(token(&asked)), None);
    let shown = back(&mut browser, asked.get("state"), &code).await;
    assert!(matches!(shown.status, 403 | 502), "{what}: {} {}", shown.status, shown.text);
    assert!(!browser.has_session(), "{what}");
    assert_eq!(house.root().await.revision(), revision, "{what} changed something");
    assert!(shown.text.contains("/signin/sso/okta?organization=acme"), "no way back: {}", shown.text);
}

#[tokio::test]
async fn somebody_signs_in_and_goes_on_to_where_they_wanted() {
    let (house, idp) = House::with_okta().await;
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    assert_eq!(asked.get("response_type"), "code");
    assert_eq!(asked.get("code_challenge_method"), "S256");
    assert_eq!(asked.get("redirect_uri"), "http://127.0.0.1:7400/signin/sso/callback");
    assert_eq!(asked.get("scope"), "openid profile email groups");
    let code = idp.code(&asked, json!({"groups": ["RED"]}));
    let shown = back(&mut browser, asked.get("state"), &code).await;
    assert_eq!((shown.status, shown.location()), (303, "/account"), "{}", shown.text);
    assert!(browser.has_session());
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(house.groups_of("grace@example.com").await, ["red"]);
    assert_eq!(idp.shown(), ["basic"]);
    assert_eq!(idp.fetched("userinfo"), 0, "the token said everything");
}

#[tokio::test]
async fn a_provider_is_asked_for_its_metadata_once() {
    let (house, idp) = House::with_okta().await;
    for _ in 0..3 {
        assert!(comes_back(&house, &idp, json!({})).await.1);
    }
    assert_eq!((idp.fetched("metadata"), idp.fetched("keys")), (1, 1));
}

#[tokio::test]
async fn a_state_counts_once() {
    let (house, idp) = House::with_okta().await;
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let mut again = browser.clone();
    let (first, second) = (idp.code(&asked, json!({})), idp.code(&asked, json!({})));
    assert_eq!(back(&mut browser, asked.get("state"), &first).await.status, 303);
    let shown = back(&mut again, asked.get("state"), &second).await;
    assert_eq!(shown.status, 400);
    assert!(!again.has_session() && shown.text.contains("/signin"), "{}", shown.text);
}

#[tokio::test]
async fn a_state_counts_in_the_browser_that_began_only() {
    let (house, idp) = House::with_okta().await;
    let (mut attacker, mut victim) = (house.browser(), house.browser());
    let asked = go(&mut attacker).await;
    let code = idp.code(&asked, json!({}));
    // Once without any cookie, and once in the middle of a sign-in of its own.
    for begun in [false, true] {
        if begun {
            go(&mut victim).await;
        }
        let shown = back(&mut victim, asked.get("state"), &code).await;
        assert_eq!(shown.status, 400, "{}", shown.text);
        assert!(!victim.has_session());
    }
    // That another one tried it uses nothing up.
    assert_eq!(back(&mut attacker, asked.get("state"), &code).await.status, 303);
    let events = house.events(2).await;
    assert!(events.iter().filter(|(kind, _)| kind == "sign_in_failed").count() >= 2, "{events:?}");
}

#[tokio::test]
async fn a_made_up_state_and_none_at_all_are_no_sign_in() {
    let (house, _) = House::with_okta().await;
    for query in ["", "?state=", "?state=made-up&code=x", "?error=access_denied", "?state=a&state=b", "?state=%ff"] {
        let shown = house.browser().get(&format!("/signin/sso/callback{query}")).await;
        assert_eq!(shown.status, 400, "{query}: {}", shown.text);
        assert!(shown.text.contains("href=\"/signin\""), "{}", shown.text);
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_proves_nothing() {
    let (house, idp) = House::with_okta().await;
    let now = idp.claims(&Asked(HashMap::default()), &json!({}))["iat"].as_i64().unwrap();
    let cases = [
        ("another nonce", json!({"nonce": "another"})),
        ("no nonce", json!({"nonce": null})),
        ("another audience", json!({"aud": "another"})),
        ("no audience", json!({"aud": null})),
        ("an audience too many", json!({"aud": ["rolecall", "another"]})),
        ("made for another client", json!({"azp": "another"})),
        ("another issuer", json!({"iss": "https://evil.example"})),
        ("an issuer that begins like it", json!({"iss": format!("{}/", idp.issuer)})),
        ("no issuer", json!({"iss": null})),
        ("expired", json!({"exp": now - 1})),
        ("no expiry", json!({"exp": null})),
        ("from the future", json!({"iat": now + 600})),
        ("from long ago", json!({"iat": now - 90_000})),
        ("no subject", json!({"sub": null})),
        ("another access token", json!({"at_hash": hash("another")})),
    ];
    for (what, more) in cases {
        proves_nothing(&house, &idp, what, |asked| idp.key.sign(&idp.claims(asked, &more))).await;
    }
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_proves_nothing() {
    let (house, idp) = House::with_okta().await;
    let claims = |asked: &Asked| idp.claims(asked, &json!({}));
    proves_nothing(&house, &idp, "changed after signing", |asked| {
        let token = idp.key.sign(&claims(asked));
        let parts: Vec<&str> = token.split('.').collect();
        let changed = URL_SAFE_NO_PAD.encode(idp.claims(asked, &json!({"sub": "somebody-else"})).to_string());
        format!("{}.{changed}.{}", parts[0], parts[2])
    })
    .await;
    let other = Key::new("one");
    proves_nothing(&house, &idp, "another key of the same name", |asked| other.sign(&claims(asked))).await;
    let stranger = Key::new("stranger");
    proves_nothing(&house, &idp, "a key nobody published", |asked| stranger.sign(&claims(asked))).await;
    proves_nothing(&house, &idp, "alg none", |asked| {
        format!("{}.", message(&json!({"alg": "none", "typ": "JWT"}), &claims(asked)))
    })
    .await;
    proves_nothing(&house, &idp, "alg none with a signature", |asked| {
        let signed = idp.key.sign(&claims(asked));
        let signature = signed.rsplit('.').next().unwrap();
        format!("{}.{signature}", message(&json!({"alg": "none", "kid": "one"}), &claims(asked)))
    })
    .await;
    let mac = |key: &[u8], asked: &Asked| {
        let message = message(&json!({"alg": "HS256", "typ": "JWT", "kid": "one"}), &claims(asked));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    proves_nothing(&house, &idp, "HS256 with the public key", |asked| mac(idp.key.public(), asked)).await;
    proves_nothing(&house, &idp, "HS256 with the client secret", |asked| mac(SECRET.as_bytes(), asked)).await;
    proves_nothing(&house, &idp, "a header that must be understood", |asked| {
        idp.key.sign_with(&json!({"alg": "ES256", "kid": "one", "crit": ["exp"]}), &claims(asked))
    })
    .await;
    proves_nothing(&house, &idp, "an access token in its place", |asked| {
        idp.key.sign_with(&json!({"alg": "ES256", "kid": "one", "typ": "at+jwt"}), &claims(asked))
    })
    .await;
    proves_nothing(&house, &idp, "no token", |_| "no.token.atall".to_owned()).await;
    let events = house.events(10).await;
    assert!(events.iter().all(|(kind, _)| kind == "sign_in_failed"), "{events:?}");
}

#[tokio::test]
async fn a_new_key_of_the_provider_counts_at_once_and_the_old_one_no_longer() {
    let (house, mut idp) = House::with_okta().await;
    assert!(comes_back(&house, &idp, json!({})).await.1);
    let new = std::sync::Arc::new(Key::new("two"));
    idp.publishes(&new);
    let old = std::mem::replace(&mut idp.key, new);
    assert!(comes_back(&house, &idp, json!({})).await.1);
    proves_nothing(&house, &idp, "the old key", |asked| old.sign(&idp.claims(asked, &json!({})))).await;
}

#[tokio::test]
async fn what_only_the_userinfo_endpoint_says_counts_when_it_speaks_of_the_same_person() {
    let (house, idp) = House::with_okta().await;
    for (sub, lets_in) in [("00u2", false), ("00u1", true)] {
        let mut browser = house.browser();
        let asked = go(&mut browser).await;
        let id_token = idp.key.sign(&idp.claims(&asked, &json!({"email": null, "email_verified": null})));
        let userinfo = json!({"sub": sub, "email": "grace@example.com", "email_verified": true, "groups": ["RED"]});
        let code = idp.code_for(&asked, Some(id_token), Some(userinfo));
        let shown = back(&mut browser, asked.get("state"), &code).await;
        assert_eq!(browser.has_session(), lets_in, "{}", shown.text);
    }
    assert_eq!(house.groups_of("grace@example.com").await, ["red"]);
}

#[tokio::test]
async fn a_userinfo_endpoint_that_fails_keeps_out_only_who_is_new() {
    let (house, idp) = House::with_okta().await;
    let silent = json!({"email": null, "email_verified": null});
    assert_eq!(comes_back(&house, &idp, silent.clone()).await.0.status, 403);
    assert!(comes_back(&house, &idp, json!({"groups": ["RED"]})).await.1);
    assert!(comes_back(&house, &idp, silent).await.1);
    assert_eq!(house.groups_of("grace@example.com").await, ["red"]);
}

#[tokio::test]
async fn one_provider_cannot_pass_off_its_answer_as_anothers() {
    let (house, okta) = House::with_okta().await;
    let evil = house.provider("evil").await;
    // The code of the one does not count at the other.
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let code = evil.code(&asked, json!({}));
    assert_eq!(back(&mut browser, asked.get("state"), &code).await.status, 502);
    // It says from whom it comes.
    let asked = go(&mut browser).await;
    let code = okta.code(&asked, json!({}));
    let path = format!("/signin/sso/callback?state={}&code={code}&iss={}", asked.get("state"), evil.issuer);
    assert_eq!(browser.get(&path).await.status, 403);
    // A token of the one does not count as the other's, whoever hands it over.
    proves_nothing(&house, &okta, "another provider's token", |asked| evil.key.sign(&evil.claims(asked, &json!({}))))
        .await;
    // With the right name it is let in.
    let asked = go(&mut browser).await;
    let code = okta.code(&asked, json!({}));
    let path = format!("/signin/sso/callback?state={}&code={code}&iss={}", asked.get("state"), okta.issuer);
    assert_eq!(browser.get(&path).await.status, 303);
}

#[tokio::test]
async fn a_provider_that_says_it_names_itself_must() {
    let (house, idp) = House::with_okta().await;
    idp.says("authorization_response_iss_parameter_supported", json!(true));
    assert_eq!(comes_back(&house, &idp, json!({})).await.0.status, 403);
}

#[tokio::test]
async fn the_same_account_at_another_provider_is_somebody_else() {
    let (house, okta) = House::with_okta().await;
    let evil = house.provider("evil").await;
    assert!(comes_back(&house, &okta, json!({})).await.1);
    let mut browser = house.browser();
    let asked = Asked::of(browser.get("/signin/sso/evil").await.location());
    let code = evil.code(&asked, json!({"email": "eve@example.com"}));
    assert_eq!(back(&mut browser, asked.get("state"), &code).await.status, 303);
    let ctx = house.root().await;
    let user = |who: &str| ctx.org().find_principal(who).unwrap().1.clone();
    let (grace, eve) = (user("grace@example.com"), user("eve@example.com"));
    assert_ne!(grace.subject, eve.subject);
    assert_eq!(grace.identities()[0].sub, eve.identities()[0].sub);
}

#[tokio::test]
async fn somebody_who_declines_reads_so_and_finds_the_way_back() {
    let (house, _) = House::with_okta().await;
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let answer = "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let shown = browser.get(&format!("/signin/sso/callback?state={}&{answer}", asked.get("state"))).await;
    assert_eq!(shown.status, 403);
    assert!(shown.text.contains("The &lt;okta&gt; did not sign you in"), "{}", shown.text);
    assert!(!shown.text.contains("<script"), "{}", shown.text);
    assert!(shown.text.contains("/signin/sso/okta?organization=acme&amp;return_to=%2Faccount"), "{}", shown.text);
    let asked = go(&mut browser).await;
    let shown = browser.get(&format!("/signin/sso/callback?state={}&error=server_error", asked.get("state"))).await;
    assert_eq!(shown.status, 502);
}

#[tokio::test]
async fn a_provider_that_is_broken_gives_a_readable_page() {
    let (house, idp) = House::with_okta().await;
    idp.says("issuer", json!("https://another.example"));
    let shown = house.browser().get("/signin/sso/okta").await;
    assert_eq!(shown.status, 502);
    assert!(shown.text.contains("does not answer") && shown.text.contains("/signin?"), "{}", shown.text);
    assert!(!shown.text.contains("another.example"), "details are for the log");
    idp.says("issuer", json!(idp.issuer));
    idp.says("authorization_endpoint", json!("http://evil.example/authorize"));
    assert_eq!(house.browser().get("/signin/sso/okta").await.status, 502, "nobody is sent where others can read");
}

#[tokio::test]
async fn a_provider_is_neither_followed_elsewhere_nor_listened_to_without_end() {
    let (house, idp) = House::with_okta().await;
    idp.moves_its_token_endpoint();
    assert_eq!(comes_back(&house, &idp, json!({})).await.0.status, 502);
    let (house, idp) = House::with_okta().await;
    idp.answers_without_end();
    assert_eq!(comes_back(&house, &idp, json!({})).await.0.status, 502);
}

#[tokio::test]
async fn a_provider_that_takes_the_secret_in_the_body_only_gets_it_there() {
    let (house, idp) = House::with_okta().await;
    idp.says("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    assert!(comes_back(&house, &idp, json!({})).await.1);
    assert_eq!(idp.shown(), ["post"]);
}

#[tokio::test]
async fn an_unknown_provider_and_an_unknown_organization_are_not_here() {
    let (house, _) = House::with_okta().await;
    for path in ["/signin/sso/entra", "/signin/sso/okta?organization=nobody"] {
        assert_eq!(house.browser().get(path).await.status, 404);
    }
}

#[tokio::test]
async fn nobody_is_sent_on_to_another_place() {
    let (house, idp) = House::with_okta().await;
    for evil in ["https://evil.example", "//evil.example", "/%5Cevil.example", "%2F%2Fevil.example"] {
        let mut browser = house.browser();
        let sent = browser.get(&format!("/signin/sso/okta?return_to={evil}")).await;
        let asked = Asked::of(sent.location());
        let code = idp.code(&asked, json!({}));
        assert_eq!(back(&mut browser, asked.get("state"), &code).await.location(), "/account", "{evil}");
    }
}

#[tokio::test]
async fn nothing_secret_stands_in_pages_events_and_addresses() {
    let (house, idp) = House::with_okta().await;
    let mut browser = house.browser();
    let asked = go(&mut browser).await;
    let id_token = idp.key.sign(&idp.claims(&asked, &json!({"nonce": "another"})));
    let code = idp.code_for(&asked, Some(id_token.clone()), None);
    let shown = back(&mut browser, asked.get("state"), &code).await;
    let events = house.events(1).await;
    let said = format!("{}{events:?}{:?}", shown.text, asked.0.values());
    for secret in [id_token.as_str(), code.as_str(), ACCESS_TOKEN, SECRET, "grace@example.com"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    let kept = shown.headers.get("cache-control").and_then(|value| value.to_str().ok());
    assert_eq!(kept, Some("no-store"));
}

#[tokio::test]
async fn a_session_from_before_the_sign_in_is_not_the_one_after_it() {
    let (house, idp) = House::with_okta().await;
    let mut browser = house.browser();
    browser.cookies.insert("rolecall".to_owned(), "chosen-by-somebody-else".to_owned());
    let asked = go(&mut browser).await;
    let before = browser.cookies.clone();
    let code = idp.code(&asked, json!({}));
    back(&mut browser, asked.get("state"), &code).await;
    assert_ne!(browser.cookies["rolecall"], before["rolecall"]);
    assert_ne!(browser.cookies["rolecall-form"], before["rolecall-form"]);
}
