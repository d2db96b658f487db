//! History as a query, and the check of its chain.

use crate::fixture::*;
use crate::word::*;
use rolecall_service::Error;
use rolecall_service::history::{Cursor, Filter, Item, actors, instants, list, verify};
use rolecall_store::{Log, OrganizationKey};

fn revision(item: &Item) -> Option<u64> {
    match item {
        Item::Entry(entry) => Some(entry.revision.0),
        Item::Event(_) => None,
    }
}

#[tokio::test]
async fn history_is_read_newest_first_page_by_page_and_never_cut() {
    let house = shop().await.with(user("eve")).await;
    for n in 0..6 {
        house.root().takes(project(&format!("p{n}"))).await;
        assert!(house.by("eve").await.run(project("not hers")).await.is_err());
    }
    let ctx = house.restarted().await;
    let ctx = ctx.root().ctx().await;
    let (mut cursor, mut items) = (Some(Cursor::NEWEST), Vec::new());
    while let Some(before) = cursor {
        let (page, next) = list(&ctx, &Filter::default(), before, 3).await.unwrap();
        assert!(page.len() <= 3);
        items.extend(page);
        cursor = next;
    }
    let revisions: Vec<u64> = items.iter().filter_map(revision).collect();
    assert_eq!(revisions, (1..=ctx.revision()).rev().collect::<Vec<_>>());
    assert_eq!(items.len() - revisions.len(), 6, "and the refusals beside them");
    assert!(items.iter().map(Item::at).rev().is_sorted());
}

#[tokio::test]
async fn history_is_filtered_by_who_what_and_when() {
    let house = shop().await;
    house.clock.set(100);
    let ada = house.by("ada").await;
    ada.takes(project("hers")).await;
    house.clock.set(200);
    house.root().takes(role("later", &["view"])).await;
    let ctx = house.root().ctx().await;
    let count = async |filter: Filter| list(&ctx, &filter, Cursor::NEWEST, 100).await.unwrap().0.len();
    let who = ctx.org().find_principal("ada@example.com").unwrap().0;
    assert_eq!(count(Filter { actor: Some(who), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { noun: Some("role".into()), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { since: Some(second(200)), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { since: Some(second(100)), until: Some(second(200)), ..Filter::default() }).await, 2);
    assert_eq!(count(Filter { text: Some("HERS".into()), ..Filter::default() }).await, 1);
    assert_eq!(count(Filter { facade: Some("first start".into()), ..Filter::default() }).await, 2);
}

#[tokio::test]
async fn an_entry_says_who_when_through_what_and_under_which_request() {
    let house = shop().await;
    house.clock.set(7);
    let ada = house.by("ada").await;
    ada.run_with(Asked { key: Some("k"), ..Asked::default() }, project("hers")).await.unwrap();
    let ctx = house.root().ctx().await;
    let (items, _) = list(&ctx, &Filter::default(), Cursor::NEWEST, 1).await.unwrap();
    let Item::Entry(entry) = &items[0] else { panic!("an event") };
    let who = ctx.org().find_principal("ada@example.com").unwrap().0;
    assert_eq!(entry.actor.principal(), Some(who));
    assert_eq!((entry.at, entry.facade.as_str(), entry.request.as_str()), (second(7), "test", "r1"));
    assert_eq!(entry.idempotency.as_deref(), Some("k"));
}

#[tokio::test]
async fn time_never_goes_back_whatever_the_clock_says() {
    let house = shop().await;
    house.clock.set(100);
    house.root().takes(project("one")).await;
    house.clock.set(-1_000);
    let done = house.root().takes(project("two")).await;
    assert_eq!(done.view.org().at(), second(100));
}

#[tokio::test]
async fn history_and_its_check_need_the_right_to_read_it() {
    let house = shop().await.with(user("eve")).await;
    let ctx = house.by("eve").await.ctx().await;
    assert!(matches!(list(&ctx, &Filter::default(), Cursor::NEWEST, 1).await, Err(Error::Forbidden { .. })));
    assert!(matches!(verify(&ctx).await, Err(Error::Forbidden { .. })));
}

#[tokio::test]
async fn a_changed_entry_is_found_by_the_check() {
    let house = shop().await.with(project("one")).await.with(project("two")).await;
    let ctx = house.root().ctx().await;
    let verified = verify(&ctx).await.unwrap();
    assert_eq!(verified.entries, ctx.revision());
    let key = OrganizationKey(ctx.organization().bytes());
    let changed = verified.entries - 1;
    let record = house.store.record(key, changed).await.unwrap().unwrap();
    let text = String::from_utf8(record.body.concat()).unwrap().replace("one", "eno");
    house.store.rewrite(key, changed, vec![text.into()], [0; 16]).await.unwrap();
    let error = verify(&ctx).await.unwrap_err();
    assert!(matches!(&error, Error::Damaged(why) if why.contains(&changed.to_string())), "{error:?}");
}

#[tokio::test]
async fn a_damaged_log_is_not_started_from() {
    let house = shop().await.with(project("one")).await;
    let ctx = house.root().ctx().await;
    let key = OrganizationKey(ctx.organization().bytes());
    let store = std::sync::Arc::clone(&house.store);
    let record = store.record(key, ctx.revision()).await.unwrap().unwrap();
    let text = String::from_utf8(record.body.concat()).unwrap().replace("one", "eno");
    store.rewrite(key, ctx.revision(), vec![text.into()], [0; 16]).await.unwrap();
    rolecall_store::Checkpoints::forget_all(store.as_ref(), key).await.unwrap();
    // As after a kill: another service on the same store, without the checkpoint of a clean end.
    let other = rolecall_service::Service::open(store, rolecall_service::Options::default()).await.unwrap();
    assert!(matches!(other.is_ready().await, Err(Error::Damaged(_))));
}

#[tokio::test]
async fn when_and_by_whom_an_entry_was_made_is_asked_by_its_revision() {
    let house = shop().await;
    let before = house.revision().await;
    house.clock.set(100);
    house.by("ada").await.takes(project("hers")).await;
    house.clock.set(200);
    house.root().takes(project("later")).await;
    let ctx = house.root().ctx().await;
    let ada = ctx.org().find_principal("ada@example.com").unwrap().0;
    let hers = ctx.org().project_named("hers").unwrap().created.0;
    let later = ctx.org().project_named("later").unwrap().created.0;
    assert!(before < hers && hers < later);
    // Twice: what was read once is remembered.
    for _ in 0..2 {
        let at = instants(&ctx, [hers, later, hers].into_iter()).await.unwrap();
        assert_eq!((at.len(), at[&hers], at[&later]), (2, second(100), second(200)));
        let by = actors(&ctx, [hers, later].into_iter()).await.unwrap();
        assert_eq!(by[&hers].principal(), Some(ada));
        assert_ne!(by[&later].principal(), Some(ada));
    }
    assert!(matches!(instants(&ctx, std::iter::once(9_999)).await, Err(Error::NotFound { .. })));
}
