//! What may this subject do here?

use crate::index::Index;
use crate::question::Place;
use crate::slot::{Slot, numbers};
use crate::vocabulary::Actions;
use rolecall_model::Timestamp;
use rolecall_model::id::{ActionId, PrincipalId};

impl Index {
    /// All actions that a subject may do at a place, by number; none when it is unknown or inactive.
    pub fn what_can(&self, subject: PrincipalId, place: Place, at: Timestamp) -> Vec<ActionId> {
        let (project, environment) = numbers(place);
        let mut held = Actions::default();
        let covers = |slot: &Slot| place.is_covered_by(slot.scope());
        for slot in self.slots_of(subject, at).into_iter().filter(covers) {
            self.rights.add_at(slot.role, project, environment, &mut held);
        }
        self.vocabulary.actions(&held).collect()
    }
}
