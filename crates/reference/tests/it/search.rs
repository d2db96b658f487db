//! Who may, what one may, where one may and all one may: each says what the verdicts say.

use crate::engine::Engine;
use crate::table::Table;
use crate::words;
use rolecall_model::Timestamp;
use rolecall_reference::{Asked, Place, State};
use std::collections::BTreeSet;

/// Sizes of pages, odd ones among them.
const PAGES: [usize; 5] = [1, 3, 7, 2, 100];

pub fn agrees<E: Engine>(state: &State, engine: &E, table: &Table<'_>) -> Result<(), String> {
    who_agrees(engine, table)?;
    what_agrees(engine, table)?;
    for subject in 0..table.grid.subjects.len() {
        where_agrees(engine, table, subject)?;
        access_agrees(state, engine, table, subject)?;
    }
    Ok(())
}

fn who_agrees<E: Engine>(engine: &E, table: &Table<'_>) -> Result<(), String> {
    let page = usize::try_from(table.at / 1_000_000).unwrap();
    let asked: BTreeSet<u32> = table.grid.subjects.iter().copied().collect();
    for (a, action) in table.grid.actions.iter().enumerate() {
        for (p, place) in table.grid.places.iter().enumerate() {
            let who = table.grid.subjects.iter().enumerate();
            let expected: BTreeSet<u32> = who.filter(|(s, _)| table.allowed(*s, a, p)).map(|(_, who)| *who).collect();
            let all: Vec<u32> = engine.who_can(*action, *place, table.at, None, usize::MAX).0;
            let found: BTreeSet<u32> = all.iter().copied().filter(|who| asked.contains(who)).collect();
            let about = || format!("who can {action} at {place:?}, {}", table.at);
            if found != expected {
                return Err(format!("{} is {expected:?}, the engine says {found:?}", about()));
            }
            // In pages one in five: that is the slowest of all.
            if (a + p + page) % PAGES.len() != 0 {
                continue;
            }
            let limit = PAGES[p % PAGES.len()];
            let paged = in_pages(engine, *action, *place, table.at, limit)?;
            if paged != all {
                return Err(format!("{} is {all:?}, but {paged:?} in pages of {limit}", about()));
            }
        }
    }
    Ok(())
}

fn in_pages<E: Engine>(engine: &E, action: u32, place: Place, at: i64, limit: usize) -> Result<Vec<u32>, String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = engine.who_can(action, place, at, after, limit);
        let goes_on = page.first().zip(after).is_none_or(|(first, after)| *first > after.number());
        let sound = goes_on && page.len() <= limit && (next.is_none() || page.len() == limit);
        if !sound || !page.is_sorted() || next.is_some_and(|next| page.last() != Some(&next.number())) {
            return Err(format!("a page of {limit} after {after:?} is {page:?}, going on after {next:?}"));
        }
        all.extend(page);
        after = next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

fn what_agrees<E: Engine>(engine: &E, table: &Table<'_>) -> Result<(), String> {
    let at = Timestamp::from_micros(table.at);
    for (s, subject) in table.grid.subjects.iter().enumerate() {
        for (p, place) in table.grid.places.iter().enumerate() {
            let found = engine.index().what_can(words::principal(*subject), words::place(*place), at);
            for (a, action) in table.grid.actions.iter().enumerate() {
                let allowed = table.allowed(s, a, p);
                if allowed != found.contains(&words::action(*action)) {
                    let what = format!("what {subject} can at {place:?}, {at:?}");
                    return Err(format!("{what}: {action} is {allowed}, the engine says {found:?}"));
                }
            }
        }
    }
    Ok(())
}

fn where_agrees<E: Engine>(engine: &E, table: &Table<'_>, subject: usize) -> Result<(), String> {
    let (who, at) = (table.grid.subjects[subject], Timestamp::from_micros(table.at));
    for (a, action) in table.grid.actions.iter().enumerate() {
        let scopes = engine.index().where_can(words::principal(who), words::action(*action), at);
        for (p, place) in table.grid.places.iter().enumerate() {
            let allowed = table.allowed(subject, a, p);
            if allowed != scopes.iter().any(|scope| words::covers(*scope, *place)) {
                let what = format!("where {who} can {action}, {at:?}");
                return Err(format!("{what}: {place:?} is {allowed}, the engine says {scopes:?}"));
            }
        }
        let spare = scopes.iter().find(|s| scopes.iter().any(|other| other != *s && other.covers(**s)));
        if let Some(spare) = spare {
            return Err(format!("{spare:?} says nothing that the others of {scopes:?} do not"));
        }
    }
    Ok(())
}

/// The rights of a subject cover exactly what it may do, and each of their sources gives the whole.
fn access_agrees<E: Engine>(state: &State, engine: &E, table: &Table<'_>, subject: usize) -> Result<(), String> {
    let (who, at) = (table.grid.subjects[subject], Timestamp::from_micros(table.at));
    let rights = engine.index().access_of(words::principal(who), at);
    for (a, action) in table.grid.actions.iter().enumerate() {
        let mine: Vec<_> = rights.iter().filter(|right| right.action.number() == *action).collect();
        for (p, place) in table.grid.places.iter().enumerate() {
            let allowed = table.allowed(subject, a, p);
            if allowed != mine.iter().any(|right| words::covers(right.scope, *place)) {
                return Err(format!("{who} may {action} at {place:?} is {allowed}, its access says {mine:?}"));
            }
        }
    }
    let sound = rights.iter().all(|right| {
        let gives = |scope, action| {
            words::covers(scope, at_scope(right.scope)) && state.includes(action, right.action.number())
        };
        !right.sources.is_empty() && right.sources.iter().all(|s| gives(s.scope, s.permit.action.number()))
    });
    if sound { Ok(()) } else { Err(format!("a source that does not give its right: {rights:?}")) }
}

/// A scope as a place: all of it at once.
fn at_scope(scope: rolecall_model::Scope) -> Place {
    Place {
        project: scope.project.map_or(Asked::All, |id| Asked::One(id.number())),
        environment: scope.environment.map_or(Asked::All, |id| Asked::One(id.number())),
    }
}
