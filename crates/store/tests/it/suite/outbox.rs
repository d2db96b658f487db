//! The outbox.

use rolecall_store::{Mail, Store, StoreError};

use crate::support::{ORG, OTHER, found};

async fn due(store: &impl Store, now: i64) -> Vec<Vec<u8>> {
    store.due_mail(now, 9).await.unwrap().into_iter().map(|mail| mail.data).collect()
}

pub async fn mail_is_due_from_its_time_on_and_the_longest_due_comes_first(store: &impl Store) {
    found(store, ORG).await;
    assert_eq!(store.next_mail().await.unwrap(), None);
    assert_eq!(store.waiting_mail().await.unwrap(), 0);
    let second = store.put_mail(ORG, 20, b"second".to_vec()).await.unwrap();
    store.put_mail(ORG, 10, b"first".to_vec()).await.unwrap();
    store.put_mail(ORG, 30, b"third".to_vec()).await.unwrap();
    assert_eq!(store.next_mail().await.unwrap(), Some(10));
    assert_eq!(store.waiting_mail().await.unwrap(), 3);
    assert!(due(store, 9).await.is_empty());
    assert_eq!(due(store, 20).await, [b"first".to_vec(), b"second".to_vec()]);
    let expected = Mail { id: second, organization: ORG, at: 20, next_at: 20, attempts: 0, data: b"second".to_vec() };
    assert_eq!(store.due_mail(30, 2).await.unwrap()[1], expected);
}

pub async fn postponed_mail_waits_for_its_time(store: &impl Store) {
    found(store, ORG).await;
    let id = store.put_mail(ORG, 10, b"a".to_vec()).await.unwrap();
    store.put_mail(ORG, 20, b"b".to_vec()).await.unwrap();
    store.postpone_mail(id, 100, 3).await.unwrap();
    assert_eq!(store.next_mail().await.unwrap(), Some(20));
    assert_eq!(due(store, 99).await, [b"b".to_vec()]);
    let postponed = &store.due_mail(100, 9).await.unwrap()[1];
    assert_eq!((postponed.id, postponed.at, postponed.next_at, postponed.attempts), (id, 10, 100, 3));
}

pub async fn dropped_mail_is_gone(store: &impl Store) {
    found(store, ORG).await;
    let id = store.put_mail(ORG, 10, b"a".to_vec()).await.unwrap();
    store.drop_mail(id).await.unwrap();
    store.drop_mail(id).await.unwrap();
    store.postpone_mail(id, 0, 1).await.unwrap();
    assert!(due(store, i64::MAX).await.is_empty());
    assert_eq!(store.waiting_mail().await.unwrap(), 0);
}

pub async fn mail_needs_its_organization(store: &impl Store) {
    let nowhere = store.put_mail(ORG, 10, vec![]).await;
    assert!(matches!(nowhere, Err(StoreError::NoOrganization)), "{nowhere:?}");
}

pub async fn the_mail_of_a_deleted_organization_goes_with_it(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    store.put_mail(ORG, 10, b"a".to_vec()).await.unwrap();
    store.put_mail(OTHER, 10, b"b".to_vec()).await.unwrap();
    assert!(store.delete_organization(ORG).await.unwrap());
    assert_eq!(due(store, 10).await, [b"b".to_vec()]);
}
