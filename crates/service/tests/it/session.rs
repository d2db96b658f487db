//! People sign in: sessions and their limits, passwords, links. And nothing secret stays anywhere.

use crate::fixture::*;
use crate::word::*;
use futures::StreamExt;
use rolecall_model::Command;
use rolecall_model::organization::{SettingsPatch, SignInPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::token::{MOST_SESSIONS, TokenKind};
use rolecall_model::user::NewUser;
use rolecall_service::{
    Ctx, Delivery, Error, LinkKind, Request, Step, Visitor, Welcome, change_password, confirm_codes, connection,
    create_user, end_codes, end_session, end_sessions, make_link, make_link_by, offer_codes, rotate_token,
    set_password, welcome,
};
use rolecall_store::{Log, OrganizationKey, Plain};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;

pub const FIRST: &str = "Gelb 7 Ampel? Fluss";
pub const SECOND: &str = "Blau 8 Laterne! Wiese";

pub fn visitor() -> Visitor<'static> {
    Visitor {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        browser: "A browser of tests",
        request_id: "r1",
        facade: "signin",
    }
}

/// A shop where many may try often: what is not about limits should not meet them.
pub async fn patient() -> House {
    House::with_options(|options| (options.tries_account, options.tries_address) = (10_000, 10_000)).await
}

