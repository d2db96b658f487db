//! Holders as one cache line each: most subjects, groups and policies fit one without a pointer in
//! it. What does not fit, and all that has a start or an end, stands in a [`More`] beside it.

mod equal;

use crate::path::{Window, window_of};
use crate::slot::Slot;
use rolecall_model::Org;
use rolecall_model::assignment::{Assignment, Grant};
use rolecall_model::id::{GroupId, PolicyId, PrincipalId};
use rolecall_model::policy::Policy;
use rolecall_model::principal::Principal;

const _: () = assert!(size_of::<Line>() == 64);

/// Words of a line, the last of them its head.
const LINE: usize = 16;
/// Words of a line that hold what its holder has.
const WORDS: usize = LINE - 1;

/// Words at the back that most lines have room enough in for their groups and policies.
pub(crate) const BACK: usize = 4;

/// Whether the holder counts at all.
const ACTIVE: u32 = 1;
/// Whether the holder has a [`More`].
const MORE: u32 = 2;
/// Whether its last [`BACK`] words are all its groups and policies, or nothing, and there is no
/// [`More`].
const SHORT: u32 = 4;
/// Where the head counts slots, those of them for every project, and bundles: four bits each.
const SLOTS_AT: u32 = 4;
const WIDE_AT: u32 = 8;
const BUNDLES_AT: u32 = 12;

/// What a user, application, group or policy has: roles at scopes in two words each from the front,
/// groups and policies in one each from the back.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line {
    words: [u32; LINE],
}

const ENVIRONMENT_BITS: u32 = 12;
const ROLE_BITS: u32 = 32 - ENVIRONMENT_BITS;

/// A slot in two words: the project, and the role above 12 bits of environment.
const fn pack(slot: Slot) -> Option<[u32; 2]> {
    if slot.environment >> ENVIRONMENT_BITS != 0 || slot.role >> ROLE_BITS != 0 {
        return None;
    }
    Some([slot.project, slot.role << ENVIRONMENT_BITS | slot.environment])
}

const fn unpack([project, give]: [u32; 2]) -> Slot {
    let environment = give & ((1 << ENVIRONMENT_BITS) - 1);
    Slot { project, environment, role: give >> ENVIRONMENT_BITS }
}

/// Something that gives several bindings at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bundle {
    Group(GroupId),
    Policy(PolicyId),
}

impl Bundle {
    /// Number and kind in one: where its line stands.
    pub(crate) const fn index(self) -> usize {
        match self {
            Bundle::Group(id) => id.index() << 1,
            Bundle::Policy(id) => id.index() << 1 | 1,
        }
    }

    /// The same in one word of a line, if it fits.
    fn pack(self) -> Option<u32> {
        u32::try_from(self.index()).ok()
    }

    /// What a word of a line stands for.
    pub(crate) fn unpack(packed: u32) -> Option<Self> {
        match packed & 1 {
            0 => GroupId::new(packed >> 1).map(Bundle::Group),
            _ => PolicyId::new(packed >> 1).map(Bundle::Policy),
        }
    }

    pub(crate) const fn key(self) -> Key {
        match self {
            Bundle::Group(id) => Key::Group(id),
            Bundle::Policy(id) => Key::Policy(id),
        }
    }
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Subject(PrincipalId),
    Group(GroupId),
    Policy(PolicyId),
}

/// Something a holder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Slot(Slot),
    Bundle(Bundle),
}

/// What of a holder does not fit its line.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// Sorted, so that those of one project stand together.
    slots: Box<[Slot]>,
    pub(crate) bundles: Box<[Bundle]>,
    /// What has a start or an end.
    pub(crate) timed: Box<[(Window, Given)]>,
}

impl More {
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.bundles.is_empty() && self.timed.is_empty()
    }

    /// Those for every project and those for one; all when no project is named.
    pub(crate) fn slots(&self, near: Option<u32>) -> impl Iterator<Item = Slot> + '_ {
        let (first, second) = match near {
            None => (self.slots.as_ref(), [].as_slice()),
            Some(project) => (self.of_project(0), self.of_project(project)),
        };
        first.iter().chain(second).copied()
    }

    fn of_project(&self, project: u32) -> &[Slot] {
        let start = self.slots.partition_point(|slot| slot.project < project);
        let end = self.slots.partition_point(|slot| slot.project <= project);
        self.slots.get(start..end).unwrap_or_default()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.slots) + size_of_val(&*self.bundles) + size_of_val(&*self.timed)
    }
}

