//! The stream of replication, cut into frames. The form is described in `docs/reference/streams.md`.

use super::FollowError;
use crate::ClientError;
use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use std::time::Duration;

/// A frame without its body: kind, revision, time, hash, length.
const HEAD: usize = 1 + 8 + 8 + 32 + 8;
/// A body longer than this is not believed: 16 GiB, the most that a state may have.
const LONGEST: u64 = 16 << 30;

/// A line on which nothing comes for so long is dead: the server tells its head every five seconds.
const DEAD_AFTER: Duration = Duration::from_secs(16);

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A state, packed.
    Checkpoint,
    /// An entry of the log.
    Entry,
    /// How far the log has come.
    Head,
}

/// One frame.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub kind: Kind,
    pub revision: u64,
    pub hash: [u8; 32],
    pub body: Vec<Bytes>,
}

impl Frame {
    /// Whether reading it takes so long that it is done off the async threads.
    pub(super) fn is_large(&self) -> bool {
        self.kind == Kind::Checkpoint || self.body.iter().map(Bytes::len).sum::<usize>() > 1 << 18
    }

    /// Of a head: the version in which checkpoints are written.
    pub(super) fn version(&self) -> Option<u32> {
        let body: Vec<u8> = self.body.iter().flatten().copied().collect();
        body.try_into().ok().map(u32::from_be_bytes)
    }
}

/// A stream of bytes, read frame by frame.
pub(super) struct Frames<S> {
    pieces: S,
    rest: Bytes,
}

impl<S: Stream<Item = Result<Bytes, ClientError>> + Unpin> Frames<S> {
    pub(super) const fn new(pieces: S) -> Self {
        Frames { pieces, rest: Bytes::new() }
    }

    /// The next frame; an error when there is none any more, as the stream never ends by itself.
    pub(super) async fn next(&mut self) -> Result<Frame, FollowError> {
        let head = self.take(HEAD as u64).await?.concat();
        let mut head = &head[..];
        let kind = match head.get_u8() {
            1 => Kind::Checkpoint,
            2 => Kind::Entry,
            3 => Kind::Head,
            other => return Err(FollowError::Unreadable(format!("a frame of an unknown kind, {other}"))),
        };
        let revision = head.get_u64();
        let _at = head.get_i64();
        let mut hash = [0; 32];
        head.copy_to_slice(&mut hash);
        let length = head.get_u64();
        if length > LONGEST {
            return Err(FollowError::Unreadable(format!("a frame of {length} bytes")));
        }
        Ok(Frame { kind, revision, hash, body: self.take(length).await? })
    }

    async fn take(&mut self, mut wanted: u64) -> Result<Vec<Bytes>, FollowError> {
        let mut taken = Vec::new();
        while wanted > 0 {
            if self.rest.is_empty() {
                let broken = |why: &str| ClientError::Broken(why.to_owned());
                let piece = tokio::time::timeout(DEAD_AFTER, self.pieces.next()).await;
                let piece = piece.map_err(|_| broken("nothing comes from the server any more"))?;
                self.rest = piece.ok_or_else(|| broken("the server ended the stream"))??;
                continue;
            }
            let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(self.rest.len());
            taken.push(self.rest.split_to(count));
            wanted -= count as u64;
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: u8, revision: u64, body: &[u8]) -> Vec<u8> {
        let mut frame = vec![kind];
        frame.extend(revision.to_be_bytes());
        frame.extend(7_i64.to_be_bytes());
        frame.extend([9; 32]);
        frame.extend((body.len() as u64).to_be_bytes());
        frame.extend(body);
        frame
    }

    fn cut(bytes: &[u8], size: usize) -> Frames<impl Stream<Item = Result<Bytes, ClientError>> + Unpin> {
        let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Frames::new(futures::stream::iter(pieces))
    }

    #[tokio::test]
    async fn frames_are_read_however_the_stream_is_cut() {
        let bytes = [written(3, 17, &1_u32.to_be_bytes()), written(2, 18, b"an entry"), written(2, 19, b"")].concat();
        for size in [1, 7, 57, 1_000] {
            let mut frames = cut(&bytes, size);
            let head = frames.next().await.unwrap();
            assert_eq!((head.kind, head.revision, head.hash, head.version()), (Kind::Head, 17, [9; 32], Some(1)));
            let entry = frames.next().await.unwrap();
            assert_eq!((entry.kind, entry.revision, entry.body.concat()), (Kind::Entry, 18, b"an entry".to_vec()));
            assert!(frames.next().await.unwrap().body.is_empty());
            assert!(frames.next().await.is_err(), "the stream ended");
        }
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused() {
        let mut long = written(2, 1, b"");
        long[49..57].copy_from_slice(&u64::MAX.to_be_bytes());
        for bytes in [written(9, 1, b""), long, written(2, 1, b"cut off")[..60].to_vec()] {
            assert!(cut(&bytes, 16).next().await.is_err());
        }
    }
}
