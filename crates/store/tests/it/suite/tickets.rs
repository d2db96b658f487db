//! Tickets: each counts once.

use futures::future::join_all;
use rolecall_store::{OrganizationKey, Row, Store, StoreError, Ticket};

use crate::support::{ORG, OTHER, chain, found};

const HASH: [u8; 32] = [9; 32];
const OWNER: [u8; 16] = [4; 16];

fn ticket(organization: OrganizationKey, data: &[u8]) -> Ticket {
    Ticket { organization, owner: OWNER, expires_at: 50, data: data.into() }
}

fn row(kind: &'static str, hash: u8, data: &[u8]) -> Row {
    Row::Ticket { kind, hash: [hash; 32], owner: OWNER, expires_at: 50, data: data.into() }
}

async fn put(store: &impl Store) {
    found(store, ORG).await;
    store.put_ticket("code", HASH, &ticket(ORG, b"a")).await.unwrap();
}

pub async fn a_ticket_comes_back_by_its_kind_and_hash(store: &impl Store) {
    put(store).await;
    assert_eq!(store.ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"a")));
    assert_eq!(store.ticket("device", HASH).await.unwrap(), None);
    assert_eq!(store.ticket("code", [8; 32]).await.unwrap(), None);
}

pub async fn an_owners_tickets_of_one_kind_are_listed(store: &impl Store) {
    put(store).await;
    found(store, OTHER).await;
    store.put_ticket("code", [8; 32], &ticket(ORG, b"b")).await.unwrap();
    store.put_ticket("device", [7; 32], &ticket(ORG, b"c")).await.unwrap();
    store.put_ticket("code", [6; 32], &ticket(OTHER, b"d")).await.unwrap();
    store.put_ticket("code", [5; 32], &Ticket { owner: [1; 16], ..ticket(ORG, b"e") }).await.unwrap();
    let mut theirs = store.tickets_of(ORG, "code", OWNER).await.unwrap();
    theirs.sort_by(|left, right| left.data.cmp(&right.data));
    assert_eq!(theirs, [ticket(ORG, b"a"), ticket(ORG, b"b")]);
}

pub async fn a_ticket_is_put_only_once(store: &impl Store) {
    put(store).await;
    let again = store.put_ticket("code", HASH, &ticket(ORG, b"b")).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    assert_eq!(store.ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"a")));
    store.put_ticket("device", HASH, &ticket(ORG, b"")).await.unwrap();
    assert_eq!(store.ticket("device", HASH).await.unwrap(), Some(ticket(ORG, b"")));
}

pub async fn a_ticket_needs_its_organization(store: &impl Store) {
    let nowhere = store.put_ticket("code", HASH, &ticket(ORG, b"a")).await;
    assert!(matches!(nowhere, Err(StoreError::NoOrganization)), "{nowhere:?}");
}

pub async fn of_several_takers_exactly_one_gets_a_ticket(store: &impl Store) {
    found(store, ORG).await;
    for round in 0..20 {
        let hash = [round; 32];
        store.put_ticket("code", hash, &ticket(ORG, &[round])).await.unwrap();
        let taken = join_all((0..8).map(|_| store.take_ticket("code", hash))).await;
        let got: Vec<Ticket> = taken.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(got, [ticket(ORG, &[round])]);
    }
    assert_eq!(store.take_ticket("code", [0; 32]).await.unwrap(), None);
}

pub async fn a_ticket_is_taken_as_it_last_was(store: &impl Store) {
    found(store, ORG).await;
    for round in 0..20 {
        let hash = [round; 32];
        store.put_ticket("code", hash, &ticket(ORG, b"a")).await.unwrap();
        let change = store.change_ticket("code", hash, b"a", b"b".to_vec());
        let (taken, changed) = tokio::join!(store.take_ticket("code", hash), change);
        let expected = if changed.unwrap() { b"b" } else { b"a" };
        assert_eq!(taken.unwrap(), Some(ticket(ORG, expected)));
        assert_eq!(store.ticket("code", hash).await.unwrap(), None);
    }
}

