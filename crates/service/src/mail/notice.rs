//! Telling people that how they sign in has changed, whoever changed it and through whatever: from the changes
//! themselves, so that no way is forgotten. A letter that cannot be kept never undoes a change.

use super::letter::{self, Letter, Notice};
use crate::execute::Done;
use crate::organization::Organization;
use crate::password::PASSWORD;
use crate::{Service, codes};
use rolecall_model::principal::{PrincipalChange, Profile};
use rolecall_model::{Change, Org, Timestamp};
use rolecall_store::Row;
use std::sync::Arc;

const CODES: &str = "one-time codes of an app";
const PASSKEY: &str = "a passkey";

/// What somebody is told.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// Another password counts.
    Password,
    /// There is a new way to sign in.
    Added(String),
    /// A way to sign in is gone.
    Removed(String),
}

/// Which secrets go to the store beside an entry: a change that replaces one by another looks the same for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    password: bool,
    codes: bool,
}

impl Beside {
    pub(crate) fn of(rows: &[Row]) -> Self {
        let has = |wanted: &str| rows.iter().any(|row| matches!(row, Row::Secret { kind, .. } if *kind == wanted));
        Beside { password: has(PASSWORD), codes: has(codes::CODES) }
    }
}

impl Service {
    /// Mails whoever is concerned by what was done.
    pub(crate) async fn tell(&self, organization: &Arc<Organization>, done: &Done, beside: Beside) {
        if !self.has_mail() || done.repeated {
            return;
        }
        let letters = letters(done.view.org(), &done.changes, beside, self.now(), self.public_url());
        if letters.is_empty() {
            return;
        }
        let (service, key) = (self.clone(), organization.key);
        let sending = tokio::spawn(async move {
            for letter in letters {
                if let Err(error) = service.mail(key, &letter).await {
                    tracing::warn!(%error, "somebody was not told of a change to how it signs in");
                }
            }
        });
        // It goes on when whoever waits here goes away.
        let _ended = sending.await;
    }
}

fn letters(org: &Org, changes: &[Change], beside: Beside, at: Timestamp, url: &str) -> Vec<Letter> {
    let title = org.settings().map(|settings| settings.title.to_string()).unwrap_or_default();
    let link = format!("{url}/account");
    let mut letters = Vec::new();
    for change in changes {
        let Change::Principal(PrincipalChange::Changed { before, after, .. }) = change else { continue };
        let Some(to) = &after.email else { continue };
        let notice = Notice { to: &to.0, organization_title: &title, name: &after.name.0, at, link: &link };
        letters.extend(news(org, before, after, beside).into_iter().map(|news| match news {
            News::Password => letter::password_changed(&notice),
            News::Added(method) => letter::method_added(&notice, &method),
            News::Removed(method) => letter::method_removed(&notice, &method),
        }));
    }
    letters
}

fn news(org: &Org, before: &Profile, after: &Profile, beside: Beside) -> Vec<News> {
    let (old, new) = (before.sign_in, after.sign_in);
    let mut all = Vec::new();
    if before == after {
        // One secret took the place of another.
        if beside.password && new.password {
            all.push(News::Password);
        } else if beside.codes && new.codes {
            all.push(News::Added(CODES.to_owned()));
        }
        return all;
    }
    // Who could not sign in before has just been let in, and knows.
    if old.is_possible() && new.password && !old.password {
        all.push(News::Added("a password".to_owned()));
    }
    let mut changed = |was: u16, is: u16, method: &str| {
        if is > was {
            all.push(News::Added(method.to_owned()));
        } else if is < was {
            all.push(News::Removed(method.to_owned()));
        }
    };
    changed(old.codes.into(), new.codes.into(), CODES);
    changed(old.passkeys, new.passkeys, PASSKEY);
    let title = |provider| {
        org.provider(provider).map_or_else(|| "a sign-in provider".to_owned(), |row| row.value.title.to_string())
    };
    let beyond = |these: &Profile, those: &Profile| -> Vec<String> {
        let only = these.identities.iter().filter(|linked| !those.identities.contains(linked));
        only.map(|linked| format!("your account at {}", title(linked.provider))).collect()
    };
    if old.is_possible() {
        all.extend(beyond(after, before).into_iter().map(News::Added));
    }
    all.extend(beyond(before, after).into_iter().map(News::Removed));
    all
}
