//! Which clauses of the rule decide the random questions: a comparison is worth only as much as the
//! questions it asks.

use rolecall_reference::{Question, State, Way};
use std::collections::BTreeMap;
use std::fmt;

/// How many answers each clause decided.
#[derive(Clone, Debug, Default)]
pub struct Count {
    pub organizations: usize,
    pub commands: usize,
    pub asked: usize,
    pub allowed: usize,
    /// How many of those asked were looked at for what decided them.
    pub looked_at: usize,
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

/// Clauses by which a denial comes about: each alone would have to be otherwise.
const DENIALS: [&str; 4] = ["inactive", "over or to come", "narrowed away", "bound elsewhere"];

impl Count {
    /// Finds out what decided an answer.
    pub fn look_at(&mut self, state: &State, question: &Question, allowed: bool) {
        self.looked_at += 1;
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
        self.organizations += other.organizations;
        self.commands += other.commands;
        self.asked += other.asked;
        self.allowed += other.allowed;
        self.looked_at += other.looked_at;
        for (clause, decided) in &other.decided {
            *self.decided.entry(clause).or_default() += decided;
        }
    }

    /// Hundredths of the answers that a clause decided.
    fn share(&self, clause: &str) -> f64 {
        percent(self.decided.get(clause).copied().unwrap_or(0), self.looked_at)
    }

    /// That the questions were worth asking.
    pub fn assert_worth(&self) {
        let allowed = percent(self.allowed, self.asked);
        assert!((20.0..=80.0).contains(&allowed), "{allowed:.1} % are allowed\n{self}");
        for clause in clauses() {
            assert!(self.share(clause) >= 1.0, "{clause} decides {:.2} %\n{self}", self.share(clause));
        }
    }
}

fn clauses() -> impl Iterator<Item = &'static str> {
    CLAUSES.iter().map(|(clause, _)| *clause).chain(DENIALS)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = percent(self.allowed, self.asked);
        let Count { asked, organizations, commands, .. } = self;
        write!(
            f,
            "{asked} questions, {allowed:.1} % allowed, in {organizations} organizations after {commands} commands; decided by:"
        )?;
        clauses().try_for_each(|clause| write!(f, " {clause} {:.1} %,", self.share(clause)))?;
        write!(f, " of {} looked at", self.looked_at)
    }
}
