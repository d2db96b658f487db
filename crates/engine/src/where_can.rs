//! Where may this subject do this action?

use crate::cover::Cover;
use crate::index::Index;
use crate::slot::Slot;
use crate::vocabulary::Bit;
use rolecall_model::id::{ActionId, EnvironmentId, PrincipalId, ProjectId};
use rolecall_model::{Scope, Timestamp};
use std::ops::ControlFlow;

impl Index {
    /// The fewest scopes that cover every place where a subject may do an action, sorted. None for
    /// an unknown action and for a subject that is unknown or inactive.
    pub fn where_can(&self, subject: PrincipalId, action: ActionId, at: Timestamp) -> Vec<Scope> {
        let Some(bit) = self.vocabulary.bit(action) else {
            return Vec::new();
        };
        let slots = self.slots_of(subject, at);
        self.cover(slots.iter().copied(), bit).minimal()
    }

    /// The roles at scopes that reach a subject and are in force; none when it is inactive. The
    /// same one may come more than once.
    pub(crate) fn slots_of(&self, subject: PrincipalId, at: Timestamp) -> Vec<Slot> {
        let mut slots = Vec::new();
        if self.is_active(subject) {
            let _: ControlFlow<()> = self.walk(subject, None, &mut |reach| {
                if reach.window.contains(at) {
                    slots.push(reach.slot);
                }
                ControlFlow::Continue(())
            });
        }
        slots
    }

    /// Where roles at scopes give an action.
    pub(crate) fn cover(&self, slots: impl Iterator<Item = Slot>, bit: Bit) -> Cover {
        let places = slots.flat_map(|slot| self.rights.places(slot.role, bit).map(move |place| (slot, place)));
        let met = places.filter_map(|(slot, (project, environment))| {
            slot.scope().meet(Scope::new(ProjectId::new(project), EnvironmentId::new(environment)))
        });
        met.collect()
    }
}
