//! States kept for those who page through them.

use super::LIFETIME;
use rolecall_model::Timestamp;
use rolecall_model::id::OrganizationId;
use rolecall_service::View;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Most states that are kept for those who page through them; older ones are built again from the
/// log when somebody goes on.
const MOST_PINNED: usize = 64;

/// States that somebody pages through.
#[derive(Default)]
pub(crate) struct Pins(Mutex<VecDeque<Pin>>);

struct Pin {
    organization: OrganizationId,
    view: Arc<View>,
    last: Timestamp,
}

impl Pins {
    pub(super) fn find(&self, organization: OrganizationId, revision: u64) -> Option<Arc<View>> {
        let pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pins.iter().find(|pin| pin.organization == organization && pin.view.revision() == revision);
        found.map(|pin| Arc::clone(&pin.view))
    }

    /// Keeps a state from now on for the life of a token, and lets go of those kept long enough.
    pub(super) fn keep(&self, organization: OrganizationId, view: Arc<View>, now: Timestamp) {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = view.revision();
        pins.retain(|pin| {
            let same = pin.organization == organization && pin.view.revision() == revision;
            !same && now.micros().abs_diff(pin.last.micros()) <= LIFETIME.unsigned_abs()
        });
        while pins.len() >= MOST_PINNED {
            pins.pop_front();
        }
        pins.push_back(Pin { organization, view, last: now });
    }
}
