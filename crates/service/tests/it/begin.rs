//! First start, set-up, recovery and readiness.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::catalog::builtin;
use rolecall_model::refusal::Kind;
use rolecall_service::recover::{Wanted, recover};
use rolecall_service::{Error, FirstStart};

#[tokio::test]
async fn an_installation_begins_with_one_administrator_of_everything() {
    for catalog in ["union", "unleash", "none"] {
        let house = House::of(builtin(catalog).unwrap()).await;
        let ctx = house.root().ctx().await;
        for action in rolecall_model::operation::own() {
            assert!(ctx.may(action, rolecall_service::Place::ORGANIZATION), "{catalog}");
        }
        assert!(ctx.is_home());
        house.service.is_ready().await.unwrap();
    }
}

#[tokio::test]
async fn who_chooses_no_token_gets_a_fresh_one() {
    let house = House::empty().await;
    let email = Some("ada@example.com".to_owned());
    let first = FirstStart {
        admin_token: None,
        admin_email: email,
        admin_password: Some("Correct 1 horse!".into()),
        ..start("test", SHOP)
    };
    let token = house.service.first_start(first).await.unwrap().token.unwrap();
    let ctx = house.through(token.expose().to_owned()).ctx().await;
    let ada = ctx.org().principal(ctx.principal()).unwrap();
    assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
    assert!(ctx.org().had_administrator(), "she can sign in, so she is one");
}

#[tokio::test]
async fn a_second_first_start_is_refused() {
    let house = shop().await;
    let again = house.service.first_start(start("other", SHOP)).await.unwrap_err();
    assert!(matches!(again, Error::Refused(refusal) if refusal.kind == Kind::NotNow));
}

#[tokio::test]
async fn of_two_first_starts_at_once_one_wins() {
    let house = House::empty().await;
    let (one, two) =
        tokio::join!(house.service.first_start(start("a", SHOP)), house.service.first_start(start("b", SHOP)));
    assert!(one.is_ok() != two.is_ok());
    house.service.is_ready().await.unwrap();
}

#[tokio::test]
async fn the_set_up_key_counts_once_and_only_whole() {
    let house = House::empty().await;
    assert!(house.service.is_ready().await.is_err());
    let key = house.service.setup_key().unwrap();
    for wrong in ["", &key[1..], &format!("{key}x")] {
        let error = house.service.set_up(wrong, start("test", SHOP)).await.unwrap_err();
        assert!(matches!(error, Error::Unauthenticated(_)));
    }
    house.service.set_up(&key, start("test", SHOP)).await.unwrap();
    assert!(house.service.setup_key().is_none());
    let error = house.service.set_up(&key, start("other", SHOP)).await.unwrap_err();
    assert!(matches!(error, Error::Unauthenticated(_)));
}

#[tokio::test]
async fn what_is_wrong_with_a_first_start_is_said_and_nothing_is_made() {
    let house = House::empty().await;
    let wrong = [
        FirstStart { admin_token: Some("short".into()), ..start("test", SHOP) },
        FirstStart { admin_token: Some("has spaces in its middle".into()), ..start("test", SHOP) },
        FirstStart { admin_token: Some("rolecall_mistyped".into()), ..start("test", SHOP) },
        FirstStart { admin_email: Some("nobody".into()), ..start("test", SHOP) },
        FirstStart { admin_password: Some("Correct 1 horse!".into()), ..start("test", SHOP) },
        FirstStart { admin_email: Some("a@b.c".into()), admin_password: Some("short".into()), ..start("test", SHOP) },
        start("  ", SHOP),
    ];
    for first in wrong {
        let error = house.service.first_start(first).await.unwrap_err();
        assert!(matches!(error, Error::Refused(refusal) if refusal.kind == Kind::Invalid));
    }
    assert!(house.service.home().is_none() && house.service.setup_key().is_some());
}

/// A recovery without the key of the database.
fn wanted<'a>(organization: Option<&'a str>, email: Option<&'a str>) -> Wanted<'a> {
    Wanted { organization, email, ..Wanted::default() }
}

#[tokio::test]
async fn recovery_makes_an_administrator_and_says_so_in_the_log() {
    let house = shop().await.with(user("bob").disabled()).await;
    let store = std::sync::Arc::clone(&house.store);
    let disabled = recover(store.as_ref(), &wanted(None, Some("bob@example.com"))).await.unwrap();
    let new = recover(store.as_ref(), &wanted(Some("test"), Some("new@example.com"))).await.unwrap();
    let machine = recover(store.as_ref(), &wanted(None, None)).await.unwrap();
    assert!(matches!(recover(store.as_ref(), &wanted(Some("nowhere"), None)).await, Err(Error::NotFound { .. })));
    drop(store);
    let house = house.restarted().await;
    for recovered in [disabled, new, machine] {
        let ctx = house.through(recovered.token.expose().to_owned()).ctx().await;
        assert!(ctx.may(rolecall_model::operation::ASSIGNMENTS_ESCALATE, rolecall_service::Place::ORGANIZATION));
    }
    let ctx = house.root().ctx().await;
    let filter = rolecall_service::history::Filter { facade: Some("recover".into()), ..Default::default() };
    let (items, _) =
        rolecall_service::history::list(&ctx, &filter, rolecall_service::history::Cursor::NEWEST, 10).await.unwrap();
    assert_eq!(items.len(), 3);
    rolecall_service::history::verify(&ctx).await.unwrap();
}

#[tokio::test]
async fn who_is_late_is_told_that_the_service_is_stopping() {
    let house = shop().await;
    let root = house.root();
    let ctx = root.ctx().await;
    house.service.close().await;
    assert!(matches!(rolecall_service::execute(&ctx, project("late")).await, Err(Error::Closing)));
    assert!(matches!(house.enter(ROOT, Asked::default()).await, Err(Error::Closing)));
}
