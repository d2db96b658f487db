//! The one walk over what reaches a subject. Every question is a visitor of it, so no two of them
//! can disagree about what a subject holds.

use crate::index::Index;
use crate::line::{Bundle, Given, Key, Line, More};
use crate::path::Window;
use crate::slot::{Reach, Slot};
use rolecall_model::id::{GroupId, Holder, PolicyId, PrincipalId};
use std::ops::ControlFlow;
use std::ops::ControlFlow::Continue;

/// Through whom the walk came to where it is.
#[derive(Clone, Copy)]
struct Via<'a> {
    holder: Holder,
    policy: Option<PolicyId>,
    window: &'a Window,
}

impl<'a> Via<'a> {
    #[inline]
    const fn of(holder: Holder) -> Self {
        Via { holder, policy: None, window: &Window::ALWAYS }
    }

    #[inline]
    const fn reach(&self, slot: Slot) -> Reach<'a> {
        Reach { holder: self.holder, policy: self.policy, slot, window: self.window }
    }
}

/// From a holder to its line: slots and bundles that fit it are visited here, so that the walk of
/// most subjects is one straight run of code; the rest is in `walk_more`.
impl Index {
    /// Shows a visitor every role at a scope that reaches a subject: its own, its groups',
    /// everyone's, directly or within a policy; those out of force too. With `near`, slots of other
    /// projects may be left out. Whether the subject is active is not looked at.
    #[inline]
    pub(crate) fn walk<B>(
        &self,
        subject: PrincipalId,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(line) = self.subjects.get(subject.index()) {
            let via = Via::of(Holder::Principal(subject));
            for slot in line.slots(near) {
                visit(&via.reach(slot))?;
            }
            for bundle in line.bundles() {
                self.walk_bundle(bundle, &via, near, visit)?;
            }
            self.walk_rest(line, Key::Subject(subject), &via, near, visit)?;
        }
        self.walk_more(&self.everyone, &Via::of(Holder::Everyone), near, visit)
    }

    /// The same for what a group gives its members.
    pub(crate) fn walk_members<B>(
        &self,
        group: GroupId,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk_group(group, &Via::of(Holder::Group(group)), near, visit)
    }

    /// The same for what everyone has.
    pub(crate) fn walk_everyone<B>(
        &self,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk_more(&self.everyone, &Via::of(Holder::Everyone), near, visit)
    }

    #[inline]
    fn walk_bundle<B>(
        &self,
        bundle: Bundle,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match bundle {
            Bundle::Group(id) => self.walk_group(id, via, near, visit),
            Bundle::Policy(id) => self.walk_policy(id, via, near, visit),
        }
    }

    #[inline]
    fn walk_group<B>(
        &self,
        id: GroupId,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(line) = self.groups.get(id.index()) else {
            return Continue(());
        };
        let via = Via { holder: Holder::Group(id), ..*via };
        for slot in line.slots(near) {
            visit(&via.reach(slot))?;
        }
        for bundle in line.bundles() {
            // Groups hold no groups.
            if let Bundle::Policy(policy) = bundle {
                self.walk_policy(policy, &via, near, visit)?;
            }
        }
        self.walk_rest(line, Key::Group(id), &via, near, visit)
    }

    #[inline]
    fn walk_policy<B>(
        &self,
        id: PolicyId,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(line) = self.policies.get(id.index()) else {
            return Continue(());
        };
        let via = Via { policy: Some(id), ..*via };
        for slot in line.slots(near) {
            visit(&via.reach(slot))?;
        }
        self.walk_rest(line, Key::Policy(id), &via, near, visit)
    }

    #[inline]
    fn walk_rest<B>(
        &self,
        line: &Line,
        key: Key,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if !line.has_more() {
            return Continue(());
        }
        match self.more.get(&key) {
            Some(more) => self.walk_more(more, via, near, visit),
            None => Continue(()),
        }
    }

    #[inline(never)]
    fn walk_more<B>(
        &self,
        more: &More,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for slot in more.slots(near) {
            visit(&via.reach(slot))?;
        }
        for bundle in &more.bundles {
            self.walk_bundle(*bundle, via, near, visit)?;
        }
        for (window, given) in &more.timed {
            let window = &via.window.meet(*window);
            let via = Via { window, ..*via };
            match given {
                Given::Slot(slot) => visit(&via.reach(*slot))?,
                Given::Bundle(bundle) => self.walk_bundle(*bundle, &via, near, visit)?,
            }
        }
        Continue(())
    }
}
