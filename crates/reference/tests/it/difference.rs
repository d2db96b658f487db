//! Who gains and who loses what: compared on a grid of everybody, every action and every place.

use crate::compare::Step;
use crate::engine::Engine;
use crate::table::{Grid, Table};
use crate::words;
use rolecall_engine::{Delta, difference};
use rolecall_model::Timestamp;
use rolecall_reference::Question;

pub fn agrees<E: Engine>(step: &Step<'_, E>, grid: &Grid) -> Result<(), String> {
    let at = step.after.0.at;
    let (before, after) = (step.before.1.index(), step.after.1.index());
    let found = difference(before, after, step.touched, Timestamp::from_micros(at));
    let (was, is) = (Table::of(&step.before.0.state, grid, at), Table::of(&step.after.0.state, grid, at));
    for ((question, was), (_, is)) in was.verdicts().zip(is.verdicts()) {
        let (gained, lost) = (among(&found.gains, &question), among(&found.losses, &question));
        if (gained, lost) != (is && !was, was && !is) {
            return Err(format!(
                "{question:?} was {was}, is {is}, the difference says gained {gained}, lost {lost}: {found:?}"
            ));
        }
    }
    Ok(())
}

fn among(deltas: &[Delta], question: &Question) -> bool {
    let mine = |d: &&Delta| d.subject.number() == question.subject && d.action.number() == question.action;
    deltas.iter().filter(mine).any(|delta| delta.covers(words::place(question.place)))
}
