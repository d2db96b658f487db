//! Past states: one is built at a time and kept briefly, so that asking about history cannot fill
//! the memory.

use crate::organization::{Organization, Replayed, replay};
use crate::{At, Error, View, checkpoint};
use futures::StreamExt;
use rolecall_engine::Index;
use rolecall_store::{OrganizationKey, Store};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long a past state is kept for the next question about it.
const KEPT: Duration = Duration::from_mins(1);

/// The past state kept last, and the place where one is built at a time.
pub(crate) struct Past {
    building: Semaphore,
    kept: Mutex<Option<Kept>>,
    /// Counts how often everything was to be forgotten; what was begun before is not kept.
    forgotten: AtomicU64,
    largest: usize,
}

struct Kept {
    organization: OrganizationKey,
    view: Arc<View>,
    since: Instant,
}

impl Past {
    pub(crate) fn new(largest: usize) -> Self {
        Past { building: Semaphore::new(1), kept: Mutex::new(None), forgotten: AtomicU64::new(0), largest }
    }

    /// The state as of a moment.
    pub(crate) async fn view(
        &self,
        store: &Arc<dyn Store>,
        organization: &Organization,
        present: &Arc<View>,
        at: At,
    ) -> Result<Arc<View>, Error> {
        let revision = match at {
            At::Revision(revision) => revision,
            At::Instant(instant) if instant >= present.org().at() => return Ok(Arc::clone(present)),
            At::Instant(instant) => {
                revision_at(store.as_ref(), organization.key, instant.micros(), present.revision()).await?
            }
        };
        if revision == present.revision() {
            return Ok(Arc::clone(present));
        }
        if revision == 0 || revision > present.revision() {
            let message = format!("there is no revision {revision}; the newest is {}", present.revision());
            return Err(Error::NotFound { message });
        }
        if let Some(kept) = self.kept(organization.key, revision) {
            return Ok(kept);
        }
        let busy = |message: &str| Error::Busy {
            retry_after: Duration::from_secs(2),
            message: message.to_owned(),
            tries: false,
        };
        let _turn = self.building.try_acquire().map_err(|_| busy("another past state is being built; try again"))?;
        if present.index().heap_bytes() > self.largest {
            return Err(busy("a past state of this organization would take more memory than is set aside for it"));
        }
        self.put(None);
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let Replayed { org, .. } = replay(store.as_ref(), organization.key, revision).await?;
        let index = checkpoint::blocking(move || Ok(Index::build(org))).await?;
        let view = Arc::new(View::new(index));
        if forgotten == self.forgotten.load(Ordering::Acquire) {
            self.put(Some(Kept { organization: organization.key, view: Arc::clone(&view), since: Instant::now() }));
        }
        Ok(view)
    }

    fn kept(&self, organization: OrganizationKey, revision: u64) -> Option<Arc<View>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| kept.since.elapsed() < KEPT)?;
        let same = kept.organization == organization && kept.view.revision() == revision;
        same.then(|| Arc::clone(&kept.view))
    }

    /// Lets go of the past state that is kept, and of the one that is being built.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.put(None);
    }

    /// Lets go of a past state that nobody asked about lately.
    pub(crate) fn tidy(&self) {
        let old = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|kept| kept.since.elapsed() >= KEPT);
        if old {
            self.put(None);
        }
    }

    fn put(&self, kept: Option<Kept>) {
        let old = std::mem::replace(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner), kept);
        if old.is_some() {
            // A large state takes a while to be freed.
            tokio::task::spawn_blocking(move || drop(old));
        }
    }
}

/// The newest revision made at or before an instant; 0 when there was none. Times never fall along
/// the log, so halving finds it.
async fn revision_at(store: &dyn Store, key: OrganizationKey, instant: i64, newest: u64) -> Result<u64, Error> {
    let (mut low, mut high) = (0, newest);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let mut records = store.before(key, middle + 1, 1);
        let at = match records.next().await {
            Some(record) => record?.at,
            None => return Ok(0),
        };
        if at <= instant {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}
