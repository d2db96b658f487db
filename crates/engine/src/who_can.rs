//! Who may do this here? A scan over the lines, each role, group and policy decided once.

use crate::index::{Index, LINES};
use crate::line::{Bundle, Given, Key, Line};
use crate::question::Place;
use crate::slot::{Asked, Slot};
use rolecall_model::Timestamp;
use rolecall_model::id::{ActionId, PrincipalId};
use std::ops::ControlFlow::{Break, Continue};

impl Index {
    /// Users and applications that may do an action at a place, by number: at most `limit` (at
    /// least one) of those after `after`, and, when there are more, the last one as what to go on after. Nobody may do
    /// an unknown action.
    pub fn who_can(
        &self,
        action: ActionId,
        place: Place,
        at: Timestamp,
        after: Option<PrincipalId>,
        limit: usize,
    ) -> (Vec<PrincipalId>, Option<PrincipalId>) {
        let mut all = self.who_can_all(action, place, at).after(after);
        let page: Vec<PrincipalId> = all.by_ref().take(limit.max(1)).collect();
        let next = page.last().copied().or(after).filter(|_| all.next().is_some());
        (page, next)
    }

    /// All users and applications that may do an action at a place, by number, found as they are
    /// asked for.
    pub fn who_can_all(&self, action: ActionId, place: Place, at: Timestamp) -> WhoCan<'_> {
        let asked = self.vocabulary.bit(action).map(|bit| Asked::new(bit, place, at));
        let mut scan = WhoCan { index: self, asked, next: 1, everyone: false, known: Known::default() };
        if let Some(asked) = asked {
            let bundles = 2 * self.groups.len().max(self.policies.len());
            scan.known =
                Known { roles: vec![Answer::Open; self.org.roles.bound()], bundles: vec![Answer::Open; bundles] };
            let found = self.walk_everyone(Some(asked.project), &mut |reach| {
                if self.gives(reach, &asked) { Break(()) } else { Continue(()) }
            });
            scan.everyone = found.is_break();
        }
        scan
    }
}

/// What has been found out about a role, group or policy.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Open,
    No,
    Yes,
}

#[derive(Clone, Debug, Default)]
struct Known {
    roles: Vec<Answer>,
    /// By packed number of a group or policy.
    bundles: Vec<Answer>,
}

/// The subjects that may do an action at a place, one after the other.
#[derive(Clone, Debug)]
pub struct WhoCan<'a> {
    index: &'a Index,
    asked: Option<Asked>,
    next: usize,
    everyone: bool,
    known: Known,
}

impl WhoCan<'_> {
    /// The same, beginning after a subject.
    #[must_use]
    pub fn after(mut self, after: Option<PrincipalId>) -> Self {
        self.next = after.map_or(1, |id| id.index() + 1);
        self
    }

    #[inline]
    fn may(&mut self, id: PrincipalId, line: &Line, asked: &Asked) -> bool {
        line.is_active() && (self.everyone || self.line_gives(line, Key::Subject(id), asked))
    }

    #[inline]
    fn line_gives(&mut self, line: &Line, key: Key, asked: &Asked) -> bool {
        line.slots(Some(asked.project)).any(|slot| self.slot_gives(slot, asked))
            || line.packed().iter().any(|packed| self.packed_gives(*packed, asked))
            || (line.has_more() && self.more_gives(key, asked))
    }

    fn more_gives(&mut self, key: Key, asked: &Asked) -> bool {
        let index = self.index;
        let Some(more) = index.more.get(&key) else {
            return false;
        };
        more.slots(Some(asked.project)).any(|slot| self.slot_gives(slot, asked))
            || more.bundles.iter().any(|bundle| self.bundle_gives(*bundle, asked))
            || more.timed.iter().any(|(window, given)| {
                window.contains(asked.at)
                    && match given {
                        Given::Slot(slot) => self.slot_gives(*slot, asked),
                        Given::Bundle(bundle) => self.bundle_gives(*bundle, asked),
                    }
            })
    }

    #[inline]
    fn slot_gives(&mut self, slot: Slot, asked: &Asked) -> bool {
        if !asked.is_covered_by(slot) {
            return false;
        }
        let Some(answer) = self.known.roles.get_mut(slot.role as usize) else {
            return false;
        };
        if matches!(answer, Answer::Open) {
            *answer = Answer::of(self.index.rights.gives(slot.role, asked));
        }
        matches!(answer, Answer::Yes)
    }

    #[inline]
    fn packed_gives(&mut self, packed: u32, asked: &Asked) -> bool {
        match self.known.bundles.get(packed as usize) {
            Some(Answer::No) => false,
            Some(Answer::Yes) => true,
            None | Some(Answer::Open) => self.find_out(packed, asked),
        }
    }

    fn bundle_gives(&mut self, bundle: Bundle, asked: &Asked) -> bool {
        match bundle.pack() {
            Some(packed) => self.packed_gives(packed, asked),
            None => self.look_at(bundle, asked),
        }
    }

    fn find_out(&mut self, packed: u32, asked: &Asked) -> bool {
        let gives = Bundle::unpack(packed).is_some_and(|bundle| self.look_at(bundle, asked));
        if let Some(known) = self.known.bundles.get_mut(packed as usize) {
            *known = Answer::of(gives);
        }
        gives
    }

    fn look_at(&mut self, bundle: Bundle, asked: &Asked) -> bool {
        let index = self.index;
        let (line, key) = match bundle {
            Bundle::Group(id) => (index.groups.get(id.index()), Key::Group(id)),
            Bundle::Policy(id) => (index.policies.get(id.index()), Key::Policy(id)),
        };
        line.is_some_and(|line| self.line_gives(line, key, asked))
    }
}

impl Answer {
    const fn of(gives: bool) -> Self {
        if gives { Answer::Yes } else { Answer::No }
    }
}

impl Iterator for WhoCan<'_> {
    type Item = PrincipalId;

    fn next(&mut self) -> Option<PrincipalId> {
        let asked = self.asked?;
        // Leaf by leaf, as they lie in memory.
        loop {
            let lines = self.index.subjects.leaf(self.next / LINES);
            if lines.is_empty() {
                return None;
            }
            for line in lines.get(self.next % LINES..).unwrap_or_default() {
                let id = u32::try_from(self.next).ok().and_then(PrincipalId::new);
                self.next += 1;
                match id {
                    Some(id) if self.may(id, line, &asked) => return Some(id),
                    _ => {}
                }
            }
            self.next = self.next.next_multiple_of(LINES);
        }
    }
}
