//! The log in SQL.

use std::collections::VecDeque;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};

use super::{
    Batch, Cells, Database, SqlStore,
    batch::values,
    rows::{Body, add_parts, add_record, add_row, contiguous},
};
use crate::{Head, Log, OrganizationKey, PART, Record, Row, StoreError, Subject};

const HEAD: &str = "SELECT revision, hash, at FROM entry WHERE organization = $1 ORDER BY revision DESC LIMIT 1";
const SIZES_AFTER: &str = "SELECT revision, size FROM entry WHERE organization = $1 AND revision > $2 \
    ORDER BY revision LIMIT $3";
const SIZES_BEFORE: &str = "SELECT revision, size FROM entry WHERE organization = $1 AND revision < $2 \
    ORDER BY revision DESC LIMIT $3";
const ENTRIES_UP: &str = "SELECT revision, at, hash, parts, body FROM entry WHERE organization = $1 \
    AND revision >= $2 AND revision <= $3 ORDER BY revision";
const ENTRIES_DOWN: &str = "SELECT revision, at, hash, parts, body FROM entry WHERE organization = $1 \
    AND revision >= $2 AND revision <= $3 ORDER BY revision DESC";
const PARTS: &str = "SELECT body FROM entry_part WHERE organization = $1 AND revision = $2 ORDER BY part";
const REWRITE: &str = "UPDATE entry SET size = $3, parts = $4, body = $5 WHERE organization = $1 AND revision = $2";
const PARTS_GONE: &str = "DELETE FROM entry_part WHERE organization = $1 AND revision = $2";
const MENTION_GONE: &str = "DELETE FROM mention WHERE organization = $1 AND subject = $3 AND revision = $2";
const MENTIONS: &str = "SELECT revision FROM mention WHERE organization = $1 AND subject = $2 ORDER BY revision";

/// Entries that one look at the database brings, at most; their bytes are bounded by [`PART`] as well.
const PAGE: usize = 512;

/// How often a body that is being rewritten is read again before that is called damage.
const TRIES: u32 = 8;

#[async_trait]
impl<D: Database> Log for SqlStore<D> {
    async fn append(
        &self,
        organization: OrganizationKey,
        expected_head: u64,
        records: &[Record],
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        contiguous(expected_head, records.iter().map(|record| record.revision))?;
        let mut batch = Batch::new();
        add_all(&mut batch, organization, records, rows);
        self.database.commit(batch).await.map(drop)
    }

    async fn head(&self, organization: OrganizationKey) -> Result<Option<Head>, StoreError> {
        let found = self.database.read(HEAD, values![organization]).await?;
        found.first().map(head).transpose()
    }

    fn after(&self, organization: OrganizationKey, revision: u64) -> BoxStream<'_, Result<Record, StoreError>> {
        self.pages(Reader { organization, edge: revision, left: usize::MAX, upwards: true, page: VecDeque::new() })
    }

    fn before(
        &self,
        organization: OrganizationKey,
        revision: u64,
        limit: usize,
    ) -> BoxStream<'_, Result<Record, StoreError>> {
        self.pages(Reader { organization, edge: revision, left: limit, upwards: false, page: VecDeque::new() })
    }

    async fn record(&self, organization: OrganizationKey, revision: u64) -> Result<Option<Record>, StoreError> {
        let found = self.database.read(ENTRIES_UP, values![organization, revision, revision]).await?;
        match found.first() {
            Some(row) => self.whole(organization, row).await,
            None => Ok(None),
        }
    }

    async fn rewrite(
        &self,
        organization: OrganizationKey,
        revision: u64,
        body: Vec<Bytes>,
        forget: Subject,
    ) -> Result<(), StoreError> {
        let size: usize = body.iter().map(Bytes::len).sum();
        let body = Body::of(&body);
        let mut batch = Batch::new()
            .with(REWRITE, values![organization, revision, size, body.parts.len(), body.inline])
            .with(PARTS_GONE, values![organization, revision])
            .with(MENTION_GONE, values![organization, revision, forget]);
        add_parts(&mut batch, organization, revision, body.parts);
        match self.database.commit(batch).await?.first() {
            Some(1) => Ok(()),
            _ => Err(StoreError::NoEntry(revision)),
        }
    }

    async fn mentions(&self, organization: OrganizationKey, subject: Subject) -> Result<Vec<u64>, StoreError> {
        let found = self.database.read(MENTIONS, values![organization, subject]).await?;
        found.iter().map(|row| row.count(0)).collect()
    }
}

