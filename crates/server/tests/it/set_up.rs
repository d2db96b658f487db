//! The set-up page: once, with the key, by plain forms.

use crate::house::{Answer, House};

async fn post(house: &House, form: &str) -> Answer {
    house.send("POST", "/setup", &[("content-type", "application/x-www-form-urlencoded")], form).await
}

#[tokio::test]
async fn the_page_makes_an_organization_and_shows_the_token_once() {
    let house = House::empty().await;
    let key = house.service.setup_key().expect("a key while nothing is set up");
    let page = house.get(&format!("/setup?key={key}")).await.is(200);
    assert!(page.text.contains("<form method=\"post\"") && !page.text.contains("<script"), "{}", page.text);
    let form = format!("key={key}&organization=acme&catalog=union&email=ada%40example.com");
    let made = post(&house, &form).await.is(200);
    let token = made.text.split_once("<pre>").unwrap().1.split('<').next().unwrap().to_owned();
    assert_eq!(made.header("cache-control"), "no-store");
    let me = house.ask("GET", "/api/v1/me", Some(&token), "").await.is(200).json();
    assert_eq!(
        (&me["email"], &me["organization"], &me["administrator"]),
        (&"ada@example.com".into(), &"acme".into(), &true.into())
    );
    assert!(!post(&house, &form).await.is(410).text.contains(&token));
    house.get(&format!("/setup?key={key}")).await.is(410);
    assert!(house.service.setup_key().is_none());
}

#[tokio::test]
async fn without_the_key_nothing_is_made() {
    let house = House::empty().await;
    for key in ["", "wrong", "%00", "..%2F"] {
        let refused =
            post(&house, &format!("key={key}&organization=acme&catalog=none&email=a%40example.com")).await.is(403);
        assert!(refused.text.contains("role=\"alert\""), "{}", refused.text);
    }
    post(&house, "").await.is(422);
    assert!(house.service.home().is_none());
}

#[tokio::test]
async fn a_mistake_shows_the_form_again_with_the_reason_and_what_was_typed() {
    let house = House::empty().await;
    let key = house.service.setup_key().unwrap();
    let cases = [
        "organization=acme&catalog=%2Fetc%2Fpasswd&email=a%40example.com",
        "organization=acme&catalog=union&email=not-an-address",
        "organization=%20&catalog=union&email=a%40example.com",
        "organization=a%00b&catalog=union&email=a%40example.com",
    ];
    for case in cases {
        let page = post(&house, &format!("key={key}&{case}")).await.is(422);
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(&key), "{case}: {}", page.text);
        assert!(house.service.home().is_none(), "{case}");
    }
    let page = post(&house, &format!("key={key}&organization=%3Cscript%3E&catalog=none&email=not-an-address")).await;
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<script>"), "{}", page.text);
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_and_makes_nothing() {
    let house = House::empty().await;
    let answer = house.send("POST", "/setup", &[("content-type", "application/json")], "{}").await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert!(house.service.home().is_none());
}
