//! Which clauses of the rule decide the random questions: a comparison is worth only as much as the
//! questions it asks.

use rolecall_reference::{Question, State, Way};
use std::collections::BTreeMap;

/// How many answers each clause decided.
#[derive(Clone, Debug, Default)]
pub struct Count {
    pub asked: usize,
    pub allowed: usize,
    pub decided: BTreeMap<&'static str, usize>,
}

type Holds = fn(&Way) -> bool;

/// Clauses by which an allow may come about, all its ways alike.
const CLAUSES: [(&str, Holds); 7] = [
    ("own", |way| way.own),
    ("group", |way| way.group),
    ("policy", |way| way.policy),
    ("everyone", |way| way.everyone),
    ("timed", |way| way.timed),
    ("narrowed", |way| way.narrowed),
    ("included", |way| way.included),
];

impl Count {
    pub fn add(&mut self, state: &State, question: &Question, allowed: bool) {
        self.asked += 1;
        self.allowed += usize::from(allowed);
        let ways = state.ways(question);
        let mut decides = |clause, it_does: bool| {
            *self.decided.entry(clause).or_default() += usize::from(it_does);
        };
        let giving: Vec<&Way> = ways.iter().filter(|way| way.gives()).collect();
        if allowed {
            for (clause, holds) in CLAUSES {
                decides(clause, giving.iter().all(|way| holds(way)));
            }
            return;
        }
        // A denial is decided by what alone would have to be otherwise.
        decides("inactive", !giving.is_empty());
        decides("over or to come", giving.is_empty() && ways.iter().any(|w| w.binding_covers && w.permit_covers));
        decides("narrowed away", giving.is_empty() && ways.iter().any(|w| w.in_force && w.binding_covers));
        decides("bound elsewhere", giving.is_empty() && ways.iter().any(|w| w.in_force && w.permit_covers));
    }

    pub fn join(&mut self, other: &Count) {
        self.asked += other.asked;
        self.allowed += other.allowed;
        for (clause, decided) in &other.decided {
            *self.decided.entry(clause).or_default() += decided;
        }
    }

    /// That the questions were worth asking.
    pub fn assert_worth(&self) {
        let percent = |part: usize| 100 * part / self.asked.max(1);
        assert!((20..=80).contains(&percent(self.allowed)), "{} % are allowed: {self:?}", percent(self.allowed));
        let clauses = CLAUSES.iter().map(|(clause, _)| *clause);
        for clause in clauses.chain(["inactive", "over or to come", "narrowed away", "bound elsewhere"]) {
            let decided = self.decided.get(clause).copied().unwrap_or(0);
            assert!(decided * 100 >= self.asked, "{clause} decides {decided} of {}: {self:?}", self.asked);
        }
    }
}
