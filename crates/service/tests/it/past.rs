//! The past can be asked, by the rights of the present, and not changed; and a read may demand what
//! was written.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::refusal::Kind;
use rolecall_service::{At, Error, access};

fn at(at: At) -> Asked<'static> {
    Asked { at: Some(at), ..Asked::default() }
}

#[tokio::test]
async fn every_past_revision_is_as_it_was() {
    let house = shop().await;
    let mut states = Vec::new();
    for n in 0..8 {
        let done = house.root().takes(project(&format!("p{n}"))).await;
        states.push((done.revision, postcard::to_stdvec(done.view.org()).unwrap()));
    }
    let house = house.restarted().await;
    for (revision, state) in states {
        let ctx = house.root().asking(at(At::Revision(revision))).await;
        assert_eq!(ctx.revision(), revision);
        assert_eq!(postcard::to_stdvec(ctx.org()).unwrap(), state);
    }
}

#[tokio::test]
async fn access_is_asked_as_of_an_instant() {
    let house = shop().await.with(role("viewer", &["view"])).await.with(user("bob")).await;
    for (seconds, command) in [(100, give("bob", "role viewer")), (200, end("bob", "role viewer"))] {
        house.clock.set(seconds);
        house.root().takes(command).await;
    }
    house.clock.set(300);
    for (seconds, may) in [(99, false), (100, true), (199, true), (200, false), (300, false)] {
        let ctx = house.root().asking(at(At::Instant(second(seconds)))).await;
        let place = access::place(ctx.org(), Some("shop"), Some("staging"));
        assert_eq!(access::check(&ctx, "bob@example.com", "view", place).unwrap(), may, "at {seconds}");
    }
}

#[tokio::test]
async fn a_grant_with_an_end_is_judged_by_the_instant_asked_about() {
    let house = shop().await.with(role("viewer", &["view"])).await.with(user("bob")).await;
    let house = house.with(give_on("bob", "role viewer", between(Some(50), Some(60)))).await;
    house.clock.set(100);
    house.root().takes(project("later")).await;
    for (seconds, may) in [(49, false), (50, true), (59, true), (60, false)] {
        let ctx = house.root().asking(at(At::Instant(second(seconds)))).await;
        let place = access::place(ctx.org(), None, None);
        assert_eq!(access::check(&ctx, "bob@example.com", "view", place).unwrap(), may, "at {seconds}");
    }
}

#[tokio::test]
async fn the_past_is_read_by_the_rights_of_the_present() {
    let house = shop().await.with(user("eve").given("policy Admin")).await;
    let before = house.revision().await;
    let eve = house.by("eve").await;
    house.root().takes(end("eve", "policy Admin")).await;
    let ctx = eve.asking(at(At::Revision(before))).await;
    assert!(!ctx.may(rolecall_model::operation::USERS_READ, rolecall_service::Place::ORGANIZATION));
}

#[tokio::test]
async fn the_past_is_not_changed() {
    let house = shop().await.with(project("one")).await;
    let asked = at(At::Revision(house.revision().await - 1));
    let error = house.root().run_with(asked, project("two")).await.unwrap_err();
    assert!(matches!(error, Error::Refused(refusal) if refusal.kind == Kind::NotNow));
}

#[tokio::test]
async fn a_moment_that_never_was_is_not_found() {
    let house = shop().await;
    for never in [At::Revision(0), At::Revision(1_000), At::Instant(second(-10))] {
        let error = house.enter(ROOT, at(never)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{never:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_read_that_demands_a_revision_waits_for_it() {
    let house = shop().await;
    let wanted = house.revision().await + 1;
    let root = house.root();
    let asked = Asked { at_least: Some(wanted), ..Asked::default() };
    let (ctx, _) = tokio::join!(root.asking(asked), root.takes(project("awaited")));
    assert!(ctx.revision() >= wanted && ctx.org().project_named("awaited").is_some());
}

#[tokio::test]
async fn a_revision_that_does_not_come_is_not_made_up() {
    let house = shop().await;
    let have = house.revision().await;
    let error = house.enter(ROOT, Asked { at_least: Some(have + 9), ..Asked::default() }).await.unwrap_err();
    assert!(matches!(error, Error::NotYet { wanted, have: here } if wanted == have + 9 && here == have));
}
