//! What once went wrong, kept for good: the entries of a log, one a line, that are applied again
//! and asked everything about. They need no generator, so no change to it makes them mean another
//! thing.

use crate::compare::{Depth, Step};
use crate::count::Count;
use crate::engine::Engine;
use crate::scale::index;
use rolecall_model::change::Change;
use rolecall_model::moment::Actor;
use rolecall_model::organization::{Revision, Stamp, Touched};
use rolecall_model::{Org, Timestamp};
use rolecall_reference::State;
use rolecall_reference::generate::{Random, Story, Told, first_commands, founded};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An entry.
#[derive(Serialize, Deserialize)]
struct Line {
    at: Timestamp,
    actor: Actor,
    /// Whether it is published together with the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    joined: bool,
    changes: Vec<Change>,
}

/// Where they are kept.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/found")
}

#[test]
fn what_once_went_wrong_does_so_no_more() {
    let files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let kept: Vec<&PathBuf> = files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "jsonl")).collect();
    assert!(!kept.is_empty());
    for path in kept {
        let lines = std::fs::read_to_string(path).unwrap();
        replay(&lines, &index()).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

/// The log of a story, one entry a line.
pub fn lines(story: &Story) -> String {
    let lines = entries(story).into_iter().map(|line| serde_json::to_string(&line).unwrap() + "\n");
    lines.collect()
}

/// All that happens in a story after its organization is there.
pub fn changes(story: &Story) -> Vec<Change> {
    entries(story).into_iter().skip(2).flat_map(|line| line.changes).collect()
}

fn entries(story: &Story) -> Vec<Line> {
    let mut log = Vec::new();
    let told = founded(&story.catalog);
    let Ok(mut told) = told else {
        return log;
    };
    let mut first = Told { org: Org::empty(), state: State::default(), at: told.at - 2_000_000 };
    for command in first_commands(&story.catalog) {
        let decision = first.tell(command, Actor::System).unwrap();
        log.push(line(decision.stamp, false, decision.changes));
    }
    for deed in &story.deeds {
        if let Ok(decision) = told.act(*deed) {
            log.push(line(decision.stamp, deed.joined, decision.changes));
        }
    }
    log
}

fn line(stamp: Stamp, joined: bool, changes: Vec<Change>) -> Line {
    Line { at: stamp.at, actor: stamp.actor, joined, changes }
}

/// Applies the entries of a log and compares everything after each.
///
/// # Errors
/// The first disagreement.
pub fn replay<E: Engine>(lines: &str, kind: &E) -> Result<Count, String> {
    let log: Vec<Line> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut told = Told { org: Org::empty(), state: State::default(), at: 0 };
    let mut engine = kind.anew(told.org.clone());
    let (mut count, mut revision) = (Count::default(), Revision::default());
    for entries in log.chunk_by(|_, next| next.joined) {
        let before = (told.clone(), engine.clone());
        let mut touched = Touched::default();
        for entry in entries {
            revision = revision.next();
            let stamp = Stamp { revision, at: entry.at, actor: entry.actor };
            touched.merge(told.org.apply(&stamp, &entry.changes));
            entry.changes.iter().for_each(|change| told.state.learn(change));
            told.at = entry.at.micros();
        }
        engine = engine.advance(told.org.clone(), &touched);
        let step = Step { before: (&before.0, &before.1), after: (&told, &engine), touched: &touched };
        step.agrees(Depth::Thorough, &mut Random::new(revision.0), &mut count)?;
    }
    Ok(count)
}
