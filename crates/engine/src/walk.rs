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
struct Via {
    holder: Holder,
    policy: Option<PolicyId>,
    window: Window,
}

impl Via {
    const fn of(holder: Holder) -> Self {
        Via {
            holder,
            policy: None,
            window: Window::ALWAYS,
        }
    }

    fn within(self, window: Window) -> Self {
        Via {
            window: self.window.meet(window),
            ..self
        }
    }

    const fn reach(self, slot: Slot) -> Reach {
        Reach {
            holder: self.holder,
            policy: self.policy,
            slot,
            window: self.window,
        }
    }
}

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
            self.walk_line(line, Key::Subject(subject), via, near, visit)?;
        }
        self.walk_more(&self.everyone, Via::of(Holder::Everyone), near, visit)
    }

    /// The same for what a group gives its members.
    pub(crate) fn walk_group<B>(
        &self,
        group: GroupId,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk_bundle(
            Bundle::Group(group),
            Via::of(Holder::Group(group)),
            near,
            visit,
        )
    }

    /// The same for what everyone has.
    pub(crate) fn walk_everyone<B>(
        &self,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk_more(&self.everyone, Via::of(Holder::Everyone), near, visit)
    }

    #[inline]
    fn walk_line<B, const SLOTS: usize, const BUNDLES: usize>(
        &self,
        line: &Line<SLOTS, BUNDLES>,
        key: Key,
        via: Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for slot in line.slots() {
            visit(&via.reach(slot))?;
        }
        for bundle in line.bundles() {
            self.walk_bundle(bundle, via, near, visit)?;
        }
        if !line.has_more() {
            return Continue(());
        }
        match self.more.get(&key) {
            Some(more) => self.walk_more(more, via, near, visit),
            None => Continue(()),
        }
    }

    fn walk_bundle<B>(
        &self,
        bundle: Bundle,
        via: Via,
        near: Option<u32>,
        visit: &mut impl FnMut(&Reach) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (line, key, via) = match bundle {
            Bundle::Group(id) => (
                self.groups.get(id.index()),
                Key::Group(id),
                Via {
                    holder: Holder::Group(id),
                    ..via
                },
            ),
            Bundle::Policy(id) => (
                self.policies.get(id.index()),
                Key::Policy(id),
                Via {
                    policy: Some(id),
                    ..via
                },
            ),
        };
        match line {
            Some(line) => self.walk_line(line, key, via, near, visit),
            None => Continue(()),
        }
    }

    fn walk_more<B>(
        &self,
        more: &More,
        via: Via,
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
            let via = via.within(*window);
            match given {
                Given::Slot(slot) => visit(&via.reach(*slot))?,
                Given::Bundle(bundle) => self.walk_bundle(*bundle, via, near, visit)?,
            }
        }
        Continue(())
    }
}
