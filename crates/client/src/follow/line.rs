//! The line to the server: connecting, loading, keeping up, and trying again.

use super::frame::{Frame, Frames, Kind};
use super::replica::{Loading, Replica};
use super::{FollowError, Shared};
use crate::{Client, ClientError, read};
use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use reqwest::Method;
use rolecall_model::organization::APPLY_VERSION;
use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The pause before the first new try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between tries, and how long a line must hold for the pauses to begin anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A stream of frames from the server.
type Line = Frames<BoxStream<'static, Result<Bytes, ClientError>>>;

/// A copy, and the line on which it goes on.
pub(super) struct Following {
    pub replica: Replica,
    line: Line,
    /// The newest revision that the server told of and that is not reached yet, and when it told.
    head: Option<(u64, Instant)>,
}

/// Connects; answers with the head that the stream begins with.
async fn connect(client: &Client, after: Option<u64>) -> Result<(Line, Frame), FollowError> {
    let request = client.request(Method::GET, "/replicate").query(&after.map(|after| [("after", after)]));
    let response = request.send().await.map_err(|error| client.unreachable(&error))?;
    if !response.status().is_success() {
        let refused = read(response).await.err();
        return Err(refused.unwrap_or_else(|| ClientError::Broken("a refusal without a reason".to_owned())).into());
    }
    let pieces: BoxStream<'static, _> =
        Box::pin(response.bytes_stream().map_err(|error| ClientError::Broken(error.to_string())));
    let mut line = Frames::new(pieces);
    let head = line.next().await?;
    if head.kind != Kind::Head {
        return Err(FollowError::Unreadable("the stream does not begin with a head; is the server older?".to_owned()));
    }
    Ok((line, head))
}

/// Loads the newest state: the checkpoint and the entries after it, or every entry when checkpoints are of another
/// version than this program.
pub(super) async fn load(client: &Client) -> Result<Following, FollowError> {
    let (line, head) = connect(client, None).await?;
    if head.version() == Some(APPLY_VERSION) {
        return replay(line, &head).await;
    }
    let (line, head) = connect(client, Some(0)).await?;
    replay(line, &head).await
}

async fn replay(mut line: Line, head: &Frame) -> Result<Following, FollowError> {
    let told = (head.revision, Instant::now());
    let mut loading = Loading::empty(head.hash);
    while loading.revision() < head.revision {
        let frame = line.next().await?;
        loading = if frame.is_large() { blocking(move || loading.with(frame)).await? } else { loading.with(frame)? };
    }
    let replica = blocking(move || Ok(loading.done())).await?;
    Ok(Following { replica, line, head: Some(told) })
}

/// Runs work that takes long off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FollowError> + Send + 'static,
) -> Result<T, FollowError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| FollowError::Unreadable(error.to_string()))?
}

/// Follows for ever; ends only by being aborted.
pub(super) async fn keep_up(client: Client, shared: Arc<Shared>, mut following: Following) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let Err(error) = following.read_on(&shared).await;
        shared.stumble(&error);
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        while let Err(error) = following.resume(&client, &shared, pause).await {
            shared.stumble(&error);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Following {
    /// When the server last said how far it is.
    pub(super) fn as_of(&self) -> Instant {
        self.head.map_or_else(Instant::now, |(_, at)| at)
    }

    /// Lets readers see what there is.
    pub(super) fn show(&mut self, shared: &Shared) {
        shared.publish(Arc::clone(self.replica.index()));
        let reached = self.replica.revision();
        if let Some((_, at)) = self.head.take_if(|(revision, _)| *revision <= reached) {
            shared.current_as_of(at);
        }
    }

    /// Reads frames until the line breaks or says something that cannot be.
    async fn read_on(&mut self, shared: &Shared) -> Result<Infallible, FollowError> {
        loop {
            let frame = self.line.next().await?;
            if frame.kind == Kind::Head {
                // An older one that is not reached yet is kept: reaching it says something sooner.
                self.head.get_or_insert((frame.revision, Instant::now()));
            }
            self.replica = if frame.is_large() {
                let replica = self.replica.clone();
                blocking(move || replica.with(&frame)).await?
            } else {
                self.replica.with(&frame)?
            };
            self.show(shared);
        }
    }

    /// Connects anew after a pause, and goes on where it was. When the server's history is another one, or is behind
    /// for longer than answers may be old, everything is loaded anew.
    async fn resume(&mut self, client: &Client, shared: &Shared, pause: Duration) -> Result<(), FollowError> {
        tokio::time::sleep(spread(pause)).await;
        match connect(client, Some(self.replica.revision())).await {
            Ok((line, head)) if head.hash == *self.replica.hash() => {
                (self.line, self.head) = (line, Some((head.revision, Instant::now())));
            }
            Ok(_) => *self = load(client).await?,
            Err(error) if error.says_that_the_server_is_behind() && shared.age() > shared.oldest => {
                *self = load(client).await?;
            }
            Err(error) => return Err(error),
        }
        self.show(shared);
        Ok(())
    }
}

/// Between half of a pause and the whole, at random: many followers of one server should not come back as one.
fn spread(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1_000;
    pause.mul_f64(0.5 + f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0)
}
