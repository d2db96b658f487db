//! The plain tables.

use rolecall_store::{
    Checkpoint, Event, IdempotencyKey, OrganizationKey, OrganizationRow, Row, Secret, Store, StoreError,
};

use crate::support::{ORG, OTHER, all, chain, found};

fn row(key: OrganizationKey, name: &str, home: bool) -> OrganizationRow {
    OrganizationRow { key, name: name.into(), home, created_at: i64::from(key.0[0]) }
}

fn token(key: u8, hash: u8) -> Row {
    Row::Secret { kind: "token", key: [key; 16], hash: Some([hash; 32]), data: None }
}

fn event(position: u64) -> Event {
    let number = u8::try_from(position).unwrap();
    Event { position, at: 100 + i64::from(number), hash: [number; 32], body: vec![number] }
}

pub async fn an_organization_is_founded_with_its_first_entry_or_not_at_all(store: &impl Store) {
    let acme = row(ORG, "acme", true);
    store.found(&acme, &chain(1), vec![token(1, 1)]).await.unwrap();
    assert_eq!(store.head(ORG).await.unwrap().unwrap().revision, 1);
    let refused = store.found(&row(OTHER, "other", false), &chain(1), vec![token(1, 1)]).await;
    assert!(matches!(refused, Err(StoreError::SecretTaken)), "{refused:?}");
    assert_eq!(store.organizations().await.unwrap(), [acme]);
    assert_eq!(store.head(OTHER).await.unwrap(), None);
}

pub async fn names_and_the_home_place_are_unique(store: &impl Store) {
    let taken = |outcome| match outcome {
        Err(StoreError::Taken(what)) => what,
        other => panic!("{other:?}"),
    };
    store.found(&row(ORG, "acme", true), &[], vec![]).await.unwrap();
    assert_eq!(taken(store.found(&row(OTHER, "acme", false), &[], vec![]).await), "name");
    assert_eq!(taken(store.found(&row(ORG, "new", false), &[], vec![]).await), "key");
    assert!(taken(store.found(&row(OTHER, "new", true), &[], vec![]).await).contains("home"));
    store.found(&row(OTHER, "Acme", false), &[], vec![]).await.unwrap();
    let names: Vec<String> = store.organizations().await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["acme", "Acme"]);
}

pub async fn deleting_an_organization_removes_everything_of_it(store: &impl Store) {
    for key in [ORG, OTHER] {
        let mut records = chain(2);
        records[0].subjects = vec![[7; 16]];
        store.found(&row(key, &format!("{key:?}"), false), &records, vec![token(1, key.0[0])]).await.unwrap();
        store.append_events(key, &[event(1)]).await.unwrap();
        store.touch(key, "token", &[([1; 16], 5)]).await.unwrap();
        let checkpoint = Checkpoint { revision: 1, version: 1, at: 1, state_hash: [0; 32] };
        store.save(key, checkpoint, Box::pin(futures::stream::empty())).await.unwrap();
    }
    assert!(store.delete_organization(ORG).await.unwrap());
    assert!(!store.delete_organization(ORG).await.unwrap());
    assert_eq!(store.organizations().await.unwrap().len(), 1);
    assert_eq!(all(store, ORG, 0).await, []);
    assert_eq!(store.mentions(ORG, [7; 16]).await.unwrap(), [0; 0]);
    assert_eq!(store.secret_by_hash("token", [1; 32]).await.unwrap(), None);
    assert_eq!(store.event_head(ORG).await.unwrap(), None);
    assert_eq!(store.newest(ORG, 1).await.unwrap(), []);
    assert_eq!(store.last_used(ORG, "token", &[[1; 16]]).await.unwrap(), []);
    assert_eq!(all(store, OTHER, 0).await.len(), 2);
    assert_eq!(store.newest(OTHER, 1).await.unwrap().len(), 1);
    let late = store.append(ORG, 2, &chain(3)[2..], vec![]).await;
    assert!(late.is_err());
    store.found(&row(ORG, "again", true), &chain(1), vec![]).await.unwrap();
}

pub async fn rows_are_written_with_their_entry(store: &impl Store) {
    found(store, ORG).await;
    let records = chain(2);
    store.append(ORG, 0, &records[..1], vec![token(1, 1), token(2, 2)]).await.unwrap();
    let raced = store.append(ORG, 0, &records[..1], vec![token(3, 3), Row::SecretGone { kind: "token", key: [1; 16] }]);
    assert!(matches!(raced.await, Err(StoreError::Raced)));
    assert!(store.secret(ORG, "token", [1; 16]).await.unwrap().is_some());
    assert_eq!(store.secret(ORG, "token", [3; 16]).await.unwrap(), None);
    store.append(ORG, 9, &[], vec![token(4, 4)]).await.unwrap();
    assert!(store.secret(ORG, "token", [4; 16]).await.unwrap().is_some());
}

pub async fn a_secret_is_found_by_its_hash_in_all_organizations(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    store.append(ORG, 0, &[], vec![token(1, 1)]).await.unwrap();
    store.append(OTHER, 0, &[], vec![token(1, 2)]).await.unwrap();
    assert_eq!(store.secret_by_hash("token", [2; 32]).await.unwrap(), Some((OTHER, [1; 16])));
    assert_eq!(store.secret_by_hash("token", [1; 32]).await.unwrap(), Some((ORG, [1; 16])));
    assert_eq!(store.secret_by_hash("token", [3; 32]).await.unwrap(), None);
    assert_eq!(store.secret_by_hash("invitation", [1; 32]).await.unwrap(), None);
}

