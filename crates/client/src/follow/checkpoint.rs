//! A state as the server packs it: postcard within an LZ4 frame.

use super::FollowError;
use super::frame::Frame;
use bytes::{Buf, Bytes};
use lz4_flex::frame::FrameDecoder;
use rolecall_model::Org;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::Read;

/// A state larger than this once unpacked is not believed: 16 GiB, as on the server.
const LARGEST: u64 = 16 << 30;

/// The state of a checkpoint, if its hash is the one that was told.
pub(super) fn unpack(frame: Frame) -> Result<Org, FollowError> {
    let unreadable = |why: String| FollowError::Unreadable(format!("the checkpoint {}: {why}", frame.revision));
    let mut state = Vec::new();
    let decoder = FrameDecoder::new(Pieces(frame.body.into()));
    decoder.take(LARGEST).read_to_end(&mut state).map_err(|error| unreadable(error.to_string()))?;
    if Sha256::digest(&state)[..] != frame.hash {
        return Err(FollowError::Tampered { revision: frame.revision });
    }
    let mut org: Org = postcard::from_bytes(&state).map_err(|error| unreadable(error.to_string()))?;
    if org.revision().0 != frame.revision {
        return Err(FollowError::Tampered { revision: frame.revision });
    }
    org.index();
    Ok(org)
}

struct Pieces(VecDeque<Bytes>);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.0.front().is_some_and(Bytes::is_empty) {
            self.0.pop_front();
        }
        let Some(piece) = self.0.front_mut() else { return Ok(0) };
        let count = into.len().min(piece.len());
        piece.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}
