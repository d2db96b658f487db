//! A copy of the organization, brought on entry by entry. No I/O: frames go in, an index comes out.

use super::FollowError;
use super::checkpoint;
use super::frame::{Frame, Kind};
use rolecall_engine::Index;
use rolecall_model::Org;
use rolecall_model::entry::{Entry, chain_hash};
use std::sync::Arc;

/// A state on its way to the newest one. It has no index yet, which would be compiled for nothing.
pub(super) struct Loading {
    org: Org,
    hash: [u8; 32],
}

impl Loading {
    /// Nothing yet, with the link of the chain at which the stream begins.
    pub(super) fn empty(hash: [u8; 32]) -> Self {
        Loading { org: Org::empty(), hash }
    }

    pub(super) fn revision(&self) -> u64 {
        self.org.revision().0
    }

    /// The same with what a frame brings.
    pub(super) fn with(mut self, frame: Frame) -> Result<Self, FollowError> {
        match frame.kind {
            Kind::Head => continues(&self.hash, &frame)?,
            Kind::Checkpoint => self.org = checkpoint::unpack(frame)?,
            Kind::Entry => {
                let entry = entry(self.revision(), &self.hash, &frame)?;
                self.org.apply(&entry.stamp(), &entry.changes);
                self.hash = frame.hash;
            }
        }
        Ok(self)
    }

    /// Compiles what was loaded.
    pub(super) fn done(self) -> Replica {
        Replica { index: Arc::new(Index::build(self.org)), hash: self.hash }
    }
}

/// A state, and the link of the chain that its newest entry is. Cheap to copy.
#[derive(Clone)]
pub(super) struct Replica {
    index: Arc<Index>,
    hash: [u8; 32],
}

impl Replica {
    pub(super) fn revision(&self) -> u64 {
        self.index.org().revision().0
    }

    pub(super) const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(super) const fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// The next state, with what a frame brings.
    pub(super) fn with(&self, frame: &Frame) -> Result<Self, FollowError> {
        match frame.kind {
            Kind::Head => continues(&self.hash, frame).map(|()| self.clone()),
            Kind::Checkpoint => Err(FollowError::Unreadable("a checkpoint in the middle of the log".to_owned())),
            Kind::Entry => {
                let entry = entry(self.revision(), &self.hash, frame)?;
                let mut org = self.index.org().clone();
                let touched = org.apply(&entry.stamp(), &entry.changes);
                Ok(Replica { index: Arc::new(self.index.advance(org, &touched)), hash: frame.hash })
            }
        }
    }
}

/// A head must name the link that we have come to.
fn continues(hash: &[u8; 32], head: &Frame) -> Result<(), FollowError> {
    if head.hash == *hash { Ok(()) } else { Err(FollowError::Tampered { revision: head.revision }) }
}

/// The entry of a frame, if it is the next one and continues the chain.
fn entry(revision: u64, previous: &[u8; 32], frame: &Frame) -> Result<Entry, FollowError> {
    let unreadable = |error: rolecall_model::entry::BadEntry| FollowError::Unreadable(error.to_string());
    let tampered = FollowError::Tampered { revision: frame.revision };
    if chain_hash(previous, &frame.body).map_err(unreadable)? != frame.hash {
        return Err(tampered);
    }
    let entry = Entry::decode(&frame.body).map_err(unreadable)?;
    if entry.revision.0 == frame.revision && frame.revision == revision + 1 { Ok(entry) } else { Err(tampered) }
}
