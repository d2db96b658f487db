//! Entries that import a workload: a binary body. It begins with [`MAGIC`], then come the length and
//! the text of the head (the entry as JSON without its workloads), then how many workloads there
//! are, and each after its place among the changes.

use super::{BadEntry, Chunks, Cursor, Encoded, Entry, text};
use crate::change::Change;
use crate::import::{self, Part};
use crate::principal::Subject;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;

/// How a binary body begins, its version last; never a brace, with which JSON does.
pub(super) const MAGIC: &[u8; 4] = b"RCW\x01";

pub(super) fn encode(
    entry: &Entry,
    previous: &[u8; 32],
    salts: &mut dyn FnMut() -> [u8; 16],
) -> Result<Encoded, BadEntry> {
    let mut hash = Sha256::new().chain_update(previous).chain_update(MAGIC);
    let (head, mut subjects) = text::write(entry, &mut hash, salts)?;
    let workloads: Vec<_> = (0_u32..)
        .zip(&entry.changes)
        .filter_map(|(place, change)| match change {
            Change::Imported(workload) => Some((place, workload)),
            _ => None,
        })
        .collect();
    let mut out = Chunks::default();
    out.put(MAGIC);
    out.put(&length(head.len())?);
    out.put(&head);
    plain(&mut out, &mut hash, &length(workloads.len())?);
    for (place, workload) in workloads {
        plain(&mut out, &mut hash, &place.to_be_bytes());
        import::encode(workload, &mut out, &mut hash, &salts());
        subjects.push(super::ANYBODY);
    }
    subjects.sort_unstable();
    subjects.dedup();
    Ok(Encoded { body: out.done(), hash: hash.finalize().into(), subjects })
}

fn plain(out: &mut Chunks, hash: &mut Sha256, bytes: &[u8]) {
    out.put(bytes);
    hash.update(bytes);
}

fn length(length: usize) -> Result<[u8; 4], BadEntry> {
    let length = u32::try_from(length).map_err(|_| BadEntry::broken("it is too large"))?;
    Ok(length.to_be_bytes())
}

/// The head of a body, and the place where its workloads begin.
fn open<B: AsRef<[u8]>>(body: &[B]) -> Result<(Cow<'_, [u8]>, Cursor<'_, B>), BadEntry> {
    let mut cursor = Cursor::new(body);
    if cursor.array()? != *MAGIC {
        return Err(BadEntry::broken("it begins as no entry does"));
    }
    let length = number(&mut cursor)?;
    let head = cursor.take(length as usize)?;
    Ok((head, cursor))
}

fn number<B: AsRef<[u8]>>(cursor: &mut Cursor<'_, B>) -> Result<u32, BadEntry> {
    Ok(u32::from_be_bytes(cursor.array()?))
}

fn close<B: AsRef<[u8]>>(cursor: &Cursor<'_, B>) -> Result<(), BadEntry> {
    if cursor.left() == 0 { Ok(()) } else { Err(BadEntry::broken("something stands behind its end")) }
}

pub(super) fn decode(body: &[impl AsRef<[u8]>]) -> Result<Entry, BadEntry> {
    let (head, mut cursor) = open(body)?;
    let mut entry = text::decode(&head)?;
    for _ in 0..number(&mut cursor)? {
        let place = number(&mut cursor)? as usize;
        let workload = import::decode(&mut cursor)?;
        if place > entry.changes.len() {
            return Err(BadEntry::broken("a workload stands outside the changes"));
        }
        entry.changes.insert(place, Change::Imported(Arc::new(workload)));
    }
    close(&cursor)?;
    Ok(entry)
}

pub(super) fn chain_hash(previous: &[u8; 32], body: &[impl AsRef<[u8]>]) -> Result<[u8; 32], BadEntry> {
    let mut hash = Sha256::new().chain_update(previous).chain_update(MAGIC);
    let (head, mut cursor) = open(body)?;
    text::hash_canonical(&head, &mut hash)?;
    let count = number(&mut cursor)?;
    hash.update(count.to_be_bytes());
    for _ in 0..count {
        hash.update(number(&mut cursor)?.to_be_bytes());
        import::walk(&mut cursor, false, |part| hash.update(part.canonical()))?;
    }
    close(&cursor)?;
    Ok(hash.finalize().into())
}

pub(super) fn forget(body: &[impl AsRef<[u8]>], subject: Subject) -> Result<Option<Vec<Vec<u8>>>, BadEntry> {
    let (head, mut cursor) = open(body)?;
    let shorter = text::without(&head, subject)?;
    let mut found = shorter.is_some();
    let head = shorter.map_or(head, Cow::Owned);
    let mut out = Chunks::default();
    out.put(MAGIC);
    out.put(&length(head.len())?);
    out.put(&head);
    let count = number(&mut cursor)?;
    out.put(&count.to_be_bytes());
    for _ in 0..count {
        out.put(&number(&mut cursor)?.to_be_bytes());
        import::walk(&mut cursor, true, |part| match part {
            Part::Plain(bytes) => out.put(&bytes),
            Part::Erased(hash) => out.put(&Part::erased(&hash)),
            Part::Leaf { hash, subject: owner, .. } if owner == Some(subject) => {
                found = true;
                out.put(&Part::erased(&hash));
            }
            Part::Leaf { stored, .. } => out.put(&stored),
        })?;
    }
    close(&cursor)?;
    Ok(found.then(|| out.done()))
}
