//! A workload's form in the log: its seed, then each column: how many items, their names, their
//! records. The names of users and applications are leaves, each with a salt; the chain covers the
//! leaf's hash, which is also what stands there once the person is erased.

use super::column::{Column, is_sound, put_number};
use super::{Kind, Workload, subject};
use crate::entry::{BadEntry, Chunks, Cursor};
use crate::principal::{ERASED, Subject};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;

/// A leaf's salt: enough that nobody tries them all for each name that they can think of.
const SALT: usize = 8;
/// A leaf's hash, cut to what cannot be found by chance.
const HASH: usize = 16;

/// A part of a stored workload.
pub(crate) enum Part<'a> {
    /// Bytes that stand as they are.
    Plain(Cow<'a, [u8]>),
    /// A personal value.
    Leaf {
        /// The value's bytes as they are stored.
        stored: Vec<u8>,
        /// What the chain covers in their stead.
        hash: [u8; HASH],
        /// Its owner, when asked for.
        subject: Option<Subject>,
    },
    /// The hash of a personal value that was erased.
    Erased([u8; HASH]),
}

impl Part<'_> {
    /// What is stored of a leaf once it is erased; 0 is no length that a name can have.
    pub(crate) fn erased(hash: &[u8; HASH]) -> [u8; HASH + 1] {
        let mut bytes = [0; HASH + 1];
        bytes[1..].copy_from_slice(hash);
        bytes
    }

    /// The bytes that the chain covers.
    pub(crate) fn canonical(&self) -> &[u8] {
        match self {
            Part::Plain(bytes) => bytes,
            Part::Leaf { hash, .. } | Part::Erased(hash) => hash,
        }
    }
}

/// Writes a workload. Its canonical form goes into `hash`.
pub(crate) fn encode(workload: &Workload, out: &mut Chunks, hash: &mut Sha256, key: &[u8; 16]) {
    let plain = |out: &mut Chunks, hash: &mut Sha256, bytes: &[u8]| {
        out.put(bytes);
        hash.update(bytes);
    };
    plain(out, hash, &workload.seed);
    let mut index = workload.column(Kind::Group).len();
    for kind in Kind::ALL {
        let column = workload.column(kind);
        plain(out, hash, &number(column.len()));
        for name in column.names() {
            let length = number(name.len());
            if kind.principal().is_none() {
                plain(out, hash, &length);
                plain(out, hash, name.as_bytes());
                continue;
            }
            let salt = salt(key, index);
            out.put(&length);
            out.put(&salt);
            out.put(name.as_bytes());
            hash.update(leaf_hash(salt, index, name.as_bytes()));
            index += 1;
        }
        plain(out, hash, &number(column.records().len()));
        plain(out, hash, column.records());
    }
}

/// A salt drawn from a key that is not kept, so that nobody can draw it again.
fn salt(key: &[u8; 16], index: usize) -> [u8; SALT] {
    let digest: [u8; 32] = Sha256::new().chain_update(key).chain_update((index as u64).to_be_bytes()).finalize().into();
    first(&digest)
}

fn leaf_hash(salt: [u8; SALT], index: usize, value: &[u8]) -> [u8; HASH] {
    let digest = Sha256::new().chain_update(salt).chain_update((index as u64).to_be_bytes()).chain_update(value);
    first(&digest.finalize().into())
}

fn first<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| digest[at])
}

fn number(number: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5);
    put_number(&mut bytes, u32::try_from(number).unwrap_or(u32::MAX));
    bytes
}

