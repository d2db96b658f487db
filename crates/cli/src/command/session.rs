//! Sessions from the command line: where somebody is signed in, and ending it.

use super::noun::{Listing, Noun};
use crate::failure::Failure;
use crate::output::{self, text, time};
use crate::session::{Session, confirm};
use clap::Args;
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::Value;

/// Sessions as people see them.
pub const SESSION: Noun = Noun {
    word: "session",
    path: "/sessions",
    columns: &[
        ("KEY", |one| text(one, "key")),
        ("NAME", |one| text(one, "name")),
        ("KIND", kind),
        ("WHO", |one| text(one, "subject_name")),
        ("SINCE", |one| time(one, "issued")),
        ("LAST USED", |one| time(one, "last_used")),
        ("UNTIL", |one| time(one, "until")),
    ],
    rows: &[],
};

/// What it is; and that it is the one in use.
fn kind(one: &Value) -> String {
    let client = match text(one, "client") {
        client if client.is_empty() => "browser".to_owned(),
        client => client,
    };
    if one.get("current") == Some(&Value::Bool(true)) { format!("{client} (this one)") } else { client }
}

/// `get session`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  rolecall get session\n  rolecall get session --subject ada@example.com")]
pub struct Get {
    /// Only those of this user
    #[arg(long, value_name = "WHO")]
    subject: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `delete session`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall delete session KEY\n  rolecall delete session --user ada@example.com --yes"
)]
pub struct Delete {
    /// Which one, by its key
    #[arg(required_unless_present = "user")]
    key: Option<String>,
    /// All of this user: an email or any other identifier
    #[arg(long, value_name = "WHO", conflicts_with = "key")]
    user: Option<String>,
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        SESSION.show(session, None, &self.listing, SESSION.list().query("subject", self.subject.as_ref())).await
    }
}

impl Delete {
    pub async fn run(self, session: &Session, yes: bool) -> Result<(), Failure> {
        let Some(user) = self.user else {
            return SESSION.delete(session, &self.key.unwrap_or_default(), yes).await;
        };
        let who = output::shown(&user);
        confirm(yes || session.is_dry_run(), &format!("end all sessions of \"{who}\"?"))?;
        let ask = Ask::new(Method::DELETE, format!("/users/{}/sessions", segment(&user)));
        session.make(ask, |_| format!("ended all sessions of \"{who}\"")).await
    }
}
