//! Links by which somebody chooses a password: invitations and resets.

use crate::house::{House, STRONG, URL};
use crate::session::{Browser, OTHER, add, patient, sign_in, with_hands};
use async_trait::async_trait;
use rolecall_service::{Letter, Options, Post, PostError};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// The secret in a link.
fn token(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

async fn invited(house: &House, email: &str) -> (u64, String) {
    let body = json!({"email": email, "name": "Ada", "rootRole": 3, "sendEmail": false});
    let made = house.ask("POST", "/api/admin/user-admin", body).await.is(201).json();
    assert_eq!(made["emailSent"], false);
    let link = made["inviteLink"].as_str().unwrap();
    assert!(link.starts_with(&format!("{URL}/unleash/new-user?token=")), "{link}");
    (made["id"].as_u64().unwrap(), token(link))
}

async fn looks(house: &House, token: &str) -> u16 {
    house.visit("GET", &format!("/auth/reset/validate?token={token}"), Value::Null).await.status.as_u16()
}

async fn choose(house: &House, token: &str, password: &str) -> crate::house::Answer {
    house.visit("POST", "/auth/reset/password", json!({"token": token, "password": password})).await
}

#[tokio::test]
async fn who_was_added_chooses_a_password_by_its_link_once() {
    let house = patient().await;
    let (id, link) = invited(&house, "ada@example.com").await;
    let shown = house.visit("GET", &format!("/auth/reset/validate?token={link}"), Value::Null).await.is(200).json();
    assert_eq!(
        (shown["id"].as_u64(), shown["email"].as_str(), shown["name"].as_str()),
        (Some(id), Some("ada@example.com"), Some("Ada"))
    );
    assert_eq!((shown["token"].as_str(), shown["role"]["name"].as_str()), (Some(link.as_str()), Some("Viewer")));
    assert_eq!(shown["createdBy"], "Administrator");
    choose(&house, &link, "weak").await.refused(400, "OwaspValidationError");
    assert_eq!(looks(&house, &link).await, 200, "a password that is refused uses no link up");
    let chosen = choose(&house, &link, STRONG).await;
    assert_eq!(chosen.header("set-cookie"), "", "nobody is signed in");
    chosen.bare(200);
    house
        .visit("GET", &format!("/auth/reset/validate?token={link}"), Value::Null)
        .await
        .refused(401, "InvalidTokenError");
    choose(&house, &link, OTHER).await.refused(401, "InvalidTokenError");
    sign_in(&house, "ada@example.com", STRONG).await.is(200);
}

#[tokio::test]
async fn a_newer_link_ends_the_older_one_and_so_does_a_password() {
    let (house, hands) = with_hands().await;
    let (id, invitation) = invited(&house, "ada@example.com").await;
    let reset = async || {
        let body = json!({"id": "ada@example.com"});
        let made = house.ask("POST", "/api/admin/user-admin/reset-password", body).await.is(200).json();
        let url = made["resetPasswordUrl"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("{URL}/unleash/reset-password?token=")), "{url}");
        token(&url)
    };
    let first = reset().await;
    assert_eq!((looks(&house, &invitation).await, looks(&house, &first).await), (401, 200));
    house
        .ask("POST", &format!("/api/admin/user-admin/{id}/change-password"), json!({"password": STRONG}))
        .await
        .bare(200);
    assert_eq!(looks(&house, &first).await, 401, "a password was set meanwhile");
    let (_, late) = invited(&house, "ben@example.com").await;
    hands.plus_seconds(3 * 86_400 + 1);
    assert_eq!(looks(&house, &late).await, 401, "too old");
}

#[tokio::test]
async fn a_link_ends_the_sessions_of_its_account() {
    let house = patient().await;
    let id = add(&house, "ada", "Viewer").await;
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"email": "ada@example.com"})).await.is(200);
    let browser = Browser::new(&house, "ada", STRONG).await;
    let body = json!({"id": "ada@example.com"});
    let url = house.ask("POST", "/api/admin/user-admin/reset-password", body).await.is(200).json();
    let link = token(url["resetPasswordUrl"].as_str().unwrap());
    assert!(browser.counts(&house).await);
    choose(&house, &link, STRONG).await.refused(400, "PasswordPreviouslyUsedError");
    choose(&house, &link, OTHER).await.bare(200);
    assert!(!browser.counts(&house).await);
}

