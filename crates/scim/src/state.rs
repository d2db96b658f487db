//! What is remembered of an organization between requests. All of it can be learned again.

use crate::fault::Fault;
use crate::known::Known;
use rolecall_model::Timestamp;
use rolecall_service::{Ctx, View, history};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Instants that are remembered: 16 bytes each.
const MOST_INSTANTS: usize = 1 << 20;

/// What is remembered of an organization.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Held while somebody reads a resource, changes it and writes it back, so that no change is lost and no
    /// `userName` given twice.
    pub writing: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
    instants: Mutex<HashMap<u64, Timestamp>>,
}

impl State {
    /// Users by what only SCIM knows of them, as of this state at least.
    pub(crate) fn known(&self, view: &View) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.learn(view);
        known
    }

    /// Learns this state where nobody is held up by it: a new node has everything to learn.
    ///
    /// # Errors
    /// When the node is stopping.
    pub(crate) async fn learn(self: &Arc<Self>, view: &Arc<View>) -> Result<(), Fault> {
        if self.known_so_far().revision() >= view.revision() {
            return Ok(());
        }
        let (state, view) = (Arc::clone(self), Arc::clone(view));
        let learning = tokio::task::spawn_blocking(move || drop(state.known(&view)));
        learning.await.map_err(|_| Fault::new(503, "the server is stopping"))
    }

    /// The same, as it is.
    pub(crate) fn known_so_far(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When entries were made.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn instants(
        &self,
        ctx: &Ctx,
        revisions: impl Iterator<Item = u64>,
    ) -> Result<HashMap<u64, Timestamp>, Fault> {
        let mut found = HashMap::new();
        for revision in revisions {
            if let Entry::Vacant(place) = found.entry(revision) {
                place.insert(self.instant(ctx, revision).await?);
            }
        }
        Ok(found)
    }

    async fn instant(&self, ctx: &Ctx, revision: u64) -> Result<Timestamp, Fault> {
        let remembered = self.instants.lock().unwrap_or_else(PoisonError::into_inner).get(&revision).copied();
        if let Some(instant) = remembered {
            return Ok(instant);
        }
        let instant = history::instant_of(ctx, revision).await?;
        let mut instants = self.instants.lock().unwrap_or_else(PoisonError::into_inner);
        if instants.len() >= MOST_INSTANTS {
            instants.clear();
        }
        instants.insert(revision, instant);
        Ok(instant)
    }

    /// The first entry whose instant fulfils what holds for all later ones; one more than the newest when none
    /// does.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn first(&self, ctx: &Ctx, is_there: impl Fn(Timestamp) -> bool) -> Result<u64, Fault> {
        let (mut low, mut high) = (1, ctx.revision() + 1);
        while low < high {
            let middle = low.midpoint(high);
            if is_there(self.instant(ctx, middle).await?) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}
