//! Erasing a person takes the values out of everything that is kept, and breaks no chain.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_model::refusal::Kind;
use rolecall_model::user::UserCommand;
use rolecall_service::history::{Cursor, Filter, list, verify};
use rolecall_service::{At, Error, erase};
use std::sync::atomic::Ordering;

const NAME: &str = "Bobbina Unmistakable";

async fn with_bob(house: House) -> House {
    let house = house.with(user("bob").given("policy Admin").but(|new| new.name = NAME.into())).await;
    let house = house.with(change_user("bob", |patch| patch.username = Some(Some("unmistakable-bob".into())))).await;
    house.with(project("after")).await
}

/// Whether any file of the database has this text in it.
fn is_kept(house: &House, text: &str) -> bool {
    let files = std::fs::read_dir(house.folder.path()).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_and_the_chain_holds() {
    let house = with_bob(House::keeping_every(1).await).await;
    assert!(is_kept(&house, NAME), "else the test proves nothing");
    let ctx = house.root().ctx().await;
    let past = house.root().asking(Asked { at: Some(At::Revision(ctx.revision())), ..Asked::default() }).await;
    assert!(past.org().find_principal("bob@example.com").is_some());
    let revision = ctx.revision();
    erase(&ctx, subject("bob")).await.unwrap();
    let ctx = house.root().ctx().await;
    assert!(ctx.org().find_principal("bob@example.com").is_none());
    verify(&ctx).await.unwrap();
    let (items, _) =
        list(&ctx, &Filter { text: Some("unmistakable".into()), ..Filter::default() }, Cursor::NEWEST, 100)
            .await
            .unwrap();
    assert!(items.is_empty());
    let past = house.root().asking(Asked { at: Some(At::Revision(revision)), ..Asked::default() }).await;
    assert!(past.org().find_principal("bob@example.com").is_none(), "the past has forgotten too");
    house.service.close().await;
    for text in [NAME, "unmistakable-bob", "bob@example.com"] {
        assert!(!is_kept(&house, text), "{text} is still in a file");
    }
    let house = house.restarted().await;
    let ctx = house.root().ctx().await;
    verify(&ctx).await.unwrap();
    assert!(ctx.org().project_named("after").is_some());
}

#[tokio::test]
async fn a_checkpoint_that_is_being_written_does_not_bring_an_erased_person_back() {
    let house = with_bob(House::keeping_every(1).await).await;
    let saves = house.store.hold_saves().await;
    let begun = house.store.saving.load(Ordering::SeqCst);
    for n in 0.. {
        // An earlier checkpoint may still be on its way out of the door.
        if house.store.saving.load(Ordering::SeqCst) > begun {
            break;
        }
        house.root().takes(project(&format!("late-{n}"))).await;
    }
    let ctx = house.root().ctx().await;
    let key = rolecall_store::OrganizationKey(ctx.organization().bytes());
    let bob = ctx.org().find_principal("bob@example.com").unwrap().1.subject.bytes();
    let (done, ()) = tokio::join!(erase(&ctx, subject("bob")), async {
        while !rolecall_store::Log::mentions(house.store.as_ref(), key, bob).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        // Time enough for an erasure that would not wait for the checkpoint.
        for _ in 0..50 {
            rolecall_store::Log::head(house.store.as_ref(), key).await.unwrap();
        }
        drop(saves);
    });
    let erased = done.unwrap().revision;
    house.service.close().await;
    assert!(!is_kept(&house, NAME));
    let house = house.restarted().await;
    let kept = rolecall_store::Checkpoints::newest(house.store.as_ref(), key, APPLY_VERSION).await.unwrap();
    assert!(kept.iter().all(|checkpoint| checkpoint.revision >= erased), "{kept:?} before {erased}");
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_no_half_erasure() {
    let house = with_bob(shop().await).await;
    let ctx = house.root().ctx().await;
    let key = rolecall_store::OrganizationKey(ctx.organization().bytes());
    let saves = house.store.hold_saves().await;
    let erasing = tokio::spawn(async move { erase(&ctx, subject("bob")).await });
    while house.root().ctx().await.org().find_principal("bob@example.com").is_some() {
        tokio::task::yield_now().await;
    }
    erasing.abort();
    assert!(erasing.await.is_err());
    drop(saves);
    let newest = async || rolecall_store::Checkpoints::newest(house.store.as_ref(), key, APPLY_VERSION).await.unwrap();
    while newest().await.is_empty() {
        tokio::task::yield_now().await;
    }
    house.service.close().await;
    assert!(!is_kept(&house, NAME));
}

#[tokio::test]
async fn somebody_deleted_before_can_still_be_erased() {
    let house = with_bob(shop().await).await;
    let ctx = house.root().ctx().await;
    let bob = ctx.org().find_principal("bob@example.com").unwrap().1.subject.to_string();
    house.root().takes(delete_user("bob")).await;
    erase(&house.root().ctx().await, rolecall_model::command::SubjectRef::User(bob.as_str().into())).await.unwrap();
    verify(&house.root().ctx().await).await.unwrap();
    house.service.close().await;
    assert!(!is_kept(&house, NAME));
}

#[tokio::test]
async fn erasing_needs_a_right_of_its_own_and_a_dry_run_erases_nothing() {
    let house = with_bob(shop().await).await;
    let house = house
        .with(role("clerk", &["rolecall.users.write", "rolecall.users.read"]))
        .await
        .with(user("eve").given("role clerk"))
        .await;
    let eve = house.by("eve").await;
    assert!(matches!(erase(&eve.ctx().await, subject("bob")).await, Err(Error::Forbidden { .. })));
    let dry = house.root().asking(Asked { dry_run: true, ..Asked::default() }).await;
    erase(&dry, subject("bob")).await.unwrap();
    assert!(house.root().ctx().await.org().find_principal("bob@example.com").is_some());
    assert!(is_kept(&house, NAME));
    house.root().refuses(Command::from(UserCommand::Erase(subject("nobody"))), Kind::Unknown).await;
}
