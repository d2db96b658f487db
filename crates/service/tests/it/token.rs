//! Credentials: what counts, what narrows, what is remembered of them.

use crate::fixture::*;
use crate::word::*;
use rolecall_engine::Place;
use rolecall_model::Change;
use rolecall_model::application::NewApplication;
use rolecall_model::command::Command;
use rolecall_model::id::TokenKey;
use rolecall_model::operation as op;
use rolecall_model::scope::Scope;
use rolecall_model::token::{TokenChange, TokenCommand};
use rolecall_service::{Ctx, Done, Error, create_application, issue_token, last_used};

fn key_of(done: &Done) -> TokenKey {
    let issued = done.changes.iter().find_map(|change| match change {
        Change::Token(TokenChange::Issued(token)) => Some(token.key),
        _ => None,
    });
    issued.unwrap()
}

fn key_in_use(ctx: &Ctx) -> TokenKey {
    ctx.org().token(ctx.token().unwrap()).unwrap().key
}

#[tokio::test]
async fn a_request_without_a_credential_or_with_a_wrong_one_gets_nowhere() {
    let house = shop().await;
    for wrong in
        [None, Some(""), Some("Bearer"), Some("Bearer "), Some("nonsense"), Some("Basic dTpw"), Some("rolecall_cut")]
    {
        let request = rolecall_service::Request {
            credential: wrong,
            facade: "test",
            request_id: "",
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        };
        assert!(matches!(house.service.enter(request).await, Err(Error::Unauthenticated(_))), "{wrong:?}");
    }
    for right in [ROOT.to_owned(), format!("Bearer {ROOT}"), format!("bearer  {ROOT} ")] {
        house.through(right).ctx().await;
    }
}

#[tokio::test]
async fn a_token_counts_while_it_and_its_holder_do() {
    let house = shop().await.with(user("bob")).await;
    let short = house.by_narrow("bob", |new| new.until = Some(second(60))).await;
    let long = house.by("bob").await;
    short.ctx().await;
    house.clock.set(60);
    assert!(matches!(house.enter(&short.token, Asked::default()).await, Err(Error::Unauthenticated(_))));
    let key = key_in_use(&long.ctx().await);
    house.root().takes(disable("bob")).await;
    assert!(matches!(house.enter(&long.token, Asked::default()).await, Err(Error::Unauthenticated(_))));
    house.root().takes(enable("bob")).await;
    long.ctx().await;
    house.root().takes(Command::from(TokenCommand::Revoke(key))).await;
    assert!(matches!(house.enter(&long.token, Asked::default()).await, Err(Error::Unauthenticated(_))));
    let (token, third) = (house.by("bob").await.token, "gone with its holder");
    house.root().takes(delete_user("bob")).await;
    assert!(matches!(house.enter(&token, Asked::default()).await, Err(Error::Unauthenticated(_))), "{third}");
}

#[tokio::test]
async fn a_token_narrows_what_its_holder_may_ask_and_do() {
    let house = shop().await;
    let shop = house.root().ctx().await.org().project_named("shop").unwrap().id;
    let here = house.by_narrow("ada", |new| new.scope = scope("shop")).await.ctx().await;
    assert!(here.may(op::PROJECTS_WRITE, Scope::project(shop).into()));
    assert!(!here.may(op::PROJECTS_WRITE, Place::ORGANIZATION) && !here.may(op::USERS_READ, Place::ORGANIZATION));
    let reading = house.by_narrow("ada", |new| new.actions = Some(vec!["rolecall.users.read".into()])).await;
    let ctx = reading.ctx().await;
    assert!(ctx.may(op::USERS_READ, Place::ORGANIZATION) && !ctx.may(op::USERS_WRITE, Place::ORGANIZATION));
    assert!(matches!(reading.error(user("bob")).await, Error::Forbidden { .. }));
    assert!(matches!(reading.error(project("new")).await, Error::Forbidden { .. }));
    let nothing = house.by_narrow("ada", |new| new.actions = Some(Vec::new())).await.ctx().await;
    assert!(!nothing.may(op::ACTIONS_READ, Place::ORGANIZATION), "not even what everyone may");
}

