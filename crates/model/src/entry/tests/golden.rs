//! The golden logs: histories with every word, as each version wrote them. They are read, chained and carried out for
//! good. `golden/v1` and `golden/v2` are never written again; a later form of the log gets a folder of its own beside
//! them.
//!
//! `log.jsonl` has an entry on each line: its hash, and its body as text or the name of its file.
//! `state.jsonl` has what the last entry leaves, a part of the organization on each line. A part may
//! gain fields with their defaults when the state's form grows, never lose or change one.

use super::script::{self, Version};
use crate::change::Change;
use crate::entry::{Entry, NO_HASH, chain_hash, forget};
use crate::moment::Actor;
use crate::operation;
use crate::organization::Org;
use crate::principal::{ERASED, Principal, PrincipalChange};
use crate::token::TokenChange;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A line of `log.jsonl`.
#[derive(Serialize, Deserialize)]
struct Line {
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

const VERSIONS: [Version; 2] = [Version::One, Version::Two];

fn path(version: Version, name: &str) -> PathBuf {
    let folder = match version {
        Version::One => "golden/v1",
        Version::Two => "golden/v2",
    };
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(name)
}

/// Hashes and bodies, oldest first.
fn log(version: Version) -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(path(version, "log.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line).unwrap();
            let body = line.text.map(String::into_bytes);
            (line.hash, body.unwrap_or_else(|| std::fs::read(path(version, &line.file.unwrap())).unwrap()))
        })
        .collect()
}

fn replayed(version: Version) -> Org {
    let mut org = Org::empty();
    for (_, body) in log(version) {
        let entry = Entry::decode(&[body]).unwrap();
        assert_eq!(entry.revision, org.revision().next());
        org.apply(&entry.stamp(), &entry.changes);
    }
    org
}

fn state(org: &Org) -> String {
    let mut value = serde_json::to_value(org).unwrap();
    // Rolecall's own actions come with the program, not from the log, and become more.
    let actions = org.actions.iter().filter(|action| !operation::is_own(action.id));
    value["actions"] = serde_json::to_value(actions.collect::<Vec<_>>()).unwrap();
    let parts = value.as_object().unwrap().iter();
    parts.map(|(name, part)| serde_json::json!({ name: part }).to_string() + "\n").collect()
}

fn hex(hash: [u8; 32]) -> String {
    super::super::leaf::hex(&hash)
}

#[test]
fn each_golden_log_is_one_chain() {
    for version in VERSIONS {
        let mut previous = NO_HASH;
        for (hash, body) in log(version) {
            previous = chain_hash(&previous, &[body]).unwrap();
            assert_eq!(hex(previous), hash, "{version:?}");
        }
    }
}

#[test]
fn each_golden_log_comes_to_the_state_it_came_to() {
    for version in VERSIONS {
        let now = state(&replayed(version));
        let kept = std::fs::read_to_string(path(version, "state.jsonl")).unwrap();
        for (kept, now) in kept.lines().zip(now.lines()) {
            assert_eq!(kept, now, "{version:?}");
        }
        assert_eq!(kept, now);
    }
}

#[test]
fn the_golden_logs_have_every_word_between_them() {
    let said = |version| {
        let entries = log(version).into_iter().map(|(_, body)| Entry::decode(&[body]).unwrap());
        entries.flat_map(|entry| entry.changes).map(|change| script::word(&change)).collect::<BTreeSet<String>>()
    };
    let first: BTreeSet<String> = script::WORDS.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(said(Version::One), first);
    let second: BTreeSet<String> = said(Version::Two).difference(&first).cloned().collect();
    assert_eq!(second, script::SIGN_IN_WORDS.iter().map(|word| (*word).to_owned()).collect());
}

