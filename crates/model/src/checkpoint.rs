//! The form of a checkpoint, a state as bytes: sections, each the length that follows, the length once unpacked (both
//! 32 bits, little-endian) and an LZ4 block of postcard. The first section is the organization
//! without its users and applications, the others are those, some thousand in each: so several
//! threads can read them at once, and none needs all of the bytes unpacked at a time.
//!
//! The hash of a state is SHA-256 over the SHA-256 of each section, unpacked.

use crate::organization::{Org, PrincipalPart};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::num::NonZero;
use std::thread;

/// A section larger than this once unpacked is not believed: 1 GiB.
const LARGEST: usize = 1 << 30;
/// Threads that unpack, at most: more would wait for memory.
const THREADS: usize = 4;

/// Why the bytes of a checkpoint are not a state, or a state has no form as bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// The bytes are not what was written.
    #[error("it is damaged: {0}")]
    Broken(String),
    /// It is a state, but not the one of this hash and revision.
    #[error("its {0} is another")]
    Another(&'static str),
}

impl BadCheckpoint {
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over as they come")]
    fn broken(why: impl ToString) -> Self {
        BadCheckpoint::Broken(why.to_string())
    }
}

/// The hash of a state.
///
/// # Errors
/// `Broken` for a state that has no form as bytes; none has.
pub fn hash(org: &Org) -> Result<[u8; 32], BadCheckpoint> {
    let mut hash = Sha256::new();
    for section in sections(org) {
        hash.update(Sha256::digest(section?));
    }
    Ok(hash.finalize().into())
}

/// The bytes of a state, in pieces of about a megabyte; one is in memory at a time.
pub fn pack(org: &Org) -> impl Iterator<Item = Result<Vec<u8>, BadCheckpoint>> + '_ {
    sections(org).map(|section| {
        let section = section?;
        let packed = lz4_flex::block::compress(&section);
        Ok([&length(packed.len())?[..], &length(section.len())?, &packed].concat())
    })
}

/// One section after another.
fn sections(org: &Org) -> impl Iterator<Item = Result<Vec<u8>, BadCheckpoint>> + '_ {
    fn section(value: &impl Serialize) -> Result<Vec<u8>, BadCheckpoint> {
        postcard::to_stdvec(value).map_err(BadCheckpoint::broken)
    }
    let first = section(&org.without_principals());
    std::iter::once(first).chain(org.principal_parts().map(|part| section(&part)))
}

fn length(length: usize) -> Result<[u8; 4], BadCheckpoint> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(BadCheckpoint::broken)
}

/// Reads a state of this revision and hash.
///
/// # Errors
/// `Broken`; `Another`.
pub fn unpack(packed: &[u8], revision: u64, hash: [u8; 32]) -> Result<Org, BadCheckpoint> {
    let sections = split(packed)?;
    let (first, parts) = sections.split_first().ok_or_else(|| BadCheckpoint::broken("it is empty"))?;
    let (first_hash, org) = first.read::<Org>()?;
    let parts = read_all(parts)?;
    let mut found = Sha256::new().chain_update(first_hash);
    for (hash, _) in &parts {
        found.update(hash);
    }
    if found.finalize()[..] != hash {
        return Err(BadCheckpoint::Another("hash"));
    }
    if org.revision().0 != revision {
        return Err(BadCheckpoint::Another("revision"));
    }
    let mut org = org.with_principals(parts.into_iter().map(|(_, part)| part));
    org.index();
    Ok(org)
}

/// A part and the hash of its section.
type Part = ([u8; 32], PrincipalPart);

/// Reads sections on several threads, each every so many-th of them.
fn read_all(sections: &[Section<'_>]) -> Result<Vec<Part>, BadCheckpoint> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(THREADS).min(sections.len()).max(1);
    let mut parts: Vec<Option<Part>> = vec![None; sections.len()];
    thread::scope(|scope| {
        let read = |from: usize| -> Result<Vec<Part>, BadCheckpoint> {
            sections.iter().skip(from).step_by(threads).map(Section::read).collect()
        };
        let others: Vec<_> = (1..threads).map(|from| scope.spawn(move || read(from))).collect();
        let mut done: Vec<Result<Vec<Part>, BadCheckpoint>> = vec![read(0)];
        done.extend(
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|_| Err(BadCheckpoint::broken("reading it failed")))),
        );
        for (from, read) in done.into_iter().enumerate() {
            for (place, part) in parts.iter_mut().skip(from).step_by(threads).zip(read?) {
                *place = Some(part);
            }
        }
        Ok(parts.into_iter().flatten().collect())
    })
}