#[tokio::test]
async fn a_narrow_token_neither_opens_nor_locks_more_than_it_was_made_for() {
    let house = shop().await;
    let narrow = house.by_narrow("ada", |new| new.scope = scope("blog")).await;
    let whole = house.by("ada").await;
    let ctx = narrow.ctx().await;
    assert!(issue_token(&ctx, new_token("ada")).await.is_err());
    let other = key_in_use(&whole.ctx().await);
    assert!(narrow.run(Command::from(TokenCommand::Revoke(other))).await.is_err());
    // It can let go of itself; and the whole one of any.
    let own = key_in_use(&ctx);
    narrow.run(Command::from(TokenCommand::Revoke(own))).await.unwrap();
    whole.run(Command::from(TokenCommand::Revoke(other))).await.unwrap();
}

#[tokio::test]
async fn who_acts_may_have_tokens_of_its_own_and_needs_a_right_for_those_of_others() {
    let house = shop().await.with(user("bob")).await.with(user("eve")).await;
    let bob = house.by("bob").await.ctx().await;
    issue_token(&bob, new_token("bob")).await.unwrap();
    assert!(matches!(issue_token(&bob, new_token("eve")).await, Err(Error::Forbidden { .. })));
    assert!(matches!(issue_token(&bob, new_token("nobody")).await, Err(Error::Forbidden { .. })));
    let eves = key_in_use(&house.by("eve").await.ctx().await);
    let error = house.by("bob").await.run(Command::from(TokenCommand::Revoke(eves))).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn an_application_is_made_with_a_secret_that_lets_it_in() {
    let house = shop().await;
    let new =
        NewApplication { name: "Deploy Bot".into(), grants: vec![grant("policy Admin")], ..NewApplication::default() };
    let ctx = house.root().ctx().await;
    let (done, secret) = create_application(&ctx, new, true).await.unwrap();
    assert!(done.view.org().find_principal("deploy-bot").is_some());
    let entered = house.through(secret.unwrap().expose().to_owned()).ctx().await;
    assert_eq!(entered.principal(), done.view.org().find_principal("deploy-bot").unwrap().0);
    let (_, none) =
        create_application(&ctx, NewApplication { name: "Quiet".into(), ..NewApplication::default() }, false)
            .await
            .unwrap();
    assert!(none.is_none());
}

#[tokio::test]
async fn the_last_use_of_a_token_is_known_at_once_and_after_a_restart() {
    let house = shop().await.with(user("bob")).await;
    let ctx = house.root().ctx().await;
    let (done, secret) = issue_token(&ctx, new_token("bob")).await.unwrap();
    let (key, secret) = (key_of(&done), secret.unwrap());
    assert_eq!(last_used(&house.root().ctx().await, &[key]).await.unwrap(), [None]);
    house.clock.set(100);
    house.through(secret.expose().to_owned()).ctx().await;
    assert_eq!(last_used(&house.root().ctx().await, &[key]).await.unwrap(), [Some(second(100))]);
    let house = house.restarted().await;
    assert_eq!(last_used(&house.root().ctx().await, &[key]).await.unwrap(), [Some(second(100))]);
    let stranger = house.by("ada").await.ctx().await;
    assert_eq!(last_used(&stranger, &[key]).await.unwrap(), [Some(second(100))]);
    let house = house.with(user("eve")).await;
    assert_eq!(last_used(&house.by("eve").await.ctx().await, &[key]).await.unwrap(), [None], "not hers to know");
}

#[tokio::test]
async fn who_asks_is_refused_by_the_request_after_the_one_that_took_its_credential() {
    let house = shop().await.with(user("bob")).await;
    let ask = async |token: &str| match house.service.ask(Some(token), None).await {
        Ok(asker) => Ok(asker.view().revision()),
        Err(Error::Unauthenticated(why)) => Err(why),
        Err(error) => panic!("{error:?}"),
    };
    let short = house.by_narrow("bob", |new| new.until = Some(second(60))).await.token;
    let long = house.by("bob").await;
    let key = key_in_use(&long.ctx().await);
    // Each was asked with before, so the store is not asked again.
    assert!(ask(&short).await.is_ok() && ask(&long.token).await.is_ok());
    house.clock.set(60);
    assert!(ask(&short).await.unwrap_err().contains("expired"));
    house.root().takes(disable("bob")).await;
    assert!(ask(&long.token).await.unwrap_err().contains("disabled"));
    let done = house.root().takes(enable("bob")).await;
    assert_eq!(ask(&long.token).await, Ok(done.view.revision()), "by the newest state");
    house.root().takes(Command::from(TokenCommand::Revoke(key))).await;
    assert!(ask(&long.token).await.unwrap_err().contains("revoked"));
    assert!(ask(&long.token).await.is_err(), "also when it was forgotten");
    let third = house.by("bob").await.token;
    assert!(ask(&third).await.is_ok());
    house.root().takes(delete_user("bob")).await;
    assert!(ask(&third).await.is_err());
    house.service.close().await;
    assert!(matches!(house.service.ask(Some(ROOT), None).await, Err(Error::Closing)));
}

#[tokio::test]
async fn who_asks_may_what_its_context_may_and_can_demand_a_revision() {
    let house = shop().await;
    let shop = house.root().ctx().await.org().project_named("shop").unwrap().id;
    let narrow = house.by_narrow("ada", |new| new.scope = scope("shop")).await;
    let (asker, ctx) = (house.service.ask(Some(&narrow.token), None).await.unwrap(), narrow.ctx().await);
    for place in [Place::ORGANIZATION, Scope::project(shop).into()] {
        for action in [op::ACCESS_CHECK, op::PROJECTS_WRITE, op::USERS_READ] {
            assert_eq!(asker.standing().may(action, place), ctx.may(action, place), "{action:?} {place:?}");
        }
        assert_eq!(asker.standing().require_to_ask(None, place).is_ok(), ctx.may(op::ACCESS_CHECK, place));
    }
    assert!(asker.standing().require_to_ask(Some(ctx.principal()), Place::ORGANIZATION).is_ok(), "about itself");
    let whole = asker.ctx(&house.service, "test", "seventeen");
    assert_eq!((whole.principal(), whole.token(), whole.request_id()), (ctx.principal(), ctx.token(), "seventeen"));
    let next = asker.view().revision() + 1;
    let root = house.root();
    let (later, _) = tokio::join!(house.service.ask(Some(ROOT), Some(next)), root.run(project("next")));
    assert_eq!(later.unwrap().view().revision(), next);
}

#[tokio::test]
async fn each_use_a_second_or_more_after_the_last_is_noted() {
    let house = shop().await.with(user("bob")).await;
    let bob = house.by("bob").await;
    let key = key_in_use(&bob.ctx().await);
    let used = async || last_used(&house.root().ctx().await, &[key]).await.unwrap()[0];
    house.clock.set(100);
    house.service.ask(Some(&bob.token), None).await.unwrap();
    assert_eq!(used().await, Some(second(100)));
    house.clock.set(200);
    house.service.ask(Some(&bob.token), None).await.unwrap();
    assert_eq!(used().await, Some(second(200)));
}

#[tokio::test]
async fn decisions_are_counted_by_the_facade_that_answers_them() {
    let house = shop().await;
    let tally = house.service.tally("here");
    tally.count(3, 4);
    house.service.tally("here").count_one(true);
    house.service.tally("there").count_one(false);
    let counts: Vec<_> = house.service.stats().await.decisions;
    let counts: Vec<_> = counts.iter().map(|(facade, tally)| (*facade, tally.allowed(), tally.denied())).collect();
    assert_eq!(counts, [("here", 4, 4), ("there", 0, 1)]);
}