impl Line {
    /// The line of what is not there.
    pub(crate) const VACANT: Self = Line { words: [0; LINE] };

    #[inline]
    const fn head(&self) -> u32 {
        self.words[WORDS]
    }

    #[inline]
    pub(crate) const fn is_active(&self) -> bool {
        self.head() & ACTIVE != 0
    }

    #[inline]
    pub(crate) const fn has_more(&self) -> bool {
        self.head() & MORE != 0
    }

    #[inline]
    const fn count(&self, at: u32) -> u32 {
        self.head() >> at & 15
    }

    /// All slots, or only those for every project, which come first, and for one.
    #[inline]
    pub(crate) fn slots(&self, near: Option<u32>) -> impl Iterator<Item = Slot> + '_ {
        let (pairs, _) = self.words.as_chunks::<2>();
        // One bit for each word, set for the first of a pair.
        let mut hits = words_of(self.count(SLOTS_AT));
        if let Some(near) = near {
            hits &= words_of(self.count(WIDE_AT)) | equal::words(&self.words, near);
        }
        std::iter::from_fn(move || {
            if hits == 0 {
                return None;
            }
            let pair = pairs.get((hits.trailing_zeros() / 2) as usize % (LINE / 2));
            hits &= hits - 1;
            pair.map(|pair| unpack(*pair))
        })
    }

    /// Whether nothing of it is for every project or this one, and all of it stands in the line.
    #[inline]
    pub(crate) fn is_far(&self, near: Option<u32>) -> bool {
        let Some(near) = near else { return false };
        let own = equal::words(&self.words, near) & words_of(self.count(SLOTS_AT));
        own | (self.head() & (MORE | 15 << WIDE_AT | 15 << BUNDLES_AT)) == 0
    }

    /// Groups and policies, packed; the last comes first.
    #[inline]
    pub(crate) fn packed(&self) -> &[u32] {
        self.words.get(WORDS - self.count(BUNDLES_AT) as usize..WORDS).unwrap_or_default()
    }

    /// The words in which all its groups and policies stand, packed, 0 for none; nothing when it has
    /// more, or may.
    #[inline]
    pub(crate) fn back(&self) -> Option<&[u32; BACK]> {
        let back = self.words.get(WORDS - BACK..WORDS)?.first_chunk();
        if self.head() & SHORT == 0 { None } else { back }
    }
}

/// The first words of this many pairs.
#[inline]
const fn words_of(pairs: u32) -> u32 {
    0x5555 & ((1 << (2 * pairs)) - 1)
}

/// What a holder has, being gathered.
#[derive(Default)]
struct Gathered {
    slots: Vec<Slot>,
    bundles: Vec<Bundle>,
    timed: Vec<(Window, Given)>,
}

impl Gathered {
    fn add(&mut self, window: Window, given: Given) {
        match given {
            _ if !window.is_always() => self.timed.push((window, given)),
            Given::Slot(slot) => self.slots.push(slot),
            Given::Bundle(bundle) => self.bundles.push(bundle),
        }
    }

    fn add_assignments(&mut self, org: &Org, assignments: &[Assignment]) {
        for assignment in assignments {
            let given = match assignment.grant {
                Grant::Role(binding) => Given::Slot(Slot::of(binding)),
                Grant::Policy(policy) => Given::Bundle(Bundle::Policy(policy)),
            };
            self.add(window_of(org, assignment.provenance), given);
        }
    }

