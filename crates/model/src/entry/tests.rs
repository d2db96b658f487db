//! Tests of entries as bytes.

mod golden;
mod script;

use super::*;
use crate::attributes::Attributes;
use crate::id::PrincipalId;
use crate::principal::{ERASED, Personal, PrincipalChange, PrincipalKind, Profile, SignIn};
use serde_json::json;

fn subject(bits: u128) -> Subject {
    Subject::new(PrincipalKind::User, bits)
}

fn profile(name: &str) -> Profile {
    Profile {
        name: Personal(name.into()),
        email: Some(Personal(Text::from(format!("{name}@example.com")))),
        username: None,
        external_id: None,
        client_id: None,
        picture: None,
        description: Text::default(),
        active: true,
        sign_in: SignIn::default(),
        attributes: Attributes::default(),
        identities: Vec::new(),
        scim: None,
    }
}

fn created(number: u32, name: &str) -> Change {
    let id = PrincipalId::new(number).unwrap();
    PrincipalChange::Created { id, subject: subject(number.into()), profile: profile(name) }.into()
}

fn entry(changes: Vec<Change>) -> Entry {
    Entry {
        revision: Revision(7),
        at: Timestamp::from_micros(1_795_000_000_123_456),
        actor: Actor::System,
        facade: Text::const_new("rest"),
        request: Text::const_new("r-1"),
        idempotency: Some(Text::const_new("once \"only\"")),
        reads: 1,
        changes,
    }
}

fn salts() -> impl FnMut() -> [u8; 16] {
    let mut drawn = 0_u128;
    move || {
        drawn += 1;
        drawn.to_be_bytes()
    }
}

fn encoded(entry: &Entry) -> Encoded {
    entry.encode(&[3; 32], &mut salts()).unwrap()
}

#[test]
fn an_entry_is_read_as_it_was_written() {
    let whole = entry(vec![created(1, "ada \\\" {\"$personal\":\"x\"}"), created(2, "生产")]);
    let encoded = encoded(&whole);
    assert_eq!(Entry::decode(&encoded.body).unwrap(), whole);
    assert_eq!(chain_hash(&[3; 32], &encoded.body).unwrap(), encoded.hash);
    assert_eq!(encoded.subjects, [subject(1).bytes(), subject(2).bytes()]);
}

#[test]
fn a_body_may_be_cut_anywhere() {
    let whole = entry(vec![created(1, "ada")]);
    let encoded = encoded(&whole);
    let pieces: Vec<&[u8]> = encoded.body[0].chunks(7).collect();
    assert_eq!(Entry::decode(&pieces).unwrap(), whole);
    assert_eq!(chain_hash(&[3; 32], &pieces).unwrap(), encoded.hash);
}

#[test]
fn a_large_body_is_kept_in_pieces() {
    let names = (1..12_000).map(|number| created(number, &"long ".repeat(60)));
    let whole = entry(names.collect());
    let encoded = encoded(&whole);
    assert!(encoded.body.len() > 1 && encoded.body.iter().all(|piece| piece.len() <= CHUNK));
    assert_eq!(Entry::decode(&encoded.body).unwrap(), whole);
}

#[test]
fn any_changed_byte_changes_the_hash_or_is_refused() {
    let encoded = encoded(&entry(vec![created(1, "ada")]));
    for at in 0..encoded.body[0].len() {
        let mut body = encoded.body.clone();
        body[0][at] ^= 1;
        assert_ne!(chain_hash(&[3; 32], &body), Ok(encoded.hash), "byte {at}");
    }
    assert_ne!(chain_hash(&[4; 32], &encoded.body), Ok(encoded.hash));
}

#[test]
fn erasing_a_subject_breaks_no_chain_and_touches_nobody_else() {
    let encoded = encoded(&entry(vec![created(1, "ada"), created(2, "ben")]));
    let body = forget(&encoded.body, subject(1)).unwrap().unwrap();
    assert_eq!(chain_hash(&[3; 32], &body).unwrap(), encoded.hash);
    let left = Entry::decode(&body).unwrap();
    let mut gone = profile(ERASED);
    gone.email = Some(Personal(ERASED.into()));
    let id = PrincipalId::new(1).unwrap();
    let gone = PrincipalChange::Created { id, subject: subject(1), profile: gone };
    assert_eq!(left.changes, [gone.into(), created(2, "ben")]);
    assert!(!String::from_utf8(body[0].clone()).unwrap().contains("ada"));
    assert_eq!(forget(&body, subject(1)).unwrap(), None);
    assert_eq!(forget(&body, subject(9)).unwrap(), None);
}

#[test]
fn equal_values_leave_different_hashes_behind() {
    let encoded = encoded(&entry(vec![created(1, "ada"), created(2, "ada")]));
    let body = forget(&encoded.body, subject(1)).unwrap().unwrap();
    let body = forget(&body, subject(2)).unwrap().unwrap();
    let text = String::from_utf8(body[0].clone()).unwrap();
    let hashes: std::collections::HashSet<&str> = text.split("$erased\":\"").skip(1).map(|rest| &rest[..64]).collect();
    assert_eq!(hashes.len(), 4);
}

#[test]
fn attributes_that_look_like_leaves_are_left_alone() {
    let mut odd = profile("ada");
    let value = json!({"$personal": "x", "b": {"$erased": "y"}, "list": [{"$personal": 1}], "n": 1.1e-7, "s": "}\\\""});
    odd.attributes = value.as_object().unwrap().clone().into();
    let id = PrincipalId::new(1).unwrap();
    let change = PrincipalChange::Created { id, subject: subject(1), profile: odd };
    let whole = entry(vec![change.into(), created(2, "ben")]);
    let encoded = encoded(&whole);
    assert_eq!(Entry::decode(&encoded.body).unwrap(), whole);
    assert_eq!(chain_hash(&[3; 32], &encoded.body).unwrap(), encoded.hash);
    assert_eq!(encoded.subjects.len(), 2);
}

#[test]
fn an_entry_of_a_later_version_is_refused_as_such() {
    let text = br#"{"revision":1,"reads":3,"changes":[{"novelty":{}}]}"#.to_vec();
    assert_eq!(Entry::decode(&[text]), Err(BadEntry::TooNew(3)));
    let later = Entry { reads: 4, ..entry(vec![]) };
    assert_eq!(Entry::decode(&encoded(&later).body), Err(BadEntry::TooNew(4)));
}

#[test]
fn an_old_entry_without_newer_fields_is_read() {
    let text = br#"{"revision":1,"at":"2026-11-21T00:00:00Z","actor":"system","changes":[]}"#.to_vec();
    assert_eq!(Entry::decode(&[text]).unwrap().reads, 1);
}

#[test]
fn bytes_that_are_no_entry_are_refused() {
    let deep = "[".repeat(1_000_000);
    assert!(chain_hash(&[0; 32], &[deep]).is_err());
    let no_pieces: [&[u8]; 0] = [];
    assert!(Entry::decode(&no_pieces).is_err());
    for text in ["", "{", "}", "[]", "{\"a", "\"", "{\"$personal\":1}", "{\"$personal\":\"a\",\"$salt\":}", "{]"] {
        assert!(Entry::decode(&[text]).is_err(), "{text}");
        let _ = chain_hash(&[0; 32], &[text]);
        let _ = forget(&[text], subject(1));
    }
}
