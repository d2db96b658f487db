//! A restart gives the same organization, from a checkpoint and the entries after it, around a
//! damaged checkpoint and around one of another version; and after a kill nothing is lost.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::organization::APPLY_VERSION;
use rolecall_service::{Error, Options, Service};
use rolecall_store::{Checkpoint, Checkpoints, OpenOptions, OrganizationKey, SqliteStore};
use std::sync::{Arc, Mutex};

async fn key(house: &House) -> OrganizationKey {
    OrganizationKey(house.root().ctx().await.organization().bytes())
}

#[tokio::test]
async fn a_restart_equals_whatever_was_there() {
    let mut house = House::keeping_every(3).await;
    for n in 0..10 {
        house = house
            .with(project(&format!("p{n}")))
            .await
            .with(user(&format!("user-{n}")).given(&format!("role Maintainer at p{n}")))
            .await;
        let state = house.state().await;
        house = house.restarted().await;
        assert_eq!(house.state().await, state);
    }
}

#[tokio::test]
async fn a_checkpoint_and_the_entries_after_it_make_the_state() {
    let house = shop().await.restarted().await;
    let key = key(&house).await;
    let newest = house.store.newest(key, APPLY_VERSION).await.unwrap();
    let (checkpoint, before) = (newest[0], house.revision().await);
    assert_eq!(checkpoint.revision, before);
    let house = house.with(project("tail")).await;
    let state = house.state().await;
    // As after a kill: nothing was closed, so there is a tail.
    let other = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), Options::default()).await.unwrap();
    assert_eq!(state_of(&other).await, state);
}

async fn state_of(service: &Service) -> Vec<u8> {
    let request = rolecall_service::Request {
        credential: Some(ROOT),
        facade: "test",
        request_id: "",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    postcard::to_stdvec(service.enter(request).await.unwrap().org()).unwrap()
}

#[tokio::test]
async fn a_long_tail_is_replayed_once_and_then_kept() {
    let house = shop().await;
    let (key, revision) = (key(&house).await, house.revision().await);
    assert!(house.store.newest(key, APPLY_VERSION).await.unwrap().is_empty());
    // As after a kill, with more entries than a checkpoint is taken after.
    let options = Options { checkpoint_every: 2, ..Options::default() };
    let other = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), options).await.unwrap();
    other.is_ready().await.unwrap();
    loop {
        let kept = house.store.newest(key, APPLY_VERSION).await.unwrap();
        if let Some(newest) = kept.first() {
            assert_eq!(newest.revision, revision);
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_damaged_checkpoint_is_replayed_around_and_dropped() {
    let house = shop().await.with(project("one")).await.restarted().await;
    let (state, key) = (house.state().await, key(&house).await);
    let newest = house.store.newest(key, APPLY_VERSION).await.unwrap()[0];
    let rubbish: Vec<(Checkpoint, &'static [u8])> =
        vec![(newest, b"not a state at all"), (Checkpoint { state_hash: [1; 32], ..newest }, b"")];
    for (checkpoint, bytes) in rubbish {
        let pieces = futures::stream::iter(vec![Ok(bytes::Bytes::from_static(bytes))]);
        house.store.save(key, checkpoint, Box::pin(pieces)).await.unwrap();
        let other =
            Service::open(Arc::<crate::watched::Watched>::clone(&house.store), Options::default()).await.unwrap();
        assert_eq!(state_of(&other).await, state);
        let left = house.store.newest(key, APPLY_VERSION).await.unwrap();
        assert!(left.iter().all(|kept| kept.revision != checkpoint.revision), "it was dropped");
    }
}

#[tokio::test]
async fn a_checkpoint_whose_hash_is_another_is_not_believed() {
    let house = shop().await.with(project("one")).await.restarted().await;
    let (state, key) = (house.state().await, key(&house).await);
    let newest = house.store.newest(key, APPLY_VERSION).await.unwrap()[0];
    let pieces: Vec<_> = futures::StreamExt::collect(house.store.load(key, newest.revision)).await;
    let pieces: Vec<std::io::Result<bytes::Bytes>> = pieces.into_iter().map(|piece| Ok(piece.unwrap())).collect();
    let forged = Checkpoint { state_hash: [9; 32], ..newest };
    house.store.save(key, forged, Box::pin(futures::stream::iter(pieces))).await.unwrap();
    let other = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), Options::default()).await.unwrap();
    assert_eq!(state_of(&other).await, state);
}

#[tokio::test]
async fn a_checkpoint_of_another_version_is_not_read() {
    let house = shop().await.with(project("one")).await;
    let (state, key) = (house.state().await, key(&house).await);
    let foreign =
        Checkpoint { revision: house.revision().await, version: APPLY_VERSION + 1, at: 0, state_hash: [0; 32] };
    let pieces = futures::stream::iter(vec![Ok(bytes::Bytes::from_static(b"from the future"))]);
    house.store.save(key, foreign, Box::pin(pieces)).await.unwrap();
    let other = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), Options::default()).await.unwrap();
    assert_eq!(state_of(&other).await, state);
}