/// Reads a workload. Nothing that a length says is believed before the bytes are there.
///
/// # Errors
/// `Broken`.
pub(crate) fn decode<B: AsRef<[u8]>>(cursor: &mut Cursor<'_, B>) -> Result<Workload, BadEntry> {
    let seed = cursor.array()?;
    let mut columns: [Column; 8] = std::array::from_fn(|_| Column::default());
    for kind in Kind::ALL {
        let count = take_number(cursor)?;
        let names = names(cursor, kind, count)?;
        let length = take_number(cursor)? as usize;
        let records = cursor.take(length)?.into_owned();
        let counts = |kind: Kind| u32::try_from(columns[kind as usize].len()).unwrap_or(u32::MAX);
        if !is_sound(kind, &records, count, counts) {
            return Err(BadEntry::broken(format!("the records of its {}s are not sound", kind.word())));
        }
        columns[kind as usize] = Column::from_parts(count, names, records);
    }
    Ok(Workload { columns: Arc::new(columns), seed })
}

fn names<B: AsRef<[u8]>>(cursor: &mut Cursor<'_, B>, kind: Kind, count: u32) -> Result<Vec<u8>, BadEntry> {
    let mut names = Vec::new();
    for _ in 0..count {
        let length = take_number(cursor)? as usize;
        let name: Cow<'_, [u8]> = if kind.principal().is_none() {
            cursor.take(length)?
        } else if length == 0 {
            cursor.array::<HASH>()?;
            ERASED.as_bytes().into()
        } else {
            cursor.array::<SALT>()?;
            cursor.take(length)?
        };
        std::str::from_utf8(&name).map_err(|_| BadEntry::broken("a name is not text"))?;
        super::column::put_text(&mut names, &name);
    }
    names.shrink_to_fit();
    Ok(names)
}

/// Hands on the parts of a stored workload, in order. `owners` asks for the owner of each leaf.
///
/// # Errors
/// `Broken`.
pub(crate) fn walk<B: AsRef<[u8]>>(
    cursor: &mut Cursor<'_, B>,
    owners: bool,
    mut take: impl FnMut(Part<'_>),
) -> Result<(), BadEntry> {
    let seed = cursor.array()?;
    take(Part::Plain(seed.as_slice().into()));
    let mut index = 0;
    for kind in Kind::ALL {
        let count = take_number(cursor)?;
        take(Part::Plain(number(count as usize).into()));
        if kind == Kind::Group {
            index = count as usize;
        }
        for _ in 0..count {
            let length = take_number(cursor)? as usize;
            let Some(principal) = kind.principal() else {
                take(Part::Plain(number(length).into()));
                take(Part::Plain(cursor.take(length)?));
                continue;
            };
            let owner = owners.then(|| subject(&seed, principal, index));
            take(leaf(cursor, length, index, owner)?);
            index += 1;
        }
        let length = take_number(cursor)? as usize;
        take(Part::Plain(number(length).into()));
        take(Part::Plain(cursor.take(length)?));
    }
    Ok(())
}

fn leaf<B: AsRef<[u8]>>(
    cursor: &mut Cursor<'_, B>,
    length: usize,
    index: usize,
    subject: Option<Subject>,
) -> Result<Part<'static>, BadEntry> {
    if length == 0 {
        return Ok(Part::Erased(cursor.array()?));
    }
    let salt = cursor.array()?;
    let value = cursor.take(length)?;
    let hash = leaf_hash(salt, index, &value);
    let stored = [number(length).as_slice(), &salt, &value].concat();
    Ok(Part::Leaf { stored, hash, subject })
}

/// Reads a number as `put_number` writes it.
///
/// # Errors
/// `Broken`.
pub(crate) fn take_number<B: AsRef<[u8]>>(cursor: &mut Cursor<'_, B>) -> Result<u32, BadEntry> {
    let mut bytes = [0_u8; 5];
    for at in 0..bytes.len() {
        bytes[at] = cursor.byte()?;
        if bytes[at] < 0x80 {
            // One form for each number, so that the chain covers it.
            let sound = at == 0 || bytes[at] != 0;
            let number = super::column::take_number(&mut &bytes[..=at]).filter(|_| sound);
            return number.ok_or_else(odd);
        }
    }
    Err(odd())
}

fn odd() -> BadEntry {
    BadEntry::broken("a number has no end")
}
