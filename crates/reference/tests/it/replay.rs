//! The log is the truth: its words, applied again, give the state; and applying is total.

use rolecall_model::Org;
use rolecall_model::change::Change;
use rolecall_model::moment::Actor;
use rolecall_model::organization::{Revision, Stamp};
use rolecall_model::time::Timestamp;
use rolecall_reference::State;
use rolecall_reference::generate::{Random, Story, Told, first_commands, founded};

/// A story told to its end, with its log.
fn tell(seed: u64, deeds: usize) -> (Told, Vec<(Stamp, Vec<Change>)>) {
    let story = Story::new(seed, deeds);
    let mut log = Vec::new();
    let mut told = founded(&story.catalog).unwrap();
    // What founding did is read back from the first two revisions, decided again.
    let mut first = Told { org: Org::empty(), state: State::default(), at: told.at - 2_000_000 };
    for command in first_commands(&story.catalog) {
        let decision = first.tell(command, Actor::System).unwrap();
        log.push((decision.stamp, decision.changes));
    }
    for deed in &story.deeds {
        if let Ok(decision) = told.act(*deed)
            && !decision.changes.is_empty()
        {
            log.push((decision.stamp, decision.changes));
        }
    }
    (told, log)
}

fn bytes(org: &Org) -> Vec<u8> {
    postcard::to_stdvec(org).unwrap()
}

#[test]
fn the_log_written_read_and_applied_gives_an_equal_state() {
    for seed in 0..40 {
        let (told, log) = tell(seed, 60);
        let mut org = Org::empty();
        for (stamp, changes) in &log {
            let written = serde_json::to_string(changes).unwrap();
            let read: Vec<Change> = serde_json::from_str(&written).unwrap();
            assert_eq!(&read, changes);
            org.apply(stamp, &read);
        }
        assert_eq!(bytes(&org), bytes(&told.org), "seed {seed}");
    }
}

#[test]
fn a_state_written_read_and_indexed_goes_on_like_the_other() {
    for seed in 0..20 {
        let (told, log) = tell(seed, 60);
        let (early, late) = log.split_at(log.len() / 2);
        let mut org = Org::empty();
        for (stamp, changes) in early {
            org.apply(stamp, changes);
        }
        let mut read: Org = postcard::from_bytes(&bytes(&org)).unwrap();
        read.index();
        assert_eq!(bytes(&read), bytes(&org));
        for (stamp, changes) in late {
            read.apply(stamp, changes);
        }
        assert_eq!(bytes(&read), bytes(&told.org), "seed {seed}");
        finds_the_same(&read, &told.org);
    }
}

/// What is derived and not written is the same in both: names, identifiers, holders.
fn finds_the_same(one: &Org, other: &Org) {
    for (id, principal) in other.principals() {
        let known = [&principal.email, &principal.username, &principal.external_id];
        for identifier in known.into_iter().flatten() {
            assert_eq!(one.find_principal(identifier).map(|found| found.0), Some(id));
            assert_eq!(other.find_principal(identifier).map(|found| found.0), Some(id));
        }
    }
    for role in other.roles.iter() {
        let granted = rolecall_model::assignment::Granted::Role(role.id);
        assert!(one.holders_of(granted).eq(other.holders_of(granted)), "{}", role.name);
        assert_eq!(one.role_named(&role.name).map(|row| row.id), Some(role.id));
    }
    assert_eq!(one.closure(), other.closure());
}

#[test]
fn every_word_can_be_applied_to_every_state() {
    // Words of several stories, out of order and more than once: they speak of numbers that are not
    // there, or are something else.
    for seed in 0..25 {
        let mut random = Random::new(seed);
        let mut words: Vec<Change> =
            (0..3).flat_map(|story| tell(seed * 3 + story, 50).1).flat_map(|entry| entry.1).collect();
        let mut org = Org::empty();
        for revision in 1..300 {
            let Some(change) = random.one(&words).cloned() else {
                break;
            };
            let at = Timestamp::from_micros(i64::try_from(random.next() >> 16).unwrap());
            let stamp = Stamp { revision: Revision(revision), at, actor: Actor::System };
            org.apply(&stamp, std::slice::from_ref(&change));
            if random.percent(20) {
                words.retain(|word| *word != change);
            }
        }
        // Whatever state that is, it can be written, read and looked up in.
        let mut read: Org = postcard::from_bytes(&bytes(&org)).unwrap();
        read.index();
        assert_eq!(bytes(&read), bytes(&org));
        let _ = org.find_principal("first@example.com");
    }
}
