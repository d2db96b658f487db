//! Letters about one's own account: whoever changed it, and through whatever.

use crate::fixture::*;
use crate::session::{FIRST, SECOND, done, entered, secret_of, visitor};
use crate::word::*;
use async_trait::async_trait;
use rolecall_model::user::NewUser;
use rolecall_service::{
    Letter, LinkKind, Post, PostError, change_password, confirm_codes, create_user, end_codes, make_link, offer_codes,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

struct Postbox(mpsc::UnboundedSender<Letter>);

#[async_trait]
impl Post for Postbox {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        self.0.send(letter.clone()).unwrap();
        Ok(())
    }
}

/// A shop that sends letters, and where they arrive.
async fn mailing() -> (House, mpsc::UnboundedReceiver<Letter>) {
    let (sender, letters) = mpsc::unbounded_channel();
    let house = House::with_options(|options| {
        options.post = Some(Arc::new(Postbox(sender)));
        (options.tries_account, options.tries_address) = (10_000, 10_000);
    });
    (house.await, letters)
}

fn link_in(letter: &Letter) -> String {
    let line = letter.text.lines().find(|line| line.contains("token=")).unwrap();
    secret_of(line)
}

fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    totp.generate(u64::try_from(second(0).micros() / 1_000_000).unwrap()).to_string()
}

#[tokio::test]
async fn people_hear_of_every_change_to_how_they_sign_in() {
    let (house, mut letters) = mailing().await;
    let root = house.root().ctx().await;
    let new = NewUser { email: Some("bob@example.com".into()), ..NewUser::default() };
    let (_, invited) = create_user(&root, new, None, [1; 32]).await.unwrap();
    let invited = invited.link.unwrap();
    assert!(invited.mailed && invited.link.is_none(), "a link that is mailed is shown to nobody");
    let invitation = letters.recv().await.unwrap();
    assert_eq!((invitation.to.as_str(), invitation.subject.as_str()), ("bob@example.com", "Your invitation to test"));
    // Who chooses the first password has just been let in, and knows.
    let link = link_in(&invitation);
    let session =
        done(house.service.use_link(LinkKind::Invitation, &link, FIRST.to_owned(), &visitor()).await.unwrap());
    let ctx = entered(&house, &session).await.unwrap();
    change_password(&ctx, FIRST.to_owned(), SECOND.to_owned()).await.unwrap();
    let changed = letters.recv().await.unwrap();
    assert_eq!(changed.subject, "Your password for test was changed");
    assert!(!changed.text.contains(FIRST) && !changed.text.contains(SECOND));
    let offer = offer_codes(&ctx).await.unwrap();
    confirm_codes(&ctx, offer.offer.expose(), &code(&offer.secret)).await.unwrap();
    let added = letters.recv().await.unwrap();
    assert!(
        added.text.contains("was added to your account") && added.text.contains("one-time codes"),
        "{}",
        added.text
    );
    // Also when an administrator does it.
    end_codes(&house.root().ctx().await, subject("bob")).await.unwrap();
    let removed = letters.recv().await.unwrap();
    assert_eq!(
        (removed.to.as_str(), removed.subject.as_str()),
        ("bob@example.com", "A way to sign in to test was removed")
    );
    house.root().takes(change_user("bob", |p| p.passkeys = Some(1))).await;
    assert!(letters.recv().await.unwrap().text.contains("a passkey"));
    // A new password by a link too.
    assert!(make_link(&house.root().ctx().await, LinkKind::Reset, &subject("bob")).await.unwrap().mailed);
    let reset = link_in(&letters.recv().await.unwrap());
    house.service.use_link(LinkKind::Reset, &reset, "Rot 9 Kreide! Berg".to_owned(), &visitor()).await.unwrap();
    assert_eq!(letters.recv().await.unwrap().subject, "Your password for test was changed");
    // What has nothing to do with it is told to nobody.
    house.root().takes(change_user("bob", |p| p.name = Some("Robert".into()))).await;
    house.root().takes(disable("bob")).await;
    assert!(letters.try_recv().is_err());
}

#[tokio::test]
async fn a_letter_that_cannot_be_kept_undoes_nothing() {
    let (house, mut letters) = mailing().await;
    let house = house.with(user("bob").password()).await;
    house.store.full.store(true, Ordering::SeqCst);
    house.root().takes(change_user("bob", |p| p.passkeys = Some(1))).await;
    assert_eq!(house.root().ctx().await.org().find_principal("bob@example.com").unwrap().1.sign_in.passkeys, 1);
    house.store.full.store(false, Ordering::SeqCst);
    house.root().takes(change_user("bob", |p| p.passkeys = Some(0))).await;
    assert!(letters.recv().await.unwrap().subject.contains("was removed"), "the first was not kept");
}
