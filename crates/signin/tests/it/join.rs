//! Joining by a public sign-up link, in a browser.

use crate::house::{Browser, House, Shown};
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use rolecall_service::{SignUpPatch, change_sign_up_link, make_sign_up_link};
use tower::ServiceExt;

const STRONG: &str = "Qw7#tangerine-Lamp";

async fn link(house: &House) -> String {
    let ctx = house.root().await;
    make_sign_up_link(&ctx, "friends", ctx.now().plus_seconds(3_600)).await.unwrap().secret
}

/// The hidden value of a form's field.
fn hidden(page: &Shown, name: &str) -> String {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

async fn send(browser: &Browser<'_>, house: &House, fields: &[(&str, &str)]) -> Shown {
    let plain = |text: &str| text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post("/signin/join")
        .header(header::HOST, "127.0.0.1:7400")
        .header(header::COOKIE, cookies.join("; "))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let response = house.router.clone().oneshot(request.body(Body::from(body.join("&"))).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Shown { status: parts.status.as_u16(), headers: parts.headers, text }
}

#[tokio::test]
async fn somebody_joins_by_a_link_and_signs_in() {
    let house = House::new().await;
    let secret = link(&house).await;
    let mut browser = house.browser();
    let page = browser.get(&format!("/signin/join?link={secret}")).await;
    assert!(page.status == 200 && page.text.contains("Join Acme"), "{}", page.text);
    let csrf = hidden(&page, "csrf");
    let fields = [("csrf", csrf.as_str()), ("link", &secret), ("name", "<Joe>"), ("email", "joe@example.com")];
    let with = |password: &'static str, again: &'static str| {
        [&fields[..], &[("password", password), ("again", again)]].concat()
    };
    let other = send(&browser, &house, &with(STRONG, "something else")).await;
    assert!(
        other.status == 422 && other.text.contains("not the same") && other.text.contains("&lt;Joe&gt;"),
        "{}",
        other.text
    );
    let weak = send(&browser, &house, &with("weak", "weak")).await;
    assert!(weak.status == 422 && weak.text.contains("at least 10 characters"), "{}", weak.text);
    let joined = send(&browser, &house, &with(STRONG, STRONG)).await;
    assert_eq!((joined.status, joined.location()), (303, "/signin?done=joined&organization=acme"));
    let ctx = house.root().await;
    let (_, user) = ctx.org().find_principal("joe@example.com").unwrap();
    assert_eq!((user.name.as_str(), user.sign_in.password), ("<Joe>", true));
    let again = send(&browser, &house, &with(STRONG, STRONG)).await;
    assert_eq!(again.status, 422, "the address is taken");
}

#[tokio::test]
async fn a_form_of_another_page_and_a_link_that_does_not_count_add_nobody() {
    let house = House::new().await;
    let secret = link(&house).await;
    let mut browser = house.browser();
    let page = browser.get(&format!("/signin/join?link={secret}")).await;
    let csrf = hidden(&page, "csrf");
    let fields = |csrf: &str| {
        let fields = [
            ("link", secret.as_str()),
            ("name", "Joe"),
            ("email", "joe@example.com"),
            ("password", STRONG),
            ("again", STRONG),
        ];
        [("csrf".to_owned(), csrf.to_owned())]
            .into_iter()
            .chain(fields.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect::<Vec<_>>()
    };
    let post = async |csrf: &str| {
        let fields = fields(csrf);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        send(&browser, &house, &fields).await.status
    };
    assert_eq!(post("forged").await, 403);
    let off = SignUpPatch { enabled: Some(false), ..SignUpPatch::default() };
    change_sign_up_link(&house.root().await, &secret, off).await.unwrap();
    assert_eq!(post(&csrf).await, 410);
    assert_eq!(house.browser().get(&format!("/signin/join?link={secret}")).await.status, 410);
    assert_eq!(house.browser().get("/signin/join").await.status, 410);
    assert!(house.root().await.org().find_principal("joe@example.com").is_none());
}
