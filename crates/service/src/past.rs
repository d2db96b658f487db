//! Past states: one is built at a time and kept briefly, so that asking about history cannot fill
//! the memory.

use crate::organization::{Organization, replay};
use crate::{At, Error, View, checkpoint};
use futures::StreamExt;
use rolecall_engine::Index;
use rolecall_store::{OrganizationKey, Store};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long a past state is kept for the next question about it.
const KEPT: Duration = Duration::from_secs(60);

/// The past state kept last, and the place where one is built at a time.
pub(crate) struct Past {
    building: Semaphore,
    kept: Mutex<Option<Kept>>,
    largest: usize,
}

struct Kept {
    organization: OrganizationKey,
    view: Arc<View>,
    since: Instant,
}

impl Past {
    pub(crate) fn new(largest: usize) -> Self {
        Past { building: Semaphore::new(1), kept: Mutex::new(None), largest }
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
            At::Instant(instant) => revision_at(store.as_ref(), organization.key, instant.micros(), present.revision()).await?,
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
        let busy = |message: &str| Error::Busy { retry_after: Duration::from_secs(2), message: message.to_owned() };
        let _turn = self.building.try_acquire().map_err(|_| busy("another past state is being built; try again"))?;
        if present.index().heap_bytes() > self.largest {
            return Err(busy("a past state of this organization would take more memory than is set aside for it"));
        }
        self.forget();
        let (org, _) = replay(store.as_ref(), organization.key, revision).await?;
        let index = checkpoint::blocking(move || Ok(Index::build(org))).await?;
        let view = Arc::new(View::new(index));
        let kept = Kept { organization: organization.key, view: Arc::clone(&view), since: Instant::now() };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(view)
    }

    fn kept(&self, organization: OrganizationKey, revision: u64) -> Option<Arc<View>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| kept.since.elapsed() < KEPT)?;
        let same = kept.organization == organization && kept.view.revision() == revision;
        same.then(|| Arc::clone(&kept.view))
    }

    /// Lets go of the past state that is kept.
    pub(crate) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
