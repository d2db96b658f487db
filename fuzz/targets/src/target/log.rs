//! The words of the log, entries with their hash chain, states in checkpoints, and the import of a workload.

use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::decide::decide;
use rolecall_model::entry::{Entry, NO_HASH, chain_hash, forget};
use rolecall_model::id::OrganizationId;
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::{NewOrganization, Stamp};
use rolecall_model::principal::{PrincipalKind, Subject};
use rolecall_model::{Change, Command, Org, Revision, Timestamp};
use std::sync::{Arc, LazyLock};

/// Each line is the changes of one entry. What was read reads back the same, and applying never refuses.
pub(crate) fn changes(data: &[u8]) {
    let mut org = Org::empty();
    for (line, number) in data.split(|byte| *byte == b'\n').zip(1_u32..) {
        let Ok(changes) = serde_json::from_slice::<Vec<Change>>(line) else {
            continue;
        };
        let logged = serde_json::to_string(&changes).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Vec<Change>>(&logged).ok().as_ref(), Some(&changes));
        org.apply(&stamp(number), &changes);
    }
    org.index();
}

/// An entry that can be read and has its place in the chain can be written, and erasing somebody keeps that place.
pub(crate) fn entry(data: &[u8]) {
    let body = [data];
    let (Ok(entry), Ok(hash)) = (Entry::decode(&body), chain_hash(&NO_HASH, &body)) else {
        return;
    };
    let again = entry.encode(&NO_HASH, &mut || [7; 16]).expect("an entry that can be read can be written");
    assert_eq!(Entry::decode(&again.body).ok(), Some(entry));
    for bytes in again.subjects {
        for kind in [PrincipalKind::User, PrincipalKind::Application] {
            let subject = Subject::new(kind, u128::from_be_bytes(bytes));
            if let Ok(Some(rest)) = forget(&body, subject) {
                assert_eq!(chain_hash(&NO_HASH, &rest), Ok(hash), "erasing {subject} broke the chain");
            }
        }
    }
}

/// The state of a checkpoint, once unpacked. Only one whose hash is right is ever used, so reading it must do no harm,
/// and nothing more.
pub(crate) fn state(data: &[u8]) {
    if let Ok(org) = postcard::from_bytes::<Org>(data) {
        assert!(postcard::to_allocvec(&org).is_ok());
    }
}

/// The lines of a workload. What is accepted can be decided on or is refused, and reads back the same from the log.
pub(crate) fn workload(data: &[u8]) {
    let mut reader = WorkloadReader::new();
    for line in data.split(|byte| *byte == b'\n') {
        if reader.line(line).is_err() {
            return;
        }
    }
    let Ok(workload) = reader.finish() else {
        return;
    };
    let command = Command::Import(Arc::new(workload));
    let Ok(decision) = decide(&FOUNDED, command, &moment()) else {
        return;
    };
    let Stamp { revision, at, actor } = decision.stamp;
    let entry = Entry {
        revision,
        at,
        actor,
        facade: "rest".into(),
        request: "request".into(),
        idempotency: None,
        reads: 1,
        changes: decision.changes,
    };
    let encoded = entry.encode(&NO_HASH, &mut || [7; 16]).expect("an import can be written");
    assert_eq!(chain_hash(&NO_HASH, &encoded.body), Ok(encoded.hash));
    assert_eq!(Entry::decode(&encoded.body).ok(), Some(entry));
}

/// An organization with nothing in it.
static FOUNDED: LazyLock<Org> = LazyLock::new(|| {
    let catalog = builtin("none").and_then(|yaml| Catalog::read(yaml).ok()).unwrap_or_default();
    let new = NewOrganization {
        id: OrganizationId::new(1),
        name: "default".to_owned(),
        title: String::new(),
        catalog: Arc::new(catalog),
    };
    match decide(&Org::empty(), Command::Found(Box::new(new)), &moment()) {
        Ok(decision) => decision.org,
        Err(refusal) => panic!("the catalog none cannot be used: {refusal}"),
    }
});

fn moment() -> Moment {
    Moment::new(Timestamp::from_micros(1_795_000_000_000_000), Actor::System, [7; 32])
}

fn stamp(number: u32) -> Stamp {
    Stamp { revision: Revision(number.into()), at: Timestamp::from_micros(number.into()), actor: Actor::System }
}
