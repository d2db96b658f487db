//! The reference's verdicts on every question of a grid: subject × action × place at one instant.

use rolecall_reference::generate::Random;
use rolecall_reference::{Place, Question, Span, State};
use std::collections::BTreeSet;

/// What a grid is made of. Somebody, something and somewhere unknown are always among it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    pub subjects: Vec<u32>,
    pub actions: Vec<u32>,
    pub places: Vec<Place>,
}

impl Grid {
    /// All there is in any of the states.
    pub fn whole(states: &[&State]) -> Self {
        let subjects: BTreeSet<u32> = states.iter().flat_map(|state| state.people.keys().copied()).collect();
        let actions: BTreeSet<u32> = states.iter().flat_map(|state| state.actions.keys().copied()).collect();
        let places: BTreeSet<Place> = states.iter().flat_map(|state| state.grid()).collect();
        let unknown = subjects.last().copied().unwrap_or(0) + 1;
        Grid {
            subjects: subjects.into_iter().chain([unknown]).collect(),
            actions: actions.into_iter().chain([1999]).collect(),
            places: places.into_iter().collect(),
        }
    }

    /// The same with a few of Rolecall's own actions for all of them, of which there are many.
    pub fn few_own(mut self) -> Self {
        self.actions.retain(|number| !(1002..2000).contains(number) || matches!(number, 1012 | 1999));
        self
    }

    /// A part of it, at most so many of each.
    pub fn part(mut self, (subjects, actions, places): (usize, usize, usize), random: &mut Random) -> Self {
        thin_out(&mut self.subjects, subjects, random);
        thin_out(&mut self.actions, actions, random);
        thin_out(&mut self.places, places, random);
        self
    }

    pub fn questions(&self, at: i64) -> impl Iterator<Item = Question> + '_ {
        self.subjects.iter().flat_map(move |subject| {
            self.actions.iter().flat_map(move |action| {
                let question = move |place: &Place| Question { subject: *subject, action: *action, place: *place, at };
                self.places.iter().map(question)
            })
        })
    }
}

fn thin_out<T>(list: &mut Vec<T>, most: usize, random: &mut Random) {
    while list.len() > most {
        list.swap_remove(random.below(list.len()));
    }
}

/// Verdicts in the order of the grid's questions.
pub struct Table<'a> {
    pub grid: &'a Grid,
    pub at: i64,
    allowed: Vec<bool>,
}

impl<'a> Table<'a> {
    pub fn of(state: &State, grid: &'a Grid, at: i64) -> Self {
        Table { grid, at, allowed: grid.questions(at).map(|question| state.check(&question)).collect() }
    }

    /// Every question with its verdict.
    pub fn verdicts(&self) -> impl Iterator<Item = (Question, bool)> + '_ {
        self.grid.questions(self.at).zip(self.allowed.iter().copied())
    }

    /// The verdict by places in the grid's lists.
    pub fn allowed(&self, subject: usize, action: usize, place: usize) -> bool {
        self.allowed[(subject * self.grid.actions.len() + action) * self.grid.places.len() + place]
    }
}

/// Every instant at which something begins or ends to count.
pub fn boundaries(state: &State) -> BTreeSet<i64> {
    let people = state.people.values().flat_map(|person| &person.held);
    let held = people.chain(state.groups.values().flatten()).chain(&state.everyone);
    let spans = held.map(|held| held.span).chain(state.memberships.values().copied());
    spans.flat_map(|span: Span| [span.from, span.until]).flatten().collect()
}
