//! Users and applications, which are nearly all lines of a large file. They only look up what other
//! lines defined, so two threads read them beside each other; then they are kept in their order.

use super::Kind;
use super::column::{put_bound, put_indexes};
use super::line::{Id, Principal};
use super::reader::{BadLine, LONGEST_LINE, WorkloadReader, parse, require_as_kept, tag, too_long};
use crate::name::{LONGEST_TITLE, Text, fold, parse_text};
use crate::parallel;
use crate::principal::parse_identifiers;

/// Bytes below which a thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 16;

/// A user or application that was read but not yet kept.
pub(super) struct Known<'a> {
    pub(super) kind: Kind,
    pub(super) id: Id<'a>,
    /// The id without case.
    pub(super) folded: Text,
}

/// Lines that were read, up to the first bad one.
#[derive(Default)]
struct Lines<'a> {
    /// What each line says, if anything, and where its record ends.
    read: Vec<Result<Option<(Known<'a>, usize)>, String>>,
    records: Vec<u8>,
}

impl WorkloadReader {
    /// Takes whole lines at once, each with its end but perhaps the last.
    ///
    /// # Errors
    /// What is wrong with the first bad line, or with the one that was refused before.
    pub fn read(&mut self, lines: &[u8]) -> Result<(), BadLine> {
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        if lines.len() < WORTH_A_THREAD || !self.takes_principals() || !lines.split(is_end).all(is_principal) {
            return lines.split(is_end).try_for_each(|line| self.line(line));
        }
        let half = lines.len() / 2;
        let end = lines.iter().skip(half).position(is_end).map_or(lines.len(), |end| half + end);
        let (first, second) = lines.split_at(end);
        let reader = &*self;
        let (first, second) = parallel::both(
            true,
            || reader.read_all(first),
            || second.split_first().map(|(_, lines)| reader.read_all(lines)).unwrap_or_default(),
        );
        self.keep_all(first)?;
        self.keep_all(second)
    }

    fn read_all<'a>(&self, lines: &'a [u8]) -> Lines<'a> {
        let mut all = Lines::default();
        for line in lines.split(is_end) {
            let line = line.trim_ascii();
            let read = if line.is_empty() { Ok(None) } else { self.read_line(line, &mut all.records).map(Some) };
            let is_bad = read.is_err();
            all.read.push(read.map(|known| known.map(|known| (known, all.records.len()))));
            if is_bad {
                break;
            }
        }
        all
    }

    fn read_line<'a>(&self, line: &'a [u8], record: &mut Vec<u8>) -> Result<Known<'a>, String> {
        if line.len() > LONGEST_LINE {
            return Err(too_long(line.len()));
        }
        let kind = if tag(line)? == Kind::User.word() { Kind::User } else { Kind::Application };
        self.read_principal(kind, line, record)
    }

    fn keep_all(&mut self, lines: Lines<'_>) -> Result<(), BadLine> {
        let mut start = 0;
        for read in lines.read {
            self.counted(|reader| {
                let Some((known, end)) = read? else { return Ok(()) };
                let record = lines.records.get(start..end).unwrap_or_default();
                start = end;
                reader.define_principal(&known, record)
            })?;
        }
        Ok(())
    }

    /// Reads a line, and adds what it is given to the record.
    pub(super) fn read_principal<'a>(
        &self,
        kind: Kind,
        line: &'a [u8],
        record: &mut Vec<u8>,
    ) -> Result<Known<'a>, String> {
        let principal: Principal<'a> = parse(line)?;
        if kind == Kind::Application && !principal.groups.is_empty() {
            return Err("a group has users only; leave the application's groups out".to_owned());
        }
        put_bound(record, &self.bound(&principal.grants)?);
        put_indexes(record, &self.indexes(Kind::Group, &principal.groups)?);
        put_indexes(record, &self.indexes(Kind::Policy, &principal.policies)?);
        let id = principal.id;
        let name = parse_text(&id, "id", LONGEST_TITLE).map_err(|refusal| refusal.message)?;
        require_as_kept(&id, &name)?;
        let identifiers = parse_identifiers(None, None, Some(&id), None);
        identifiers.map_err(|refusal| refusal.message.replace("external_id", "id"))?;
        let folded = fold(&id);
        Ok(Known { kind, id, folded })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as a slice hands its items on")]
fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

/// Whether a line surely is a user or an application.
fn is_principal(line: &[u8]) -> bool {
    line.starts_with(b"{\"t\":\"user\"") || line.starts_with(b"{\"t\":\"application\"")
}
