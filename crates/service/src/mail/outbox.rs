//! The task that sends what waits: one a node, so that no letter leaves a node twice. It sleeps until something is
//! due or somebody wakes it. A letter that a server took just before a kill is sent again, since nobody can know.

use super::{Letter, PURPOSE, Post, PostError};
use crate::{Error, Event, Service};
use futures::{FutureExt, StreamExt, stream};
use rolecall_model::Timestamp;
use rolecall_store::{Mail, StoreError};
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Letters that are looked at together.
const ROUND: usize = 32;
/// Letters on their way at once: a slow server holds up few others.
const AT_ONCE: usize = 4;
/// The pause after the first try, in seconds; it doubles from try to try.
const FIRST_PAUSE: i64 = 2;
/// The longest pause between tries, in seconds.
const LONGEST_PAUSE: i64 = 60 * 60;
/// For how long a letter is tried, in seconds.
const PATIENCE: i64 = 3 * 24 * 60 * 60;
/// How long one try may take, whatever the post does.
const ONE_TRY: Duration = Duration::from_mins(2);
/// How long letters on their way may take when the service stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// The pause after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// Characters of a server's answer that are kept.
const LONGEST_ANSWER: usize = 200;

/// The way to the task.
#[derive(Default)]
pub(crate) struct Outbox {
    wake: Arc<Notify>,
    ending: AtomicBool,
    task: Mutex<Option<JoinHandle<()>>>,
    /// Letters that were taken while the store could not note it: they must not be sent again.
    sent: Mutex<HashSet<i64>>,
}

