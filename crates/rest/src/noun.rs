//! What all nouns share: reading one, listing many, and answering a change with the thing as it is.

use crate::answer::{Answer, Item, Reply, encoded};
use crate::call::Call;
use crate::page::{Asked, Entry, sorted};
use crate::problem::Problem;
use rolecall_model::collection::{Numbered, Row, Table};
use rolecall_model::{Change, Org, Refusal, Timestamp};
use rolecall_service::{Ctx, Done};
use serde::Serialize;

/// What a view is made from: a state, the caller who sees it, and the instant asked about.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub ctx: &'a Ctx,
    pub org: &'a Org,
    pub at: Timestamp,
}

/// A noun of the API.
pub(crate) trait Noun {
    /// The path parameter that names one, which is its word too.
    const WORD: &'static str;
    /// The path of all.
    const PATH: &'static str;
    /// How one is shown.
    type View: Serialize;

    /// The number of the one that a path names.
    ///
    /// # Errors
    /// `Unknown`, with the nearest known name.
    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal>;

    /// How the one of this number is shown.
    fn view(sight: Sight<'_>, number: u32) -> Option<Item<Self::View>>;

    /// The number of the one that a change made or changed.
    fn of_change(change: &Change) -> Option<u32>;

    /// How a path names the one shown.
    fn key(view: &Self::View) -> String;
}

/// Answers one thing.
pub(crate) fn read<N: Noun>(call: &Call) -> Reply {
    let named = call.path(N::WORD);
    let number = N::resolve(call.org(), named).map_err(|refusal| Problem::from(refusal.of_target()).at(""))?;
    let sight = Sight { ctx: &call.ctx, org: call.org(), at: call.ctx.asked_at() };
    let item = N::view(sight, number).ok_or_else(|| Problem::not_found(N::WORD, named))?;
    Answer::item(&item)
}

/// Answers a creation: 201 with the thing and its place.
pub(crate) fn made<N: Noun>(call: &Call, done: &Done) -> Reply {
    call.changed(done, |view, changes| {
        let number = changes.iter().find_map(N::of_change)?;
        let sight = Sight { ctx: &call.ctx, org: view.org(), at: call.ctx.now() };
        let item = N::view(sight, number)?;
        let path = format!("{}/{}", N::PATH, encoded(&N::key(&item.view)));
        Some(Answer::item(&item).ok()?.made(&path))
    })
}

/// Answers a change of the thing that the path names: the thing as it is now.
pub(crate) fn changed<N: Noun>(call: &Call, done: &Done) -> Reply {
    call.changed(done, |view, changes| {
        // It may have another name now, which the change knows.
        let known = changes.iter().find_map(N::of_change);
        let number = known.or_else(|| N::resolve(view.org(), call.path(N::WORD)).ok())?;
        let sight = Sight { ctx: &call.ctx, org: view.org(), at: call.ctx.now() };
        Answer::item(&N::view(sight, number)?).ok()
    })
}

/// Answers a page of a table.
pub(crate) fn list<N: Noun, T: Numbered>(
    call: &Call,
    table: impl FnOnce(&Org) -> &Table<T>,
    keep: impl Fn(&Org, &Row<T>) -> bool,
) -> Reply {
    let asked = Asked::of(call)?;
    let org = asked.view.org();
    let entries = table(org).iter().filter(|row| keep(org, row)).map(|row| Entry {
        number: row.value.number(),
        name: row.value.name(),
        created: row.created.0,
        changed: row.changed.0,
    });
    let (numbers, next) = sorted(call, &asked, entries);
    let sight = Sight { ctx: &call.ctx, org, at: asked.at };
    let items = numbers.into_iter().filter_map(|number| Some(N::view(sight, number)?.view)).collect();
    asked.answer::<N::View>(call, items, next)
}

/// Whether a flag in the query, if there is one, says the same.
pub(crate) fn is(call: &Call, name: &str, flag: bool) -> bool {
    call.query(name).is_none_or(|wanted| (wanted == "true") == flag)
}