pub async fn a_secret_is_replaced_and_removed(store: &impl Store) {
    found(store, ORG).await;
    let password = |data: &str| Row::Secret { kind: "password", key: [1; 16], hash: None, data: Some(data.into()) };
    store.append(ORG, 0, &[], vec![password("old")]).await.unwrap();
    store.append(ORG, 0, &[], vec![password("new")]).await.unwrap();
    let kept = store.secret(ORG, "password", [1; 16]).await.unwrap();
    assert_eq!(kept, Some(Secret { hash: None, data: Some(b"new".to_vec()) }));
    store.append(ORG, 0, &[], vec![token(1, 1)]).await.unwrap();
    let kept = store.secret(ORG, "token", [1; 16]).await.unwrap();
    assert_eq!(kept, Some(Secret { hash: Some([1; 32]), data: None }));
    let gone = || Row::SecretGone { kind: "password", key: [1; 16] };
    store.append(ORG, 0, &[], vec![gone(), gone()]).await.unwrap();
    assert_eq!(store.secret(ORG, "password", [1; 16]).await.unwrap(), None);
}

pub async fn the_same_secret_twice_is_refused(store: &impl Store) {
    found(store, ORG).await;
    store.append(ORG, 0, &[], vec![token(1, 1)]).await.unwrap();
    let twice = store.append(ORG, 0, &[], vec![token(2, 1)]).await;
    assert!(matches!(twice, Err(StoreError::SecretTaken)), "{twice:?}");
    store.append(ORG, 0, &[], vec![token(1, 1)]).await.unwrap();
}

pub async fn an_idempotency_key_belongs_to_its_caller_and_is_pruned_by_age(store: &impl Store) {
    found(store, ORG).await;
    let key = |caller: u8, digest: u8, at: i64| Row::Idempotency {
        caller: [caller; 16],
        key: "k".into(),
        digest: [digest; 32],
        revision: at.unsigned_abs(),
        at,
    };
    store.append(ORG, 0, &[], vec![key(1, 1, 10), key(2, 2, 20)]).await.unwrap();
    let kept = |digest: u8, at: i64| Some(IdempotencyKey { digest: [digest; 32], revision: at.unsigned_abs(), at });
    assert_eq!(store.idempotency(ORG, [1; 16], "k").await.unwrap(), kept(1, 10));
    assert_eq!(store.idempotency(ORG, [2; 16], "k").await.unwrap(), kept(2, 20));
    assert_eq!(store.idempotency(ORG, [2; 16], "other").await.unwrap(), None);
    assert_eq!(store.prune_idempotency(20).await.unwrap(), 1);
    assert_eq!(store.idempotency(ORG, [1; 16], "k").await.unwrap(), None);
    store.append(ORG, 0, &[], vec![key(2, 3, 30)]).await.unwrap();
    assert_eq!(store.idempotency(ORG, [2; 16], "k").await.unwrap(), kept(3, 30));
}

pub async fn events_are_read_in_both_directions(store: &impl Store) {
    found(store, ORG).await;
    assert_eq!(store.event_head(ORG).await.unwrap(), None);
    store.append_events(ORG, &[]).await.unwrap();
    store.append_events(ORG, &[event(1), event(2)]).await.unwrap();
    store.append_events(ORG, &[event(3)]).await.unwrap();
    assert_eq!(store.events_after(ORG, 0, 2).await.unwrap(), [event(1), event(2)]);
    assert_eq!(store.events_after(ORG, 2, 9).await.unwrap(), [event(3)]);
    assert_eq!(store.events_before(ORG, u64::MAX, 2).await.unwrap(), [event(3), event(2)]);
    assert_eq!(store.events_before(ORG, 2, usize::MAX).await.unwrap(), [event(1)]);
    let head = store.event_head(ORG).await.unwrap().unwrap();
    assert_eq!((head.revision, head.hash, head.at), (3, [3; 32], 103));
}

pub async fn events_have_no_gaps(store: &impl Store) {
    found(store, ORG).await;
    let early = store.append_events(ORG, &[event(2)]).await;
    assert!(matches!(early, Err(StoreError::Raced)), "{early:?}");
    let gap = store.append_events(ORG, &[event(1), event(3)]).await;
    assert!(matches!(gap, Err(StoreError::NotContiguous { .. })), "{gap:?}");
    store.append_events(ORG, &[event(1)]).await.unwrap();
    let late = store.append_events(ORG, &[event(1)]).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    let nowhere = store.append_events(OTHER, &[event(1)]).await;
    assert!(matches!(nowhere, Err(StoreError::NoOrganization)), "{nowhere:?}");
}

pub async fn last_use_never_goes_backwards(store: &impl Store) {
    found(store, ORG).await;
    let (one, two, three) = ([1; 16], [2; 16], [3; 16]);
    store.touch(ORG, "token", &[]).await.unwrap();
    store.touch(ORG, "token", &[(one, 10), (two, 20)]).await.unwrap();
    store.touch(ORG, "token", &[(one, 5), (two, 30), (two, 25)]).await.unwrap();
    let mut used = store.last_used(ORG, "token", &[one, two, three]).await.unwrap();
    used.sort_unstable();
    assert_eq!(used, [(one, 10), (two, 30)]);
    assert_eq!(store.last_used(ORG, "grant", &[one]).await.unwrap(), []);
    assert_eq!(store.last_used(ORG, "token", &[]).await.unwrap(), []);
}

pub async fn settings_are_kept_and_the_installation_has_one_number(store: &impl Store) {
    assert_eq!(store.setting("format").await.unwrap(), None);
    store.set("format", b"1".to_vec()).await.unwrap();
    store.set("format", b"2".to_vec()).await.unwrap();
    assert_eq!(store.setting("format").await.unwrap(), Some(b"2".to_vec()));
    let number = store.installation().await.unwrap();
    assert_ne!(number, [0; 16]);
    assert_eq!(store.installation().await.unwrap(), number);
}
