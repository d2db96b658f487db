//! The engine's answers, compared with the reference's after every command of a story: all of a
//! small grid, a part of a large one.

use crate::count::Count;
use crate::engine::Engine;
use crate::table::{Grid, Table, boundaries};
use crate::{difference, explain, named, search};
use rolecall_model::organization::Touched;
use rolecall_reference::generate::{Random, Story, Told, founded};
use rolecall_reference::{Claim, Question, State};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How much is asked after each command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The whole grid, at every boundary, and everything else: what is made small is asked this.
    Thorough,
    /// The whole grid at some boundaries.
    Whole,
    /// At most so many subjects, actions and places.
    Part(usize, usize, usize),
}

/// What is compared: an organization and what answers for it, before and after a change.
pub struct Step<'a, E> {
    pub before: (&'a Told, &'a E),
    pub after: (&'a Told, &'a E),
    pub touched: &'a Touched,
}

/// Tells a story and compares after each command, or after several that are published together.
///
/// # Errors
/// The first disagreement.
pub fn compare<E: Engine>(story: &Story, depth: Depth, kind: &E) -> Result<Count, String> {
    let all = || tell(story, depth, kind);
    catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref().copied());
        Err(format!("a panic: {}", why.unwrap_or("of another kind")))
    })
}

fn tell<E: Engine>(story: &Story, depth: Depth, kind: &E) -> Result<Count, String> {
    let mut told = founded(&story.catalog).map_err(|refusal| format!("the catalog: {refusal}"))?;
    let mut engine = kind.anew(told.org.clone());
    let mut count = Count { organizations: 1, ..Count::default() };
    for deeds in story.deeds.chunk_by(|_, next| next.joined) {
        let before = (told.clone(), engine.clone());
        let mut touched = Touched::default();
        for deed in deeds {
            if let Ok(decision) = told.act(*deed) {
                count.commands += 1;
                touched.merge(decision.touched);
            }
        }
        if told.at == before.0.at {
            continue;
        }
        engine = engine.advance(told.org.clone(), &touched);
        let step = Step { before: (&before.0, &before.1), after: (&told, &engine), touched: &touched };
        step.agrees(depth, &mut Random::new(deeds[0].seed), &mut count)?;
    }
    if told.state.has_administrator(told.at) { Ok(count) } else { Err("no administrator remains".to_owned()) }
}

impl<E: Engine> Step<'_, E> {
    /// Whether the engine, one built anew and the reference agree.
    pub fn agrees(&self, depth: Depth, random: &mut Random, count: &mut Count) -> Result<(), String> {
        let (told, engine) = self.after;
        let rebuilt = engine.anew(told.org.clone());
        let all = grid(&[&told.state], depth, random);
        for at in instants(told, depth, random) {
            let table = Table::of(&told.state, &all, at);
            let mut number = random.below(SHARE);
            for (question, allowed) in table.verdicts() {
                same_answer(&rebuilt, &question, allowed).map_err(|why| format!("built anew: {why}"))?;
                same_answer(engine, &question, allowed).map_err(|why| format!("advanced: {why}"))?;
                number += 1;
                if number.is_multiple_of(SHARE) {
                    count.look_at(&told.state, &question, allowed);
                    is_given_so(told, engine, &question)?;
                }
                if number.is_multiple_of(13 * SHARE) {
                    explain::agrees(&told.state, engine.index(), &question, allowed)?;
                }
                count.asked += 1;
                count.allowed += usize::from(allowed);
            }
            if random.percent(if at == told.at { 60 } else { 15 }) || depth == Depth::Thorough && at == told.at {
                search::agrees(&told.state, engine, &table)?;
            }
        }
        named::agrees(&told.state, engine, told.at, depth, random)?;
        if depth == Depth::Thorough || random.percent(30) {
            let states = [&self.before.0.state, &told.state];
            difference::agrees(self, &grid(&states, depth, random))?;
        }
        Ok(())
    }
}

/// One question in so many is looked at for the clauses that decide it.
const SHARE: usize = 5;

fn grid(states: &[&State], depth: Depth, random: &mut Random) -> Grid {
    match depth {
        // All of Rolecall's own actions now and then; a few of them stand for the others otherwise.
        Depth::Whole if random.percent(1) => Grid::whole(states),
        Depth::Thorough | Depth::Whole => Grid::whole(states).few_own(),
        Depth::Part(subjects, actions, places) => {
            Grid::whole(states).few_own().part((subjects, actions, places), random)
        }
    }
}

/// Now, and just before, at and just after instants at which something begins or ends.
fn instants(told: &Told, depth: Depth, random: &mut Random) -> Vec<i64> {
    let mut boundaries: Vec<i64> = boundaries(&told.state).into_iter().collect();
    let most = match depth {
        Depth::Thorough => usize::MAX,
        Depth::Whole => random.below(2),
        Depth::Part(..) => 1,
    };
    while boundaries.len() > most {
        boundaries.swap_remove(random.below(boundaries.len()));
    }
    let around = boundaries.into_iter().flat_map(|at| [at - 1, at, at + 1]);
    [told.at].into_iter().chain(around).collect()
}

fn same_answer<E: Engine>(engine: &E, question: &Question, allowed: bool) -> Result<(), String> {
    let answer = engine.check(question);
    if answer.allowed == allowed && answer.giver.is_some() == allowed {
        return Ok(());
    }
    Err(format!("{question:?} is {allowed}, the engine says {answer:?}"))
}

/// What an allow names as its giver gives it: some permit of its role makes the claim true.
fn is_given_so<E: Engine>(told: &Told, engine: &E, question: &Question) -> Result<(), String> {
    let Some(giver) = engine.check(question).giver else {
        return Ok(());
    };
    let (person, group) = explain::holder(giver.holder);
    let grant = explain::given(giver.grant);
    let binding = crate::words::binding(giver.binding);
    let permits = told.state.roles.get(&binding.role).into_iter().flatten();
    let mut claims = permits.map(|permit| Claim { person, group, given: grant, binding, permit: Some(*permit) });
    if claims.any(|claim| told.state.faults(&claim, question).is_empty()) {
        return Ok(());
    }
    Err(format!("{question:?} is not given by {giver:?}"))
}
