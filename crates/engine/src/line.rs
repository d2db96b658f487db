//! Holders as one cache line each: most subjects, groups and policies fit one without a pointer in
//! it. What does not fit, and all that has a start or an end, stands in a [`More`] beside it.

use crate::path::{Window, window_of};
use crate::slot::Slot;
use rolecall_model::Org;
use rolecall_model::assignment::{Assignment, Grant};
use rolecall_model::id::{GroupId, PolicyId, PrincipalId};
use rolecall_model::policy::Policy;
use rolecall_model::principal::Principal;

/// A user or application.
pub(crate) type SubjectLine = Line<5, 5>;
/// A group or a policy.
pub(crate) type BundleLine = Line<7, 1>;

const _: () = assert!(size_of::<SubjectLine>() == 64 && size_of::<BundleLine>() == 64);

/// Whether the holder counts at all.
const ACTIVE: u32 = 1;
/// Whether the holder has a [`More`].
const MORE: u32 = 2;

/// What a holder has: so many roles at scopes, and so many groups and policies.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<const SLOTS: usize, const BUNDLES: usize> {
    slots: [Packed; SLOTS],
    bundles: [u32; BUNDLES],
    flags: u32,
}

/// A slot in eight bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Packed {
    project: u32,
    /// The role above 12 bits of environment.
    give: u32,
}

const ENVIRONMENT_BITS: u32 = 12;
const ROLE_BITS: u32 = 32 - ENVIRONMENT_BITS;

impl Packed {
    const fn of(slot: Slot) -> Option<Self> {
        if slot.environment >> ENVIRONMENT_BITS != 0 || slot.role >> ROLE_BITS != 0 {
            return None;
        }
        Some(Packed {
            project: slot.project,
            give: slot.role << ENVIRONMENT_BITS | slot.environment,
        })
    }

    const fn slot(self) -> Slot {
        let environment = self.give & ((1 << ENVIRONMENT_BITS) - 1);
        Slot {
            project: self.project,
            environment,
            role: self.give >> ENVIRONMENT_BITS,
        }
    }
}

/// Something that gives several bindings at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bundle {
    Group(GroupId),
    Policy(PolicyId),
}

impl Bundle {
    const fn pack(self) -> Option<u32> {
        let (number, kind) = match self {
            Bundle::Group(id) => (id.number(), 0),
            Bundle::Policy(id) => (id.number(), 1),
        };
        if number >> 31 == 0 {
            Some(number << 1 | kind)
        } else {
            None
        }
    }

    fn unpack(packed: u32) -> Option<Self> {
        match packed & 1 {
            0 => GroupId::new(packed >> 1).map(Bundle::Group),
            _ => PolicyId::new(packed >> 1).map(Bundle::Policy),
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

impl<const SLOTS: usize, const BUNDLES: usize> Line<SLOTS, BUNDLES> {
    /// The line of what is not there.
    pub(crate) const VACANT: Self = Line {
        slots: [Packed {
            project: 0,
            give: 0,
        }; SLOTS],
        bundles: [0; BUNDLES],
        flags: 0,
    };

    #[inline]
    pub(crate) const fn is_active(&self) -> bool {
        self.flags & ACTIVE != 0
    }

    #[inline]
    pub(crate) const fn has_more(&self) -> bool {
        self.flags & MORE != 0
    }

    #[inline]
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.slots
            .iter()
            .take_while(|packed| packed.give != 0)
            .map(|packed| packed.slot())
    }

    #[inline]
    pub(crate) fn bundles(&self) -> impl Iterator<Item = Bundle> + '_ {
        self.bundles
            .iter()
            .map_while(|packed| Bundle::unpack(*packed))
    }
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
    fn into_line<const S: usize, const B: usize>(
        mut self,
        active: bool,
    ) -> (Line<S, B>, Option<More>) {
        self.slots.sort_unstable();
        let mut line = Line::VACANT;
        let (mut slots, mut bundles) = (Vec::new(), Vec::new());
        let mut places = line.slots.iter_mut();
        for slot in self.slots {
            match Packed::of(slot).and_then(|packed| Some((places.next()?, packed))) {
                Some((place, packed)) => *place = packed,
                None => slots.push(slot),
            }
        }
        let mut places = line.bundles.iter_mut();
        for bundle in self.bundles {
            match bundle
                .pack()
                .and_then(|packed| Some((places.next()?, packed)))
            {
                Some((place, packed)) => *place = packed,
                None => bundles.push(bundle),
            }
        }
        let (slots, bundles) = (slots.into_boxed_slice(), bundles.into_boxed_slice());
        let more = More {
            slots,
            bundles,
            timed: self.timed.into_boxed_slice(),
        };
        let is_empty = more.slots.is_empty() && more.bundles.is_empty() && more.timed.is_empty();
        line.flags = if active { ACTIVE } else { 0 } | if is_empty { 0 } else { MORE };
        (line, (!is_empty).then_some(more))
    }
}

/// Compiles a user or application.
pub(crate) fn of_principal(org: &Org, principal: &Principal) -> (SubjectLine, Option<More>) {
    let mut gathered = Gathered::default();
    gathered.add_assignments(org, &principal.assignments);
    for membership in &principal.memberships {
        gathered.add(
            window_of(org, membership.provenance),
            Given::Bundle(Bundle::Group(membership.group)),
        );
    }
    gathered.into_line(principal.active)
}

/// Compiles a group.
pub(crate) fn of_group(org: &Org, assignments: &[Assignment]) -> (BundleLine, Option<More>) {
    let mut gathered = Gathered::default();
    gathered.add_assignments(org, assignments);
    gathered.into_line(true)
}

/// Compiles a policy.
pub(crate) fn of_policy(policy: &Policy) -> (BundleLine, Option<More>) {
    let slots = policy
        .bindings
        .iter()
        .map(|binding| Slot::of(*binding))
        .collect();
    Gathered {
        slots,
        ..Gathered::default()
    }
    .into_line(true)
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
