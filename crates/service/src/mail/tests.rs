//! The outbox with a post that a test holds in its hands. Nothing sleeps: each test waits for a letter or a row.

use super::{Letter, Post, PostError};
use crate::{Clock, FirstStart, Key, Options, Service};
use async_trait::async_trait;
use rolecall_model::Timestamp;
use rolecall_model::catalog::Catalog;
use rolecall_store::{Durability, OpenOptions, OrganizationKey, SqliteStore, Store};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc};

const CATALOG: &str = "
name: test
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
administrator: {policy: Admin}
";
const BEGIN: i64 = 1_795_000_000;
const LINK: &str = "https://roles.example/signin/invitation?token=unmistakable";

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// Says what each try of a letter to Ada gets, in order, then takes every letter.
struct Fake {
    answers: Mutex<VecDeque<Answer>>,
    seen: mpsc::UnboundedSender<Letter>,
    door: Semaphore,
}

#[derive(Clone, Copy)]
enum Answer {
    Later,
    Never,
    Panic,
}

#[async_trait]
impl Post for Fake {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        let is_hers = letter.to.starts_with("ada");
        let answer = if is_hers { self.answers.lock().unwrap().pop_front() } else { None };
        self.seen.send(letter.clone()).unwrap();
        let _door = self.door.acquire().await.unwrap();
        let refused = |again| PostError { again, message: format!("550 <{}> no {LINK} here", letter.to) };
        match answer {
            None => Ok(()),
            Some(Answer::Later) => Err(refused(true)),
            Some(Answer::Never) => Err(refused(false)),
            Some(Answer::Panic) => panic!("a post that was told to panic"),
        }
    }
}

struct House {
    service: Service,
    store: Arc<SqliteStore>,
    key: Arc<Key>,
    clock: Arc<Hands>,
    post: Arc<Fake>,
    seen: mpsc::UnboundedReceiver<Letter>,
    organization: OrganizationKey,
    folder: TempDir,
}

impl House {
    async fn with(answers: &[Answer]) -> House {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(BEGIN)));
        let (sender, seen) = mpsc::unbounded_channel();
        let answers = Mutex::new(answers.iter().copied().collect());
        let post = Arc::new(Fake { answers, seen: sender, door: Semaphore::new(8) });
        let key = Arc::new(Key::generate().unwrap());
        let (store, service) = open(&folder, &clock, &key, Some(&post)).await;
        let start = FirstStart {
            organization: "acme".to_owned(),
            title: String::new(),
            catalog: Arc::new(Catalog::read(CATALOG).unwrap()),
            admin_email: None,
            admin_password: None,
            admin_token: Some("a-token-of-the-tests".to_owned()),
        };
        let organization = OrganizationKey(service.first_start(start).await.unwrap().organization.bytes());
        House { service, store, key, clock, post, seen, organization, folder }
    }

    /// The same database, closed and opened again, with or without a post.
    async fn restarted(self, with_post: bool) -> House {
        self.service.close().await;
        let House { service, store, key, clock, post, seen, organization, folder } = self;
        drop((service, store));
        let (store, service) = open(&folder, &clock, &key, with_post.then_some(&post)).await;
        House { service, store, key, clock, post, seen, organization, folder }
    }

    async fn mail(&self, to: &str) {
        self.service.mail(self.organization, &letter(to)).await.unwrap();
    }

    /// The next letter that comes to the post.
    async fn next(&mut self) -> String {
        self.seen.recv().await.unwrap().to
    }

    /// Waits until the next try is so many seconds after the beginning; none until nothing waits.
    async fn next_try(&self, seconds: Option<i64>) {
        let wanted = seconds.map(|seconds| (BEGIN + seconds) * 1_000_000);
        while self.store().next_mail().await.unwrap() != wanted {
            tokio::task::yield_now().await;
        }
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Turns the clock and wakes the task, as its own timer would.
    fn turn(&self, seconds: i64) {
        self.clock.0.store(BEGIN + seconds, Ordering::SeqCst);
        self.service.outbox().wake();
    }

    async fn events(&self) -> Vec<(String, String)> {
        self.service.events().flush().await;
        let stored = self.store().events_after(self.organization, 0, 10).await.unwrap();
        let read = stored.iter().map(|event| crate::event::read(event).unwrap());
        read.map(|event| (event.kind, event.message)).collect()
    }
}

async fn open(
    folder: &TempDir,
    clock: &Arc<Hands>,
    key: &Arc<Key>,
    post: Option<&Arc<Fake>>,
) -> (Arc<SqliteStore>, Service) {
    let options = OpenOptions { durability: Durability::Process, ..OpenOptions::default() };
    let store = Arc::new(SqliteStore::open(folder.path().join("r.db"), options).await.unwrap());
    let post = post.map(|post| Arc::<Fake>::clone(post) as Arc<dyn Post>);
    let options = Options { clock: Arc::<Hands>::clone(clock), key: Some(Arc::clone(key)), post, ..Options::default() };
    let service = Service::open(Arc::<SqliteStore>::clone(&store), options).await.unwrap();
    (store, service)
}

