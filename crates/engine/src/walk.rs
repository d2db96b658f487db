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
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self.subjects.get(subject.index()) {
            Some(line) => self.walk_line(line, subject, near, visit),
            None => self.walk_everyone(near, visit),
        }
    }

    /// The same from the subject's line.
    #[inline]
    pub(crate) fn walk_line<B>(
        &self,
        line: &Line,
        subject: PrincipalId,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let via = Via::of(Holder::Principal(subject));
        for slot in line.slots(near) {
            visit(via.reach(slot))?;
        }
        for packed in line.packed().iter().rev() {
            // Most groups and policies are about other projects: they end here, after a dozen
            // instructions and no branch but this.
            match self.bundles.get(*packed as usize) {
                Some(line) if !line.is_far(near) => self.walk_packed(line, *packed, &via, near, visit)?,
                _ => {}
            }
        }
        self.walk_rest(line, Key::Subject(subject), &via, near, visit)?;
        self.walk_everyone(near, visit)
    }

    /// The same for what a group gives its members.
    pub(crate) fn walk_members<B>(
        &self,
        group: GroupId,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk_bundle(Bundle::Group(group), &Via::of(Holder::Group(group)), near, visit)
    }

    /// The same for what everyone has.
    #[inline]
    pub(crate) fn walk_everyone<B>(
        &self,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if self.everyone.is_empty() {
            return Continue(());
        }
        self.walk_more(&self.everyone, &Via::of(Holder::Everyone), near, visit)
    }

    fn walk_bundle<B>(
        &self,
        bundle: Bundle,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(line) = self.bundles.get(bundle.index()) else {
            return Continue(());
        };
        match bundle {
            Bundle::Group(id) => self.walk_group(line, id, via, near, visit),
            Bundle::Policy(id) => self.walk_policy(line, id, via, near, visit),
        }
    }

    #[inline]
    fn walk_packed<B>(
        &self,
        line: &Line,
        packed: u32,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match Bundle::unpack(packed) {
            Some(Bundle::Group(id)) => self.walk_group(line, id, via, near, visit),
            Some(Bundle::Policy(id)) => self.walk_policy(line, id, via, near, visit),
            None => Continue(()),
        }
    }

    #[inline]
    fn walk_group<B>(
        &self,
        line: &Line,
        id: GroupId,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let via = Via { holder: Holder::Group(id), ..*via };
        for slot in line.slots(near) {
            visit(via.reach(slot))?;
        }
        for packed in line.packed().iter().rev() {
            // Groups hold no groups.
            if let (Some(line), Some(Bundle::Policy(policy))) =
                (self.bundles.get(*packed as usize), Bundle::unpack(*packed))
            {
                self.walk_policy(line, policy, &via, near, visit)?;
            }
        }
        self.walk_rest(line, Key::Group(id), &via, near, visit)
    }

    #[inline]
    fn walk_policy<B>(
        &self,
        line: &Line,
        id: PolicyId,
        via: &Via,
        near: Option<u32>,
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let via = Via { policy: Some(id), ..*via };
        for slot in line.slots(near) {
            visit(via.reach(slot))?;
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
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
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
        visit: &mut impl FnMut(Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for slot in more.slots(near) {
            visit(via.reach(slot))?;
        }
        for bundle in &more.bundles {
            self.walk_bundle(*bundle, via, near, visit)?;
        }
        for (window, given) in &more.timed {
            let window = &via.window.meet(*window);
            let via = Via { window, ..*via };
            match given {
                Given::Slot(slot) => visit(via.reach(*slot))?,
                Given::Bundle(bundle) => self.walk_bundle(*bundle, &via, near, visit)?,
            }
        }
        Continue(())
    }
}