    /// Puts into a line what fits, the rest into a [`More`].
    fn into_line(mut self, active: bool) -> (Line, Option<More>) {
        self.slots.sort_unstable();
        let mut line = Line::VACANT;
        let packed: Vec<u32> = self.bundles.iter().map_while(|bundle| bundle.pack()).take(WORDS).collect();
        let room = (WORDS - packed.len()) / 2;
        let pairs: Vec<[u32; 2]> = self.slots.iter().map_while(|slot| pack(*slot)).take(room).collect();
        for (place, word) in line.words.iter_mut().zip(pairs.as_flattened()) {
            *place = *word;
        }
        for (place, word) in line.words.iter_mut().rev().skip(1).zip(&packed) {
            *place = *word;
        }
        let slots = self.slots.split_off(pairs.len()).into_boxed_slice();
        let bundles = self.bundles.split_off(packed.len()).into_boxed_slice();
        let more = More { slots, bundles, timed: self.timed.into_boxed_slice() };
        let is_empty = more.is_empty();
        let count = |count: usize| u32::try_from(count).unwrap_or_default();
        let wide = pairs.iter().filter(|pair| pair[0] == 0).count();
        let is_short = is_empty && packed.len() <= BACK && 2 * pairs.len() <= WORDS - BACK;
        line.words[WORDS] = if active { ACTIVE } else { 0 }
            | if is_empty { 0 } else { MORE }
            | if is_short { SHORT } else { 0 }
            | count(pairs.len()) << SLOTS_AT
            | count(wide) << WIDE_AT
            | count(packed.len()) << BUNDLES_AT;
        (line, (!is_empty).then_some(more))
    }
}

/// Compiles a user or application.
pub(crate) fn of_principal(org: &Org, principal: &Principal) -> (Line, Option<More>) {
    let mut gathered = Gathered::default();
    gathered.add_assignments(org, &principal.assignments);
    for membership in &principal.memberships {
        gathered.add(window_of(org, membership.provenance), Given::Bundle(Bundle::Group(membership.group)));
    }
    gathered.into_line(principal.active)
}

/// Compiles a group.
pub(crate) fn of_group(org: &Org, assignments: &[Assignment]) -> (Line, Option<More>) {
    let mut gathered = Gathered::default();
    gathered.add_assignments(org, assignments);
    gathered.into_line(true)
}

/// Compiles a policy.
pub(crate) fn of_policy(policy: &Policy) -> (Line, Option<More>) {
    let slots = policy.bindings.iter().map(|binding| Slot::of(*binding)).collect();
    Gathered { slots, ..Gathered::default() }.into_line(true)
}

/// Compiles what everyone has.
pub(crate) fn of_everyone(org: &Org) -> More {
    let mut gathered = Gathered::default();
    gathered.add_assignments(org, org.everyone());
    gathered.slots.sort_unstable();
    More {
        slots: gathered.slots.into_boxed_slice(),
        bundles: gathered.bundles.into_boxed_slice(),
        timed: gathered.timed.into_boxed_slice(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_of_any_size_keeps_all_it_has() {
        for (slots, bundles) in [(0_u32, 0), (6, 3), (6, 4), (7, 1), (8, 0), (0, 15), (40, 40)] {
            let slot = |number| Slot { project: 100 - number, environment: number % 3, role: 1 + number };
            let slots: Vec<Slot> = (0..slots).map(slot).collect();
            let bundles: Vec<Bundle> = (1..=bundles).filter_map(PolicyId::new).map(Bundle::Policy).collect();
            let timed = Vec::new();
            let (line, more) = Gathered { slots: slots.clone(), bundles: bundles.clone(), timed }.into_line(true);
            let more = more.unwrap_or_default();
            let mut kept: Vec<Slot> = line.slots(None).chain(more.slots(None)).collect();
            kept.sort_unstable_by_key(|slot| slot.role);
            assert_eq!(kept, slots);
            let packed = line.packed().iter().rev().filter_map(|packed| Bundle::unpack(*packed));
            assert!(packed.chain(more.bundles.iter().copied()).eq(bundles));
            assert!(line.is_active());
        }
    }

    #[test]
    fn what_cannot_be_packed_stands_beside_the_line() {
        let large = Slot { project: 7, environment: 1 << 12, role: 1 };
        let slots = vec![large, Slot { role: 1 << 20, environment: 0, project: 0 }];
        let (line, more) = Gathered { slots, ..Gathered::default() }.into_line(false);
        assert_eq!((line.slots(None).count(), line.has_more(), line.is_active()), (0, true, false));
        assert!(more.unwrap().slots(Some(7)).any(|slot| slot == large));
    }
}
