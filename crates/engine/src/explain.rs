//! Why an answer is what it is: every path of an allow, the nearest misses of a denial.

mod miss;

pub use miss::{Lack, MOST_MISSES, Miss};

use crate::index::Index;
use crate::path::Source;
use crate::question::Question;
use crate::slot::Asked;
use rolecall_model::id::ActionId;
use rolecall_model::operation::EVERYTHING;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked.
    pub question: Question,
    /// The decision, the same that [`Index::check`] makes.
    pub allowed: bool,
    /// For an allow: every path that gives it, each enough alone.
    pub paths: Vec<AllowedPath>,
    /// For a denial: why.
    pub denial: Option<Denial>,
}

/// A path that allows what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedPath {
    /// The way, the permit, and where both meet.
    pub source: Source,
    /// From the permit's action to the one asked about, each including the next; one action when
    /// the permit names it itself.
    pub through: Vec<ActionId>,
}

/// Why something is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The reason.
    pub reason: Reason,
    /// What comes nearest to an allow, when the reason is that nothing gives it.
    pub misses: Vec<Miss>,
    /// Whether more misses were there than are listed or were looked at.
    pub capped: bool,
}

/// The reason of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There is no such subject.
    UnknownSubject,
    /// The subject is disabled, so whatever it has counts for nothing.
    Inactive,
    /// There is no such action.
    UnknownAction,
    /// Nothing that reaches the subject gives it.
    NothingGivesIt,
}

impl Index {
    /// Explains the answer to a question.
    pub fn explain(&self, question: &Question) -> Explanation {
        let denied = |reason| {
            let denial = Some(Denial { reason, misses: Vec::new(), capped: false });
            Explanation { question: *question, allowed: false, paths: Vec::new(), denial }
        };
        match (self.org.principal(question.subject), self.asked(question)) {
            (None, _) => denied(Reason::UnknownSubject),
            (_, None) => denied(Reason::UnknownAction),
            (Some(principal), _) if !principal.active => denied(Reason::Inactive),
            (_, Some(asked)) => self.explain_asked(question, &asked),
        }
    }

    fn explain_asked(&self, question: &Question, asked: &Asked) -> Explanation {
        let mut paths = Vec::new();
        let _: ControlFlow<()> = self.walk(question.subject, Some(asked.project), &mut |reach| {
            if self.gives(reach, asked) {
                let path = self.path(reach, Some(question.subject));
                paths.extend(path.into_iter().flat_map(|path| self.sources_at(path, question)));
            }
            ControlFlow::Continue(())
        });
        let through = |source: Source| self.through(source.permit.action, question.action);
        let paths: Vec<AllowedPath> =
            paths.into_iter().map(|source| AllowedPath { source, through: through(source) }).collect();
        let denial = if paths.is_empty() { Some(self.nearest_misses(question, asked)) } else { None };
        Explanation { question: *question, allowed: denial.is_none(), paths, denial }
    }

    /// The permits of a path that give what was asked.
    fn sources_at(&self, path: crate::Path, question: &Question) -> Vec<Source> {
        self.sources(path, question.action).filter(|s| question.place.is_covered_by(s.scope)).collect()
    }

    /// The permits of a path that give an action, wherever.
    pub(super) fn sources(&self, path: crate::Path, action: ActionId) -> impl Iterator<Item = Source> + '_ {
        let permits = self.org.role(path.binding.role).map(|role| role.permits.as_slice()).unwrap_or_default();
        let giving = permits.iter().filter(move |permit| self.org.closure().includes(permit.action, action));
        giving.filter_map(move |permit| {
            let scope = permit.scope.meet(path.binding.scope)?;
            Some(Source { path, permit: *permit, scope })
        })
    }

    /// The shortest way from an action to one that it includes.
    fn through(&self, from: ActionId, to: ActionId) -> Vec<ActionId> {
        let mut came_from: BTreeMap<ActionId, ActionId> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(action) = queue.pop_front() {
            if action == to {
                break;
            }
            let includes = self.org.action(action).map(|row| row.includes.as_slice()).unwrap_or_default();
            let all = (action == EVERYTHING).then_some(to);
            for next in includes.iter().copied().chain(all) {
                if next != from && !came_from.contains_key(&next) {
                    came_from.insert(next, action);
                    queue.push_back(next);
                }
            }
        }
        let mut chain = vec![to];
        let mut last = to;
        while last != from {
            let Some(previous) = came_from.get(&last) else {
                break;
            };
            chain.push(*previous);
            last = *previous;
        }
        chain.reverse();
        chain
    }
}
