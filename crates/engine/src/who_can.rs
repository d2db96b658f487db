//! Who may do this here? A scan over the lines, each group and policy decided once.

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
        let asked = self.vocabulary.bit(action).map(|bit| Asked::new(&self.rights, bit, place, at));
        let mut scan =
            WhoCan { index: self, asked, leaf: 0, found: 0, everyone: false, roles: Vec::new(), known: Vec::new() };
        if let Some(asked) = asked {
            scan.roles = vec![OPEN; self.org.roles.bound()];
            scan.known = vec![OPEN; self.bundles.len()];
            // Stands for the bundles that a line does not have.
            if let Some(none) = scan.known.first_mut() {
                *none = NO;
            }
            let found = self.walk_everyone(Some(asked.project), &mut |reach| {
                if self.gives(reach, &asked) { Break(()) } else { Continue(()) }
            });
            scan.everyone = found.is_break();
            scan.found = scan.of_leaf(0);
        }
        scan
    }
}

/// What has been found out about a role, group or policy: bytes, so that several can be read and
/// joined without a branch.
const NO: u8 = 0;
const YES: u8 = 1;
const OPEN: u8 = 2;

/// The subjects that may do an action at a place, one after the other.
#[derive(Clone, Debug)]
pub struct WhoCan<'a> {
    index: &'a Index,
    asked: Option<Asked>,
    /// The leaf being read, and who of it is still to be named.
    leaf: usize,
    found: u64,
    everyone: bool,
    /// By number: whether a role, bound where it covers the place, gives it.
    roles: Vec<u8>,
    /// By packed number of a group or policy.
    known: Vec<u8>,
}

const _: () = assert!(LINES == u64::BITS as usize);

impl WhoCan<'_> {
    /// The same, beginning after a subject.
    #[must_use]
    pub fn after(mut self, after: Option<PrincipalId>) -> Self {
        let next = after.map_or(0, |id| id.index() + 1);
        self.leaf = next / LINES;
        self.found = self.of_leaf(self.leaf) & (u64::MAX << (next % LINES));
        self
    }

    /// Who of a leaf may, as bits.
    fn of_leaf(&mut self, leaf: usize) -> u64 {
        let (index, Some(asked)) = (self.index, self.asked) else {
            return 0;
        };
        let mut found = 0;
        for (place, line) in index.subjects.leaf(leaf).iter().enumerate() {
            let id = u32::try_from(leaf * LINES + place).ok().and_then(PrincipalId::new);
            found |= u64::from(id.is_some_and(|id| self.may(id, line, &asked))) << place;
        }
        found
    }

    #[inline]
    fn may(&mut self, id: PrincipalId, line: &Line, asked: &Asked) -> bool {
        line.is_active() && (self.everyone || self.line_gives(line, Key::Subject(id), asked))
    }

    /// What is known of all that a line has, joined: no single answer could be foreseen, their sum
    /// mostly can.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "without a branch")]
    fn line_gives(&mut self, line: &Line, key: Key, asked: &Asked) -> bool {
        let Some(back) = line.back() else {
            return self.look_closer(line, key, asked);
        };
        let mut all = NO;
        for slot in line.slots(Some(asked.project)) {
            let is_there = (slot.environment == 0) | (slot.environment == asked.environment);
            all |= self.roles.get(slot.role as usize).copied().unwrap_or(OPEN) * u8::from(is_there);
        }
        for packed in back {
            all |= self.known.get(*packed as usize).copied().unwrap_or(OPEN);
        }
        match all {
            NO => false,
            YES => true,
            _ => self.look_closer(line, key, asked),
        }
    }

    /// The same where something is not known yet, or the line does not tell all.
    #[inline(never)]
    fn look_closer(&mut self, line: &Line, key: Key, asked: &Asked) -> bool {
        let mut gives = false;
        for slot in line.slots(Some(asked.project)) {
            gives |= self.slot_gives(slot, asked);
        }
        gives
            || line.packed().iter().any(|packed| self.packed_gives(*packed, asked))
            || (line.has_more() && self.more_gives(key, asked))
    }

    fn slot_gives(&mut self, slot: Slot, asked: &Asked) -> bool {
        if let Some(known) = self.roles.get_mut(slot.role as usize).filter(|known| **known == OPEN) {
            *known = u8::from(self.index.rights.gives(slot.role, asked));
        }
        self.index.slot_gives(slot, asked)
    }

    fn more_gives(&mut self, key: Key, asked: &Asked) -> bool {
        let index = self.index;
        let Some(more) = index.more.get(&key) else {
            return false;
        };
        more.slots(Some(asked.project)).any(|slot| index.slot_gives(slot, asked))
            || more.bundles.iter().any(|bundle| self.bundle_gives(*bundle, asked))
            || more.timed.iter().any(|(window, given)| {
                window.contains(asked.at)
                    && match given {
                        Given::Slot(slot) => index.slot_gives(*slot, asked),
                        Given::Bundle(bundle) => self.bundle_gives(*bundle, asked),
                    }
            })
    }

    fn packed_gives(&mut self, packed: u32, asked: &Asked) -> bool {
        Bundle::unpack(packed).is_some_and(|bundle| self.bundle_gives(bundle, asked))
    }

    fn bundle_gives(&mut self, bundle: Bundle, asked: &Asked) -> bool {
        match self.known.get(bundle.index()) {
            Some(&NO) => return false,
            Some(&YES) => return true,
            _ => {}
        }
        let line = self.index.bundles.get(bundle.index());
        let gives = line.is_some_and(|line| self.line_gives(line, bundle.key(), asked));
        if let Some(known) = self.known.get_mut(bundle.index()) {
            *known = u8::from(gives);
        }
        gives
    }
}

impl Iterator for WhoCan<'_> {
    type Item = PrincipalId;

    fn next(&mut self) -> Option<PrincipalId> {
        while self.found == 0 {
            self.leaf += 1;
            if self.asked.is_none() || self.leaf * LINES >= self.index.subjects.len() {
                return None;
            }
            self.found = self.of_leaf(self.leaf);
        }
        let number = self.leaf * LINES + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        u32::try_from(number).ok().and_then(PrincipalId::new)
    }
}