#[test]
fn the_second_golden_log_has_every_kind_of_token_and_of_actor() {
    let entries: Vec<Entry> = log(Version::Two).iter().map(|(_, body)| Entry::decode(&[body]).unwrap()).collect();
    for is in [
        (|actor| actor == Actor::System) as fn(Actor) -> bool,
        |actor| matches!(actor, Actor::Principal { .. }),
        |actor| matches!(actor, Actor::Provider(_)),
        |actor| matches!(actor, Actor::Scim(_)),
    ] {
        assert!(entries.iter().any(|entry| is(entry.actor)));
    }
    let changes = entries.iter().flat_map(|entry| &entry.changes);
    let kinds: BTreeSet<&str> = changes
        .filter_map(|change| match change {
            Change::Token(TokenChange::Issued(token)) => Some(token.kind.word()),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, BTreeSet::from(["grant", "personal", "scim", "secret", "session"]));
    let org = replayed(Version::Two);
    let linked = |user: &Principal| !user.identities().is_empty();
    assert!(org.principals().all(|(_, user)| !linked(user)), "their provider is gone");
    assert!(entries.iter().flat_map(|entry| &entry.changes).any(|change| matches!(
        change,
        Change::Principal(PrincipalChange::Created { profile, .. }) if !profile.identities.is_empty() && profile.scim.is_some()
    )));
}

#[test]
fn entries_of_the_golden_logs_are_written_again_as_they_were() {
    for (_, body) in VERSIONS.into_iter().flat_map(log) {
        let entry = Entry::decode(&[&body]).unwrap();
        let again = entry.encode(&NO_HASH, &mut || [0; 16]).unwrap();
        let back = Entry::decode(&again.body).unwrap();
        assert_eq!(back, entry);
    }
}

#[test]
fn the_erased_person_of_each_golden_log_is_nowhere_in_it() {
    for version in VERSIONS {
        let log = log(version);
        for (_, body) in &log {
            assert!(!body.windows(script::ERASED_PERSON.len()).any(|part| part == script::ERASED_PERSON.as_bytes()));
        }
        let erased = log.iter().filter(|(_, body)| body.windows(7).any(|part| part == b"$erased")).count();
        assert!(erased > 1);
        assert!(replayed(version).principals().all(|(_, principal)| principal.name != ERASED));
    }
}

/// Renews the state beside an old log when its form has grown. Read the difference: a part may gain fields with
/// their defaults, and nothing else.
#[test]
#[ignore = "writes a file; run it with ROLECALL_GOLDEN=state when the state's form has grown"]
fn the_golden_state_is_written() {
    assert_eq!(std::env::var("ROLECALL_GOLDEN").as_deref(), Ok("state"));
    for version in VERSIONS {
        std::fs::write(path(version, "state.jsonl"), state(&replayed(version))).unwrap();
    }
}

/// Writes the newest golden log. Only for a new version's folder: what is there is refused.
#[test]
#[ignore = "writes files; run it with ROLECALL_GOLDEN=write when a new version of the log begins"]
fn the_golden_log_is_written() {
    assert_eq!(std::env::var("ROLECALL_GOLDEN").as_deref(), Ok("write"));
    let version = Version::Two;
    assert!(!path(version, "log.jsonl").exists(), "a golden log is written once");
    std::fs::create_dir_all(path(version, "")).unwrap();
    let mut drawn = 0_u128;
    let mut salts = || {
        drawn += 1;
        drawn.to_be_bytes()
    };
    let (mut previous, mut lines) = (NO_HASH, String::new());
    for (number, entry) in (1..).zip(script::entries(version)) {
        let encoded = entry.encode(&previous, &mut salts).unwrap();
        let body = forget(&encoded.body, script::erased_subject(version)).unwrap().unwrap_or(encoded.body).concat();
        previous = encoded.hash;
        let (text, file) = match String::from_utf8(body) {
            Ok(text) if text.starts_with('{') => (Some(text), None),
            other => {
                let name = format!("{number:04}.bin");
                let body = other.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                std::fs::write(path(version, &name), body).unwrap();
                (None, Some(name))
            }
        };
        lines += &serde_json::to_string(&Line { hash: hex(previous), text, file }).unwrap();
        lines.push('\n');
    }
    std::fs::write(path(version, "log.jsonl"), lines).unwrap();
    std::fs::write(path(version, "state.jsonl"), state(&replayed(version))).unwrap();
}

#[test]
fn what_is_derived_as_a_log_goes_on_is_what_its_records_say() {
    for version in VERSIONS {
        let mut org = Org::empty();
        for (name, bytes) in log(version) {
            let entry = Entry::decode(&[bytes]).unwrap();
            org.apply(&entry.stamp(), &entry.changes);
            let mut again = org.clone();
            again.index();
            assert_eq!(org.derived(), again.derived(), "after {name}");
        }
    }
}
