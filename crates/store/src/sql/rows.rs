//! How entries, bodies and rows become statements. Not here: reading them back.

use bytes::{Bytes, BytesMut};

use super::{
    batch::{Batch, values},
    tickets,
};
use crate::{OrganizationKey, PART, Record, Row, StoreError, Subject};

/// The revision is null, and so refused by the table, unless the entry before it is there: that is how a gap
/// becomes an error without a question first. A revision that is there already is refused by the key.
const ENTRY: &str = "INSERT INTO entry (organization, revision, at, hash, size, parts, body) VALUES ($1, \
    (SELECT $2 WHERE $2 = 1 OR EXISTS (SELECT 1 FROM entry WHERE organization = $1 AND revision = $2 - 1)), \
    $3, $4, $5, $6, $7)";
const ENTRY_PART: &str = "INSERT INTO entry_part (organization, revision, part, body) VALUES ($1, $2, $3, $4)";
/// Many subjects arrive as one value, sixteen bytes each: an import mentions a million.
const MENTIONS: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4) \
    INSERT INTO mention (organization, subject, revision) \
    SELECT $1, substr($3, CAST(16 * i + 1 AS INTEGER), 16), $2 FROM n WHERE true ON CONFLICT DO NOTHING";
const SECRET: &str = "INSERT INTO secret (organization, kind, key, hash, data) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (organization, kind, key) DO UPDATE SET hash = excluded.hash, data = excluded.data";
const SECRET_GONE: &str = "DELETE FROM secret WHERE organization = $1 AND kind = $2 AND key = $3";
const IDEMPOTENCY: &str = "INSERT INTO idempotency (organization, caller, key, digest, revision, at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization, caller, key) \
    DO UPDATE SET digest = excluded.digest, revision = excluded.revision, at = excluded.at";

/// Subjects in one statement of [`MENTIONS`]: a MiB of them.
const SUBJECTS: usize = 65_536;

/// Refuses records that do not count up from `head`.
pub fn contiguous(head: u64, revisions: impl Iterator<Item = u64>) -> Result<(), StoreError> {
    let mut head = head;
    for found in revisions {
        if head.checked_add(1) != Some(found) {
            return Err(StoreError::NotContiguous { head, found });
        }
        head = found;
    }
    Ok(())
}

/// Adds an entry with its parts and mentions.
pub fn add_record(batch: &mut Batch, organization: OrganizationKey, record: &Record) {
    let revision = record.revision;
    let body = Body::of(&record.body);
    batch.add(
        ENTRY,
        values![organization, revision, record.at, record.hash, record.size(), body.parts.len(), body.inline],
    );
    add_parts(batch, organization, revision, body.parts);
    add_mentions(batch, organization, revision, &record.subjects);
}

/// Adds the parts of a body that has any.
pub fn add_parts(batch: &mut Batch, organization: OrganizationKey, revision: u64, parts: Vec<Bytes>) {
    for (number, part) in parts.into_iter().enumerate() {
        batch.add(ENTRY_PART, values![organization, revision, number, part]);
    }
}

fn add_mentions(batch: &mut Batch, organization: OrganizationKey, revision: u64, subjects: &[Subject]) {
    let mut subjects = subjects.to_vec();
    // In the order of the table they go in several times as fast.
    subjects.sort_unstable();
    subjects.dedup();
    for some in subjects.chunks(SUBJECTS) {
        batch.add(MENTIONS, values![organization, revision, some.concat(), some.len()]);
    }
}

/// Adds a row of a plain table.
pub fn add_row(batch: &mut Batch, organization: OrganizationKey, row: Row) {
    match row {
        Row::Secret { kind, key, hash, data } => {
            batch.add(SECRET, values![organization, kind, key, hash, data]);
        }
        Row::SecretGone { kind, key } => batch.add(SECRET_GONE, values![organization, kind, key]),
        Row::Idempotency { caller, key, digest, revision, at } => {
            batch.add(IDEMPOTENCY, values![organization, caller, key, digest, revision, at]);
        }
        Row::Ticket { kind, hash, owner, expires_at, data } => {
            batch.add(tickets::PUT, values![kind, hash, organization, owner, expires_at, data]);
        }
        Row::TicketsGone { kind, owner } => batch.add(tickets::GONE, values![organization, kind, owner]),
    }
}

/// A body as the tables hold it: in the entry's own row, or in parts.
#[derive(Debug)]
pub struct Body {
    /// The whole body, or nothing if it has parts.
    pub inline: Bytes,
    /// Pieces of at most [`PART`]; none if the body is inline.
    pub parts: Vec<Bytes>,
}

impl Body {
    /// Cuts a body.
    pub fn of(chunks: &[Bytes]) -> Self {
        let mut parts = Recut::default();
        let mut whole: Vec<Bytes> = chunks.iter().flat_map(|chunk| parts.push(chunk.clone())).collect();
        whole.extend(parts.finish());
        let inline = if whole.len() == 1 { whole.remove(0) } else { Bytes::new() };
        Self { inline, parts: whole }
    }
}

/// Turns pieces of any size into pieces of exactly [`PART`], and a last one of what remains. A piece that needs no
/// joining is not copied.
#[derive(Debug, Default)]
pub struct Recut {
    rest: Vec<Bytes>,
    length: usize,
}

impl Recut {
    /// Takes a piece; answers the pieces that are full.
    pub fn push(&mut self, mut chunk: Bytes) -> Vec<Bytes> {
        let mut full = Vec::new();
        while self.length + chunk.len() >= PART {
            self.rest.push(chunk.split_to(PART - self.length));
            self.length = 0;
            full.push(join(&mut self.rest));
        }
        if !chunk.is_empty() {
            self.length += chunk.len();
            self.rest.push(chunk);
        }
        full
    }

    /// What remains, if anything does.
    pub fn finish(mut self) -> Option<Bytes> {
        (!self.rest.is_empty()).then(|| join(&mut self.rest))
    }
}

fn join(pieces: &mut Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces.drain(..) {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(sizes: &[usize]) -> (usize, Vec<usize>) {
        let chunks: Vec<Bytes> = sizes.iter().map(|size| Bytes::from(vec![7; *size])).collect();
        let body = Body::of(&chunks);
        (body.inline.len(), body.parts.iter().map(Bytes::len).collect())
    }

    #[test]
    fn a_body_of_at_most_one_part_stays_in_its_row() {
        assert_eq!(lengths(&[]), (0, vec![]));
        assert_eq!(lengths(&[0, 0]), (0, vec![]));
        assert_eq!(lengths(&[3, 0, 4]), (7, vec![]));
        assert_eq!(lengths(&[PART]), (PART, vec![]));
        assert_eq!(lengths(&[1, PART - 1]), (PART, vec![]));
    }

    #[test]
    fn a_larger_body_is_cut_into_full_parts_and_a_rest() {
        assert_eq!(lengths(&[PART + 1]), (0, vec![PART, 1]));
        assert_eq!(lengths(&[1, 2 * PART]), (0, vec![PART, PART, 1]));
        assert_eq!(lengths(&[PART / 2; 5]), (0, vec![PART, PART, PART / 2]));
    }

    #[test]
    fn records_with_a_gap_are_refused() {
        assert!(contiguous(0, [1, 2, 3].into_iter()).is_ok());
        assert!(contiguous(3, [4].into_iter()).is_ok());
        assert!(matches!(contiguous(3, [4, 6].into_iter()), Err(StoreError::NotContiguous { head: 4, found: 6 })));
        assert!(matches!(contiguous(3, [3].into_iter()), Err(StoreError::NotContiguous { head: 3, found: 3 })));
    }
}