#[tokio::test]
async fn another_node_that_wrote_is_caught_up_with() {
    let house = shop().await;
    let other = Service::open(Arc::<crate::watched::Watched>::clone(&house.store), Options::default()).await.unwrap();
    let before = state_of(&other).await;
    let house = house.with(project("from here")).await;
    assert_eq!(state_of(&other).await, before, "it has not looked yet");
    let request = rolecall_service::Request {
        credential: Some(ROOT),
        facade: "test",
        request_id: "",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let ctx = other.enter(request).await.unwrap();
    let taken = rolecall_service::execute(&ctx, project("from here")).await.unwrap_err();
    assert!(matches!(taken, Error::Refused(_)) || matches!(taken, Error::Busy { .. }), "{taken:?}");
    let done = rolecall_service::execute(&ctx, project("from there")).await.unwrap();
    assert!(done.view.org().project_named("from here").is_some());
    // And back again.
    house.root().takes(project("and back")).await;
    rolecall_service::history::verify(&house.root().ctx().await).await.unwrap();
}

/// Dropped without closing, with writers at work: what was acknowledged is there, and nothing half.
#[test]
fn dropped_without_closing_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rolecall.db");
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let living = tokio::runtime::Runtime::new().unwrap();
    let (service, weak) = living.block_on(async {
        let store = Arc::new(SqliteStore::open(&path, OpenOptions::default()).await.unwrap());
        let weak = Arc::downgrade(&store);
        let service = Service::open(store, Options { checkpoint_every: 7, ..Options::default() }).await.unwrap();
        service.first_start(start("test", SHOP)).await.unwrap();
        (service, weak)
    });
    for writer in 0..4 {
        let (service, acknowledged) = (service.clone(), Arc::clone(&acknowledged));
        living.spawn(async move {
            for n in 0.. {
                let request = rolecall_service::Request {
                    credential: Some(ROOT),
                    facade: "test",
                    request_id: "",
                    idempotency_key: None,
                    if_match: None,
                    dry_run: false,
                    at_least: None,
                    at: None,
                };
                let name = format!("p{writer}-{n}");
                let both = vec![
                    project(&name),
                    user(&format!("owner-of-{name}")).given(&format!("role Maintainer at {name}")).into(),
                ];
                let ctx = service.enter(request).await.unwrap();
                rolecall_service::execute(&ctx, rolecall_model::Command::Batch(both)).await.unwrap();
                acknowledged.lock().unwrap().push(name);
            }
        });
    }
    while acknowledged.lock().unwrap().len() < 40 {
        std::thread::yield_now();
    }
    drop(service);
    living.shutdown_timeout(std::time::Duration::from_mins(1));
    while weak.strong_count() > 0 {
        std::thread::yield_now();
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = loop {
            match SqliteStore::open(&path, OpenOptions::default()).await {
                Ok(store) => break store,
                // The connection's own thread lets go of the lock a moment later.
                Err(rolecall_store::StoreError::Locked { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        let service = Service::open(Arc::new(store), Options::default()).await.unwrap();
        let request = rolecall_service::Request {
            credential: Some(ROOT),
            facade: "test",
            request_id: "",
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        };
        let ctx = service.enter(request).await.unwrap();
        for name in acknowledged {
            assert!(ctx.org().project_named(&name).is_some(), "{name} was acknowledged and is lost");
        }
        for project in ctx.org().projects.iter().filter(|row| row.name.starts_with('p')) {
            assert!(
                ctx.org().find_principal(&format!("owner-of-{}", project.name)).is_some(),
                "half of a command is there"
            );
        }
        rolecall_service::history::verify(&ctx).await.unwrap();
        service.close().await;
    });
}