/// A section as it is stored.
struct Section<'a> {
    packed: &'a [u8],
    length: usize,
}

impl Section<'_> {
    /// What it holds, and its hash.
    fn read<T: DeserializeOwned>(&self) -> Result<([u8; 32], T), BadCheckpoint> {
        let bytes = lz4_flex::block::decompress(self.packed, self.length).map_err(BadCheckpoint::broken)?;
        if bytes.len() != self.length {
            return Err(BadCheckpoint::broken("a section of it has another length"));
        }
        let value = postcard::from_bytes(&bytes).map_err(BadCheckpoint::broken)?;
        Ok((Sha256::digest(&bytes).into(), value))
    }
}

fn split(mut packed: &[u8]) -> Result<Vec<Section<'_>>, BadCheckpoint> {
    let mut sections = Vec::new();
    while !packed.is_empty() {
        let short = || BadCheckpoint::broken("it ends too early");
        let (head, rest) = packed.split_at_checked(8).ok_or_else(short)?;
        let number = |at: usize| head.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let number = |at| number(at).map_or(usize::MAX, |bytes| u32::from_le_bytes(bytes) as usize);
        let (section, after) = rest.split_at_checked(number(0)).ok_or_else(short)?;
        if number(4) > LARGEST {
            return Err(BadCheckpoint::broken("a section of it is too large to be true"));
        }
        sections.push(Section { packed: section, length: number(4) });
        packed = after;
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::catalog::{Catalog, builtin};
    use crate::command::Command;
    use crate::decide::decide;
    use crate::id::OrganizationId;
    use crate::import::WorkloadReader;
    use crate::moment::{Actor, Moment};
    use crate::organization::NewOrganization;
    use std::fmt::Write;
    use std::sync::Arc;

    fn decided(org: &Org, command: Command) -> Org {
        decide(org, command, &Moment::new(Timestamp::default(), Actor::System, [7; 32])).unwrap().org
    }

    /// An organization of several parts, the last not full.
    fn org(users: usize) -> Org {
        let catalog = Arc::new(Catalog::read(builtin("none").unwrap()).unwrap());
        let found = NewOrganization { id: OrganizationId::new(1), name: "a".into(), title: String::new(), catalog };
        let org = decided(&Org::empty(), Command::Found(Box::new(found)));
        let mut lines = "{\"t\":\"meta\",\"format\":1}\n{\"t\":\"group\",\"id\":\"g\"}\n".to_owned();
        for number in 0..users {
            writeln!(lines, "{{\"t\":\"user\",\"id\":\"u{number}\",\"groups\":[\"g\"]}}").unwrap();
        }
        let mut reader = WorkloadReader::new();
        reader.read(lines.as_bytes()).unwrap();
        decided(&org, Command::Import(Arc::new(reader.finish().unwrap())))
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let org = org(20_000);
        let bytes = pack(&org).collect::<Result<Vec<_>, _>>().unwrap();
        assert!(bytes.len() > 3, "{} sections", bytes.len());
        let read = unpack(&bytes.concat(), org.revision().0, hash(&org).unwrap()).unwrap();
        assert_eq!(postcard::to_stdvec(&read).unwrap(), postcard::to_stdvec(&org).unwrap());
        assert_eq!(read.find_principal("U19999").is_some(), org.find_principal("U19999").is_some());
        assert!(read.find_principal("u19999").is_some());
    }

    #[test]
    fn a_state_that_is_not_what_was_written_is_refused() {
        let org = org(3);
        let (revision, hash) = (org.revision().0, hash(&org).unwrap());
        let bytes = pack(&org).collect::<Result<Vec<_>, _>>().unwrap().concat();
        assert!(unpack(&bytes, revision, hash).is_ok());
        assert_eq!(unpack(&bytes, revision + 1, hash).err(), Some(BadCheckpoint::Another("revision")));
        assert_eq!(unpack(&bytes, revision, [0; 32]).err(), Some(BadCheckpoint::Another("hash")));
        for length in 0..bytes.len() {
            assert!(unpack(&bytes[..length], revision, hash).is_err(), "cut after {length}");
        }
        let mut refused = 0;
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x40;
            // Some states can be packed in more than one way; never does another one come out.
            match unpack(&other, revision, hash) {
                Ok(read) => assert_eq!(postcard::to_stdvec(&read), postcard::to_stdvec(&org), "changed at {at}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused * 10 > bytes.len() * 9, "{refused} of {} refused", bytes.len());
    }
}
