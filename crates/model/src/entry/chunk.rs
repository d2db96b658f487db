//! Bodies in pieces: writing them without one large buffer, and reading them wherever they are cut.

use super::{BadEntry, CHUNK};
use std::borrow::Cow;

/// Cuts bytes into pieces.
pub(super) fn cut(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    if bytes.len() <= CHUNK {
        return vec![bytes];
    }
    bytes.chunks(CHUNK).map(<[u8]>::to_vec).collect()
}

/// All pieces as one.
pub(super) fn whole(body: &[impl AsRef<[u8]>]) -> Cow<'_, [u8]> {
    match body {
        [one] => Cow::Borrowed(one.as_ref()),
        pieces => Cow::Owned(pieces.iter().flat_map(|piece| piece.as_ref().iter().copied()).collect()),
    }
}

/// Bytes being written, in pieces of at most [`CHUNK`].
#[derive(Default)]
pub(crate) struct Chunks {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Chunks {
    /// Adds bytes.
    pub(crate) fn put(&mut self, mut bytes: &[u8]) {
        while self.last.len() + bytes.len() > CHUNK {
            let (fits, rest) = bytes.split_at((CHUNK - self.last.len()).min(bytes.len()));
            self.last.extend_from_slice(fits);
            self.full.push(std::mem::take(&mut self.last));
            bytes = rest;
        }
        self.last.extend_from_slice(bytes);
    }

    /// The pieces.
    pub(crate) fn done(mut self) -> Vec<Vec<u8>> {
        if !self.last.is_empty() {
            self.full.push(self.last);
        }
        self.full
    }
}

/// A place in a body that is read.
pub(crate) struct Cursor<'a, B> {
    pieces: &'a [B],
    piece: usize,
    at: usize,
    left: usize,
}

impl<'a, B: AsRef<[u8]>> Cursor<'a, B> {
    /// The beginning of a body.
    pub(crate) fn new(pieces: &'a [B]) -> Self {
        let left = pieces.iter().map(|piece| piece.as_ref().len()).sum();
        Cursor { pieces, piece: 0, at: 0, left }
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    /// The rest of the piece that the cursor is in; empty only at the end.
    fn here(&mut self) -> &'a [u8] {
        while let Some(piece) = self.pieces.get(self.piece) {
            match piece.as_ref().get(self.at..) {
                Some(rest) if !rest.is_empty() => return rest,
                _ => (self.piece, self.at) = (self.piece + 1, 0),
            }
        }
        &[]
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, BadEntry> {
        let byte = *self.here().first().ok_or_else(short)?;
        self.at += 1;
        self.left -= 1;
        Ok(byte)
    }

    /// The next bytes; copied only where a piece ends among them.
    pub(crate) fn take(&mut self, length: usize) -> Result<Cow<'a, [u8]>, BadEntry> {
        if length > self.left {
            return Err(short());
        }
        if let Some(bytes) = self.here().get(..length) {
            self.at += length;
            self.left -= length;
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let here = self.here();
            let part = here.get(..length - bytes.len()).unwrap_or(here);
            bytes.extend_from_slice(part);
            self.at += part.len();
            self.left -= part.len();
        }
        Ok(Cow::Owned(bytes))
    }

    /// The next bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], BadEntry> {
        let bytes = self.take(N)?;
        <[u8; N]>::try_from(bytes.as_ref()).map_err(|_| short())
    }
}

fn short() -> BadEntry {
    BadEntry::broken("it ends too early")
}
