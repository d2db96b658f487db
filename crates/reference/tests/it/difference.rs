//! Who gains and who loses what: compared on the grid of everybody, every action and every place.

use crate::words;
use rolecall_engine::{Delta, Index, difference};
use rolecall_model::Timestamp;
use rolecall_model::organization::Touched;
use rolecall_reference::generate::Told;
use rolecall_reference::{Place, Question};
use std::collections::BTreeSet;

pub fn agrees(before: &Told, after: &Told, index: (&Index, &Index), touched: &Touched) -> Result<(), String> {
    let at = after.at;
    let found = difference(index.0, index.1, touched, Timestamp::from_micros(at));
    let people: BTreeSet<u32> = before.state.people.keys().chain(after.state.people.keys()).copied().collect();
    let actions: BTreeSet<u32> = before.state.actions.keys().chain(after.state.actions.keys()).copied().collect();
    // A few of Rolecall's own actions stand for the others.
    let actions: Vec<u32> = actions.into_iter().filter(|n| !(1003..2000).contains(n) || *n == 1012).collect();
    let grid: BTreeSet<Place> = before.state.grid().into_iter().chain(after.state.grid()).collect();
    for subject in &people {
        for action in &actions {
            for place in &grid {
                let question = Question { subject: *subject, action: *action, place: *place, at };
                let (was, is) = (before.state.check(&question), after.state.check(&question));
                let gained = among(&found.gains, &question);
                let lost = among(&found.losses, &question);
                if (gained, lost) != (is && !was, was && !is) {
                    return Err(format!(
                        "{question:?} was {was}, is {is}, the difference says gained {gained}, lost {lost}: {found:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

fn among(deltas: &[Delta], question: &Question) -> bool {
    let mine = |d: &&Delta| d.subject.number() == question.subject && d.action.number() == question.action;
    deltas.iter().filter(mine).any(|delta| delta.covers(words::place(question.place)))
}
