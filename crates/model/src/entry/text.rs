//! Entries as JSON text, and the head of binary ones, which is JSON too.

use super::leaf::{self, Content};
use super::{BadEntry, Encoded, Entry, READS, chunk};
use crate::change::Change;
use crate::moment::Actor;
use crate::organization::Revision;
use crate::principal::Subject;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An entry with some of its changes, to be written.
#[derive(Serialize)]
struct Head<'a> {
    revision: Revision,
    at: Timestamp,
    actor: Actor,
    facade: &'a str,
    request: &'a str,
    idempotency: Option<&'a str>,
    reads: u32,
    changes: Vec<&'a Change>,
}

pub(super) fn encode(
    entry: &Entry,
    previous: &[u8; 32],
    salts: &mut dyn FnMut() -> [u8; 16],
) -> Result<Encoded, BadEntry> {
    let mut hash = Sha256::new().chain_update(previous);
    let (text, subjects) = write(entry, &mut hash, salts)?;
    Ok(Encoded { body: chunk::cut(text), hash: hash.finalize().into(), subjects })
}

/// Writes an entry without its workloads: the text with salted leaves. Its canonical form goes into
/// `hash`; whose values it holds is answered too.
pub(super) fn write(
    entry: &Entry,
    hash: &mut Sha256,
    salts: &mut dyn FnMut() -> [u8; 16],
) -> Result<(Vec<u8>, Vec<[u8; 16]>), BadEntry> {
    let plain = serde_json::to_vec(&head(entry)).map_err(|error| BadEntry::broken(error.to_string()))?;
    let mut text = Vec::with_capacity(plain.len() + 256);
    let mut subjects = Vec::new();
    let mut copied = 0;
    leaf::scan(&plain, |leaf| {
        let salt = leaf::hex(&salts());
        hash.update(&plain[copied..leaf.span.start]);
        hash.update(leaf.canonical(Some(&salt)));
        text.extend_from_slice(&plain[copied..leaf.span.end - 1]);
        text.extend_from_slice(leaf::salted(&salt).as_bytes());
        copied = leaf.span.end;
        subjects.extend(leaf.subject);
    })?;
    hash.update(&plain[copied..]);
    text.extend_from_slice(&plain[copied..]);
    subjects.sort_unstable();
    subjects.dedup();
    Ok((text, subjects))
}

fn head(entry: &Entry) -> Head<'_> {
    Head {
        revision: entry.revision,
        at: entry.at,
        actor: entry.actor,
        facade: &entry.facade,
        request: &entry.request,
        idempotency: entry.idempotency.as_deref(),
        reads: entry.reads,
        changes: entry.changes.iter().filter(|change| !matches!(change, Change::Imported(_))).collect(),
    }
}

pub(super) fn decode(text: &[u8]) -> Result<Entry, BadEntry> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        reads: u32,
    }
    // A newer entry may have words that are unknown here, so a failure is looked into.
    let entry =
        serde_json::from_slice::<Entry>(text).map_err(|error| match serde_json::from_slice::<Version>(text) {
            Ok(Version { reads }) if reads > READS => BadEntry::TooNew(reads),
            _ => BadEntry::broken(error.to_string()),
        })?;
    if entry.reads > READS {
        return Err(BadEntry::TooNew(entry.reads));
    }
    Ok(entry)
}

pub(super) fn chain_hash(previous: &[u8; 32], text: &[u8]) -> Result<[u8; 32], BadEntry> {
    let mut hash = Sha256::new().chain_update(previous);
    hash_canonical(text, &mut hash)?;
    Ok(hash.finalize().into())
}

/// Puts the canonical form of a stored text into `hash`.
pub(super) fn hash_canonical(text: &[u8], hash: &mut Sha256) -> Result<(), BadEntry> {
    let mut copied = 0;
    leaf::scan(text, |leaf| {
        hash.update(&text[copied..leaf.span.start]);
        hash.update(leaf.canonical(None));
        copied = leaf.span.end;
    })?;
    hash.update(&text[copied..]);
    Ok(())
}

pub(super) fn forget(text: &[u8], subject: Subject) -> Result<Option<Vec<Vec<u8>>>, BadEntry> {
    Ok(without(text, subject)?.map(chunk::cut))
}

/// The text with a subject's values replaced by their hashes, if it has any.
pub(super) fn without(text: &[u8], subject: Subject) -> Result<Option<Vec<u8>>, BadEntry> {
    let mut left = Vec::with_capacity(text.len());
    let mut copied = 0;
    leaf::scan(text, |leaf| {
        if leaf.subject == Some(subject.bytes()) && matches!(leaf.content, Content::Value { .. }) {
            left.extend_from_slice(&text[copied..leaf.span.start]);
            left.extend_from_slice(leaf.canonical(None).as_bytes());
            copied = leaf.span.end;
        }
    })?;
    if copied == 0 {
        return Ok(None);
    }
    left.extend_from_slice(&text[copied..]);
    Ok(Some(left))
}
