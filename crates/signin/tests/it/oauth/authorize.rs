//! The question to whoever sits at the browser.

use super::house::{House, PASSWORD, PUBLIC, ROOT, read_query};
use super::{CALLBACK, challenge, request};

#[tokio::test]
async fn somebody_signs_in_is_asked_and_the_client_is_called_back() {
    let house = House::new().await;
    let mut browser = house.browser();
    let (address, wanted) = browser.get(&request(&[])).await.sent();
    assert_eq!(address, "/signin");
    let page =
        browser.get(&format!("/signin?{}", super::house::form([("return_to", wanted["return_to"].as_str())]))).await;
    let filled = [("identifier", ROOT), ("password", PASSWORD)];
    let back = browser.submit(&page.is(200), "/signin", &filled).await.is(303);
    let back = back.header("location").to_owned();
    assert!(back.starts_with("/oauth2/authorize?"), "{back}");
    let page = browser.get(&back).await.is(200);
    for said in ["rolecall", "ada-laptop", "root@example.com", "do everything you may do here", "Allow", "Deny"] {
        assert!(page.text.contains(said), "{said} in {}", page.text);
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:41234;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let answer = browser.submit(&page, "/oauth2/authorize", &[("decision", "allow")]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let (address, answer) = answer.sent();
    assert_eq!(address, CALLBACK);
    assert_eq!(answer["state"], "the client's own & secret");
    assert_eq!(answer["iss"], PUBLIC, "so that no client takes it for another server's (RFC 9207)");
    house.exchange(&answer["code"], &[]).await.is(200);
}

#[tokio::test]
async fn who_does_not_agree_gives_nothing() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    for decision in ["deny", "maybe"] {
        let (address, answer) = browser.decide(&request(&[]), decision).await.sent();
        assert_eq!(address, CALLBACK);
        assert_eq!(answer["error"], "access_denied");
        assert_eq!((answer["iss"].as_str(), answer.contains_key("code")), (PUBLIC, false));
    }
}

#[tokio::test]
async fn a_client_or_address_that_is_not_known_is_said_here_and_nobody_is_sent_anywhere() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let cases = [
        ("client_id", ""),
        ("client_id", "somebody-else"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:41234/callback/../evil"),
        ("redirect_uri", "http://127.0.0.1:41234/callback#x"),
        ("redirect_uri", "http://127.0.0.1:41234/callback?x=y"),
        ("redirect_uri", "http://evil.example@127.0.0.1:41234/callback"),
        ("redirect_uri", "http://127.0.0.1:41234@evil.example/callback"),
        ("redirect_uri", "javascript:alert(1)"),
    ];
    for (name, value) in cases {
        let page = browser.get(&request(&[(name, value)])).await.is(400);
        assert_eq!(page.header("location"), "", "{name}={value}");
        assert!(page.text.contains("This cannot be asked"), "{}", page.text);
        assert!(!page.text.contains("evil"), "{}", page.text);
    }
    for other in ["rolecall-console", "flyte"] {
        // An address of another client, and another port where none may be chosen.
        browser.get(&request(&[("client_id", other)])).await.is(400);
    }
    let moved = [("client_id", "flyte"), ("redirect_uri", "http://localhost:53594/callback")];
    browser.get(&request(&moved)).await.is(400);
    let twice = format!("{}&redirect_uri=https://evil.example", request(&[]));
    browser.get(&twice).await.is(400);
}

#[tokio::test]
async fn everything_else_that_is_wrong_is_told_to_the_client() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let long = "x".repeat(3_000);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge", "too-short")], "invalid_request"),
        (&[("scope", "everything-else")], "invalid_scope"),
        (&[("request", "eyJ")], "request_not_supported"),
        (&[("request_uri", "https://evil.example")], "request_uri_not_supported"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
    ];
    for (changes, code) in cases {
        let (address, answer) = browser.get(&request(changes)).await.sent();
        assert_eq!(address, CALLBACK, "{changes:?}");
        assert_eq!(answer["error"], *code, "{changes:?}");
        assert_eq!(answer["state"], "the client's own & secret");
        assert_eq!(answer["iss"], PUBLIC);
    }
}

#[tokio::test]
async fn a_client_that_wants_nobody_bothered_learns_what_is_missing() {
    let house = House::new().await;
    let quiet = request(&[("prompt", "none")]);
    assert_eq!(house.browser().get(&quiet).await.sent().1["error"], "login_required");
    let mut browser = house.browser_of(ROOT).await;
    assert_eq!(browser.get(&quiet).await.sent().1["error"], "consent_required");
    house.wait(100);
    let stale = request(&[("prompt", "none"), ("max_age", "60")]);
    assert_eq!(browser.get(&stale).await.sent().1["error"], "login_required");
}