/// Adds records and rows, in that order.
pub(super) fn add_all(batch: &mut Batch, organization: OrganizationKey, records: &[Record], rows: Vec<Row>) {
    for record in records {
        add_record(batch, organization, record);
    }
    for row in rows {
        add_row(batch, organization, row);
    }
}

/// A head out of a row of revision, hash and time.
pub(super) fn head(row: &Cells) -> Result<Head, StoreError> {
    Ok(Head { revision: row.count(0)?, hash: row.exactly(1)?, at: row.int(2)? })
}

/// Where a stream of entries has come to.
struct Reader {
    organization: OrganizationKey,
    /// The next page begins beyond this revision.
    edge: u64,
    left: usize,
    upwards: bool,
    page: VecDeque<Cells>,
}

impl<D: Database> SqlStore<D> {
    fn pages(&self, reader: Reader) -> BoxStream<'_, Result<Record, StoreError>> {
        Box::pin(stream::try_unfold(reader, move |mut reader| async move {
            let next = self.next(&mut reader).await?;
            Ok(next.map(|record| (record, reader)))
        }))
    }

    async fn next(&self, reader: &mut Reader) -> Result<Option<Record>, StoreError> {
        while reader.left > 0 {
            if reader.page.is_empty() && !self.turn(reader).await? {
                break;
            }
            let Some(row) = reader.page.pop_front() else {
                break;
            };
            // An entry that is gone by now went with its organization; the next page will be empty.
            if let Some(record) = self.whole(reader.organization, &row).await? {
                reader.left -= 1;
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Reads the next page: first how large the entries are, then as many as fit into memory's bound.
    async fn turn(&self, reader: &mut Reader) -> Result<bool, StoreError> {
        let (sizes, entries) = if reader.upwards { (SIZES_AFTER, ENTRIES_UP) } else { (SIZES_BEFORE, ENTRIES_DOWN) };
        let wanted = PAGE.min(reader.left);
        let found = self.database.read(sizes, values![reader.organization, reader.edge, wanted]).await?;
        let Some((first, last)) = fitting(&found)? else {
            return Ok(false);
        };
        let span = values![reader.organization, first.min(last), first.max(last)];
        reader.page = self.database.read(entries, span).await?.into();
        reader.edge = last;
        Ok(!reader.page.is_empty())
    }

    /// Completes an entry with its parts. They are read by one statement, so they are of one body even while it
    /// is being rewritten; should their number have changed under us, the entry is read again.
    async fn whole(&self, organization: OrganizationKey, row: &Cells) -> Result<Option<Record>, StoreError> {
        let (revision, mut parts, mut inline) = (row.count(0)?, row.count(3)?, row.bytes(4)?);
        for _ in 0..TRIES {
            let body = if parts == 0 { vec![inline] } else { self.parts(organization, revision).await? };
            if parts == 0 || body.len() as u64 == parts {
                let (at, hash) = (row.int(1)?, row.exactly(2)?);
                return Ok(Some(Record { revision, at, hash, body, subjects: Vec::new() }));
            }
            let again = self.database.read(ENTRIES_UP, values![organization, revision, revision]).await?;
            let Some(row) = again.first() else {
                return Ok(None);
            };
            (parts, inline) = (row.count(3)?, row.bytes(4)?);
        }
        Err(StoreError::Damaged(format!("entry {revision} has not all of its parts")))
    }

    async fn parts(&self, organization: OrganizationKey, revision: u64) -> Result<Vec<Bytes>, StoreError> {
        let found = self.database.read(PARTS, values![organization, revision]).await?;
        found.iter().map(|row| row.bytes(0)).collect()
    }
}

/// The first and last of these revisions whose bodies fit into one [`PART`] together; at least one.
fn fitting(sizes: &[Cells]) -> Result<Option<(u64, u64)>, StoreError> {
    let mut span = None;
    let mut room = PART as u64;
    for row in sizes {
        let (revision, size) = (row.count(0)?, row.count(1)?);
        span = match span {
            None => Some((revision, revision)),
            Some((first, _)) if size <= room => Some((first, revision)),
            Some(_) => break,
        };
        room = room.saturating_sub(size);
    }
    Ok(span)
}
