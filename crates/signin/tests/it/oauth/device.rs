//! Terminals without a browser.

use super::house::{Answer, House, PUBLIC, ROOT};
use super::{CLI, EVERYTHING};
use rolecall_service::oauth::DEVICE_GRANT;

impl House {
    async fn start(&self) -> Answer {
        let fields = [("client_id", CLI), ("scope", EVERYTHING), ("host", "build-machine")];
        self.post("/oauth2/device", &fields).await.is(200)
    }

    async fn poll(&self, code: &str) -> Answer {
        self.token(&[("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", code)]).await
    }

    /// Types a code and answers.
    async fn answer(&self, email: &str, code: &str, decision: &str) -> Answer {
        let mut browser = self.browser_of(email).await;
        let page = browser.get("/device").await.is(200);
        let typed = [("csrf", page.hidden("csrf")), ("user_code", code.to_owned())];
        let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.post("/device", &typed).await;
        if page.status != 200 {
            return page;
        }
        browser.submit(&page, "/device", &[("decision", decision)]).await
    }
}

#[tokio::test]
async fn a_terminal_gets_tokens_when_somebody_has_typed_its_code_and_agreed() {
    let house = House::new().await;
    let started = house.start().await;
    assert_eq!(started.header("cache-control"), "no-store");
    let told = started.json();
    assert_eq!((told["expires_in"].as_i64(), told["interval"].as_i64()), (Some(600), Some(5)));
    let code = started.field("user_code");
    assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
    assert_eq!(started.field("verification_uri"), format!("{PUBLIC}/device"));
    assert_eq!(started.field("verification_uri_complete"), format!("{PUBLIC}/device?user_code={code}"));
    let device = started.field("device_code");
    house.poll(&device).await.refuses(400, "authorization_pending");
    let mut browser = house.browser_of(ROOT).await;
    let page = browser.get(&started.field("verification_uri_complete")).await.is(200);
    assert!(page.text.contains(&code), "the code stands there already, to be compared");
    house.wait(90);
    let typed = code.to_lowercase().replace('-', " ");
    let csrf = page.hidden("csrf");
    let page = browser.post("/device", &[("csrf", &csrf), ("user_code", &typed)]).await.is(200);
    for said in ["rolecall", "build-machine", "do everything you may do here", "a minute ago", &code, "0.0.0.0"] {
        assert!(page.text.contains(said), "{said} in {}", page.text);
    }
    let before = house.revision().await;
    let done = browser.submit(&page, "/device", &[("decision", "allow")]).await.is(200);
    assert!(done.text.contains("connected"), "{}", done.text);
    let given = house.poll(&device).await.is(200);
    assert_eq!(house.revision().await, before + 1, "one entry for each authorization");
    let me = house.me(&given.field("access_token")).await.is(200).json();
    assert_eq!((me["email"].as_str(), me["token"]["name"].as_str()), (Some(ROOT), Some("rolecall on build-machine")));
    house.refresh(&given.field("refresh_token"), &[]).await.is(200);
}

#[tokio::test]
async fn a_device_code_and_a_typed_one_count_once() {
    let house = House::new().await;
    let started = house.start().await;
    let (device, code) = (started.field("device_code"), started.field("user_code"));
    house.answer(ROOT, &code, "allow").await.is(200);
    house.answer("bob@example.com", &code, "allow").await.is(400);
    let answers = futures::future::join_all((0..4).map(|_| house.poll(&device))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    house.poll(&device).await.refuses(400, "invalid_grant");
    assert_eq!(house.grants().await.len(), 1);
}

#[tokio::test]
async fn who_does_not_agree_lets_the_terminal_know() {
    let house = House::new().await;
    let started = house.start().await;
    house.answer(ROOT, &started.field("user_code"), "deny").await.is(200);
    house.poll(&started.field("device_code")).await.refuses(400, "access_denied");
    house.poll(&started.field("device_code")).await.refuses(400, "invalid_grant");
    assert!(house.grants().await.is_empty());
}

#[tokio::test]
async fn both_codes_end_after_ten_minutes() {
    let house = House::new().await;
    let started = house.start().await;
    house.wait(600);
    let page = house.answer(ROOT, &started.field("user_code"), "allow").await.is(400);
    assert!(page.text.contains("expired"), "{}", page.text);
    house.poll(&started.field("device_code")).await.refuses(400, "expired_token");
}

#[tokio::test]
async fn a_terminal_that_asks_too_quickly_waits_longer() {
    let house = House::new().await;
    let device = house.start().await.field("device_code");
    house.poll(&device).await.refuses(400, "authorization_pending");
    house.wait(4);
    house.poll(&device).await.refuses(400, "slow_down");
    house.wait(6);
    house.poll(&device).await.refuses(400, "slow_down");
    house.wait(15);
    house.poll(&device).await.refuses(400, "authorization_pending");
}

#[tokio::test]
async fn a_code_cannot_be_guessed() {
    let house = House::with(|options| options.tries_account = 5).await;
    let mut browser = house.browser_of("bob@example.com").await;
    let page = browser.get("/device").await.is(200);
    let csrf = page.hidden("csrf");
    let mut answers = Vec::new();
    for guess in ["BBBB-BBBB", "CCCC-CCCC", "DDDD-DDDD", "nonsense", "FFFF-FFFF", "GGGG-GGGG", "HHHH-HHHH"] {
        let answer = browser.post("/device", &[("csrf", &csrf), ("user_code", guess)]).await;
        answers.push((answer.status, answer.header("retry-after").is_empty()));
    }
    assert_eq!(answers[..5], [(400, true); 5]);
    assert_eq!(answers[5..], [(429, false); 2]);
}

#[tokio::test]
async fn nobody_agrees_without_a_session_or_by_another_s_form() {
    let house = House::new().await;
    let started = house.start().await;
    let code = started.field("user_code");
    let (address, wanted) = house.browser().get(&started.field("verification_uri_complete")).await.sent();
    assert_eq!((address.as_str(), wanted["return_to"].as_str()), ("/signin", &*format!("/device?user_code={code}")));
    let mut browser = house.browser_of(ROOT).await;
    browser.get("/device").await.is(200);
    let forged = [("csrf", "forged"), ("user_code", code.as_str()), ("decision", "allow")];
    browser.post("/device", &forged).await.is(403);
    house.poll(&started.field("device_code")).await.refuses(400, "authorization_pending");
}

#[tokio::test]
async fn a_device_code_is_for_one_client_and_some_clients_have_none() {
    let house = House::new().await;
    let device = house.start().await.field("device_code");
    let other = [("grant_type", DEVICE_GRANT), ("client_id", "flyte"), ("device_code", device.as_str())];
    house.token(&other).await.refuses(400, "invalid_grant");
    house.post("/oauth2/device", &[("client_id", "rolecall-console")]).await.refuses(400, "unauthorized_client");
    house.post("/oauth2/device", &[("client_id", "nobody")]).await.refuses(401, "invalid_client");
    house.poll("guessed").await.refuses(400, "invalid_grant");
    // Who asks for nothing in particular is given what plain OAuth 2.0 is about.
    house.post("/oauth2/device", &[("client_id", "flyte"), ("scope", "")]).await.is(200);
}

#[tokio::test]
async fn too_many_terminals_of_one_address_wait() {
    let house = House::with(|options| options.tries_address = 3).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(house.post("/oauth2/device", &[("client_id", CLI)]).await.status);
    }
    assert_eq!(seen, [200, 200, 200, 429, 429]);
}
