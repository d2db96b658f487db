//! A state as the server packs it.

use super::FollowError;
use super::frame::Frame;
use rolecall_model::Org;
use rolecall_model::checkpoint::{self, BadCheckpoint};

/// The state of a checkpoint, if its hash is the one that was told.
pub(super) fn unpack(frame: Frame) -> Result<Org, FollowError> {
    let Frame { revision, hash, body, .. } = frame;
    let packed = body.concat();
    drop(body);
    checkpoint::unpack(&packed, revision, hash).map_err(|bad| match bad {
        BadCheckpoint::Another(_) => FollowError::Tampered { revision },
        BadCheckpoint::Broken(why) => FollowError::Unreadable(format!("the checkpoint {revision}: {why}")),
    })
}
