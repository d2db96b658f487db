//! Organizations: nothing crosses from one to another, and only who may at home makes and deletes them.

use crate::fixture::*;
use crate::word::*;
use rolecall_engine::Place;
use rolecall_model::operation as op;
use rolecall_model::refusal::Kind;
use rolecall_service::{Error, FirstStart, backup, organizations};

const OTHERS: &str = "the-token-of-the-other-root";

fn other(name: &str) -> FirstStart {
    FirstStart { admin_token: Some(OTHERS.to_owned()), ..start(name, SHOP) }
}

async fn two() -> House {
    let house = shop().await;
    organizations::create(&house.root().ctx().await, other("acme")).await.unwrap();
    house
}

#[tokio::test]
async fn a_credential_lets_into_its_own_organization_only() {
    let house = two().await;
    let theirs = house.through(OTHERS.to_owned());
    theirs.takes(project("theirs")).await;
    assert!(house.root().ctx().await.org().project_named("theirs").is_none());
    let (home, acme) = (house.root().ctx().await, theirs.ctx().await);
    assert_ne!(home.organization(), acme.organization());
    assert!(home.is_home() && !acme.is_home());
    assert!(acme.org().find_principal("ada@example.com").is_none());
}

#[tokio::test]
async fn rights_over_the_installation_count_at_home_only() {
    let house = two().await;
    let acme = house.through(OTHERS.to_owned()).ctx().await;
    assert!(acme.may(op::ORGANIZATIONS_WRITE, Place::ORGANIZATION), "it has every right where it is");
    assert!(matches!(organizations::create(&acme, other("more")).await, Err(Error::Forbidden { .. })));
    assert!(organizations::delete(&acme, "test").await.is_err());
    assert!(backup(&acme).await.is_err());
    let names =
        |ctx: &rolecall_service::Ctx| organizations::list(ctx).into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(&acme), ["acme"]);
    assert_eq!(names(&house.root().ctx().await).len(), 2);
    let house = house.with(user("eve")).await;
    let eve = house.by("eve").await.ctx().await;
    assert!(matches!(organizations::delete(&eve, "acme").await, Err(Error::NotFound { .. })));
    assert!(matches!(organizations::create(&eve, other("more")).await, Err(Error::Forbidden { .. })));
    assert_eq!(names(&eve), ["test"]);
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_a_token_by_anybody() {
    let house = two().await;
    let ctx = house.root().ctx().await;
    for (name, token) in
        [("Acme", "another-token-of-somebody"), ("TEST", "another-token-of-somebody"), ("new", ROOT), ("new", OTHERS)]
    {
        let start = FirstStart { admin_token: Some(token.to_owned()), ..start(name, SHOP) };
        let error = organizations::create(&ctx, start).await.unwrap_err();
        assert!(matches!(&error, Error::Refused(refusal) if refusal.kind == Kind::Taken), "{name}: {error:?}");
    }
    assert_eq!(organizations::list(&ctx).len(), 2);
}

#[tokio::test]
async fn with_an_organization_its_credentials_go() {
    let house = two().await;
    let theirs = house.through(OTHERS.to_owned());
    let inside = theirs.ctx().await;
    house.service.ask(Some(OTHERS), None).await.unwrap();
    let ctx = house.root().ctx().await;
    let mut feed = rolecall_service::history::changes(&inside, inside.revision());
    organizations::delete(&ctx, "acme").await.unwrap();
    assert!(futures::StreamExt::next(&mut feed).await.is_none());
    assert!(matches!(house.enter(OTHERS, Asked::default()).await, Err(Error::Unauthenticated(_))));
    assert!(matches!(house.service.ask(Some(OTHERS), None).await, Err(Error::Unauthenticated(_))));
    assert!(rolecall_service::execute(&inside, project("too late")).await.is_err());
    assert!(matches!(organizations::delete(&ctx, "acme").await, Err(Error::NotFound { .. })));
    // Name and token are free again, for a new organization that has nothing of the old one.
    organizations::create(&ctx, other("acme")).await.unwrap();
    assert_ne!(theirs.ctx().await.organization(), inside.organization());
    let house = house.restarted().await;
    assert_eq!(organizations::list(&house.root().ctx().await).len(), 2);
}

#[tokio::test]
async fn the_home_organization_stays() {
    let house = two().await;
    let error = organizations::delete(&house.root().ctx().await, "test").await.unwrap_err();
    assert!(matches!(error, Error::Refused(refusal) if refusal.kind == Kind::NotNow));
}

#[tokio::test]
async fn a_dry_run_makes_and_deletes_no_organization() {
    let house = two().await;
    let ctx = house.root().asking(Asked { dry_run: true, ..Asked::default() }).await;
    assert!(organizations::create(&ctx, other("more")).await.is_err());
    assert!(organizations::delete(&ctx, "acme").await.is_err());
    assert_eq!(organizations::list(&ctx).len(), 2);
    house.through(OTHERS.to_owned()).ctx().await;
}

#[tokio::test]
async fn who_made_an_organization_is_a_stranger_in_its_log() {
    let house = two().await;
    let ctx = house.through(OTHERS.to_owned()).ctx().await;
    let filter = rolecall_service::history::Filter::default();
    let (items, _) =
        rolecall_service::history::list(&ctx, &filter, rolecall_service::history::Cursor::NEWEST, 10).await.unwrap();
    for item in items {
        let rolecall_service::history::Item::Entry(entry) = item else { continue };
        assert_eq!(entry.actor, rolecall_model::moment::Actor::Home);
    }
}

#[tokio::test]
async fn a_backup_is_a_whole_database_of_every_organization() {
    use futures::TryStreamExt;
    let house = two().await.with(project("kept")).await.with(user("eve")).await;
    assert!(matches!(backup(&house.by("eve").await.ctx().await).await, Err(Error::Forbidden { .. })));
    let pieces: Vec<bytes::Bytes> = backup(&house.root().ctx().await).await.unwrap().try_collect().await.unwrap();
    house.root().takes(project("later")).await;
    let copy = House::empty().await;
    copy.service.close().await;
    for name in ["rolecall.db-wal", "rolecall.db-shm"] {
        let _absent = std::fs::remove_file(copy.folder.path().join(name));
    }
    std::fs::write(copy.path(), pieces.concat()).unwrap();
    let copy = copy.restarted().await;
    let ctx = copy.root().ctx().await;
    assert!(ctx.org().project_named("kept").is_some() && ctx.org().project_named("later").is_none());
    copy.through(OTHERS.to_owned()).ctx().await;
    rolecall_service::history::verify(&ctx).await.unwrap();
}