pub async fn a_ticket_changes_only_from_what_was_seen(store: &impl Store) {
    put(store).await;
    assert!(store.change_ticket("code", HASH, b"a", b"b".to_vec()).await.unwrap());
    assert!(!store.change_ticket("code", HASH, b"a", b"c".to_vec()).await.unwrap());
    assert!(!store.change_ticket("device", HASH, b"b", b"c".to_vec()).await.unwrap());
    assert_eq!(store.ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"b")));
    assert!(store.change_ticket("code", HASH, b"b", vec![]).await.unwrap());
    assert!(store.change_ticket("code", HASH, b"", b"d".to_vec()).await.unwrap());
    assert_eq!(store.take_ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"d")));
    assert!(!store.change_ticket("code", HASH, b"d", b"e".to_vec()).await.unwrap());
}

pub async fn of_several_changes_from_the_same_data_exactly_one_counts(store: &impl Store) {
    put(store).await;
    let changes = join_all((0..8).map(|number| store.change_ticket("code", HASH, b"a", vec![number]))).await;
    let counted: Vec<u8> = (0..8).zip(changes).filter_map(|(number, did)| did.unwrap().then_some(number)).collect();
    let kept = store.ticket("code", HASH).await.unwrap().unwrap();
    assert_eq!(counted, kept.data);
}

pub async fn tickets_are_written_with_their_entry(store: &impl Store) {
    found(store, ORG).await;
    let records = chain(2);
    store.append(ORG, 0, &records[..1], vec![row("code", 9, b"a")]).await.unwrap();
    assert_eq!(store.ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"a")));
    let gone = || Row::TicketsGone { kind: "code", owner: OWNER };
    let raced = store.append(ORG, 0, &records[..1], vec![gone(), row("code", 8, b"b")]).await;
    assert!(matches!(raced, Err(StoreError::Raced)), "{raced:?}");
    assert!(store.ticket("code", HASH).await.unwrap().is_some());
    assert!(store.ticket("code", [8; 32]).await.unwrap().is_none());
    let taken = store.append(ORG, 1, &records[1..], vec![row("code", 9, b"b")]).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    assert_eq!(store.head(ORG).await.unwrap().unwrap().revision, 1);
    store.append(ORG, 1, &records[1..], vec![gone(), row("code", 9, b"c")]).await.unwrap();
    assert_eq!(store.ticket("code", HASH).await.unwrap(), Some(ticket(ORG, b"c")));
}

pub async fn an_owners_tickets_of_one_kind_are_dropped(store: &impl Store) {
    found(store, ORG).await;
    found(store, OTHER).await;
    let rows = vec![row("code", 1, b""), row("code", 2, b""), row("device", 3, b"")];
    store.append(ORG, 0, &[], rows).await.unwrap();
    store.append(OTHER, 0, &[], vec![row("code", 4, b"")]).await.unwrap();
    let foreign = Ticket { owner: [5; 16], ..ticket(ORG, b"") };
    store.put_ticket("code", [5; 32], &foreign).await.unwrap();
    assert_eq!(store.drop_tickets_of(ORG, "code", OWNER).await.unwrap(), 2);
    assert_eq!(store.drop_tickets_of(ORG, "code", OWNER).await.unwrap(), 0);
    for (kind, hash, there) in
        [("code", 1, false), ("code", 2, false), ("device", 3, true), ("code", 4, true), ("code", 5, true)]
    {
        assert_eq!(store.ticket(kind, [hash; 32]).await.unwrap().is_some(), there, "{hash}");
    }
}

pub async fn tickets_are_pruned_by_age(store: &impl Store) {
    found(store, ORG).await;
    for (hash, expires_at) in [(1, 10), (2, 20), (3, 30)] {
        store.put_ticket("code", [hash; 32], &Ticket { expires_at, ..ticket(ORG, b"") }).await.unwrap();
    }
    assert_eq!(store.prune_tickets(20).await.unwrap(), 1);
    assert!(store.ticket("code", [1; 32]).await.unwrap().is_none());
    assert!(store.ticket("code", [2; 32]).await.unwrap().is_some());
    assert_eq!(store.prune_tickets(i64::MAX).await.unwrap(), 2);
}

pub async fn the_tickets_of_a_deleted_organization_go_with_it(store: &impl Store) {
    put(store).await;
    found(store, OTHER).await;
    store.put_ticket("code", [1; 32], &ticket(OTHER, b"")).await.unwrap();
    assert!(store.delete_organization(ORG).await.unwrap());
    assert!(store.ticket("code", HASH).await.unwrap().is_none());
    assert!(store.ticket("code", [1; 32]).await.unwrap().is_some());
}
