//! Entries that import a workload: a binary body.

use super::{BadEntry, Encoded, Entry};
use crate::principal::Subject;

/// How a binary body begins; never a brace, with which JSON does.
pub(super) const MAGIC: &[u8; 4] = b"RCW\x01";

pub(super) fn encode(_entry: &Entry, _previous: &[u8; 32], _salts: &mut dyn FnMut() -> [u8; 16]) -> Result<Encoded, BadEntry> {
    Err(BadEntry::broken("not yet"))
}
pub(super) fn decode(_body: &[impl AsRef<[u8]>]) -> Result<Entry, BadEntry> {
    Err(BadEntry::broken("not yet"))
}
pub(super) fn chain_hash(_previous: &[u8; 32], _body: &[impl AsRef<[u8]>]) -> Result<[u8; 32], BadEntry> {
    Err(BadEntry::broken("not yet"))
}
pub(super) fn forget(_body: &[impl AsRef<[u8]>], _subject: Subject) -> Result<Option<Vec<Vec<u8>>>, BadEntry> {
    Err(BadEntry::broken("not yet"))
}
