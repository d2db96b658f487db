//! Random questions about an organization, most of them about what is there.

use super::random::Random;
use crate::rule::{Asked, Place, Question};
use crate::state::State;

/// A question: now and then about somebody, something or somewhere that is not known.
pub fn question(state: &State, at: i64, random: &mut Random) -> Question {
    let subject = one(state.people.keys(), random, 1).unwrap_or(999);
    // The catalog's actions, of which there are few, as often as Rolecall's own, which are many.
    let own = random.percent(15);
    let actions = state.actions.keys().filter(|number| (1000..2000).contains(*number) == own);
    let action = one(actions, random, 1).unwrap_or(1999);
    let project = part(one(state.projects.keys(), random, 3), random);
    let environment = part(one(state.environments.keys(), random, 3), random);
    let near = i64::try_from(random.below(41)).unwrap_or(0) - 20;
    Question { subject, action, place: Place { project, environment }, at: at + near * 1_000_000 }
}

fn one<'a>(among: impl Iterator<Item = &'a u32>, random: &mut Random, unknown: usize) -> Option<u32> {
    let among: Vec<u32> = among.copied().collect();
    if random.percent(unknown) { None } else { random.one(&among).copied() }
}

fn part(number: Option<u32>, random: &mut Random) -> Asked {
    match number {
        None => Asked::Unknown,
        Some(_) if random.percent(20) => Asked::All,
        Some(number) => Asked::One(number),
    }
}
