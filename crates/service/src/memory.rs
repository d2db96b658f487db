//! What an organization costs in memory on this node. To count a million records takes tens of
//! milliseconds, so it is done off the async threads and kept while little has changed.

use crate::organization::Organization;
use crate::view::View;
use crate::{Ctx, Error, checkpoint};
use rolecall_model::organization::Weight;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How long a count of a large organization is good for.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// Subjects of an organization that is counted again whenever it is asked about.
const SMALL: usize = 20_000;

/// Bytes of memory, by what they hold. Each part that is shared with older revisions still in use
/// is counted once, whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The organization: profiles, other nouns, names and holders.
    pub organization: Weight,
    /// The index that answers questions.
    pub index: usize,
    /// Users and applications.
    pub subjects: usize,
}

impl Memory {
    /// All of it, in bytes.
    pub const fn total(&self) -> usize {
        self.organization.total() + self.index
    }

    /// Bytes for each user and application; all of it where there is none.
    pub const fn per_subject(&self) -> usize {
        let subjects = if self.subjects == 0 { 1 } else { self.subjects };
        self.total() / subjects
    }

    fn of(view: &View) -> Self {
        let org = view.org();
        let subjects = org.user_count() + org.application_count();
        Memory { organization: org.heap_bytes(), index: view.index().heap_bytes(), subjects }
    }
}

/// What was counted last.
#[derive(Debug)]
pub(crate) struct Counted {
    revision: u64,
    at: Instant,
    memory: Memory,
}

impl Counted {
    /// Whether counting again would hardly say anything else.
    fn is_good(&self, view: &View) -> bool {
        let subjects = view.org().user_count() + view.org().application_count();
        let like = subjects.abs_diff(self.memory.subjects) <= self.memory.subjects / 100;
        self.revision == view.revision() || subjects > SMALL && like && self.at.elapsed() < GOOD_FOR
    }
}

impl Organization {
    /// What the newest state costs, or one of some seconds ago that is much like it.
    pub(crate) async fn memory(&self) -> Result<Memory, Error> {
        let view = self.view();
        {
            let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(counted) = counted.as_ref().filter(|counted| counted.is_good(&view)) {
                return Ok(counted.memory);
            }
        }
        let revision = view.revision();
        let memory = checkpoint::blocking(move || Ok(Memory::of(&view))).await?;
        let counted = Counted { revision, at: Instant::now(), memory };
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(memory)
    }
}

/// What the caller's organization costs in memory on this node.
///
/// # Errors
/// `Internal` when it could not be counted.
pub async fn memory(ctx: &Ctx) -> Result<Memory, Error> {
    Arc::clone(&ctx.organization).memory().await
}