impl Outbox {
    /// Lets the task look again.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    fn is_sent(&self, id: i64) -> bool {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    fn note_sent(&self, id: i64) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    fn forget_sent(&self, id: i64) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl Drop for Outbox {
    /// Lets the task see that the service is gone.
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

impl Service {
    /// Starts the task, if mail can be sent.
    pub(crate) fn start_mail(&self) {
        let Some(post) = self.options().post.clone() else { return };
        let task = tokio::spawn(run(self.weak(), post, Arc::clone(&self.outbox().wake)));
        *self.outbox().task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Ends the task. What is on its way may arrive; what waits is sent after the next start.
    pub(crate) async fn stop_mail(&self) {
        self.outbox().ending.store(true, Ordering::Release);
        self.outbox().wake();
        let task = self.outbox().task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task
            && tokio::time::timeout(FAREWELL, &mut task).await.is_err()
        {
            tracing::warn!("a mail server is too slow to wait for; a letter on its way may be sent once more");
            task.abort();
        }
    }

    /// Sends all that is due, and answers how long to sleep; none means until somebody wakes the task.
    async fn send_due(&self, post: &dyn Post) -> Result<Option<Duration>, StoreError> {
        loop {
            let due = self.store().due_mail(self.now().micros(), ROUND).await?;
            if due.is_empty() || self.outbox().is_ending() {
                break;
            }
            let tries = due.into_iter().map(|mail| self.send_one(post, mail));
            let outcomes: Vec<Result<(), StoreError>> = stream::iter(tries).buffer_unordered(AT_ONCE).collect().await;
            outcomes.into_iter().collect::<Result<(), StoreError>>()?;
        }
        let next = self.store().next_mail().await?;
        Ok(next.map(|next| Duration::from_micros((next - self.now().micros()).max(0).unsigned_abs())))
    }

    async fn send_one(&self, post: &dyn Post, mail: Mail) -> Result<(), StoreError> {
        if self.outbox().is_ending() {
            return Ok(());
        }
        let letter = self.read_mail(&mail);
        let outcome = match &letter {
            _ if self.outbox().is_sent(mail.id) => Ok(()),
            Ok(letter) => attempt(post, letter).await,
            Err(error) => Err(PostError { again: false, message: format!("it cannot be read: {error}") }),
        };
        let Err(refused) = outcome else {
            self.outbox().note_sent(mail.id);
            self.store().drop_mail(mail.id).await?;
            self.outbox().forget_sent(mail.id);
            return Ok(());
        };
        let now = self.now();
        let why = shown(&refused.message, letter.as_ref().ok());
        if refused.again && now < Timestamp::from_micros(mail.at).plus_seconds(PATIENCE) {
            tracing::warn!(mail = mail.id, tries = mail.attempts + 1, why, "a mail was not taken; it is tried again");
            let next = now.plus_seconds(pause(mail.attempts));
            return self.store().postpone_mail(mail.id, next.micros(), mail.attempts.saturating_add(1)).await;
        }
        self.give_up(&mail, letter.as_ref().ok(), &why).await;
        self.store().drop_mail(mail.id).await
    }

    fn read_mail(&self, mail: &Mail) -> Result<Letter, Error> {
        let plain = self.key().open(PURPOSE, &mail.data)?;
        serde_json::from_slice(&plain).map_err(|error| Error::Damaged(error.to_string()))
    }

    /// Says in the log and among the organization's events that a letter does not arrive. Without the address:
    /// events outlive a person's erasure.
    async fn give_up(&self, mail: &Mail, letter: Option<&Letter>, why: &str) {
        let tries = match mail.attempts.saturating_add(1) {
            1 => "one try".to_owned(),
            tries => format!("{tries} tries"),
        };
        let (subject, domain) = letter.map_or(("a letter", "an unknown place"), |letter| {
            (letter.subject.as_str(), letter.to.rsplit_once('@').map_or("an unknown place", |(_, domain)| domain))
        });
        let message = format!("\"{subject}\" to an address at {domain} was given up after {tries}: {why}");
        tracing::warn!(mail = mail.id, message, "a mail was given up");
        let Ok(organization) = self.organization(mail.organization).await else { return };
        let event = Event {
            position: 0,
            at: self.now(),
            principal: None,
            facade: "mail".to_owned(),
            request: String::new(),
            kind: "mail_given_up".to_owned(),
            message,
        };
        self.events().note(&organization, event);
    }
}

async fn run(service: impl Fn() -> Option<Service>, post: Arc<dyn Post>, wake: Arc<Notify>) {
    loop {
        let pause = {
            // Held only while there is work, so that the service can go.
            let Some(service) = service() else { return };
            let outcome = service.send_due(post.as_ref()).await;
            if service.outbox().is_ending() {
                return;
            }
            match outcome {
                Ok(pause) => pause,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read or written; it is tried again");
                    Some(AFTER_FAILURE)
                }
            }
        };
        match pause {
            Some(pause) => tokio::select! { () = wake.notified() => {}, () = tokio::time::sleep(pause) => {} },
            None => wake.notified().await,
        }
    }
}

/// One try, within its time, whatever the post does.
async fn attempt(post: &dyn Post, letter: &Letter) -> Result<(), PostError> {
    let failed = |message: &str| PostError { again: true, message: message.to_owned() };
    let sending = AssertUnwindSafe(post.send(letter)).catch_unwind();
    match tokio::time::timeout(ONE_TRY, sending).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(failed("sending it panicked")),
        Err(_) => Err(failed("the mail server did not answer in time")),
    }
}

/// Seconds to wait after so many tries and one more.
fn pause(attempts: u32) -> i64 {
    FIRST_PAUSE.saturating_mul(1 << attempts.min(16)).min(LONGEST_PAUSE)
}

/// A server's answer as it may be kept: a filter may quote the link it dislikes, and the recipient is personal.
fn shown(answer: &str, letter: Option<&Letter>) -> String {
    let words = answer.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let lower = word.to_lowercase();
        let names = letter.is_some_and(|letter| lower.contains(&letter.to.to_lowercase()));
        if names || lower.contains("://") || lower.contains("token=") { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_ANSWER).collect()
}

#[cfg(test)]
mod rules {
    use super::*;

    #[test]
    fn pauses_double_from_two_seconds_to_an_hour() {
        let pauses: Vec<i64> = (0..13).map(pause).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
        assert_eq!(pause(u32::MAX), 3600);
    }

    #[test]
    fn a_servers_answer_is_kept_without_links_and_without_the_recipient() {
        let letter = Letter {
            to: "ada@example.com".to_owned(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
        };
        let answer = "550 5.7.1 <ADA@example.com>:\r\n refused for https://r.example/signin/reset?token=abc here";
        assert_eq!(shown(answer, Some(&letter)), "550 5.7.1 … refused for … here");
        assert_eq!(shown(&"a".repeat(300), None).len(), LONGEST_ANSWER);
    }
}