pub fn done(step: Step) -> String {
    match step {
        Step::Done(signed_in) => signed_in.session.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

pub async fn entered(house: &House, session: &str) -> Result<Ctx, Error> {
    let request = Request {
        credential: Some(session),
        facade: "signin",
        request_id: "r1",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    house.service.enter_session(request).await
}

pub async fn counts(house: &House, session: &str) -> bool {
    entered(house, session).await.is_ok()
}

pub async fn sign_in(house: &House, who: &str, password: &str) -> Result<Step, Error> {
    house.service.sign_in(None, &known(who), password.to_owned(), &visitor()).await
}

/// The secret of a link's address.
pub fn secret_of(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

/// Lets somebody choose a password. Answers with the session.
pub async fn choose(house: &House, who: &str, password: &str) -> String {
    let made = make_link(&house.root().ctx().await, LinkKind::Invitation, &subject(who)).await.unwrap();
    let secret = secret_of(&made.link.unwrap());
    done(house.service.use_link(LinkKind::Invitation, &secret, password.to_owned(), &visitor()).await.unwrap())
}

fn rules(change: impl FnOnce(&mut SignInPatch)) -> Command {
    let mut sign_in = SignInPatch::default();
    change(&mut sign_in);
    SettingsPatch { sign_in, ..SettingsPatch::default() }.into()
}

/// A code of an authenticator app, as a phone makes it.
fn code(secret: &str, at: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    totp.generate(u64::try_from(second(at).micros() / 1_000_000).unwrap()).to_string()
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_in_any_case_after_a_while() {
    let house = patient().await.with(user("bob")).await;
    house.root().takes(rules(|p| (p.idle_seconds, p.session_seconds) = (Some(600), Some(3_600)))).await;
    let (used, idle) = (choose(&house, "bob", FIRST).await, done(sign_in(&house, "bob", FIRST).await.unwrap()));
    for minute in 1..=9 {
        house.clock.set(minute * 60);
        assert!(counts(&house, &used).await, "minute {minute}");
    }
    house.clock.set(599);
    let other = done(sign_in(&house, "bob", FIRST).await.unwrap());
    house.clock.set(600);
    assert!(!counts(&house, &idle).await, "ten minutes without a request");
    for minute in 10..=59 {
        house.clock.set(minute * 60);
        assert!(counts(&house, &used).await, "minute {minute}");
    }
    assert!(!counts(&house, &other).await);
    house.clock.set(3_600);
    assert!(!counts(&house, &used).await, "an hour in any case");
}

#[tokio::test]
async fn whoever_is_disabled_is_out_at_once_and_enabling_brings_no_session_back() {
    let house = patient().await.with(user("bob")).await;
    let session = choose(&house, "bob", FIRST).await;
    assert!(counts(&house, &session).await);
    house.root().takes(disable("bob")).await;
    assert!(!counts(&house, &session).await);
    assert!(sign_in(&house, "bob", FIRST).await.is_err());
    house.root().takes(enable("bob")).await;
    assert!(!counts(&house, &session).await);
    let session = done(sign_in(&house, "bob", FIRST).await.unwrap());
    house.root().takes(delete_user("bob")).await;
    assert!(!counts(&house, &session).await);
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    let house = patient().await.with(user("bob")).await;
    let first = choose(&house, "bob", FIRST).await;
    let mut sessions = Vec::new();
    for at in 1..MOST_SESSIONS {
        house.clock.set(i64::try_from(at).unwrap());
        sessions.push(done(sign_in(&house, "bob", FIRST).await.unwrap()));
    }
    assert!(counts(&house, &first).await);
    sessions.push(done(sign_in(&house, "bob", FIRST).await.unwrap()));
    assert!(!counts(&house, &first).await);
    for session in &sessions {
        assert!(counts(&house, session).await);
    }
    // Tokens are counted apart.
    house.by("bob").await.ctx().await;
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_but_the_one_in_use() {
    let house = patient().await.with(user("bob")).await;
    let other = choose(&house, "bob", FIRST).await;
    let current = done(sign_in(&house, "bob", FIRST).await.unwrap());
    let token = house.by("bob").await;
    let ctx = entered(&house, &current).await.unwrap();
    let wrong = change_password(&ctx, SECOND.to_owned(), SECOND.to_owned()).await.unwrap_err();
    assert!(matches!(&wrong, Error::Refused(refusal) if refusal.field == "old"), "{wrong:?}");
    assert!(counts(&house, &other).await);
    change_password(&ctx, FIRST.to_owned(), SECOND.to_owned()).await.unwrap();
    assert!(counts(&house, &current).await && !counts(&house, &other).await);
    assert!(sign_in(&house, "bob", FIRST).await.is_err());
    done(sign_in(&house, "bob", SECOND).await.unwrap());
    token.ctx().await;
}

#[tokio::test]
async fn none_of_the_last_five_passwords_comes_again() {
    let house = patient().await.with(user("bob")).await;
    let word = |number: usize| format!("Gelb {number} Ampel? Fluss {number}");
    let session = choose(&house, "bob", &word(0)).await;
    for number in 1..6 {
        let ctx = entered(&house, &session).await.unwrap();
        for old in (0..6).filter(|old| *old < number && old + 5 >= number) {
            let refused = change_password(&ctx, word(number - 1), word(old)).await.unwrap_err();
            assert!(refused.to_string().contains("one of your last 5"), "{number} {old}: {refused}");
        }
        change_password(&ctx, word(number - 1), word(number)).await.unwrap();
    }
    let ctx = entered(&house, &session).await.unwrap();
    change_password(&ctx, word(5), word(0)).await.unwrap();
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_needs_a_right_for_those_of_others() {
    let house = patient().await.with(user("bob")).await.with(user("eve")).await;
    let bobs = choose(&house, "bob", FIRST).await;
    let others = done(sign_in(&house, "bob", FIRST).await.unwrap());
    let eve = entered(&house, &choose(&house, "eve", FIRST).await).await.unwrap();
    let ctx = entered(&house, &bobs).await.unwrap();
    let key = ctx.org().token(ctx.token().unwrap()).unwrap().key;
    for refused in [end_session(&eve, key).await, end_sessions(&eve, subject("bob")).await] {
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    }
    end_sessions(&ctx, subject("bob")).await.unwrap();
    assert!(counts(&house, &bobs).await && !counts(&house, &others).await);
    let root = house.root().ctx().await;
    end_session(&root, key).await.unwrap();
    assert!(!counts(&house, &bobs).await);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_an_account_and_for_an_address() {
    let house = House::with_options(|options| (options.tries_account, options.tries_address) = (3, 8)).await;
    let tried = async |who: &str| match sign_in(&house, who, "wrong").await.unwrap_err() {
        Error::Busy { retry_after, tries: true, .. } => {
            assert!(retry_after.as_secs() > 0);
            "slowed down"
        }
        Error::Unauthenticated(_) => "wrong",
        other => panic!("{other:?}"),
    };
    for who in ["ada", "nobody"] {
        for _ in 0..3 {
            assert_eq!(tried(who).await, "wrong");
        }
        assert_eq!(tried(who).await, "slowed down", "{who}");
    }
    // Now it is the address, whoever is named.
    assert_eq!(tried("somebody").await, "slowed down");
    let elsewhere = Visitor { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), ..visitor() };
    let elsewhere = house.service.sign_in(None, "somebody", "wrong".to_owned(), &elsewhere).await;
    assert!(matches!(elsewhere, Err(Error::Unauthenticated(_))));
}

#[tokio::test]
async fn a_link_counts_once_for_a_while_for_this_address_and_only_the_newest() {
    let house = patient().await.with(user("bob")).await;
    let root = house.root().ctx().await;
    let looks = async |kind, secret: &str| house.service.look_at_link(kind, secret).await.is_ok();
    let first = make_link(&root, LinkKind::Reset, &subject("bob")).await.unwrap();
    assert_eq!(first.expires, second(3_600));
    let first = secret_of(&first.link.unwrap());
    assert!(looks(LinkKind::Reset, &first).await && !looks(LinkKind::Invitation, &first).await);
    // A weak password leaves it as it is.
    let weak = house.service.use_link(LinkKind::Reset, &first, "weak".to_owned(), &visitor()).await.unwrap_err();
    assert!(matches!(weak, Error::Refused(_)) && looks(LinkKind::Reset, &first).await);
    house.clock.set(3_600);
    assert!(!looks(LinkKind::Reset, &first).await, "an hour has passed");
    house.clock.set(0);
    let next = make_link(&root, LinkKind::Invitation, &subject("bob")).await.unwrap();
    let next = secret_of(&next.link.unwrap());
    assert!(!looks(LinkKind::Reset, &first).await, "there is a newer one");
    house.root().takes(change_user("bob", |p| p.email = Some(Some("robert@example.com".into())))).await;
    assert!(!looks(LinkKind::Invitation, &next).await, "it went to another address");
}

#[tokio::test]
async fn a_link_that_was_shown_ends_with_the_right_of_who_saw_it() {
    let house = patient().await.with(role("clerk", &["rolecall.users.write", "rolecall.users.read"])).await;
    let house = house.with(user("eve").given("role clerk")).await.with(user("bob")).await;
    let eve = house.by("eve").await.ctx().await;
    let made = make_link_by(&eve, LinkKind::Reset, &subject("bob"), Delivery::Show).await.unwrap();
    let secret = made.secret.unwrap();
    let counts = async || house.service.look_at_link(LinkKind::Reset, secret.expose()).await.is_ok();
    let view = house.service.look_at_link(LinkKind::Reset, secret.expose()).await.unwrap();
    assert_eq!(view.made_by.as_deref(), Some(known("eve").as_str()));
    assert!(counts().await);
    house.root().takes(end("eve", "role clerk")).await;
    assert!(!counts().await, "nobody sets passwords by a right that is gone, not even of their like");
}

#[tokio::test]
async fn a_user_is_added_with_a_password_at_once_or_not_at_all() {
    let house = patient().await;
    let new = |who: &str| NewUser { email: Some(known(who).to_string()), ..NewUser::default() };
    let with = |password: &str| Welcome { password: Some(password.to_owned()), ..Welcome::default() };
    let before = house.revision().await;
    for weak in ["", "weak", "Password123!"] {
        let refused = welcome(&house.root().ctx().await, new("bob"), with(weak), [0; 32]).await;
        assert!(
            matches!(refused, Err(Error::Refused(refusal)) if refusal.field == "password" && !refusal.details.is_empty())
        );
    }
    assert_eq!(house.revision().await, before);
    welcome(&house.root().ctx().await, new("bob"), with(FIRST), [0; 32]).await.unwrap();
    assert_eq!(house.revision().await, before + 1, "one entry");
    done(sign_in(&house, "bob", FIRST).await.unwrap());
    let ctx = house.root().ctx().await;
    set_password(&ctx, &subject("bob"), SECOND.to_owned()).await.unwrap();
    assert!(sign_in(&house, "bob", FIRST).await.is_err() && sign_in(&house, "bob", SECOND).await.is_ok());
    let again = set_password(&ctx, &subject("bob"), FIRST.to_owned()).await;
    assert!(matches!(again, Err(Error::Refused(refusal)) if refusal.details.is_empty()), "it is remembered");
}

#[tokio::test]
async fn a_user_is_added_also_when_nobody_can_be_invited() {
    let house = patient().await;
    let new = |who: &str| NewUser { email: Some(known(who).to_string()), ..NewUser::default() };
    house.store.full.store(true, Ordering::SeqCst);
    let (created, invited) = create_user(&house.root().ctx().await, new("bob"), None, [1; 32]).await.unwrap();
    assert!(created.view.org().find_principal("bob@example.com").is_some() && invited.link.is_none());
    assert!(invited.warning.unwrap().starts_with("the user was added, but not invited: "));
    house.store.full.store(false, Ordering::SeqCst);
    let (_, invited) = create_user(&house.root().ctx().await, new("cat"), None, [2; 32]).await.unwrap();
    assert!(invited.link.unwrap().link.is_some() && invited.warning.is_none());
}

#[tokio::test]
async fn who_may_only_write_users_takes_no_administrator_out_of_the_hands_of_scim() {
    let house = patient().await.with(role("clerk", &["rolecall.users.write", "rolecall.users.read"])).await;
    let house = house.with(user("eve").given("role clerk")).await;
    let (_, secret) = connection::connect(&house.root().ctx().await).await.unwrap();
    let secret = secret.unwrap();
    let request = Request { credential: Some(secret.expose()), ..request() };
    let scim = house.service.enter_scim(request).await.unwrap();
    for who in ["ada", "bob"] {
        let known = Some(Some("{}".to_owned()));
        let command = if who == "ada" {
            change_user("ada", |p| p.scim = known)
        } else {
            user("bob").but(|new| new.scim = known.flatten()).into()
        };
        rolecall_service::execute(&scim, command).await.unwrap();
    }
    let unlink = |who| change_user(who, |p| p.scim = Some(None));
    let eve = house.by("eve").await;
    eve.refuses(unlink("ada"), Kind::NotHeld).await;
    eve.takes(unlink("bob")).await;
    house.by("ada").await.takes(unlink("ada")).await;
}

const fn request() -> Request<'static> {
    Request {
        credential: None,
        facade: "scim",
        request_id: "r1",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    }
}

#[tokio::test]
async fn a_token_is_rotated_by_itself_and_by_who_may_become_its_holder() {
    let house = patient().await.with(role("keeper", &["rolecall.tokens.write", "rolecall.tokens.read"])).await;
    let house = house.with(user("bob").given("policy Admin")).await.with(user("eve").given("role keeper")).await;
    // A grant for a time to come gives the narrow token's holder nothing yet, and is no hindrance.
    house.root().takes(give_on("bob", "role Maintainer at shop", between(Some(900), None))).await;
    let narrow = house.by_narrow("bob", |new| new.scope = scope("shop")).await;
    let ctx = narrow.ctx().await;
    let key = |ctx: &Ctx| ctx.org().token(ctx.token().unwrap()).unwrap().key;
    let (rotated, secret) = rotate_token(&ctx, key(&ctx), 60).await.unwrap();
    assert_eq!(rotated.changes.len(), 2, "one entry for both");
    let fresh = house.through(secret.unwrap().expose().to_owned()).ctx().await;
    let reach = |ctx: &Ctx| ctx.org().token(ctx.token().unwrap()).unwrap().scope;
    assert_eq!(reach(&fresh), reach(&ctx));
    let eve = house.by("eve").await.ctx().await;
    let refused = rotate_token(&eve, key(&fresh), 0).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.kind == Kind::NotHeld), "{refused:?}");
    let (_, secret) = rotate_token(&house.by("ada").await.ctx().await, key(&fresh), 0).await.unwrap();
    assert!(house.enter(&narrow.token, Asked::default()).await.is_ok(), "its minute is not over");
    house.clock.set(60);
    assert!(house.enter(&narrow.token, Asked::default()).await.is_err());
    house.through(secret.unwrap().expose().to_owned()).ctx().await;
    let session = choose(&house, "bob", FIRST).await;
    let ctx = entered(&house, &session).await.unwrap();
    let refused = rotate_token(&ctx, key(&ctx), 0).await.unwrap_err();
    assert!(refused.to_string().contains("a session is not rotated"), "{refused}");
}

#[tokio::test]
async fn nothing_secret_stands_in_the_history_in_events_or_in_errors() {
    let house = patient().await;
    let mut secrets = vec![FIRST.to_owned(), SECOND.to_owned(), ROOT.to_owned()];
    let mut said: Vec<String> = Vec::new();
    let root = house.root().ctx().await;
    let new = NewUser { email: Some("bob@example.com".into()), ..NewUser::default() };
    let (_, invited) = create_user(&root, new, None, [1; 32]).await.unwrap();
    let link = secret_of(&invited.link.unwrap().link.unwrap());
    said.push(sign_in(&house, "bob", SECOND).await.unwrap_err().to_string());
    let session =
        done(house.service.use_link(LinkKind::Invitation, &link, FIRST.to_owned(), &visitor()).await.unwrap());
    said.push(
        house
            .service
            .use_link(LinkKind::Invitation, &link, FIRST.to_owned(), &visitor())
            .await
            .unwrap_err()
            .to_string(),
    );
    let ctx = entered(&house, &session).await.unwrap();
    said.push(change_password(&ctx, SECOND.to_owned(), FIRST.to_owned()).await.unwrap_err().to_string());
    change_password(&ctx, FIRST.to_owned(), SECOND.to_owned()).await.unwrap();
    let offer = offer_codes(&ctx).await.unwrap();
    said.push(confirm_codes(&ctx, offer.offer.expose(), "000000").await.unwrap_err().to_string());
    let recovery = confirm_codes(&ctx, offer.offer.expose(), &code(&offer.secret, 0)).await.unwrap();
    let Step::Factor(begun) = sign_in(&house, "bob", SECOND).await.unwrap() else { panic!("no code was asked for") };
    house.clock.set(60);
    let typed = code(&offer.secret, 60);
    let by_code = house.service.sign_in_with_code(begun.expose(), &typed, &visitor()).await.unwrap();
    said.push(house.service.sign_in_with_code(begun.expose(), &typed, &visitor()).await.unwrap_err().to_string());
    let (rotated, token) = {
        let caller = house.by("bob").await;
        secrets.push(caller.token.clone());
        let ctx = caller.ctx().await;
        let key = ctx.org().token(ctx.token().unwrap()).unwrap().key;
        rotate_token(&ctx, key, 60).await.unwrap()
    };
    assert_eq!(rotated.changes.len(), 2);
    let (_, scim) = connection::connect(&root).await.unwrap();
    let root = house.root().ctx().await;
    let reset = make_link(&root, LinkKind::Reset, &subject("bob")).await.unwrap();
    end_codes(&root, subject("bob")).await.unwrap();
    secrets.extend([link, session, by_code.session.expose().to_owned(), offer.secret.clone()]);
    secrets.extend([offer.offer.expose().to_owned(), begun.expose().to_owned(), secret_of(&reset.link.unwrap())]);
    secrets.extend([token.unwrap().expose().to_owned(), scim.unwrap().expose().to_owned()]);
    secrets.extend(recovery);
    secrets.push("$argon2".to_owned());
    // Closing writes whatever waits.
    let key = OrganizationKey(root.organization().bytes());
    for _ in 0..1_000 {
        if house.store.events_after(key, 0, 100).await.unwrap().len() >= 4 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let records: Vec<_> = house.store.after(key, 0).collect().await;
    assert!(records.len() > 10, "{}", records.len());
    let entries = records.into_iter().map(|record| record.unwrap().body.concat());
    let events = house.store.events_after(key, 0, 1_000).await.unwrap();
    let kinds: Vec<String> =
        events.iter().map(|event| String::from_utf8_lossy(&event.body[32..]).into_owned()).collect();
    for kind in ["sign_in_failed", "password_change_failed", "invited", "reset_link_made"] {
        assert!(kinds.iter().any(|event| event.contains(kind)), "{kind}: {kinds:?}");
    }
    said.extend(entries.map(|body| String::from_utf8_lossy(&body).into_owned()));
    said.extend(kinds);
    for secret in secrets {
        for text in &said {
            assert!(!text.contains(&secret), "{secret} stands in {text}");
        }
    }
}

#[tokio::test]
async fn each_kind_of_token_is_known_by_its_kind() {
    let house = patient().await.with(user("bob")).await;
    choose(&house, "bob", FIRST).await;
    connection::connect(&house.root().ctx().await).await.unwrap();
    let org = house.root().ctx().await;
    let kinds: Vec<TokenKind> = org.org().tokens.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [TokenKind::Personal, TokenKind::Session, TokenKind::Scim]);
}
