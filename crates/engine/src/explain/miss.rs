//! The nearest misses of a denial: paths that differ from an allow in exactly one thing, so that a
//! person sees what to ask for.

use super::{Denial, Reason};
use crate::index::Index;
use crate::path::{Path, Window};
use crate::question::{Part, Question};
use crate::slot::{Asked, Reach, Slot};
use rolecall_model::Scope;
use rolecall_model::id::{GroupId, Holder, PrincipalId};
use rolecall_model::principal::PrincipalKind;
use rolecall_model::role::Permit;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Most misses of one kind that a denial lists.
pub const MOST_MISSES: usize = 10;
/// Most roles at scopes looked at in search of a group to join, of groups and of policies each: some
/// microseconds, where the busiest projects have thousands.
const MOST_LOOKED_AT: usize = 300;

/// A path that would allow if it were not for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The one thing.
    pub lack: Lack,
    /// The path. When membership is lacking, it has none.
    pub path: Path,
    /// The permit that would give it; none when the role lacks the action.
    pub permit: Option<Permit>,
}

/// The one thing that a path lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// It does not count at the instant, only in this window (which may be empty, when a grant and
    /// a membership never count together).
    Time(Window),
    /// It gives the action, but only here, which does not cover the place.
    Scope(Scope),
    /// The subject is not in this group.
    Membership(GroupId),
    /// The role is held at the place (by the subject or a group of its), but does not permit the
    /// action.
    Action,
}

/// Misses found so far, kind by kind.
#[derive(Default)]
struct Found {
    time: Vec<Miss>,
    scope: Vec<Miss>,
    membership: Vec<Miss>,
    action: Vec<Miss>,
    capped: bool,
}

impl Found {
    fn add(&mut self, miss: Miss) {
        let (list, most) = match miss.lack {
            Lack::Time(_) => (&mut self.time, MOST_MISSES),
            // The nearest are chosen later.
            Lack::Scope(_) => (&mut self.scope, usize::MAX),
            Lack::Membership(_) => (&mut self.membership, MOST_MISSES),
            Lack::Action => (&mut self.action, MOST_MISSES),
        };
        if list.len() < most {
            list.push(miss);
        } else {
            self.capped = true;
        }
    }
}

impl Index {
    /// Why an active, known subject may not do a known action.
    pub(super) fn nearest_misses(&self, question: &Question, asked: &Asked) -> Denial {
        let mut found = Found::default();
        let _: ControlFlow<()> = self.walk(question.subject, None, &mut |reach| {
            self.add_misses(reach, question, asked, &mut found);
            ControlFlow::Continue(())
        });
        if self.org.principal(question.subject).is_some_and(|p| p.kind() == PrincipalKind::User) {
            self.add_groups(question.subject, asked, question, &mut found);
        }
        found.scope.sort_by_key(|miss| distance(miss, question));
        found.capped |= found.scope.len() > MOST_MISSES;
        found.scope.truncate(MOST_MISSES);
        let misses = [found.time, found.scope, found.membership, found.action].concat();
        Denial { reason: Reason::NothingGivesIt, misses, capped: found.capped }
    }

    /// Adds what one reaching role at a scope comes near to.
    fn add_misses(&self, reach: Reach, question: &Question, asked: &Asked, found: &mut Found) {
        let gives = self.rights.gives_anywhere(reach.slot.role, asked.bit);
        let is_there = asked.is_covered_by(reach.slot);
        let in_force = reach.window.contains(asked.at);
        if !(gives || is_there && in_force) {
            return;
        }
        let Some(path) = self.path(reach, Some(question.subject)) else {
            return;
        };
        if !gives {
            // What everyone has is no hint at what one person should ask for.
            if path.holder != Holder::Everyone {
                found.add(Miss { lack: Lack::Action, path, permit: None });
            }
            return;
        }
        for source in self.sources(path, question.action) {
            let lack = match (in_force, question.place.is_covered_by(source.scope)) {
                (false, true) => Lack::Time(*reach.window),
                (true, false) => Lack::Scope(source.scope),
                _ => continue,
            };
            found.add(Miss { lack, path, permit: Some(source.permit) });
        }
    }

    /// Adds the groups that would give it, if the subject were in them.
    fn add_groups(&self, subject: PrincipalId, asked: &Asked, question: &Question, found: &mut Found) {
        let gives = |(slot, number): (Slot, u32)| self.slot_gives(slot, asked).then_some(number);
        let mut groups = self.reverse.groups_near(asked.project);
        let mut policies = self.reverse.policies_near(asked.project);
        let direct = groups.by_ref().take(MOST_LOOKED_AT).filter_map(gives);
        let through = policies.by_ref().take(MOST_LOOKED_AT).filter_map(gives);
        let through = through.flat_map(|policy| self.reverse.groups_with(policy));
        let mut seen = BTreeSet::new();
        for group in direct.chain(through).filter_map(GroupId::new) {
            if !seen.insert(group) || self.membership(subject, group).is_some() {
                continue;
            }
            if found.membership.len() >= MOST_MISSES {
                found.capped = true;
                return;
            }
            let _: ControlFlow<()> = self.walk_members(group, Some(asked.project), &mut |reach| {
                if self.gives(reach, asked) {
                    self.add_group(reach, group, question, found);
                }
                ControlFlow::Continue(())
            });
        }
        found.capped |= groups.next().is_some() || policies.next().is_some();
    }

    fn add_group(&self, reach: Reach, group: GroupId, question: &Question, found: &mut Found) {
        let Some(path) = self.path(reach, None) else {
            return;
        };
        let giving = self.sources(path, question.action).find(|s| question.place.is_covered_by(s.scope));
        if let Some(source) = giving {
            found.add(Miss { lack: Lack::Membership(group), path, permit: Some(source.permit) });
        }
    }
}

/// How far a scope miss is from what was asked: another environment of the same project is nearest.
fn distance(miss: &Miss, question: &Question) -> (bool, bool) {
    let Lack::Scope(scope) = miss.lack else {
        return (true, true);
    };
    let misses_project = scope.project.is_some_and(|id| question.place.project != Part::One(id));
    let misses_environment = scope.environment.is_some_and(|id| question.place.environment != Part::One(id));
    (misses_project, misses_environment)
}