fn letter(to: &str) -> Letter {
    let (subject, text, html) = ("Your invitation".to_owned(), LINK.to_owned(), LINK.to_owned());
    Letter { to: to.to_owned(), subject, text, html }
}

#[tokio::test]
async fn a_letter_is_sent_at_once_and_once() {
    let mut house = House::with(&[]).await;
    house.mail("ada@example.com").await;
    assert_eq!(house.next().await, "ada@example.com");
    house.next_try(None).await;
    house.mail("bob@example.com").await;
    assert_eq!(house.next().await, "bob@example.com");
    house.next_try(None).await;
    house.service.close().await;
    assert!(house.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_letter_that_is_not_taken_is_tried_again_after_a_pause_that_doubles() {
    let mut house = House::with(&[Answer::Later, Answer::Panic, Answer::Later]).await;
    house.mail("ada@example.com").await;
    for due in [2, 6, 14] {
        house.next().await;
        house.next_try(Some(due)).await;
        // Woken too early, it does nothing.
        house.turn(due - 1);
        house.service.mail(house.organization, &letter("other@example.com")).await.unwrap();
        assert_eq!(house.next().await, "other@example.com");
        house.next_try(Some(due)).await;
        house.turn(due);
    }
    assert_eq!(house.next().await, "ada@example.com");
    house.next_try(None).await;
    assert_eq!(house.events().await, []);
}

#[tokio::test]
async fn a_recipient_that_is_refused_for_good_is_not_tried_again() {
    let mut house = House::with(&[Answer::Never]).await;
    house.mail("ada@example.com").await;
    house.next().await;
    house.next_try(None).await;
    let events = house.events().await;
    let message = "\"Your invitation\" to an address at example.com was given up after one try: 550 … no … here";
    assert_eq!(events, [("mail_given_up".to_owned(), message.to_owned())]);
}

#[tokio::test]
async fn a_letter_is_given_up_after_three_days() {
    let mut house = House::with(&[Answer::Later, Answer::Later]).await;
    house.mail("ada@example.com").await;
    house.next().await;
    house.next_try(Some(2)).await;
    house.turn(3 * 24 * 60 * 60);
    house.next().await;
    house.next_try(None).await;
    let events = house.events().await;
    assert!(events.len() == 1 && events[0].1.contains("given up after 2 tries"), "{events:?}");
}

#[tokio::test]
async fn letters_survive_a_restart() {
    let mut house = House::with(&[Answer::Later]).await;
    house.mail("ada@example.com").await;
    house.next().await;
    house.next_try(Some(2)).await;
    let house = house.restarted(false).await;
    assert_eq!(house.service.waiting_mail().await.unwrap(), 1);
    house.clock.0.store(BEGIN + 2, Ordering::SeqCst);
    let mut house = house.restarted(true).await;
    assert_eq!(house.next().await, "ada@example.com");
    house.next_try(None).await;
}

#[tokio::test]
async fn a_letter_on_its_way_arrives_before_the_service_ends() {
    let mut house = House::with(&[]).await;
    let door = Arc::clone(&house.post);
    let held = door.door.acquire_many(8).await.unwrap();
    house.mail("ada@example.com").await;
    house.next().await;
    let service = house.service.clone();
    let closing = tokio::spawn(async move { service.close().await });
    drop(held);
    closing.await.unwrap();
    let mut house = house.restarted(true).await;
    assert_eq!(house.service.waiting_mail().await.unwrap(), 0);
    house.mail("bob@example.com").await;
    assert_eq!(house.next().await, "bob@example.com");
}

#[tokio::test]
async fn a_letter_lies_sealed_in_the_outbox_and_opens_with_its_key_only() {
    let mut house = House::with(&[Answer::Later]).await;
    house.mail("ada@example.com").await;
    house.next().await;
    house.next_try(Some(2)).await;
    let waiting = house.store().due_mail(i64::MAX, 1).await.unwrap();
    let holds = |text: &str| waiting[0].data.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("ada@example.com") && !holds("unmistakable"));
    house.key = Arc::new(Key::generate().unwrap());
    let house = house.restarted(false).await;
    house.clock.0.store(BEGIN + 2, Ordering::SeqCst);
    let house = house.restarted(true).await;
    house.next_try(None).await;
    let events = house.events().await;
    assert!(events[0].1.starts_with("\"a letter\" to an address at an unknown place was given up"), "{events:?}");
}

#[tokio::test]
async fn without_a_post_nothing_is_kept() {
    let house = House::with(&[]).await.restarted(false).await;
    assert!(!house.service.has_mail());
    house.mail("ada@example.com").await;
    assert_eq!(house.service.waiting_mail().await.unwrap(), 0);
}

#[tokio::test]
async fn the_task_lets_the_service_go() {
    let mut house = House::with(&[]).await;
    house.mail("ada@example.com").await;
    house.next().await;
    house.next_try(None).await;
    let weak = house.service.weak();
    let House { service, .. } = house;
    drop(service);
    while weak().is_some() {
        tokio::task::yield_now().await;
    }
}
