//! How many decisions were answered, by the façade that was asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Decisions that one façade answered since the start.
#[derive(Debug, Default)]
pub struct Tally {
    allowed: AtomicU64,
    denied: AtomicU64,
}

impl Tally {
    /// Counts answers. A batch counts once for all of its own.
    pub fn count(&self, allowed: u64, denied: u64) {
        for (counter, by) in [(&self.allowed, allowed), (&self.denied, denied)] {
            if by > 0 {
                counter.fetch_add(by, Ordering::Relaxed);
            }
        }
    }

    /// Counts one answer.
    pub fn count_one(&self, allowed: bool) {
        let counter = if allowed { &self.allowed } else { &self.denied };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were allowed.
    pub fn allowed(&self) -> u64 {
        self.allowed.load(Ordering::Relaxed)
    }

    /// How many were denied.
    pub fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }
}

/// A tally for each façade that answers decisions.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<BTreeMap<&'static str, Arc<Tally>>>);

impl Tallies {
    pub(crate) fn of(&self, facade: &'static str) -> Arc<Tally> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tallies.entry(facade).or_default())
    }

    pub(crate) fn all(&self) -> Vec<(&'static str, Arc<Tally>)> {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.iter().map(|(facade, tally)| (*facade, Arc::clone(tally))).collect()
    }
}