#[tokio::test]
async fn one_reset_a_minute_is_made_and_nobody_is_found_for_an_unknown_address() {
    let house = House::new().await;
    invited(&house, "ada@example.com").await;
    let path = "/api/admin/user-admin/reset-password";
    house.ask("POST", path, json!({"id": "ada@example.com"})).await.is(200);
    house.ask("POST", path, json!({"id": "ada@example.com"})).await.refused(429, "RateLimitError");
    house.ask("POST", path, json!({"id": "nobody@example.com"})).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_link_counts_only_while_who_saw_it_may_act_for_the_account() {
    let house = patient().await;
    let (_, boss) = house.user("boss", "Admin").await;
    let body = json!({"email": "ada@example.com", "rootRole": 3});
    let made = house.ask_as(&boss, "POST", "/api/admin/user-admin", body).await.is(201).json();
    let link = token(made["inviteLink"].as_str().unwrap());
    assert_eq!(looks(&house, &link).await, 200);
    let id = house.get("/api/admin/user-admin").await.json();
    let id = id["users"].as_array().unwrap().iter().find(|user| user["username"] == "boss").unwrap()["id"].clone();
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"rootRole": 3})).await.is(200);
    assert_eq!(looks(&house, &link).await, 401, "who saw it may not act for the account any more");
}

#[tokio::test]
async fn a_user_with_a_password_has_a_link_to_choose_another() {
    let house = patient().await;
    let body = json!({"username": "ada", "rootRole": 3, "password": STRONG, "sendEmail": true});
    let made = house.ask("POST", "/api/admin/user-admin", body).await.is(201).json();
    assert_eq!(made["emailSent"], false, "there is no address to send it to");
    choose(&house, &token(made["inviteLink"].as_str().unwrap()), OTHER).await.bare(200);
    sign_in(&house, "ada", OTHER).await.is(200);
}

#[tokio::test]
async fn a_lost_password_is_asked_for_once_a_minute_and_the_protocol_tells_who_is_unknown() {
    let house = House::with(Options { tries_address: 4, ..Options::default() }).await;
    invited(&house, "ada@example.com").await;
    let ask = async |email: &str| house.visit("POST", "/auth/reset/password-email", json!({"email": email})).await;
    ask("ada@example.com").await.bare(200);
    ask("ADA@example.com").await.refused(429, "RateLimitError");
    ask("nobody@example.com").await.refused(404, "NotFoundError");
    ask("administrator").await.refused(404, "NotFoundError");
    ask("nobody@example.com").await.refused(429, "RateLimitError");
}

#[tokio::test]
async fn the_pages_of_links_are_our_own_and_no_other_page_learns_the_secret() {
    let house = House::new().await;
    for (path, page) in [
        ("/new-user?token=rolecall_x1", "/signin/invitation?token=rolecall_x1"),
        ("/reset-password?token=rolecall_x1", "/signin/reset?token=rolecall_x1"),
        ("/new-user?invite=0123abcd", "/signin/join?link=0123abcd"),
        ("/new-user?token=%0d%0aSet-Cookie:%20x%3d1", "/signin/invitation?token=Set-Cookiex1"),
    ] {
        let answer = house.visit("GET", path, Value::Null).await.is(303);
        assert_eq!(answer.header("location"), format!("{URL}{page}"));
        assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
    }
    house.visit("GET", "/new-user", Value::Null).await.refused(404, "NotFoundError");
}

/// A post office that keeps what it is given.
#[derive(Default)]
struct Kept(Mutex<Vec<Letter>>);

#[async_trait]
impl Post for Kept {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        self.0.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

impl Kept {
    /// The letter of this number, once it is there.
    async fn letter(&self, number: usize) -> Letter {
        loop {
            if let Some(letter) = self.0.lock().unwrap().get(number) {
                return letter.clone();
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_when_that_is_wanted_and_shown_all_the_same() {
    let kept = Arc::new(Kept::default());
    let post: Arc<dyn Post> = Arc::<Kept>::clone(&kept);
    let house = House::with(Options { post: Some(post), ..Options::default() }).await;
    let add = async |email: &str, send: bool| {
        let body = json!({"email": email, "rootRole": 3, "sendEmail": send});
        let made = house.ask("POST", "/api/admin/user-admin", body).await.is(201).json();
        assert_eq!(made["emailSent"], send);
        (made["id"].as_u64().unwrap(), token(made["inviteLink"].as_str().unwrap()))
    };
    let (_, silent) = add("silent@example.com", false).await;
    let (id, mailed) = add("ada@example.com", true).await;
    let letter = kept.letter(0).await;
    assert_eq!(letter.to, "ada@example.com", "and nothing to the other");
    assert!(letter.text.contains(&mailed), "one link, mailed and shown");
    assert_eq!((looks(&house, &silent).await, looks(&house, &mailed).await), (200, 200));
    let moved = json!({"email": "ada@other.example"});
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), moved).await.is(200);
    assert_eq!(looks(&house, &mailed).await, 401, "it went to another address");
    house.visit("POST", "/auth/reset/password-email", json!({"email": "silent@example.com"})).await.bare(200);
    let letter = kept.letter(1).await;
    assert!(letter.to == "silent@example.com" && letter.text.contains("/signin/reset?token="), "{}", letter.text);
}