#[tokio::test]
async fn our_own_console_need_not_ask() {
    let house = House::new().await;
    let callback = format!("{PUBLIC}/callback");
    let console = [("client_id", "rolecall-console"), ("redirect_uri", callback.as_str()), ("prompt", "none")];
    let (address, answer) = house.browser_of(ROOT).await.get(&request(&console)).await.sent();
    assert_eq!(address, callback);
    let same = [("client_id", "rolecall-console"), ("redirect_uri", callback.as_str())];
    house.exchange(&answer["code"], &same).await.is(200);
}

#[tokio::test]
async fn a_client_that_wants_a_new_sign_in_gets_one_and_no_more() {
    let house = House::new().await;
    for wish in [("prompt", "login"), ("max_age", "60"), ("max_age", "0"), ("prompt", "select_account")] {
        let mut browser = house.browser_of(ROOT).await;
        house.wait(100);
        let (address, wanted) = browser.get(&request(&[wish])).await.sent();
        assert_eq!((address.as_str(), wanted["again"].as_str()), ("/signin", "true"), "{wish:?}");
        // The page is shown although a session goes on.
        let signin =
            format!("/signin?again=true&{}", super::house::form([("return_to", wanted["return_to"].as_str())]));
        browser.get(&signin).await.is(200);
        // The old session does not do, whatever the address says.
        assert_eq!(browser.get(&wanted["return_to"]).await.sent().0, "/signin", "{wish:?}");
        let mut signed_in = house.browser_of(ROOT).await;
        house.wait(30);
        signed_in.get(&wanted["return_to"]).await.is(200);
    }
}

#[tokio::test]
async fn the_proof_of_a_new_sign_in_is_ours_and_for_one_request() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let early = browser.get(&request(&[("prompt", "login")])).await.sent().1["return_to"].clone();
    let since = read_query(early.split_once('?').unwrap().1)["since"].clone();
    house.wait(10);
    let mut later = house.browser_of(ROOT).await;
    let sound = request(&[("prompt", "login"), ("since", &since)]);
    later.get(&sound).await.is(200);
    let other = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_ne!(other, challenge());
    let moved = request(&[("prompt", "login"), ("since", &since), ("code_challenge", other)]);
    assert_eq!(later.get(&moved).await.sent().0, "/signin");
    for forged in ["0", "AAAA", &since[..20]] {
        let address = request(&[("prompt", "login"), ("since", forged)]);
        assert_eq!(later.get(&address).await.sent().0, "/signin", "{forged}");
    }
}

#[tokio::test]
async fn an_answer_counts_only_from_our_own_form_in_the_same_browser() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let page = browser.get(&request(&[])).await.is(200);
    let mut fields = page.all_hidden();
    let csrf = fields.remove("csrf").unwrap();
    let rest: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let with = |csrf: &'static str| [rest.as_slice(), &[("csrf", csrf), ("decision", "allow")]].concat();
    browser.post("/oauth2/authorize", &with("")).await.is(403);
    browser.post("/oauth2/authorize", &with("forged")).await.is(403);
    // Another browser's form.
    let theirs = [rest.as_slice(), &[("csrf", csrf.as_str()), ("decision", "allow")]].concat();
    let mut other = house.browser_of("bob@example.com").await;
    other.get(&request(&[])).await.is(200);
    other.post("/oauth2/authorize", &theirs).await.is(403);
    browser.post("/oauth2/authorize", &theirs).await.is(303);
    assert!(house.grants().await.is_empty(), "nothing is granted before the client comes for it");
}

#[tokio::test]
async fn what_a_form_was_changed_to_is_checked_once_more() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let page = browser.get(&request(&[])).await.is(200);
    let mut fields = page.all_hidden();
    fields.insert("redirect_uri".to_owned(), "https://evil.example/callback".to_owned());
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "allow"));
    browser.post("/oauth2/authorize", &fields).await.is(400);
}

#[tokio::test]
async fn what_a_client_says_of_itself_cannot_change_the_page() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    let evil = "\"><script>alert(1)</script>";
    let page = browser.get(&request(&[("host", evil), ("state", evil), ("nonce", evil), (evil, evil)])).await.is(200);
    assert!(!page.text.contains("<script>"), "{}", page.text);
    assert!(page.text.contains("on <strong>scriptalert1script</strong>"), "{}", page.text);
}

#[tokio::test]
async fn somebody_of_another_organization_signs_in_again() {
    let house = House::new().await;
    let mut browser = house.browser_of(ROOT).await;
    browser.get(&request(&[("organization", "acme")])).await.is(200);
    let (address, wanted) = browser.get(&request(&[("organization", "umbrella")])).await.sent();
    assert_eq!(address, "/signin");
    assert_eq!((wanted["organization"].as_str(), wanted["again"].as_str()), ("umbrella", "true"));
}
