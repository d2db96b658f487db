//! Random stories at three scales in every ordinary run; for as long as one likes with
//! `cargo xtask prove`. The third scale, the benchmark's workload, is in `workload.rs`.

use crate::compare::{Depth, compare};
use crate::count::Count;
use crate::engine::Engine;
use crate::found;
use rolecall_engine::Index;
use rolecall_model::Org;
use rolecall_reference::generate::{Random, Shape, Story, shrink};
use std::fmt;

/// Stories of each scale in an ordinary run.
const TINY: u64 = 3_000;
const MIDDLE: u64 = 40;
const WIDE: u64 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Tiny,
    Middle,
    Wide,
}

impl Scale {
    pub fn story(self, seed: u64) -> Story {
        let mut random = Random::new(seed);
        let shape = match self {
            Scale::Tiny => Shape::tiny(&mut random),
            Scale::Middle => Shape::middle(50),
            Scale::Wide => Shape::wide(&mut random),
        };
        Story::of(&shape, &mut random)
    }

    pub const fn depth(self) -> Depth {
        match self {
            Scale::Tiny => Depth::Whole,
            Scale::Middle => Depth::Part(8, 6, 8),
            Scale::Wide => Depth::Part(8, 6, 10),
        }
    }
}

#[test]
fn tiny_organizations_answer_every_question_as_the_reference_does() {
    let count = agrees(Scale::Tiny, 1..=TINY);
    count.assert_worth();
    assert!(count.asked >= 1_000_000 && count.organizations >= 3_000, "{count}");
}

#[test]
fn middling_organizations_answer_as_the_reference_does() {
    agrees(Scale::Middle, 1..=MIDDLE).assert_worth();
}

#[test]
fn organizations_larger_than_any_compact_form_answer_as_the_reference_does() {
    agrees(Scale::Wide, 1..=WIDE);
}

fn agrees(scale: Scale, seeds: impl Iterator<Item = u64>) -> Count {
    let mut count = Count::default();
    for seed in seeds {
        match prove(scale, seed, &index()) {
            Ok(counted) => count.join(&counted),
            Err(wrong) => panic!("{wrong}\nKeep it as tests/it/found/<name>.jsonl:\n{}", found::lines(&wrong.story)),
        }
    }
    println!("{scale:?}: {count}");
    count
}

/// A story that is answered wrongly, made as short as can be.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub scale: Scale,
    pub seed: u64,
    pub why: String,
    pub story: Story,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wrong { scale, seed, why, story } = self;
        writeln!(f, "{scale:?}, seed {seed}, made small: {why}")?;
        found::changes(story).iter().try_for_each(|change| writeln!(f, "  {change:?}"))
    }
}

/// Compares the story of a seed.
///
/// # Errors
/// The shortest story found that still goes wrong.
pub fn prove<E: Engine>(scale: Scale, seed: u64, kind: &E) -> Result<Count, Box<Wrong>> {
    let story = scale.story(seed);
    let why = match compare(&story, scale.depth(), kind) {
        Ok(count) => return Ok(count),
        Err(why) => why,
    };
    // Asked everything, a small story goes wrong more surely than by chance.
    let depth = if scale == Scale::Tiny { Depth::Thorough } else { scale.depth() };
    let goes_wrong = |story: &Story| compare(story, depth, kind).is_err();
    let story = if goes_wrong(&story) { shrink(&story, goes_wrong) } else { story };
    let why = compare(&story, depth, kind).err().unwrap_or(why);
    Err(Box::new(Wrong { scale, seed, why, story }))
}

/// The engine itself.
pub fn index() -> Index {
    Index::build(Org::empty())
}
