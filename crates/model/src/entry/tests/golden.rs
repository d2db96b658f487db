//! The golden log: a history with every word, as the first version wrote it. It is read, chained and
//! carried out for good. `golden/v1` is never written again; a later form of the log gets a folder of
//! its own beside it.
//!
//! `log.jsonl` has an entry on each line: its hash, and its body as text or the name of its file.
//! `state.jsonl` has what the last entry leaves, a part of the organization on each line. A part may
//! gain fields with their defaults when the state's form grows, never lose or change one.

use super::script;
use crate::entry::{Entry, NO_HASH, chain_hash, forget};
use crate::operation;
use crate::organization::Org;
use crate::principal::ERASED;
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

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/v1").join(name)
}

/// Hashes and bodies, oldest first.
fn log() -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(path("log.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line).unwrap();
            let body = line.text.map(String::into_bytes);
            (line.hash, body.unwrap_or_else(|| std::fs::read(path(&line.file.unwrap())).unwrap()))
        })
        .collect()
}

fn replayed() -> Org {
    let mut org = Org::empty();
    for (_, body) in log() {
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
fn the_golden_log_is_one_chain() {
    let mut previous = NO_HASH;
    for (hash, body) in log() {
        previous = chain_hash(&previous, &[body]).unwrap();
        assert_eq!(hex(previous), hash);
    }
}

#[test]
fn the_golden_log_comes_to_the_state_it_came_to() {
    let org = replayed();
    let kept = std::fs::read_to_string(path("state.jsonl")).unwrap();
    for (kept, now) in kept.lines().zip(state(&org).lines()) {
        assert_eq!(kept, now);
    }
    assert_eq!(kept, state(&org));
}

#[test]
fn the_golden_log_has_every_word() {
    let mut words = BTreeSet::new();
    for (_, body) in log() {
        for change in Entry::decode(&[body]).unwrap().changes {
            words.insert(script::word(&change));
        }
    }
    let known = script::WORDS.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(words, known);
}

#[test]
fn entries_of_the_golden_log_are_written_again_as_they_were() {
    for (_, body) in log() {
        let entry = Entry::decode(&[&body]).unwrap();
        let again = entry.encode(&NO_HASH, &mut || [0; 16]).unwrap();
        let back = Entry::decode(&again.body).unwrap();
        assert_eq!(back, entry);
    }
}

#[test]
fn the_erased_person_of_the_golden_log_is_nowhere_in_it() {
    for (_, body) in log() {
        assert!(!body.windows(script::ERASED_PERSON.len()).any(|part| part == script::ERASED_PERSON.as_bytes()));
    }
    let erased = log().iter().filter(|(_, body)| body.windows(7).any(|part| part == b"$erased")).count();
    assert!(erased > 1);
    assert!(replayed().principals().all(|(_, principal)| principal.name != ERASED));
}

/// Renews the state beside an old log when its form has grown. Read the difference: a part may gain fields with
/// their defaults, and nothing else.
#[test]
#[ignore = "writes a file; run it with ROLECALL_GOLDEN=state when the state's form has grown"]
fn the_golden_state_is_written() {
    assert_eq!(std::env::var("ROLECALL_GOLDEN").as_deref(), Ok("state"));
    std::fs::write(path("state.jsonl"), state(&replayed())).unwrap();
}

/// Writes the golden log. Only for a new version's folder: what is there is refused.
#[test]
#[ignore = "writes files; run it with ROLECALL_GOLDEN=write when a new version of the log begins"]
fn the_golden_log_is_written() {
    assert_eq!(std::env::var("ROLECALL_GOLDEN").as_deref(), Ok("write"));
    assert!(!path("log.jsonl").exists(), "a golden log is written once");
    std::fs::create_dir_all(path("")).unwrap();
    let mut drawn = 0_u128;
    let mut salts = || {
        drawn += 1;
        drawn.to_be_bytes()
    };
    let (mut previous, mut lines) = (NO_HASH, String::new());
    for (number, entry) in (1..).zip(script::entries()) {
        let encoded = entry.encode(&previous, &mut salts).unwrap();
        let body = forget(&encoded.body, script::erased_subject()).unwrap().unwrap_or(encoded.body).concat();
        previous = encoded.hash;
        let (text, file) = match String::from_utf8(body) {
            Ok(text) if text.starts_with('{') => (Some(text), None),
            other => {
                let name = format!("{number:04}.bin");
                let body = other.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                std::fs::write(path(&name), body).unwrap();
                (None, Some(name))
            }
        };
        lines += &serde_json::to_string(&Line { hash: hex(previous), text, file }).unwrap();
        lines.push('\n');
    }
    std::fs::write(path("log.jsonl"), lines).unwrap();
    std::fs::write(path("state.jsonl"), state(&replayed())).unwrap();
}

#[test]
fn what_is_derived_as_the_log_goes_on_is_what_its_records_say() {
    let mut org = Org::empty();
    for (name, bytes) in log() {
        let entry = Entry::decode(&[bytes]).unwrap();
        org.apply(&entry.stamp(), &entry.changes);
        let mut again = org.clone();
        again.index();
        assert_eq!(org.derived(), again.derived(), "after {name}");
    }
}
