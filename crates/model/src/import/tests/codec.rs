//! A workload as the log keeps it.

use super::*;
use crate::change::Change;
use crate::entry::{ANYBODY, CHUNK, Encoded, Entry, chain_hash, forget};
use crate::principal::ERASED;
use crate::principal::PrincipalChange;
use crate::user::{NewUser, UserCommand};

fn entry(decision: &Decision) -> Entry {
    Entry {
        revision: decision.stamp.revision,
        at: decision.stamp.at,
        actor: decision.stamp.actor,
        facade: "rest".into(),
        request: "r".into(),
        idempotency: None,
        reads: 1,
        changes: decision.changes.clone(),
    }
}

fn encoded(entry: &Entry) -> Encoded {
    let mut drawn = 0_u128;
    let mut salts = || {
        drawn += 1;
        drawn.to_be_bytes()
    };
    entry.encode(&[5; 32], &mut salts).unwrap()
}

fn small() -> (Entry, Encoded) {
    let entry = entry(&import(&founded("none"), SMALL).unwrap());
    let encoded = encoded(&entry);
    (entry, encoded)
}

fn workload(entry: &Entry) -> &Workload {
    let found = entry.changes.iter().find_map(|change| match change {
        Change::Imported(workload) => Some(workload),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn an_import_is_read_as_it_was_written() {
    let (entry, encoded) = small();
    assert_eq!(Entry::decode(&encoded.body).unwrap(), entry);
    assert_eq!(chain_hash(&[5; 32], &encoded.body).unwrap(), encoded.hash);
    assert_eq!(encoded.subjects, [ANYBODY]);
}

#[test]
fn an_import_may_be_cut_anywhere() {
    let (entry, encoded) = small();
    for length in [1, 2, 3, 7, 64] {
        let pieces: Vec<&[u8]> = encoded.body[0].chunks(length).collect();
        assert_eq!(Entry::decode(&pieces).unwrap(), entry);
        assert_eq!(chain_hash(&[5; 32], &pieces).unwrap(), encoded.hash);
    }
}

#[test]
fn a_large_import_is_kept_in_pieces() {
    let long = "x".repeat(190);
    let users = (0..22_000).fold(String::from("{\"t\":\"meta\",\"format\":1}\n"), |mut text, user| {
        let _ = writeln!(text, r#"{{"t":"user","id":"{long}-{user}"}}"#);
        text
    });
    let decision = import(&founded("none"), &users).unwrap();
    let encoded = encoded(&entry(&decision));
    assert!(encoded.body.len() > 1 && encoded.body.iter().all(|piece| piece.len() <= CHUNK));
    assert_eq!(Entry::decode(&encoded.body).unwrap().changes, decision.changes);
    assert_eq!(chain_hash(&[5; 32], &encoded.body).unwrap(), encoded.hash);
}

#[test]
fn any_changed_byte_of_an_import_changes_the_hash_or_is_refused() {
    let (_, encoded) = small();
    let founded = founded("none");
    for at in 0..encoded.body[0].len() {
        for bit in [1, 0x80] {
            let mut body = encoded.body.clone();
            body[0][at] ^= bit;
            assert_ne!(chain_hash(&[5; 32], &body), Ok(encoded.hash), "byte {at}");
            // Whatever it is read as, reading it ends and applying it does too.
            if let Ok(entry) = Entry::decode(&body) {
                founded.clone().apply(&entry.stamp(), &entry.changes);
            }
        }
    }
}

#[test]
fn an_import_that_ends_early_or_late_is_refused() {
    let (_, encoded) = small();
    for length in 0..encoded.body[0].len() {
        assert!(Entry::decode(&[&encoded.body[0][..length]]).is_err(), "{length}");
        assert!(chain_hash(&[5; 32], &[&encoded.body[0][..length]]).is_err() || length == 0, "{length}");
    }
    let longer = [encoded.body[0].as_slice(), b"x"];
    assert!(Entry::decode(&longer).is_err() && chain_hash(&[5; 32], &longer).is_err());
}

#[test]
fn a_length_that_is_a_lie_costs_no_memory() {
    let (_, encoded) = small();
    let head = encoded.body[0].windows(2).position(|two| two == b"]}").unwrap() + 2;
    for at in head..encoded.body[0].len() {
        let mut body = encoded.body[0][..at].to_vec();
        body.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(Entry::decode(&[body]).is_err());
    }
}

#[test]
fn an_erased_person_is_gone_from_an_import_and_the_chain_holds() {
    let (entry, encoded) = small();
    let subject = workload(&entry).subjects().nth(1).unwrap();
    let body = forget(&encoded.body, subject).unwrap().unwrap();
    assert_eq!(chain_hash(&[5; 32], &body).unwrap(), encoded.hash);
    assert!(!body[0].windows(8).any(|bytes| bytes == "Юлия".as_bytes()));
    assert_eq!(forget(&body, subject).unwrap(), None);
    let mut org = founded("none");
    org.apply(&entry.stamp(), &Entry::decode(&body).unwrap().changes);
    let names: Vec<&str> = org.principals().map(|(_, principal)| principal.name.as_str()).collect();
    assert_eq!(names, ["u-0", ERASED, "a-0"]);
    assert!(org.principals().nth(1).is_some_and(|(_, principal)| principal.subject == subject));
}

#[test]
fn everybody_can_be_erased_from_an_import() {
    let (entry, encoded) = small();
    let mut body = encoded.body;
    for subject in workload(&entry).subjects() {
        body = forget(&body, subject).unwrap().unwrap();
    }
    assert_eq!(chain_hash(&[5; 32], &body).unwrap(), encoded.hash);
    let mut org = founded("none");
    org.apply(&entry.stamp(), &Entry::decode(&body).unwrap().changes);
    assert_eq!(org.principals().filter(|(_, principal)| principal.name == ERASED).count(), 3);
}

#[test]
fn an_import_can_stand_among_other_commands() {
    let user =
        |id: &str| Command::from(UserCommand::Create(NewUser { external_id: Some(id.into()), ..NewUser::default() }));
    let batch = vec![user("before"), Command::Import(Arc::new(read(SMALL).unwrap())), user("after")];
    let decision = run(&founded("none"), Command::Batch(batch)).unwrap();
    let entry = entry(&decision);
    let encoded = encoded(&entry);
    assert_eq!(Entry::decode(&encoded.body).unwrap(), entry);
    assert_eq!(encoded.subjects.len(), 3);
    assert!(encoded.subjects.contains(&ANYBODY));
    let Some(Change::Principal(PrincipalChange::Created { subject, .. })) = entry.changes.first() else { panic!() };
    let body = forget(&encoded.body, *subject).unwrap().unwrap();
    assert_eq!(chain_hash(&[5; 32], &body).unwrap(), encoded.hash);
    assert!(!body[0].windows(6).any(|bytes| bytes == b"before"));
}
