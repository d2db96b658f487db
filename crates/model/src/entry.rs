//! Entries of the log: their form as bytes, the leaves of personal values, and the hash chain.
//!
//! An entry is JSON, which old and new readers share for good; one that imports a workload is a
//! binary body (`entry/bulk.rs`), told apart by its first byte. The chain covers the *hashes* of
//! personal values, so taking a value out later breaks nothing. Not here: where entries are kept.

mod bulk;
mod chunk;
mod leaf;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use chunk::{Chunks, Cursor};

use crate::change::Change;
use crate::moment::Actor;
use crate::name::Text;
use crate::organization::{Revision, Stamp};
use crate::principal::Subject;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the log's form that this code writes, and the newest it can read.
pub const READS: u32 = 2;

/// The largest piece of a body, in bytes.
pub const CHUNK: usize = 4 * 1024 * 1024;

/// Stands for the subjects of an import, which would be too many to name one by one. Who looks for
/// the entries that mention somebody looks for these too.
pub const ANYBODY: [u8; 16] = [0; 16];

/// The hash before an organization's first entry.
pub const NO_HASH: [u8; 32] = [0; 32];

/// One entry of an organization's log: what one command came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which entry it is.
    pub revision: Revision,
    /// When it was made; never before its predecessor.
    pub at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// Through which façade.
    #[serde(default)]
    pub facade: Text,
    /// The id of the request.
    #[serde(default)]
    pub request: Text,
    /// The caller's idempotency key.
    #[serde(default)]
    pub idempotency: Option<Text>,
    /// The oldest version of the log's form whose readers can read it.
    #[serde(default = "first_version")]
    pub reads: u32,
    /// What happened.
    pub changes: Vec<Change>,
}

const fn first_version() -> u32 {
    1
}

/// An entry as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes, in pieces of at most [`CHUNK`].
    pub body: Vec<Vec<u8>>,
    /// SHA-256 over the previous entry's hash and this entry with personal values as hashes.
    pub hash: [u8; 32],
    /// Whose personal values it holds ([`Subject::bytes`]), sorted, without repeats; of those whom an
    /// import brings only that it is [`ANYBODY`].
    pub subjects: Vec<[u8; 16]>,
}

/// Why the bytes of an entry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// A later version wrote it.
    #[error("the entry needs a reader of version {0} or later; this one reads up to {READS}")]
    TooNew(u32),
    /// The bytes are not what was written.
    #[error("the entry is damaged: {0}")]
    Broken(String),
}

impl BadEntry {
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        BadEntry::Broken(what.into())
    }
}

impl Entry {
    /// The head under which the changes are applied.
    pub const fn stamp(&self) -> Stamp {
        Stamp { revision: self.revision, at: self.at, actor: self.actor }
    }

    /// The bytes of the entry and its place in the chain. `salts` gives fresh randomness for each
    /// personal value: whoever could guess a salt could guess an erased value.
    ///
    /// # Errors
    /// `Broken` for a value that has no form as bytes; no word of the log has one.
    pub fn encode(&self, previous: &[u8; 32], salts: &mut dyn FnMut() -> [u8; 16]) -> Result<Encoded, BadEntry> {
        if self.changes.iter().any(|change| matches!(change, Change::Imported(_))) {
            return bulk::encode(self, previous, salts);
        }
        text::encode(self, previous, salts)
    }

    /// The entry of these bytes, which may be cut into pieces anywhere. Erased values read as
    /// [`ERASED`](crate::principal::ERASED).
    ///
    /// # Errors
    /// `TooNew`; `Broken`.
    pub fn decode(body: &[impl AsRef<[u8]>]) -> Result<Entry, BadEntry> {
        if is_bulk(body) { bulk::decode(body) } else { text::decode(&chunk::whole(body)) }
    }
}

/// The hash that an entry of this body has after `previous`, to compare with the one that was kept.
///
/// # Errors
/// `Broken`.
pub fn chain_hash(previous: &[u8; 32], body: &[impl AsRef<[u8]>]) -> Result<[u8; 32], BadEntry> {
    if is_bulk(body) { bulk::chain_hash(previous, body) } else { text::chain_hash(previous, &chunk::whole(body)) }
}

/// The body without a subject's personal values, or none when it holds none of them. The hash of
/// the entry stays the same.
///
/// # Errors
/// `Broken`.
pub fn forget(body: &[impl AsRef<[u8]>], subject: Subject) -> Result<Option<Vec<Vec<u8>>>, BadEntry> {
    if is_bulk(body) { bulk::forget(body, subject) } else { text::forget(&chunk::whole(body), subject) }
}

/// Whether a body is binary: JSON begins with a brace, always.
fn is_bulk(body: &[impl AsRef<[u8]>]) -> bool {
    let first = body.iter().find_map(|piece| piece.as_ref().first());
    first.is_some_and(|byte| *byte == bulk::MAGIC[0])
}
